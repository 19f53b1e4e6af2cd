//! One body: its kind, its fields and what they say about each other, from `formats/default.md`.

use super::fields::{APPROVED, BODY, CANCELLED, CONTRIBUTION, DECLINED, LINEITEM, PAID, REFUNDED};
use super::{Kind, Notification};
use crate::targets::check::{Field, Json, Review, is_digits, known};

impl Kind {
    /// §2.2: the kind is told by the shape, in this order.
    pub(super) fn of(body: &Json) -> Self {
        if body.has("/contribution/cancelledAt") {
            Self::Cancellation
        } else if body.has("/lineitems/0/refundedAt") {
            Self::Refund
        } else {
            Self::Contribution
        }
    }
}

/// Every field of §3, for the kind.
pub(super) fn examine(body: &Json, kind: Kind, review: &mut Review) {
    review.form(body, &BODY);
    let (contribution, lineitem) = tables(kind, body.text("/contribution/status"));
    if let Json::Object(members) = body.at("/contribution") {
        known(&[CONTRIBUTION, contribution], members, "$.contribution", review);
    }
    if let Json::Object(members) = body.at("/lineitems/0") {
        known(&[LINEITEM, lineitem], members, "$.lineitems[0]", review);
    }
    if review.is_clean() {
        relations(body, kind, review);
    }
}

fn tables(kind: Kind, status: &str) -> (&'static [Field], &'static [Field]) {
    match (kind, status) {
        (Kind::Contribution, "declined") => (DECLINED, PAID),
        (Kind::Contribution, _) => (APPROVED, PAID),
        (Kind::Refund, _) => (APPROVED, REFUNDED),
        (Kind::Cancellation, _) => (CANCELLED, &[]),
    }
}

fn relations(body: &Json, kind: Kind, review: &mut Review) {
    let (contribution, lineitem) = (body.at("/contribution"), body.at("/lineitems/0"));
    for code in ["refcode", "refcode2"] {
        let all = contribution.at(&format!("/refcodes/{code}"));
        let one = contribution.at(&format!("/{code}"));
        review.holds(all == one, &format!("$.contribution.{code}"), format_args!("{all} as in refcodes"), one);
    }
    review.equal("$.form.name", contribution.text("/contributionForm"), body.text("/form/name"));
    let period = contribution.text("/recurringPeriod");
    let is_series = period != "once";
    let duration = contribution.at("/recurringDuration");
    let mut rule = |holds, path, expected: &str, got: &Json| review.holds(holds, path, expected, got);
    let is_recurring = contribution.at("/isRecurring");
    rule(
        *is_recurring == Json::Bool(is_series),
        "$.contribution.isRecurring",
        "whether the period is not once",
        is_recurring,
    );
    rule(
        is_duration(duration, is_series),
        "$.contribution.recurringDuration",
        "1, a number of payments or infinite",
        duration,
    );
    let later = lineitem.at("/recurringAmount");
    rule((*later == Json::Null) != is_series, "$.lineitems[0].recurringAmount", "an amount exactly in a series", later);
    let sequence = lineitem.at("/sequence");
    rule(is_series || lineitem.integer("/sequence") == 0, "$.lineitems[0].sequence", "0 of a one-time gift", sequence);
    let sunset = contribution.at("/weeklyRecurringSunset");
    rule(
        period == "weekly" || *sunset == Json::Null,
        "$.contribution.weeklyRecurringSunset",
        "null if not weekly",
        sunset,
    );
    let expiry = contribution.at("/creditCardExpiration");
    let by_card = !contribution.is_true("/isPaypal");
    rule(by_card || *expiry == Json::Null, "$.contribution.creditCardExpiration", "null if not by card", expiry);
    if kind == Kind::Cancellation {
        rule(is_series, "$.contribution.recurringPeriod", "a series", contribution.at("/recurringPeriod"));
        let pledged = contribution.at("/recurPledged");
        let is_open = *duration == Json::Text("infinite".to_owned());
        rule(!is_open || *pledged == Json::Null, "$.contribution.recurPledged", "null if open-ended", pledged);
    }
}

/// §2.6: a number of payments or `infinite`; 1 for a one-time gift.
fn is_duration(value: &Json, is_series: bool) -> bool {
    match value {
        Json::Number(digits) if is_series => is_digits(digits) && digits != "0",
        Json::Number(digits) => digits == "1",
        Json::Text(text) => is_series && text == "infinite",
        _ => false,
    }
}

impl Notification {
    pub(super) fn of(body: &Json, kind: Kind, webhook_id: &str, raw: &bytes::Bytes) -> Self {
        let lineitem = body.at("/lineitems/0");
        let happened_at = match kind {
            Kind::Contribution => lineitem.text("/paidAt"),
            Kind::Refund => lineitem.text("/refundedAt"),
            Kind::Cancellation => body.text("/contribution/cancelledAt"),
        };
        Self {
            kind,
            webhook_id: webhook_id.to_owned(),
            lineitem_id: lineitem.integer("/lineitemId"),
            entity_id: lineitem.integer("/entityId"),
            order_number: body.text("/contribution/orderNumber").to_owned(),
            amount_cents: lineitem.cents("/amount"),
            happened_at: happened_at.to_owned(),
            email: body.has("/donor/email").then(|| body.text("/donor/email").to_owned()),
            is_backfill: false,
            times: 1,
            body: raw.clone(),
        }
    }

    /// Whether it is about the same thing.
    pub(super) fn is_same_event(&self, other: &Self) -> bool {
        self.kind == other.kind && self.lineitem_id == other.lineitem_id && self.happened_at == other.happened_at
    }
}
