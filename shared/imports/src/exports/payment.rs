//! Rows of paid and refunded contributions (`formats/history-csv.md` §5).

use super::cells::{Cells, Length, money, number, text_message};
use super::header::Column;
use super::message::Json;
use super::time;
use crate::record::Code;
use contract::id::EntityId;
use jiff::Timestamp;
use uuid::Uuid;

/// What the join of series needs of a row (`contribution.createdAt`, and cancelled rows).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// The `Receipt ID` as a number that no other one has.
    pub(crate) receipt: u64,
    /// `Recurrence Number`; 1 if blank.
    pub(crate) number: u64,
    /// `Date`.
    pub(crate) date: Timestamp,
}

/// A row that was read. Its message's `data` was written.
#[derive(Debug)]
pub(crate) struct Paid {
    pub(crate) lineitem: u64,
    /// When the payment was made.
    pub(crate) at: Timestamp,
    pub(crate) refunded_at: Option<Timestamp>,
    /// `Recurring Type` is `monthly_adjustable`, which no field of the event says.
    pub(crate) adjustable: bool,
}

/// How often the donor pays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Period {
    Once,
    Weekly,
    Monthly,
}

/// What the columns about the series say.
struct Series {
    number: u64,
    period: Period,
    duration: Option<Length>,
    adjustable: bool,
}

/// What is known of a row before it is read; none if that can't be read.
pub(crate) fn facts(cells: &Cells<'_>) -> Option<Facts> {
    let receipt = super::receipt_number(cells.word(Column::ReceiptId)?)?;
    let number = cells.word(Column::RecurrenceNumber).map_or(Some(1), number)?;
    Some(Facts { receipt, number, date: time::read(cells.word(Column::Date)?)? })
}

/// Writes the body that the row says to `out`: with the keys of a contribution and of a refund, of which each event
/// takes its own. `first` is when the first payment of the series was made, `entity` the only one whose rows count.
///
/// None if something is wrong, which the cells then tell.
pub(crate) fn read(
    cells: &mut Cells<'_>,
    first: Option<Timestamp>,
    entity: Option<EntityId>,
    out: &mut String,
) -> Option<Paid> {
    let recipient = cells.needed(Code::BadValue, Column::RecipientId, "a whole number", number);
    if entity.is_some_and(|EntityId(entity)| recipient.is_some_and(|recipient| recipient != entity)) {
        cells.wrong(Code::OtherEntity, Column::RecipientId, "the entity whose contributions are read");
        return None;
    }
    let receipt = cells.receipt();
    let lineitem = cells.needed(Code::NoId, Column::LineitemId, "digits", number);
    let date = cells.needed_time(Column::Date);
    let paid_at = if cells.word(Column::PaymentDate).is_some() { cells.needed_time(Column::PaymentDate) } else { date };
    let refunded = cells.word(Column::RefundDate).or(cells.word(Column::RefundId)).is_some();
    let refunded_at = if refunded { cells.needed_time(Column::RefundDate) } else { None };
    let series = series(cells);
    let mut json = Json(out);
    json.0.push('{');
    json.block("donor", |json| donor(cells, json));
    json.block("contribution", |json| {
        json.time("createdAt", first.or(date));
        json.text("orderNumber", receipt.unwrap_or_default());
        if let Some(lineitem) = lineitem {
            json.text("uniqueIdentifier", &unique(lineitem));
        }
        contribution(cells, &series, json);
    });
    json.list("lineitems", |json| {
        json.number("lineitemId", lineitem);
        json.number("entityId", recipient);
        json.time("paidAt", paid_at);
        json.time("refundedAt", refunded_at);
        payment(cells, &series, json);
    });
    json.block("form", |json| form(cells, json));
    json.0.push('}');
    if !cells.reasons.is_empty() {
        return None;
    }
    Some(Paid { lineitem: lineitem?, at: paid_at?, refunded_at, adjustable: series.adjustable })
}

fn series(cells: &mut Cells<'_>) -> Series {
    let weekly = cells.flag(Column::RecurWeekly) == Some(true);
    let months = cells.length(Column::RecurringTotalMonths, "unlimited");
    let pledged = cells.length(Column::RecurringPledged, "forever");
    let adjustable = cells.value(Column::RecurringType, "forever, monthly_adjustable or nothing", |word| match word {
        "forever" => Some(false),
        "monthly_adjustable" => Some(true),
        _ => None,
    });
    let number = cells
        .value(Column::RecurrenceNumber, "a whole number above zero", |word| number(word).filter(|number| *number > 0));
    let number = number.unwrap_or(1);
    let recurs =
        months.is_some_and(Length::recurs) || adjustable.is_some() || pledged.is_some_and(Length::recurs) || number > 1;
    let period = match (weekly, recurs) {
        (true, _) => Period::Weekly,
        (false, true) => Period::Monthly,
        (false, false) => Period::Once,
    };
    Series { number, period, duration: months.or(pledged), adjustable: adjustable == Some(true) }
}

fn donor(cells: &Cells<'_>, json: &mut Json<'_>) {
    json.text("firstname", cells.text(Column::DonorFirstName));
    json.text("lastname", cells.text(Column::DonorLastName));
    json.text("addr1", cells.text(Column::DonorAddr1));
    json.text("city", cells.text(Column::DonorCity));
    json.text("state", cells.text(Column::DonorState));
    json.text("zip", cells.text(Column::DonorZip));
    json.text("country", cells.text(Column::DonorCountry));
    json.block("employerData", |json| {
        json.text("employer", cells.text(Column::DonorEmployer));
        json.text("occupation", cells.text(Column::DonorOccupation));
        json.text("employerAddr1", cells.text(Column::EmployerAddr1));
        json.text("employerCity", cells.text(Column::EmployerCity));
        json.text("employerState", cells.text(Column::EmployerState));
        json.text("employerZip", cells.text(Column::EmployerZip));
        json.text("employerCountry", cells.text(Column::EmployerCountry));
    });
    json.text("email", cells.text(Column::DonorEmail));
    json.text("phone", cells.text(Column::DonorPhone));
}

fn contribution(cells: &mut Cells<'_>, series: &Series, json: &mut Json<'_>) {
    json.text("contributionForm", cells.text(Column::FundraisingPage));
    json.text("refcode", cells.text(Column::ReferenceCode));
    json.text("refcode2", cells.text(Column::ReferenceCode2));
    json.text("recurringPeriod", series.period.name());
    length(json, "recurringDuration", series.duration);
    sunset(cells, json);
    json.text("abTestName", cells.text(Column::AbTestName));
    json.flag("isPaypal", cells.flag(Column::Paypal));
    json.flag("isMobile", cells.flag(Column::Mobile));
    json.text("abTestVariation", cells.text(Column::AbVariation));
    json.flag("isExpress", cells.flag(Column::ActBlueExpressDonor));
    json.flag("withExpressLane", cells.flag(Column::ActBlueExpressLane));
    json.flag("expressSignup", cells.flag(Column::NewExpressSignup));
    json.text("textMessageOption", text_message(cells.word(Column::TextMessageOptIn)));
    gift(cells, json);
    json.text("shippingAddr1", cells.text(Column::ShippingAddr1));
    json.text("shippingCity", cells.text(Column::ShippingCity));
    json.text("shippingState", cells.text(Column::ShippingState));
    json.text("shippingZip", cells.text(Column::ShippingZip));
    json.text("shippingCountry", cells.text(Column::ShippingCountry));
    let (label, answer) = (cells.text(Column::CustomField1Label), cells.text(Column::CustomField1Value));
    if !label.is_empty() || !answer.is_empty() {
        json.list("customFields", |json| {
            json.text("label", label);
            json.text("answer", answer);
        });
    }
}

/// The line item but for its identity and times.
fn payment(cells: &mut Cells<'_>, series: &Series, json: &mut Json<'_>) {
    json.number("sequence", Some(series.number - 1));
    json.text("fecId", cells.text(Column::RecipientGovId));
    let committee = cells.text(Column::RecipientCommittee);
    json.text("committeeName", if committee.is_empty() { cells.text(Column::Recipient) } else { committee });
    let amount = cells.needed(Code::NoAmount, Column::Amount, "an amount above zero, such as 25.00", |word| {
        money(word).filter(|amount| amount.cents() > 0)
    });
    json.money("amount", amount);
    let recurring = match series.period {
        Period::Once => None,
        Period::Weekly => cells.money(Column::WeeklyRecurringAmount),
        Period::Monthly => cells.money(Column::MonthlyRecurringAmount),
    };
    json.money("recurringAmount", recurring);
    json.number("paymentId", cells.number(Column::PaymentId));
    if let (Some(amount), Some(fee)) = (amount, cells.money(Column::Fee)) {
        match amount.cents().checked_sub(fee.cents()) {
            Some(rest) => json.money("amountLessAbFees", Some(contract::body::Money::of_cents(rest))),
            None => cells.wrong(Code::BadValue, Column::Fee, "a fee of at most the amount"),
        }
    }
    json.time("disbursedAt", cells.time(Column::DisbursementDate));
    json.time("recoveredAt", cells.time(Column::RecoveryDate));
}

fn form(cells: &Cells<'_>, json: &mut Json<'_>) {
    json.text("name", cells.text(Column::FundraisingPage));
    json.text("kind", &form_kind(cells.word(Column::Kind)));
    json.text("managingEntityName", cells.text(Column::ManagedEntityName));
    json.text("managingEntityCommitteeName", cells.text(Column::ManagedEntityCommitteeName));
}

/// `giftDeclined`, `giftIdentifier` and `smartBoostAmount`, which both exports have.
pub(super) fn gift(cells: &mut Cells<'_>, json: &mut Json<'_>) {
    json.flag("giftDeclined", cells.flag(Column::GiftDeclined));
    json.text("giftIdentifier", cells.text(Column::GiftIdentifier));
    json.money("smartBoostAmount", cells.money(Column::SmartBoostAmount));
}

/// The date part of `Weekly Recurring Sunset`.
pub(super) fn sunset(cells: &mut Cells<'_>, json: &mut Json<'_>) {
    if let Some(sunset) = cells.time(Column::WeeklyRecurringSunset) {
        json.text("weeklyRecurringSunset", &time::date(sunset).to_string());
    }
}

pub(super) fn length(json: &mut Json<'_>, key: &str, length: Option<Length>) {
    match length {
        Some(Length::Open) => json.text(key, "infinite"),
        Some(Length::Payments(number)) => json.number(key, Some(number)),
        None => {}
    }
}

pub(super) fn form_kind(word: Option<&str>) -> String {
    word.unwrap_or("page").to_lowercase()
}

/// The same line item always has the same one.
fn unique(lineitem: u64) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:tributary:lineitem:{lineitem}").as_bytes()).to_string()
}

impl Period {
    const fn name(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }
}
