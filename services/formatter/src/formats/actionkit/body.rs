//! The bodies.

use crate::input::Input;
use crate::json::{Json, object};
use crate::value::{Cents, answers, phone_local, utc_naive};
use contract::plan::Text;

/// Custom action fields whose values are not the donor's answers.
const FIELDS: [&str; 7] =
    ["recipient", "recipient_id", "order_number", "lineitem_id", "form", "refcode2", "recurrence_number"];

/// `donationpush`. An import stub has no processor, so the card data are placeholders for required fields.
pub(super) fn donation(input: &Input<'_>, email: &str) -> Text {
    let contribution = &input.body.contribution;
    object(|json| {
        json.object("donationpage", |page| {
            let form = contribution.contribution_form.get().unwrap_or_default();
            let name = format!("{}{form}", input.setting("page_prefix").unwrap_or_default());
            page.text("name", Some(&name));
            page.text("payment_account", input.setting("payment_account"));
        });
        json.object("order", |json| order(json, input));
        json.object("user", |json| user(json, input, email));
        json.object("action", |action| {
            action.text("source", contribution.refcode.get());
            action.text("skip_confirmation", Some("1"));
            action.object("fields", |json| fields(json, input));
        });
    })
}

fn order(json: &mut Json, input: &Input<'_>) {
    let card = if input.body.contribution.is_paypal { "PYPL" } else { "4111111111111111" };
    let key = input.key();
    json.text("amount", Some(&input.amount().decimal()));
    json.text("currency", Some("USD"));
    json.text("card_num", Some(card));
    json.text("card_code", Some("007"));
    json.text("exp_date_month", Some("12"));
    json.text("exp_date_year", Some("2099"));
    json.text("import_id", Some(&key));
    json.text("trans_id", Some(&key));
    json.text("created_at", Some(&utc_naive(input.body.lineitem().paid_at)));
    json.text("recurring_id", input.series_if_recurring().as_deref());
    let period = match input.period() {
        Some("monthly") => Some("months"),
        Some("weekly") => Some("weeks"),
        _ => None,
    };
    json.text("recurring_period", period);
}

fn user(json: &mut Json, input: &Input<'_>, email: &str) {
    let donor = &input.body.donor;
    let country = donor.country.get();
    let (state, zip) = match country {
        None | Some("United States") => ("state", "zip"),
        Some(_) => ("region", "postal"),
    };
    json.text("email", Some(email));
    json.text("first_name", donor.firstname.get());
    json.text("last_name", donor.lastname.get());
    json.text("address1", donor.addr1.get());
    json.text("city", donor.city.get());
    json.text(state, donor.state.get());
    json.text(zip, donor.zip.get());
    json.text("country", country);
    json.text("phone", phone_local(donor.phone.get(), country).as_deref());
    json.text("user_employer", donor.employer_data.employer.get());
    json.text("user_occupation", donor.employer_data.occupation.get());
}

fn fields(json: &mut Json, input: &Input<'_>) {
    let (contribution, lineitem) = (&input.body.contribution, input.body.lineitem());
    json.text("recipient", lineitem.committee_name.get());
    json.text("recipient_id", Some(&lineitem.entity_id.to_string()));
    json.text("order_number", Some(input.order()));
    json.text("lineitem_id", Some(&lineitem.lineitem_id.to_string()));
    json.text("form", contribution.contribution_form.get());
    json.text("refcode2", contribution.refcode2.get());
    if input.recurring() {
        json.text("recurrence_number", Some(&input.payment_no().to_string()));
    }
    for (slug, answer) in answers(&contribution.custom_fields, &FIELDS) {
        json.text(&slug, Some(answer));
    }
}

/// `profileupdatepush`
pub(super) fn profile(input: &Input<'_>, amount: Cents) -> Text {
    object(|json| {
        json.text("recurring_id", Some(&input.series()));
        json.text("amount", Some(&amount.decimal()));
        json.text("currency", Some("USD"));
    })
}

/// `recurringpaymentpush`
pub(super) fn payment(input: &Input<'_>) -> Text {
    object(|json| {
        json.text("recurring_id", Some(&input.series()));
        json.flag("success", true);
        json.text("status", Some("completed"));
        json.text("trans_id", Some(&input.key()));
        json.text("created_at", Some(&utc_naive(input.body.lineitem().paid_at)));
    })
}

/// `profilecancelpush`
pub(super) fn cancellation(input: &Input<'_>) -> Text {
    let contribution = &input.body.contribution;
    let by = match contribution.cancellation_type.get() {
        Some("Active") => Some("user"),
        Some("Lapsed") => Some("processor"),
        Some("Other") => Some("admin"),
        _ => None,
    };
    object(|json| {
        json.text("recurring_id", Some(&input.series()));
        json.text("canceled_by", by);
        json.text("created_at", contribution.cancelled_at.map(utc_naive).as_deref());
    })
}
