//! OSDI's donation helper (`formats/osdi.md`): every payment is a donation of its own.

use super::dialect;
use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::{Json, List, object};
use crate::value::{Cents, answers, iso2, utc};
use contract::plan::{
    After, Body, Capture, Check, Method, NoPlan, OnMissing, Operator, Part, Plan, Reference, Rule, Scope, Step, Text,
    To,
};
use contract::webhook::Endpoint;

/// In the ledger, of a line: where its donation is changed.
const DONATION: &str = "donation_url";

/// Custom fields of a person whose values are not the donor's answers.
const FIELDS: [&str; 2] = ["tributary_form", "tributary_recurring_period"];

pub(super) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => Ok(donation(input)),
        Occasion::Refund => Ok(refund(input)),
        Occasion::Cancellation => cancellation(input),
    }
}

/// Whether the server wants a token: an open one shows nothing of what it stores.
fn has_token(input: &Input<'_>) -> bool {
    input.setting("token_in").is_some()
}

fn donation(input: &Input<'_>) -> Plan {
    let mut told = Rule::status(&[200, 201]);
    if has_token(input) {
        told = told.and(Check::json("/amount", Operator::Present));
    }
    input.plan(vec![Step {
        // The last two have no body to check.
        success: vec![told, Rule::status(&[202, 204])],
        capture: vec![Capture::json(DONATION, "/_links/self/href").scope(Scope::Line)],
        ..step("donation", Method::Post, To::Endpoint, donation_body(input))
    }])
}

/// The gift is credited, not voided, because the money was taken and returned.
fn refund(input: &Input<'_>) -> Plan {
    let donation = Reference::Line(DONATION.to_owned());
    let body = object(|json| {
        json.amount("amount", Cents::of(0));
        json.amount("credited_amount", input.amount());
        json.text("credited_date", input.body.lineitem().refunded_at.map(utc).as_deref());
    });
    let step = Step {
        repeatable: true,
        success: vec![Rule::status(&[200, 201, 204])],
        ..step("refund", Method::Put, To::Url(vec![Part::Ref(donation.clone())]), body)
    };
    Plan {
        after: Some(After::Line),
        requires: vec![donation],
        on_missing: if has_token(input) { OnMissing::Retry } else { OnMissing::Skip },
        ..input.plan(vec![step])
    }
}

/// OSDI has no recurring profile, so the donor's record is marked.
fn cancellation(input: &Input<'_>) -> Result<Plan, Refusal> {
    let url = input.setting("signup_url").ok_or(NoPlan::NotSupported)?;
    dialect::need_contact(input)?;
    // It gets the token too.
    if !Endpoint::parse(url).is_ok_and(|url| url.origin() == input.webhook.endpoint.origin()) {
        return Err(Refusal::Invalid("the person signup helper is not on the endpoint's host"));
    }
    let step = Step {
        repeatable: true,
        success: vec![Rule::status(&[200, 201, 202, 204])],
        ..step("signup", Method::Post, To::Url(Part::text(url)), cancellation_body(input))
    };
    Ok(Plan { after: Some(After::Series), ..input.plan(vec![step]) })
}

fn step(name: &str, method: Method, to: To, body: Text) -> Step {
    Step {
        to,
        headers: vec![("accept".to_owned(), "application/hal+json, application/json".to_owned())],
        ..Step::new(name, method, Body::Json(body))
    }
}

fn donation_body(input: &Input<'_>) -> Text {
    let (contribution, lineitem) = (&input.body.contribution, input.body.lineitem());
    object(|json| {
        json.list("identifiers", |list| list.text(&format!("tributary:{}", lineitem.lineitem_id)));
        json.text("origin_system", Some("Tributary"));
        json.text("action_date", Some(&utc(lineitem.paid_at)));
        json.amount("amount", input.amount());
        json.text("currency", Some("USD"));
        if input.recurring() {
            json.text("subscription_instance", Some(&input.payment_no().to_string()));
        }
        dialect::payment(json, input);
        json.list("recipients", |list| {
            list.object(|recipient| {
                recipient.text("display_name", lineitem.committee_name.get());
                recipient.text("legal_name", lineitem.committee_name.get());
                recipient.amount("amount", input.amount());
            });
        });
        json.object("referrer_data", |data| {
            data.text("source", contribution.refcode.get());
            data.text("referrer", contribution.refcode2.get());
        });
        json.object("person", |json| person(json, input));
        dialect::tags(json, input);
        json.object("triggers", |triggers| {
            triggers.object("autoresponse", |autoresponse| autoresponse.flag("enabled", false));
        });
    })
}

fn person(json: &mut Json, input: &Input<'_>) {
    let (donor, contribution) = (&input.body.donor, &input.body.contribution);
    json.text("origin_system", Some("Tributary"));
    json.text("given_name", donor.firstname.get());
    json.text("family_name", donor.lastname.get());
    json.text("employer", donor.employer_data.employer.get());
    json.text("occupation", donor.employer_data.occupation.get());
    email(json, input);
    json.list("postal_addresses", |list| address(list, input));
    phone(json, input);
    json.object("custom_fields", |fields| {
        fields.text("tributary_form", contribution.contribution_form.get());
        fields.text("tributary_recurring_period", input.period());
        for (slug, answer) in answers(&contribution.custom_fields, &FIELDS) {
            fields.text(&slug, Some(answer));
        }
    });
}

fn email(json: &mut Json, input: &Input<'_>) {
    primary(json, "email_addresses", ("address", input.body.donor.email.get()));
}

fn phone(json: &mut Json, input: &Input<'_>) {
    primary(json, "phone_numbers", ("number", dialect::phone(input).as_deref()));
}

/// A list of the one that the donor has.
fn primary(json: &mut Json, list: &str, (key, value): (&str, Option<&str>)) {
    if value.is_some() {
        json.list(list, |list| {
            list.object(|one| {
                one.flag("primary", true);
                one.text(key, value);
            });
        });
    }
}

/// The home address, if there is anything of one.
fn address(list: &mut List<'_>, input: &Input<'_>) {
    let donor = &input.body.donor;
    let parts = [&donor.addr1, &donor.city, &donor.state, &donor.zip];
    if parts.iter().any(|part| part.get().is_some()) || iso2(donor.country.get()).is_some() {
        list.object(|address| {
            address.flag("primary", true);
            address.text("address_type", Some("Home"));
            dialect::place(address, input);
        });
    }
}

/// Whoever has no email address is known by phone number.
fn cancellation_body(input: &Input<'_>) -> Text {
    let donor = &input.body.donor;
    object(|json| {
        json.object("person", |person| {
            person.text("given_name", donor.firstname.get());
            person.text("family_name", donor.lastname.get());
            match donor.email.get() {
                Some(_) => email(person, input),
                None => phone(person, input),
            }
            person.object("custom_fields", |fields| dialect::cancelled(fields, input));
        });
        json.list("add_tags", |tags| tags.text(dialect::CANCELLED));
    })
}
