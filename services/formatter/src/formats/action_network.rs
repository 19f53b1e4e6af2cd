//! Action Network's API v2 (`formats/action-network.md`).

use super::dialect;
use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::{Json, object};
use crate::value::{answers, utc};
use contract::plan::{
    After, Body, Capture, Check, Condition, Method, NoPlan, Operator, Part, Plan, Reference, Rule, Scope, Step, Text,
    To,
};

/// Custom fields of a person whose values are not the donor's answers.
const FIELDS: [&str; 3] = ["tributary_form", "tributary_refcode2", "tributary_payment_number"];

pub(super) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => donation(input),
        Occasion::Refund => mark(input, After::Line, refunded),
        Occasion::Cancellation => mark(input, After::Series, cancelled),
    }
}

/// A donation needs a fundraising page that was made through the API: the one of the settings, or one for each form.
fn donation(input: &Input<'_>) -> Result<Plan, Refusal> {
    dialect::need_contact(input)?;
    let mut steps = Vec::new();
    let page = if let Some(id) = input.setting("page_id") {
        Part::Text(id.strip_prefix("action_network:").unwrap_or(id).to_owned())
    } else {
        let key = format!("page:{}", form(input));
        steps.push(make_page(input, &key));
        Part::Ref(Reference::Resource(key))
    };
    let path = vec![Part::Text("/fundraising_pages/".to_owned()), page, Part::Text("/donations/".to_owned())];
    steps.push(Step {
        success: vec![Rule::status(&[200, 201]).and(Check::json("/identifiers", Operator::Present))],
        capture: vec![Capture::json("donation_url", "/_links/self/href").scope(Scope::Line)],
        ..post("donation", path, donation_body(input))
    });
    Ok(input.plan(steps))
}

fn make_page(input: &Input<'_>, key: &str) -> Step {
    let id = Capture {
        pattern: Some("/fundraising_pages/([0-9a-f-]{36})".to_owned()),
        ..Capture::json(key, "/_links/self/href").required().scope(Scope::Resource)
    };
    Step {
        when: vec![Condition::Absent(Reference::Resource(key.to_owned()))],
        repeatable: true,
        capture: vec![id],
        ..post("page", Part::text("/fundraising_pages"), page_body(input))
    }
}

/// Donations can't be changed, so what happened to one is marked on the person, if the customer wants that.
fn mark(input: &Input<'_>, after: After, write: impl FnOnce(&mut Json, &Input<'_>)) -> Result<Plan, Refusal> {
    if !input.ticked("mark_person") {
        return Err(NoPlan::NotSupported.into());
    }
    dialect::need_contact(input)?;
    let body = object(|json| write(json, input));
    let step = Step { repeatable: true, ..post("person", Part::text("/people/"), body) };
    Ok(Plan { after: Some(after), ..input.plan(vec![step]) })
}

/// A creation that Action Network answers with 200 or 201.
fn post(name: &str, path: Text, body: Text) -> Step {
    Step {
        to: To::Path(path),
        headers: vec![("accept".to_owned(), "application/hal+json, application/json".to_owned())],
        success: vec![Rule::status(&[200, 201])],
        ..Step::new(name, Method::Post, Body::Json(body))
    }
}

/// The form of the contribution; a page needs a title, so one without a form has this one.
fn form<'a>(input: &'a Input<'_>) -> &'a str {
    input.body.contribution.contribution_form.get().unwrap_or("contributions")
}

fn page_body(input: &Input<'_>) -> Text {
    let form = form(input);
    object(|json| {
        json.list("identifiers", |list| list.text(&format!("tributary:{}-form-{form}", input.webhook.id)));
        json.text("origin_system", Some("Tributary"));
        json.text("title", Some(form));
        json.text("name", Some(form));
    })
}

fn donation_body(input: &Input<'_>) -> Text {
    let (contribution, lineitem) = (&input.body.contribution, input.body.lineitem());
    object(|json| {
        let id = format!("tributary:{}-{}", input.webhook.id, lineitem.lineitem_id);
        json.list("identifiers", |list| list.text(&id));
        json.text("created_date", Some(&utc(lineitem.paid_at)));
        json.text("currency", Some("usd"));
        json.list("recipients", |list| {
            list.object(|recipient| {
                recipient.text("display_name", lineitem.committee_name.get());
                recipient.text("amount", Some(&input.amount().decimal()));
            });
        });
        dialect::payment(json, input);
        if input.recurring() {
            json.object("action_network:recurrence", |recurrence| {
                recurrence.flag("recurring", true);
                recurrence.text("period", period(input));
            });
        }
        json.object("action_network:referrer_data", |data| data.text("source", contribution.refcode.get()));
        json.object("person", |json| person(json, input));
        dialect::tags(json, input);
    })
}

fn period(input: &Input<'_>) -> Option<&'static str> {
    match input.period() {
        Some("weekly") => Some("Weekly"),
        Some("monthly") => Some("Monthly"),
        _ => None,
    }
}

fn person(json: &mut Json, input: &Input<'_>) {
    let (donor, contribution) = (&input.body.donor, &input.body.contribution);
    json.text("given_name", donor.firstname.get());
    json.text("family_name", donor.lastname.get());
    email(json, input);
    phone(json, input);
    json.list("postal_addresses", |list| list.object(|json| dialect::place(json, input)));
    json.object("custom_fields", |fields| {
        fields.text("Employer", donor.employer_data.employer.get());
        fields.text("Occupation", donor.employer_data.occupation.get());
        fields.text("tributary_form", contribution.contribution_form.get());
        fields.text("tributary_refcode2", contribution.refcode2.get());
        if input.recurring() {
            fields.text("tributary_payment_number", Some(&input.payment_no().to_string()));
        }
        for (slug, answer) in answers(&contribution.custom_fields, &FIELDS) {
            fields.text(&slug, Some(answer));
        }
    });
}

fn refunded(json: &mut Json, input: &Input<'_>) {
    json.object("person", |person| {
        named(person, input);
        person.object("custom_fields", |fields| {
            fields.text("tributary_last_refund_amount", Some(&input.amount().decimal()));
            fields.text("tributary_last_refund_order", Some(input.order()));
            fields.text("tributary_last_refund_at", input.body.lineitem().refunded_at.map(utc).as_deref());
        });
    });
    json.list("add_tags", |tags| tags.text("tributary-refunded"));
}

fn cancelled(json: &mut Json, input: &Input<'_>) {
    json.object("person", |person| {
        named(person, input);
        person.object("custom_fields", |fields| dialect::cancelled(fields, input));
    });
    json.list("add_tags", |tags| tags.text(dialect::CANCELLED));
}

/// By email address, else by phone number.
fn named(person: &mut Json, input: &Input<'_>) {
    match input.body.donor.email.get() {
        Some(_) => email(person, input),
        None => phone(person, input),
    }
}

fn email(person: &mut Json, input: &Input<'_>) {
    let address = input.body.donor.email.get();
    person.list("email_addresses", |list| list.object(|email| email.text("address", address)));
}

fn phone(person: &mut Json, input: &Input<'_>) {
    let number = dialect::phone(input);
    person.list("phone_numbers", |list| list.object(|phone| phone.text("number", number.as_deref())));
}
