//! API v1 (`formats/nationbuilder.md` §3).

use super::{DONATION, SIGNUP, address, cancellation, donation, id, note, order, path, payment_type, person};
use crate::format::Refusal;
use crate::formats::note::parts;
use crate::input::{Input, Occasion};
use crate::json::{Json, object};
use contract::plan::{After, Body, Method, NoPlan, Part, Plan, Reference, Rule, Step, Text, To};

const DONATIONS: &str = "/api/v1/donations";

/// Names of payment types and their codes; other names have none.
const CODES: [(&str, &str); 9] = [
    ("Cash", "C"),
    ("Credit Card", "D"),
    ("Check", "K"),
    ("Money Order", "M"),
    ("In-Kind", "I"),
    ("Wire Transfer", "T"),
    (super::OTHER, "O"),
    ("Square", "D"),
    ("ActBlue", "O"),
];

pub(in crate::formats) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => Ok(contribution(input)),
        Occasion::Refund => Ok(refund(input)),
        Occasion::Cancellation => Err(NoPlan::NotSupported.into()),
    }
}

fn contribution(input: &Input<'_>) -> Plan {
    let person_body = object(|json| json.object("person", |json| person(json, input, ["phone", "home_address"])));
    let donation_body = object(|json| json.object("donation", |json| donation_fields(json, input)));
    input.plan(vec![
        Step {
            repeatable: true,
            success: vec![Rule::status(&[200, 201])],
            capture: vec![id(SIGNUP, "/person/id")],
            ..change("person", Method::Put, Part::text("/api/v1/people/push"), person_body)
        },
        Step {
            success: vec![Rule::status(&[200, 201])],
            capture: vec![id(DONATION, "/donation/id")],
            ..change("donation", Method::Post, Part::text(DONATIONS), donation_body)
        },
    ])
}

fn refund(input: &Input<'_>) -> Plan {
    let body = object(|json| json.object("donation", |json| cancellation(json, input, &note_with_refcode(input))));
    let step = Step {
        repeatable: true,
        success: vec![Rule::status(&[200])],
        ..change("cancel", Method::Put, path(DONATIONS), body)
    };
    Plan { after: Some(After::Line), requires: vec![donation()], ..input.plan(vec![step]) }
}

fn change(name: &str, method: Method, path: Text, body: Text) -> Step {
    Step {
        to: To::Path(path),
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        ..Step::new(name, method, Body::Json(body))
    }
}

fn donation_fields(json: &mut Json, input: &Input<'_>) {
    let payment = payment_type(input);
    json.reference("donor_id", Reference::Capture(SIGNUP.to_owned()));
    json.number("amount_in_cents", input.amount().whole());
    json.text("payment_type_name", payment);
    let code = CODES.iter().find(|(name, _)| Some(*name) == payment);
    json.text("payment_type_ngp_code", code.map(|(_, code)| *code));
    json.text("succeeded_at", Some(input.body.lineitem().paid_at.text));
    order(json, input);
    json.flag("is_private", false);
    json.flag("corporate_contribution", false);
    json.text("note", Some(&note_with_refcode(input)));
    json.object("billing_address", |json| address(json, input));
}

/// v1 refuses tracking codes that the nation does not have, so the refcode goes into the note.
fn note_with_refcode(input: &Input<'_>) -> String {
    let refcode = parts(&[("refcode", input.body.contribution.refcode.get())]);
    [note(input), refcode].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}
