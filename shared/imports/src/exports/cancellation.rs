//! Rows of cancelled series, joined to the last payment of their series (`formats/history-csv.md` §6).

use super::cells::{Cells, Length, text_message};
use super::header::Column;
use super::message::Json;
use super::payment::{form_kind, gift, length, sunset};
use crate::record::Code;
use crate::series::Payment;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

type Block<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// The body of the joined payment, each value as it stands there.
#[derive(Deserialize)]
struct Joined<'a> {
    #[serde(borrow, default)]
    donor: Block<'a>,
    #[serde(borrow, default)]
    contribution: Block<'a>,
    #[serde(borrow, default)]
    lineitems: Vec<Block<'a>>,
}

/// Keys of the contribution that the export has no column for.
const FROM_PAYMENT: [&str; 11] = [
    "refcode2",
    "uniqueIdentifier",
    "shippingName",
    "shippingAddr1",
    "shippingCity",
    "shippingState",
    "shippingZip",
    "shippingCountry",
    "customFields",
    "merchandise",
    "bumpYourRecurring",
];
const EMPLOYER_FROM_PAYMENT: [&str; 5] =
    ["employerAddr1", "employerCity", "employerState", "employerZip", "employerCountry"];

/// Writes the body that the row and the last payment of its series say to `out`. Tells when it was cancelled.
/// `first` is when the first payment was made, as the files say. None if something is wrong, which the cells tell.
pub(crate) fn read(
    cells: &mut Cells<'_>,
    payment: Option<&Payment>,
    first: Option<Timestamp>,
    out: &mut String,
) -> Option<Timestamp> {
    let receipt = cells.receipt();
    let cancelled_at = cells.needed_time(Column::CancelledOn);
    let joined = payment.and_then(|payment| serde_json::from_str::<Joined<'_>>(&payment.body).ok());
    if receipt.is_some() && joined.is_none() {
        cells.wrong(Code::NoPayment, Column::ReceiptId, "a series with a payment in the files");
    }
    let joined = joined.unwrap_or(Joined { donor: Block::new(), contribution: Block::new(), lineitems: Vec::new() });
    let adjustable = payment.is_some_and(|payment| payment.adjustable);
    let mut json = Json(out);
    json.0.push('{');
    json.block("donor", |json| donor(cells, &joined, json));
    json.block("contribution", |json| {
        json.text("orderNumber", receipt.unwrap_or_default());
        json.time("cancelledAt", cancelled_at);
        created(cells, &joined, first, json);
        contribution(cells, &joined, json);
        recurring(cells, &joined, adjustable, json);
        ending(cells, &joined, json);
    });
    json.list("lineitems", |json| lineitem(cells, &joined, json));
    json.block("form", |json| form(cells, &joined, json));
    json.0.push('}');
    cancelled_at.filter(|_| cells.reasons.is_empty())
}

impl<'a> Joined<'a> {
    fn contribution_text(&self, key: &str) -> Cow<'a, str> {
        text(self.contribution.get(key).copied())
    }

    fn lineitem(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.lineitems.iter().take(1).flatten().map(|(key, value)| (key.as_ref(), *value))
    }

    /// Payments made before the joined one.
    fn sequence(&self) -> u64 {
        let sequence = self.lineitem().find(|(key, _)| *key == "sequence");
        sequence.and_then(|(_, value)| value.get().parse().ok()).unwrap_or(0)
    }
}

fn donor(cells: &mut Cells<'_>, joined: &Joined<'_>, json: &mut Json<'_>) {
    json.text("firstname", cells.text(Column::DonorFirstName));
    json.text("lastname", cells.text(Column::DonorLastName));
    json.text("addr1", cells.text(Column::DonorAddress));
    json.text("city", cells.text(Column::DonorCity));
    json.text("state", cells.text(Column::DonorState));
    json.text("zip", cells.text(Column::DonorZip));
    json.text("country", cells.text(Column::DonorCountry));
    json.flag("isEligibleForExpressLane", cells.flag(Column::IsEligibleForExpressLane));
    let employer = joined.donor.get("employerData").and_then(|raw| serde_json::from_str::<Block<'_>>(raw.get()).ok());
    json.block("employerData", |json| {
        json.text("employer", cells.text(Column::DonorEmployer));
        json.text("occupation", cells.text(Column::DonorOccupation));
        copy(&EMPLOYER_FROM_PAYMENT, employer.as_ref(), json);
    });
    json.text("email", cells.text(Column::DonorEmail));
    json.text("phone", cells.text(Column::DonorPhone));
}

fn created(cells: &mut Cells<'_>, joined: &Joined<'_>, first: Option<Timestamp>, json: &mut Json<'_>) {
    match cells.time(Column::InitialContributionDate).or(first) {
        Some(time) => json.time("createdAt", Some(time)),
        None => json.text("createdAt", &joined.contribution_text("createdAt")),
    }
}

fn contribution(cells: &mut Cells<'_>, joined: &Joined<'_>, json: &mut Json<'_>) {
    let form = [cells.text(Column::ContributionForm), cells.text(Column::FormName)];
    json.text("contributionForm", &named(form, joined));
    json.text("refcode", cells.text(Column::ReferenceCode));
    copy(&FROM_PAYMENT, Some(&joined.contribution), json);
    json.text("creditCardExpiration", cells.text(Column::CreditCardExpiration));
    sunset(cells, json);
    json.text("abTestName", cells.text(Column::AbTestName));
    json.flag("isPaypal", cells.flag(Column::IsPaypal));
    json.flag("isMobile", cells.flag(Column::IsMobile));
    json.text("abTestVariation", cells.text(Column::AbTestVariation));
    json.flag("isExpress", cells.flag(Column::ExpressDonor));
    json.flag("withExpressLane", cells.flag(Column::WithExpressLane));
    json.flag("expressSignup", cells.flag(Column::ExpressSignUp));
    json.text("textMessageOption", text_message(cells.word(Column::TextMessageOption)));
    gift(cells, json);
}

/// How the series was: its period, its length, and what it was when it began.
fn recurring(cells: &mut Cells<'_>, joined: &Joined<'_>, adjustable: bool, json: &mut Json<'_>) {
    let column = if cells.word(Column::RecurringPeriod).is_some() {
        Column::RecurringPeriod
    } else {
        Column::RecurrenceFrequency
    };
    let period = cells.value(column, "monthly or weekly", |word| match word {
        "monthly" => Some(false),
        "weekly" => Some(true),
        _ => None,
    });
    let weekly = period.unwrap_or_else(|| joined.contribution_text("recurringPeriod") == "weekly");
    json.text("recurringPeriod", if weekly { "weekly" } else { "monthly" });
    let pledged = cells.length(Column::InitialPledgeLength, "unlimited");
    let duration = cells.length(Column::RecurringDuration, "forever").or(pledged).unwrap_or(Length::Open);
    length(json, "recurringDuration", Some(duration));
    if let Some(Length::Payments(number)) = pledged {
        json.number("recurPledged", Some(number));
    }
    let initially = match (adjustable, weekly, pledged.unwrap_or(duration)) {
        (true, ..) => "initially monthly adjustable",
        (false, true, _) => "initially weekly",
        (false, false, Length::Open) => "initially forever",
        (false, false, Length::Payments(_)) => "initially monthly",
    };
    json.text("recurringType", initially);
}

fn ending(cells: &mut Cells<'_>, joined: &Joined<'_>, json: &mut Json<'_>) {
    let completed = cells.number(Column::RecurCompleted).unwrap_or_else(|| joined.sequence().saturating_add(1));
    json.number("recurCompleted", Some(completed));
    let reason = cells.text(Column::CancelationReason);
    json.text("cancellationReason", reason);
    json.text("cancellationType", if reason.trim_ascii() == "donor_request" { "Active" } else { "Other" });
}

fn lineitem(cells: &mut Cells<'_>, joined: &Joined<'_>, json: &mut Json<'_>) {
    for (key, value) in joined.lineitem().filter(|(key, _)| *key != "recurringAmount") {
        json.raw(key, value.get());
    }
    let amount = cells.money(Column::RecurringAmount);
    let amount =
        if cells.word(Column::RecurringAmount).is_some() { amount } else { cells.money(Column::RecurrenceAmount) };
    json.money("recurringAmount", amount);
}

fn form(cells: &Cells<'_>, joined: &Joined<'_>, json: &mut Json<'_>) {
    json.text("name", &named([cells.text(Column::FormName), cells.text(Column::ContributionForm)], joined));
    json.text("kind", &form_kind(cells.word(Column::FormKind)));
    json.text("ownerEmail", cells.text(Column::OwnerEmail));
    json.text("managingEntityName", cells.text(Column::ManagedEntityName));
    json.text("managingEntityCommitteeName", cells.text(Column::ManagedEntityCommitteeName));
}

/// The first of two cells that is not blank, or the form of the joined payment.
fn named<'a>(cells: [&'a str; 2], joined: &Joined<'a>) -> Cow<'a, str> {
    let cell = cells.into_iter().find(|cell| !cell.is_empty());
    cell.map_or_else(|| joined.contribution_text("contributionForm"), Cow::Borrowed)
}

fn copy(keys: &[&str], block: Option<&Block<'_>>, json: &mut Json<'_>) {
    for key in keys {
        if let Some(value) = block.and_then(|block| block.get(*key)) {
            json.raw(key, value.get());
        }
    }
}

fn text(raw: Option<&RawValue>) -> Cow<'_, str> {
    raw.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok()).map_or(Cow::Borrowed(""), Cow::Owned)
}
