//! The tables of `formats/default.md` §3, in key order.

use crate::targets::check::{Field, Form, INTEGER, ORDER, eastern, is_date, is_digits, may, must};

/// A string that is never null, and is empty without a value (§2.3).
const ANY: Form = Form::Text("a string", |_| true);
/// A string that is there only with a value.
const FILLED: Form = Form::Text("a string that is not empty", |text| !text.is_empty());
const NULLABLE: Form = Form::Nullable(&FILLED);
const MONEY: Form = Form::Text("an amount such as 27.5", is_money);
const TIME: Form = Form::Text("US Eastern time with its offset", eastern);
const DATE: Form = Form::Text("YYYY-MM-DD", is_date);
const EXPIRY: Form = Form::Text("MM/YYYY", is_expiry);
const UUID: Form = Form::Text("a UUID", is_uuid);

/// The whole body. What depends on the kind is examined on its own.
pub(super) static BODY: Form = Form::Object(&[
    must("donor", Form::Object(DONOR)),
    must("contribution", ANYTHING),
    must("lineitems", Form::List(1, 1, &ANYTHING)),
    must("form", Form::Object(FORM)),
]);

const ANYTHING: Form = Form::Open(&[], "", |_| true, &Form::Any);

const DONOR: &[Field] = &[
    must("firstname", ANY),
    must("lastname", ANY),
    must("addr1", NULLABLE),
    must("city", NULLABLE),
    must("state", NULLABLE),
    must("zip", NULLABLE),
    must("country", NULLABLE),
    must("isEligibleForExpressLane", Form::Bool),
    must("employerData", Form::Object(EMPLOYER)),
    may("email", FILLED),
    may("phone", FILLED),
];

const EMPLOYER: &[Field] = &[
    must("employer", NULLABLE),
    must("occupation", NULLABLE),
    must("employerAddr1", NULLABLE),
    must("employerCity", NULLABLE),
    must("employerState", NULLABLE),
    must("employerZip", NULLABLE),
    must("employerCountry", NULLABLE),
];

/// Of every kind.
pub(super) const CONTRIBUTION: &[Field] = &[
    must("createdAt", TIME),
    must("orderNumber", ORDER),
    must("contributionForm", ANY),
    must("refcodes", Form::Open(&[], "not empty", |name| !name.is_empty(), &FILLED)),
    must("refcode", NULLABLE),
    must("refcode2", NULLABLE),
    must("creditCardExpiration", Form::Nullable(&EXPIRY)),
    must("recurringPeriod", Form::Word(&["once", "weekly", "monthly"])),
    must("recurringDuration", Form::Any),
    must("weeklyRecurringSunset", Form::Nullable(&DATE)),
    must("abTestName", NULLABLE),
    must("isRecurring", Form::Bool),
    must("isPaypal", Form::Bool),
    must("isMobile", Form::Bool),
    must("abTestVariation", NULLABLE),
    must("isExpress", Form::Bool),
    must("withExpressLane", Form::Bool),
    must("expressSignup", Form::Bool),
    must("uniqueIdentifier", UUID),
    must("textMessageOption", Form::Word(&["opt_in", "opt_out", "unknown"])),
    must("giftDeclined", Form::Nullable(&Form::Bool)),
    must("giftIdentifier", NULLABLE),
    must("shippingName", NULLABLE),
    must("shippingAddr1", NULLABLE),
    must("shippingCity", NULLABLE),
    must("shippingState", NULLABLE),
    must("shippingZip", NULLABLE),
    must("shippingCountry", NULLABLE),
    must("smartBoostAmount", Form::Nullable(&MONEY)),
    must("customFields", Form::List(0, usize::MAX, &Form::Object(CUSTOM_FIELD))),
    must("merchandise", Form::List(0, usize::MAX, &Form::Object(MERCHANDISE))),
    must("bumpYourRecurring", Form::Nullable(&Form::Object(BUMP))),
];

const CUSTOM_FIELD: &[Field] = &[must("label", NULLABLE), must("answer", NULLABLE)];

const MERCHANDISE: &[Field] = &[must("name", ANY), must("itemId", INTEGER), must("details", Form::Nullable(&ANYTHING))];

const BUMP: &[Field] = &[
    must("bumpRecurringLink", ANY),
    must("recurringUpsellSeen", Form::Bool),
    must("recurringUpsellAccepted", Form::Bool),
];

/// After [`CONTRIBUTION`], of an approved contribution and of a refund.
pub(super) const APPROVED: &[Field] = &[must("status", Form::Word(&["approved"])), must("thanksUrl", NULLABLE)];

/// After [`CONTRIBUTION`], of a declined contribution.
pub(super) const DECLINED: &[Field] = &[must("status", Form::Word(&["declined"])), must("retryUrl", FILLED)];

/// After [`CONTRIBUTION`], of a cancellation.
pub(super) const CANCELLED: &[Field] = &[
    must("cancelledAt", TIME),
    must(
        "recurringType",
        Form::Word(&["initially forever", "initially monthly", "initially weekly", "initially monthly adjustable"]),
    ),
    must("recurCompleted", INTEGER),
    must("recurPledged", Form::Nullable(&INTEGER)),
    must("cancellationReason", NULLABLE),
    must("cancellationType", Form::Word(&["Active", "Lapsed", "Other"])),
];

/// Of every kind.
pub(super) const LINEITEM: &[Field] = &[
    must("sequence", INTEGER),
    must("entityId", INTEGER),
    must("fecId", NULLABLE),
    must("committeeName", ANY),
    must("amount", MONEY),
    must("recurringAmount", Form::Nullable(&MONEY)),
    must("paidAt", TIME),
    must("paymentId", Form::Nullable(&INTEGER)),
    must("lineitemId", INTEGER),
];

/// After [`LINEITEM`], of a contribution.
pub(super) const PAID: &[Field] = &[must("amountLessAbFees", Form::Nullable(&MONEY))];

/// After [`LINEITEM`], of a refund.
pub(super) const REFUNDED: &[Field] =
    &[must("refundedAt", TIME), must("disbursedAt", Form::Nullable(&TIME)), must("recoveredAt", Form::Nullable(&TIME))];

const FORM: &[Field] = &[
    must("name", ANY),
    must("kind", Form::Word(&["page", "merchandise", "event", "embed", "autogenerated"])),
    must("ownerEmail", NULLABLE),
    must("managingEntityName", NULLABLE),
    must("managingEntityCommitteeName", NULLABLE),
];

/// `25.0`, `25.5`, `25.05`: a decimal point, one or two decimals, a trailing zero only as the first (§2.4).
fn is_money(text: &str) -> bool {
    text.split_once('.').is_some_and(|(whole, part)| {
        is_digits(whole)
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part.len() == 1 || (part.len() == 2 && !part.ends_with('0')))
    })
}

fn is_expiry(text: &str) -> bool {
    text.split_once('/').is_some_and(|(month, year)| is_date(&format!("{year}-{month}-01")))
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}
