//! API v2, JSON:API (`formats/nationbuilder.md` §2).

use super::{DONATION, SIGNUP, address, cancellation, donation, id, note, order, path, payment_type, person};
use crate::format::Refusal;
use crate::input::{Input, Occasion};
use crate::json::{Json, object};
use crate::value::slug;
use contract::plan::{
    After, Body, Capture, Check, Condition, Method, NoPlan, Operator, Part, Plan, Reference, Rule, Scope, Statuses,
    Step, Text, To,
};

const MEDIA: &str = "application/vnd.api+json";
const DONATIONS: &str = "/api/v2/donations";
const CODES: &str = "/api/v2/donation_tracking_codes";

pub(in crate::formats) fn plan(input: &Input<'_>) -> Result<Plan, Refusal> {
    match input.occasion() {
        Occasion::Contribution | Occasion::Instalment => Ok(contribution(input)),
        Occasion::Refund => Ok(refund(input)),
        Occasion::Cancellation => Err(NoPlan::NotSupported.into()),
    }
}

/// v2 does not tell repeats by itself, so a donation is looked up by its note before it is sent again.
fn contribution(input: &Input<'_>) -> Plan {
    let code = Code::of(input);
    let mut steps = vec![lookup(input)];
    steps.extend(code.iter().flat_map(|code| code.steps(input.ticked("tracking_codes"))));
    steps.push(Step {
        when: vec![not_found()],
        success: vec![Rule::status(&[200, 201])],
        capture: vec![id(SIGNUP, "/data/id")],
        ..change("signup", Method::Patch, Part::text("/api/v2/signups/push"), signup_body(input))
    });
    steps.push(Step {
        when: vec![not_found()],
        success: vec![Rule::status(&[201])],
        capture: vec![id(DONATION, "/data/id")],
        ..change("donation", Method::Post, Part::text(DONATIONS), donation_body(input, code.as_ref()))
    });
    input.plan(steps)
}

fn refund(input: &Input<'_>) -> Plan {
    let body = object(|json| {
        json.object("data", |data| {
            data.reference("id", donation());
            data.text("type", Some("donations"));
            data.object("attributes", |json| cancellation(json, input, &note(input)));
        });
    });
    let step = Step { success: vec![Rule::status(&[200])], ..change("cancel", Method::Patch, path(DONATIONS), body) };
    Plan { after: Some(After::Line), requires: vec![donation()], ..input.plan(vec![step]) }
}

fn lookup(input: &Input<'_>) -> Step {
    let key = input.key();
    let found = Check::json("/data/0/attributes/note", Operator::Matches(format!("^{key};")));
    let id = Capture { only_if: Some(found), ..Capture::json(DONATION, "/data/0/id").scope(Scope::Line) };
    Step {
        recheck: true,
        capture: vec![id],
        ..search("lookup", DONATIONS, ("filter[note][prefix]", format!("{key};")))
    }
}

fn not_found() -> Condition {
    Condition::Absent(Reference::Capture(DONATION.to_owned()))
}

/// The tracking code of a refcode.
struct Code<'a> {
    name: &'a str,
    slug: String,
    /// Its id in the ledger.
    key: String,
}

impl<'a> Code<'a> {
    /// A refcode without a letter or a digit has no slug, and so no code.
    fn of(input: &'a Input<'_>) -> Option<Self> {
        let name = input.body.contribution.refcode.get()?;
        let slug = slug(name);
        (!slug.is_empty()).then(|| Self { name, slug, key: format!("code:{name}") })
    }

    fn id(&self) -> Reference {
        Reference::Resource(self.key.clone())
    }

    /// Finds the code, or makes it. An earlier attempt or another webhook of the nation can have made it in between:
    /// a slug that is taken is refused with 422, and then it is there to be found.
    fn steps(&self, make: bool) -> Vec<Step> {
        let found = Capture::json(&self.key, "/data/0/id").scope(Scope::Resource);
        match make {
            true => vec![self.find("code", found.clone()), self.make(), self.find("taken_code", found.required())],
            false => vec![self.find("code", found)],
        }
    }

    fn wanted(&self) -> Vec<Condition> {
        vec![Condition::Absent(self.id()), not_found()]
    }

    fn find(&self, name: &str, id: Capture) -> Step {
        Step { when: self.wanted(), capture: vec![id], ..search(name, CODES, ("filter[slug]", self.slug.clone())) }
    }

    fn make(&self) -> Step {
        let body = object(|json| {
            json.object("data", |data| {
                data.text("type", Some("donation_tracking_codes"));
                data.object("attributes", |attributes| {
                    attributes.text("name", Some(self.name));
                    attributes.text("slug", Some(&self.slug));
                });
            });
        });
        let id = Capture { status: Some(Statuses::In(vec![201])), ..Capture::json(&self.key, "/data/id") };
        Step {
            when: self.wanted(),
            success: vec![Rule::status(&[201, 422])],
            capture: vec![id.scope(Scope::Resource)],
            ..change("new_code", Method::Post, Part::text(CODES), body)
        }
    }
}

fn search(name: &str, path: &str, (filter, value): (&str, String)) -> Step {
    Step {
        to: To::Path(Part::text(path)),
        query: vec![(filter.to_owned(), Part::text(value))],
        headers: vec![("accept".to_owned(), MEDIA.to_owned())],
        success: vec![Rule::status(&[200])],
        ..Step::new(name, Method::Get, Body::None)
    }
}

fn change(name: &str, method: Method, path: Text, body: Text) -> Step {
    let header = |name: &str| (name.to_owned(), MEDIA.to_owned());
    Step {
        to: To::Path(path),
        headers: vec![header("content-type"), header("accept")],
        ..Step::new(name, method, Body::Json(body))
    }
}

fn signup_body(input: &Input<'_>) -> Text {
    object(|json| {
        json.object("data", |data| {
            data.text("type", Some("signups"));
            data.object("attributes", |json| person(json, input, ["phone_number", "home_address_attributes"]));
        });
    })
}

fn donation_body(input: &Input<'_>, code: Option<&Code<'_>>) -> Text {
    object(|json| {
        json.object("data", |data| {
            data.text("type", Some("donations"));
            data.object("attributes", |json| donation_attributes(json, input, code));
        });
    })
}

fn donation_attributes(json: &mut Json, input: &Input<'_>, code: Option<&Code<'_>>) {
    let donor = &input.body.donor;
    json.reference("signup_id", Reference::Capture(SIGNUP.to_owned()));
    json.number("amount_in_cents", input.amount().whole());
    json.text("payment_type_name", payment_type(input));
    json.text("succeeded_at", Some(input.body.lineitem().paid_at.text));
    if let Some(code) = code {
        json.maybe("donation_tracking_code_id", code.id());
    }
    order(json, input);
    json.text("email", donor.email.get());
    json.text("first_name", donor.firstname.get());
    json.text("last_name", donor.lastname.get());
    json.text("employer", donor.employer_data.employer.get());
    json.text("occupation", donor.employer_data.occupation.get());
    json.flag("is_private", false);
    json.flag("is_corporate_contribution", false);
    json.flag("send_donor_receipt", false);
    json.text("note", Some(&note(input)));
    json.object("billing_address_attributes", |json| address(json, input));
}
