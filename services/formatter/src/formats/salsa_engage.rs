//! Salsa Engage (`formats/salsa.md` B): offline donations.

use super::field_map::mapped;
use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::{Json, object};
use crate::value::{iso2, phone_local, utc_ms};
use contract::plan::{After, Body, Capture, Check, Method, NoPlan, Operator, Part, Plan, Rule, Scope, Step, Text, To};

pub(super) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => charge(input),
        Occasion::Refund => refund(input),
        Occasion::Cancellation => Err(NoPlan::NotSupported.into()),
    }
}

fn charge(input: &Input<'_>) -> Result<Plan, Refusal> {
    let email = input.body.donor.email.get().ok_or(NoPlan::NoEmail)?;
    let body = request(&input.key(), |json| charge_fields(json, input, email));
    let activity = Capture::json("activity_id", "/payload/donations/0/activityId").scope(Scope::Line);
    Ok(input.plan(vec![Step { capture: vec![activity], ..post("charge", body) }]))
}

/// It names the charge by the same `gatewayTransactionId`.
fn refund(input: &Input<'_>) -> Result<Plan, Refusal> {
    let email = input.body.donor.email.get().ok_or(NoPlan::NoEmail)?;
    let body = request(&format!("{}-refund", input.key()), |json| refund_fields(json, input, email));
    Ok(Plan { after: Some(After::Line), ..input.plan(vec![post("refund", body)]) })
}

fn post(name: &str, body: Text) -> Step {
    let no_errors = Check::json("/payload/donations/0/errors", Operator::Empty);
    let no_error = Check::json("/payload/donations/0/result", Operator::NotMatches("ERROR".to_owned()));
    Step {
        to: To::Path(Part::text("/offlineDonations")),
        success: vec![Rule::status(&[200]).and(no_errors).and(no_error)],
        ..Step::new(name, Method::Post, Body::Json(body))
    }
}

/// A request with one donation.
fn request(id: &str, donation: impl FnOnce(&mut Json)) -> Text {
    object(|json| {
        json.object("header", |header| header.text("refId", Some(id)));
        json.object("payload", |payload| payload.list("donations", |donations| donations.object(donation)));
    })
}

fn charge_fields(json: &mut Json, input: &Input<'_>, email: &str) {
    let contribution = &input.body.contribution;
    transaction(json, input, "CHARGE");
    json.text("accountType", (!contribution.is_paypal).then_some("CREDIT_CARD"));
    json.text("activityFormName", contribution.contribution_form.get());
    json.text("fund", input.body.lineitem().committee_name.get());
    json.text("appeal", contribution.refcode.get());
    custom_fields(json, input, "custom_fields");
    json.object("supporter", |supporter| {
        name(supporter, input);
        supporter.object("address", |json| address(json, input));
        supporter.list("contacts", |contacts| {
            let status = input.ticked("subscribe").then_some("OPT_IN");
            contacts.object(|json| contact(json, "EMAIL", email, status));
            let donor = &input.body.donor;
            if let Some(phone) = phone_local(donor.phone.get(), donor.country.get()) {
                contacts.object(|json| contact(json, "CELL_PHONE", &phone, None));
            }
        });
        custom_fields(supporter, input, "supporter_fields");
    });
}

fn refund_fields(json: &mut Json, input: &Input<'_>, email: &str) {
    transaction(json, input, "REFUND");
    json.text("activityFormName", input.body.contribution.contribution_form.get());
    json.object("supporter", |supporter| {
        name(supporter, input);
        supporter.list("contacts", |contacts| contacts.object(|json| contact(json, "EMAIL", email, None)));
    });
}

/// The amount is not negative, for refunds too.
fn transaction(json: &mut Json, input: &Input<'_>, kind: &str) {
    json.text("type", Some(kind));
    json.text("date", Some(&utc_ms(input.moved_at())));
    json.amount("amount", input.amount());
    json.text("gatewayTransactionId", Some(&input.key()));
}

fn name(json: &mut Json, input: &Input<'_>) {
    json.text("firstName", input.body.donor.firstname.get());
    json.text("lastName", input.body.donor.lastname.get());
}

fn address(json: &mut Json, input: &Input<'_>) {
    let donor = &input.body.donor;
    json.text("addressLine1", donor.addr1.get());
    json.text("city", donor.city.get());
    json.text("state", donor.state.get());
    json.text("postalCode", donor.zip.get());
    json.text("country", iso2(donor.country.get()));
}

fn contact(json: &mut Json, kind: &str, value: &str, status: Option<&str>) {
    json.text("type", Some(kind));
    json.text("value", Some(value));
    json.text("status", status);
}

fn custom_fields(json: &mut Json, input: &Input<'_>, setting: &str) {
    json.list("customFieldValues", |values| {
        for (name, value) in mapped(input, setting) {
            values.object(|json| {
                json.text("name", Some(name));
                json.text("value", Some(&value));
            });
        }
    });
}
