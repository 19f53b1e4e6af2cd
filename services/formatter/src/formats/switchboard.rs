//! Switchboard's external donation ingestion (`formats/switchboard.md`).

use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::object;
use crate::value::phone_e164;
use contract::plan::{Body, Method, NoPlan, Plan, Rule, Step, Text};

pub(super) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => {}
        Occasion::Refund | Occasion::Cancellation => return Err(NoPlan::NotSupported.into()),
    }
    let email = input.body.donor.email.get().ok_or(NoPlan::NoEmail)?;
    Ok(input.plan(vec![Step {
        duplicate: vec![Rule::status(&[409])],
        ..Step::new("donation", Method::Post, Body::Json(donation(input, email)))
    }]))
}

fn donation(input: &Input<'_>, email: &str) -> Text {
    let (contribution, lineitem) = (&input.body.contribution, input.body.lineitem());
    let donor = &input.body.donor;
    let entity = lineitem.entity_id.to_string();
    object(|json| {
        json.text("entity_id", input.setting("entity_id").or(Some(&entity)));
        json.text("provider", input.setting("provider"));
        json.text("provider_donation_id", Some(&lineitem.lineitem_id.to_string()));
        json.number("amount_in_cents", input.amount().whole());
        json.text("paid_at", Some(lineitem.paid_at.text));
        json.text("status", contribution.status.get());
        json.text("form_name", contribution.contribution_form.get());
        json.object("donor", |json| {
            json.text("email", Some(email));
            json.text("phone", phone_e164(donor.phone.get(), donor.country.get()).as_deref());
            json.text("firstname", donor.firstname.get());
            json.text("lastname", donor.lastname.get());
            json.text("addr1", donor.addr1.get());
            json.text("city", donor.city.get());
            json.text("state", donor.state.get());
        });
        // Validated there, and not stored.
        if input.test {
            json.flag("test_mode", true);
        }
    })
}
