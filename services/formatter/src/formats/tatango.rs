//! Tatango's subscriber API (`formats/tatango.md`): donors who agreed to text messages join a list.

use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::object;
use crate::value::{phone_e164, zip5};
use contract::limits::TEXT_CONSENT_S;
use contract::plan::{Body, Capture, Check, Method, NoPlan, Operator, Part, Plan, Rule, Step, Text, To};

/// What the status of an answer says of a number that was not added, in a 201 too.
const REFUSAL: &str = "error|cool|opted out|not (added|subscribed)";

pub(super) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution => {}
        Occasion::Instalment => return Err(NoPlan::InstalmentNotNeeded.into()),
        Occasion::Refund | Occasion::Cancellation => return Err(NoPlan::NotSupported.into()),
    }
    if input.body.contribution.text_message_option.get() != Some("opt_in") {
        return Err(NoPlan::NoSmsConsent.into());
    }
    let phone = phone(input).ok_or(NoPlan::NoPhone)?;
    let list = input.setting("list_id").unwrap_or_default();
    let step = Step {
        to: To::Path(Part::text(format!("/lists/{list}/subscribers"))),
        success: vec![Rule::status(&[200, 201]).and(Check::json("/status", Operator::NotMatches(REFUSAL.to_owned())))],
        capture: vec![Capture::json("status", "/status")],
        ..Step::new("subscriber", Method::Post, Body::Json(subscriber(input, &phone)))
    };
    let expires_at = input.expires(input.body.lineitem().paid_at, TEXT_CONSENT_S);
    Ok(Plan { expires_at, ..input.plan(vec![step]) })
}

/// The ten digits of a `+1` number.
fn phone(input: &Input<'_>) -> Option<String> {
    let donor = &input.body.donor;
    let number = phone_e164(donor.phone.get(), donor.country.get())?;
    number.strip_prefix("+1").filter(|local| local.len() == 10).map(str::to_owned)
}

fn subscriber(input: &Input<'_>, phone: &str) -> Text {
    let donor = &input.body.donor;
    object(|json| {
        json.object("subscriber", |json| {
            json.text("phone_number", Some(phone));
            json.text("first_name", donor.firstname.get());
            json.text("last_name", donor.lastname.get());
            json.text("email", donor.email.get());
            json.text("zip_code", zip5(donor.zip.get()));
            json.text("tags", Some(&tags(input)));
        });
        json.flag("bypass_opt_in_process", input.ticked("bypass_process"));
        json.flag("bypass_opt_in_response", input.ticked("bypass_response"));
    })
}

/// `spring-drive,em-0305`
fn tags(input: &Input<'_>) -> String {
    let contribution = &input.body.contribution;
    let form = contribution.contribution_form.get().filter(|_| input.ticked("tag_form"));
    let refcode = contribution.refcode.get().filter(|_| input.ticked("tag_refcode"));
    let tags: Vec<String> = [form, refcode].into_iter().flatten().map(|tag| tag.replace(',', "_")).collect();
    tags.join(",")
}
