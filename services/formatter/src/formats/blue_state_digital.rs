//! Blue State Digital's Tools API (`formats/blue-state-digital.md`): every payment is an external contribution.

use super::field_map::mapped;
use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::{Json, list};
use crate::value::{iso2, phone_local, utc_text};
use contract::plan::{Body, Check, Method, NoPlan, Operator, Part, Plan, Rule, Step, Text, To};
use serde_json::json;

pub(super) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => contribution(input),
        Occasion::Refund | Occasion::Cancellation => Err(NoPlan::NotSupported.into()),
    }
}

/// BSD tells repeats by the external id, and answers 200 to what it refuses. What it stored after a 202 is a duplicate
/// at the next try.
fn contribution(input: &Input<'_>) -> Result<Plan, Refusal> {
    let donor = &input.body.donor;
    let names = donor.firstname.get().zip(donor.lastname.get()).ok_or(NoPlan::NoContact)?;
    let none = |pointer: &str| Check::json(pointer, Operator::Equals(json!(0)));
    let known = Operator::Matches("already exists|duplicate".to_owned());
    let known = Check::json(format!("/errors/{}", input.key()), known);
    Ok(input.plan(vec![Step {
        to: To::Path(Part::text("/page/api/contribution/add_external_contribution")),
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        success: vec![Rule::status(&[200]).and(none("/summary/failures")).and(none("/summary/missing_ids"))],
        duplicate: vec![Rule::status(&[200]).and(known)],
        ..Step::new("contribution", Method::Post, Body::JsonAsForm(body(input, names)))
    }]))
}

/// A list of exactly one contribution.
fn body(input: &Input<'_>, names: (&str, &str)) -> Text {
    list(|list| {
        list.object(|json| {
            gift(json, input, names);
            donor(json, input);
            json.object("customFields", |fields| {
                for (name, value) in mapped(input, "custom_fields") {
                    fields.text(name, Some(&value));
                }
            });
        });
    })
}

fn gift(json: &mut Json, input: &Input<'_>, (firstname, lastname): (&str, &str)) {
    let (contribution, key) = (&input.body.contribution, input.key());
    json.text("external_id", Some(&key));
    json.text("gateway_transaction_id", Some(&key));
    json.text("firstname", Some(firstname));
    json.text("lastname", Some(lastname));
    json.text("transaction_dt", Some(&utc_text(input.body.lineitem().paid_at)));
    json.amount("transaction_amt", input.amount());
    let card = if contribution.is_paypal { Some("pp") } else { input.setting("card_type") };
    json.text("cc_type_cd", card);
    json.list("source", |list| {
        for code in [&contribution.refcode, &contribution.refcode2] {
            if let Some(code) = code.get() {
                list.text(code);
            }
        }
    });
    json.number("opt_compliance", u64::from(input.ticked("subscribe")));
}

fn donor(json: &mut Json, input: &Input<'_>) {
    let donor = &input.body.donor;
    json.text("addr1", donor.addr1.get());
    json.text("city", donor.city.get());
    json.text("state_cd", donor.state.get());
    json.text("zip", donor.zip.get());
    json.text("country", iso2(donor.country.get()));
    json.text("phone", phone_local(donor.phone.get(), donor.country.get()).as_deref());
    json.text("email", donor.email.get());
    json.text("employer", donor.employer_data.employer.get());
    json.text("occupation", donor.employer_data.occupation.get());
}
