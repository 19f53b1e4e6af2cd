//! The API of NGP VAN and EveryAction (`formats/ngpvan.md`).

use super::note::note;
use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::{List, object};
use crate::value::{date, iso2, phone_local, utc};
use contract::plan::{
    After, Body, Capture, Condition, Method, NoPlan, Part, Plan, Reference, Rule, Scope, Statuses, Step, Text, To,
};
use serde_json::Value;

/// Of a plan and, in the ledger, of a line: the contribution that VAN made.
const CONTRIBUTION: &str = "contribution_id";
/// The same: the donor's record.
const PERSON: &str = "van_id";

pub(super) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => contribution(input),
        Occasion::Refund => adjustment(input),
        Occasion::Cancellation => Err(NoPlan::NotSupported.into()),
    }
}

/// VAN does not tell repeats by itself, so a contribution is looked up before it is sent again.
fn contribution(input: &Input<'_>) -> Result<Plan, Refusal> {
    let designation = designation(input).ok_or(NoPlan::NoDesignation)?;
    need_match(input)?;
    let found = Capture { status: Some(Statuses::In(vec![200])), ..Capture::json(CONTRIBUTION, "/contributionId") };
    let not_found = Condition::Absent(Reference::Capture(CONTRIBUTION.to_owned()));
    let reference = format!("/contributions/onlineReferenceNumber:{}", input.key());
    Ok(input.plan(vec![
        Step {
            recheck: true,
            to: To::Path(Part::text(reference)),
            success: vec![Rule::status(&[200, 404])],
            capture: vec![found.scope(Scope::Line)],
            ..Step::new("lookup", Method::Get, Body::None)
        },
        Step {
            when: vec![not_found.clone()],
            to: To::Path(Part::text("/people/findOrCreate")),
            success: vec![Rule::status(&[200, 201])],
            capture: vec![Capture::json(PERSON, "/vanId").required().scope(Scope::Line)],
            ..Step::new("person", Method::Post, Body::Json(person_body(input)))
        },
        Step {
            when: vec![not_found],
            to: To::Path(Part::text("/contributions")),
            success: vec![Rule::status(&[201])],
            // The answer is the integer itself.
            capture: vec![Capture::json(CONTRIBUTION, "").required().scope(Scope::Line)],
            ..Step::new("contribution", Method::Post, Body::Json(contribution_body(input, designation)))
        },
    ]))
}

fn adjustment(input: &Input<'_>) -> Result<Plan, Refusal> {
    if !input.ticked("refund_adjustments") {
        return Err(NoPlan::NotSupported.into());
    }
    let contribution = Reference::Line(CONTRIBUTION.to_owned());
    let path = vec![
        Part::Text("/contributions/".to_owned()),
        Part::Ref(contribution.clone()),
        Part::Text("/adjustments".to_owned()),
    ];
    let body = object(|json| {
        json.text("adjustmentType", Some("Refund"));
        json.amount("amount", input.amount());
        json.text("datePosted", input.body.lineitem().refunded_at.map(date));
    });
    let step = Step {
        to: To::Path(path),
        success: vec![Rule::status(&[200])],
        ..Step::new("adjustment", Method::Post, Body::Json(body))
    };
    Ok(Plan { after: Some(After::Line), requires: vec![contribution], ..input.plan(vec![step]) })
}

/// The entity's row, else the one for all others.
fn designation(input: &Input<'_>) -> Option<u64> {
    let entity = input.body.lineitem().entity_id;
    let column = |row: &Value, id: &str| row.get(id)?.as_str()?.parse::<u64>().ok();
    let mut rows = input.entries("designations").iter();
    let row = rows.find(|row| column(row, "entity") == Some(entity));
    match row {
        Some(row) => column(row, "designation"),
        None => input.setting("default_designation")?.parse().ok(),
    }
}

/// VAN finds people by a name and one thing more.
fn need_match(input: &Input<'_>) -> Result<(), Refusal> {
    let donor = &input.body.donor;
    let named = donor.firstname.get().or(donor.lastname.get()).is_some();
    let reachable = donor.email.get().or(donor.zip.get()).is_some() || phone(input).is_some();
    match named && reachable {
        true => Ok(()),
        false => Err(NoPlan::NoContact.into()),
    }
}

fn phone(input: &Input<'_>) -> Option<String> {
    let donor = &input.body.donor;
    phone_local(donor.phone.get(), donor.country.get())
}

fn person_body(input: &Input<'_>) -> Text {
    let donor = &input.body.donor;
    object(|json| {
        json.text("firstName", donor.firstname.get());
        json.text("lastName", donor.lastname.get());
        json.text("employer", donor.employer_data.employer.get());
        json.text("occupation", donor.employer_data.occupation.get());
        if let Some(address) = donor.email.get() {
            json.list("emails", |list| {
                list.object(|email| {
                    email.text("email", Some(address));
                    email.flag("isPreferred", true);
                });
            });
        }
        if let Some(number) = phone(input) {
            json.list("phones", |list| {
                list.object(|phone| {
                    phone.text("phoneNumber", Some(&number));
                    phone.text("phoneType", Some("H"));
                });
            });
        }
        json.list("addresses", |list| address(list, input));
    })
}

/// The home address, if there is anything of one.
fn address(list: &mut List<'_>, input: &Input<'_>) {
    let donor = &input.body.donor;
    let parts = [
        ("addressLine1", donor.addr1.get()),
        ("city", donor.city.get()),
        ("stateOrProvince", donor.state.get()),
        ("zipOrPostalCode", donor.zip.get()),
        ("countryCode", iso2(donor.country.get())),
    ];
    if parts.iter().any(|(_, part)| part.is_some()) {
        list.object(|json| {
            for (key, part) in parts {
                json.text(key, part);
            }
            json.text("type", Some("H"));
        });
    }
}

fn contribution_body(input: &Input<'_>, designation: u64) -> Text {
    let contribution = &input.body.contribution;
    object(|json| {
        json.object("contact", |contact| contact.reference("vanId", Reference::Capture(PERSON.to_owned())));
        json.object("designation", |json| json.number("designationId", designation));
        json.text("dateReceived", Some(&utc(input.body.lineitem().paid_at)));
        json.amount("amount", input.amount());
        json.text("status", Some("Settled"));
        let payment = if contribution.is_paypal { "ElectronicPaySystem" } else { "CreditCard" };
        json.text("paymentType", Some(payment));
        json.text("onlineReferenceNumber", Some(&input.key()));
        json.text("directMarketingCode", contribution.refcode.get());
        json.text("notes", Some(&note(input)));
        json.list("disclosureFieldValues", |list| disclosures(list, input, designation));
        json.digits("financialBatchId", input.setting("batch_id"));
    })
}

/// Employer and occupation again, as the reports of the committee want them.
fn disclosures(list: &mut List<'_>, input: &Input<'_>, designation: u64) {
    let employer = &input.body.donor.employer_data;
    let values = [("employer_field", employer.employer.get()), ("occupation_field", employer.occupation.get())];
    for (setting, value) in values {
        let field = input.setting(setting).and_then(|id| id.parse().ok());
        let (Some(field), Some(value)) = (field, value) else { continue };
        list.object(|json| {
            json.number("disclosureFieldId", field);
            json.text("disclosureFieldValue", Some(value));
            json.number("designationId", designation);
        });
    }
}
