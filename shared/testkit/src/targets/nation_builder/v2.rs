//! API v2: JSON:API (`formats/nationbuilder.md` §2, §5).

use super::fields::{ADDRESS, EXTERNAL_ID, NOTE, NOTE_REFUNDED, cancel, donation, matched_by};
use super::{Call, Donation, Nation, flat, not_found};
use crate::receiver::{Answer, Request};
use crate::targets::check::{
    AS_IS, DIGITS, EMAIL, Form, INTEGER, Json, ORDER, PHONE_LOCAL, Review, TEXT, is_key, is_slug, may, must,
};
use serde_json::{Value, json};

pub(super) const MEDIA: &str = "application/vnd.api+json";
/// `formats/plans.md` §3: a slug has 40 characters at most.
const SLUG_LENGTH: usize = 40;

const SIGNUP: Form = Form::Object(&[must(
    "data",
    Form::Object(&[
        must("type", Form::Word(&["signups"])),
        must(
            "attributes",
            Form::Object(&[
                may("email", EMAIL),
                may("external_id", EXTERNAL_ID),
                may("first_name", TEXT),
                may("last_name", TEXT),
                may("phone_number", PHONE_LOCAL),
                may("employer", TEXT),
                may("occupation", TEXT),
                may("home_address_attributes", Form::Object(ADDRESS)),
            ]),
        ),
    ]),
)]);

const CODE: Form = Form::Object(&[must(
    "data",
    Form::Object(&[
        must("type", Form::Word(&["donation_tracking_codes"])),
        must("attributes", Form::Object(&[must("name", TEXT), must("slug", TEXT)])),
    ]),
)]);

const DONATION: Form = Form::Object(&[must(
    "data",
    Form::Object(&[
        must("type", Form::Word(&["donations"])),
        must(
            "attributes",
            Form::Object(&[
                must("signup_id", DIGITS),
                must("amount_in_cents", INTEGER),
                must("payment_type_name", TEXT),
                must("succeeded_at", AS_IS),
                may("donation_tracking_code_id", DIGITS),
                may("actblue_order_number", ORDER),
                may("email", EMAIL),
                may("first_name", TEXT),
                may("last_name", TEXT),
                may("employer", TEXT),
                may("occupation", TEXT),
                must("is_private", Form::Only(false)),
                must("is_corporate_contribution", Form::Only(false)),
                must("send_donor_receipt", Form::Only(false)),
                must("note", NOTE),
                may("billing_address_attributes", Form::Object(ADDRESS)),
            ]),
        ),
    ]),
)]);

const REFUND: Form = Form::Object(&[must(
    "data",
    Form::Object(&[
        must("id", DIGITS),
        must("type", Form::Word(&["donations"])),
        must("attributes", Form::Object(&[must("canceled_at", AS_IS), must("note", NOTE_REFUNDED)])),
    ]),
)]);

/// `None` if there is no such request.
pub(super) fn answer(nation: &mut Nation, call: &Call<'_>, request: &Request, review: &mut Review) -> Option<Answer> {
    review.header(request, "accept", MEDIA);
    if call.method == "GET" {
        review.no_body(request);
    } else {
        review.holds(call.raw_query.is_empty(), "query", "nothing", "something");
    }
    let answer = match (call.method, call.steps.as_slice()) {
        ("GET", ["v2", "donations"]) => donations_by_note(nation, call, review),
        ("GET", ["v2", "donation_tracking_codes"]) => codes_by_slug(nation, call, review),
        ("POST", ["v2", "donation_tracking_codes"]) => {
            sent(request, &CODE, review, |body, review| new_code(nation, body, review))
        }
        ("PATCH", ["v2", "signups", "push"]) => {
            sent(request, &SIGNUP, review, |body, review| push(nation, body, review))
        }
        ("POST", ["v2", "donations"]) => {
            sent(request, &DONATION, review, |body, review| new_donation(nation, body, review))
        }
        ("PATCH", ["v2", "donations", id]) => {
            sent(request, &REFUND, review, |body, review| refund(nation, id, body, review))
        }
        _ => return None,
    };
    Some(answer)
}

/// The one donation that the check of credentials asks for.
pub(super) fn first_page(nation: &Nation) -> Answer {
    told(200, &nation.donations.iter().take(1).map(resource).collect())
}

/// Checks a body and answers what is wrong with it, where it is not the handler that answers.
fn sent(
    request: &Request,
    form: &Form,
    review: &mut Review,
    handle: impl FnOnce(&Json, &mut Review) -> Option<Answer>,
) -> Answer {
    let body = review.json(request, MEDIA);
    if !review.is_clean() {
        return flat(400, "bad_request", "The request is not one of JSON:API.");
    }
    review.form(&body, form);
    review.filled(&body, "$");
    let answer = if review.is_clean() { handle(&body, review) } else { None };
    answer.unwrap_or_else(|| {
        let errors: Vec<_> = review.paths().map(validation_error).collect();
        document(422, &json!({"errors": errors}))
    })
}

fn validation_error(path: &str) -> Value {
    let path = path.replace('.', "/");
    let pointer = if path.starts_with("data") { format!("/{path}") } else { format!("/data/attributes/{path}") };
    json!({
        "code": "unprocessable_entity",
        "status": "422",
        "title": "Validation Error",
        "detail": format!("'{}' is not valid", path.rsplit('/').next().unwrap_or_default()),
        "source": {"pointer": pointer},
    })
}

fn donations_by_note(nation: &Nation, call: &Call<'_>, review: &mut Review) -> Answer {
    let [(name, prefix)] = call.query.as_slice() else { return unknown_filter(call, review) };
    if name != "filter[note][prefix]" {
        return unknown_filter(call, review);
    }
    let is_whole = prefix.strip_suffix(';').is_some_and(is_key) && call.raw_query.ends_with("%3B");
    review.holds(is_whole, "query", "a key and %3B", format_args!("{prefix:?}"));
    told(200, &nation.donations.iter().filter(|donation| donation.note.starts_with(prefix)).map(resource).collect())
}

fn codes_by_slug(nation: &Nation, call: &Call<'_>, review: &mut Review) -> Answer {
    let [(name, slug)] = call.query.as_slice() else { return unknown_filter(call, review) };
    if name != "filter[slug]" {
        return unknown_filter(call, review);
    }
    review.holds(is_slug(slug) && slug.len() <= SLUG_LENGTH, "query", "a slug", format_args!("{slug:?}"));
    let found = nation.codes.iter().filter(|code| code.slug == *slug);
    told(200, &found.map(|code| code_resource(code.id, &code.name, &code.slug)).collect())
}

fn unknown_filter(call: &Call<'_>, review: &mut Review) -> Answer {
    let name = call.query.first().map_or("nothing", |(name, _)| name.as_str());
    review.note("query", "the filter of the specification", name);
    let message = format!("Tried to filter on attribute :{name}, but could not find an attribute with that name.");
    flat(400, "bad_request", &message)
}

fn new_code(nation: &mut Nation, body: &Json, review: &mut Review) -> Option<Answer> {
    let (name, code) = (body.text("/data/attributes/name"), body.text("/data/attributes/slug"));
    review.equal("slug", &slug(name), code);
    if !review.is_clean() {
        return None;
    }
    // Two deliveries can race for a code, so that a slug which is taken is no mistake of the sender's.
    Some(match nation.add_code(name, code) {
        Some(added) => told(201, &code_resource(added.id, &added.name, &added.slug)),
        None => document(422, &json!({"errors": [validation_error("slug")]})),
    })
}

/// `formats/plans.md` §3
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            _ if slug.is_empty() || slug.ends_with('_') => {}
            _ => slug.push('_'),
        }
    }
    slug.truncate(SLUG_LENGTH);
    slug.trim_end_matches('_').to_owned()
}

fn push(nation: &mut Nation, body: &Json, review: &mut Review) -> Option<Answer> {
    let (field, value) = matched_by(body.at("/data/attributes"), review)?;
    let (id, new) = nation.push(value);
    let signup = json!({"id": id.to_string(), "type": "signups", "attributes": {field: value}});
    Some(told(if new { 201 } else { 200 }, &signup))
}

fn new_donation(nation: &mut Nation, body: &Json, review: &mut Review) -> Option<Answer> {
    let attributes = body.at("/data/attributes");
    let code_id =
        attributes.has("/donation_tracking_code_id").then(|| attributes.integer("/donation_tracking_code_id"));
    let exists = code_id.is_none_or(|id| nation.codes.iter().any(|code| code.id == id));
    review.holds(exists, "donation_tracking_code_id", "the id of a code", code_id.unwrap_or_default());
    let donation = donation(nation, attributes, "signup_id", review)?;
    let id = nation.donate(Donation { code_id, ..donation });
    nation.donation(&id.to_string()).map(|donation| told(201, &resource(donation)))
}

fn refund(nation: &mut Nation, id: &str, body: &Json, review: &mut Review) -> Option<Answer> {
    let Some(donation) = nation.donation(id) else {
        review.note("path", "the id of a donation", id);
        return Some(not_found());
    };
    review.equal("data.id", id, body.text("/data/id"));
    cancel(donation, body.at("/data/attributes"), review).map(|donation| told(200, &resource(donation)))
}

fn resource(donation: &Donation) -> Value {
    json!({
        "id": donation.id.to_string(),
        "type": "donations",
        "attributes": {
            "signup_id": donation.signup_id.to_string(),
            "amount_in_cents": donation.cents,
            "payment_type_name": donation.payment_type,
            "succeeded_at": donation.succeeded_at,
            "canceled_at": donation.canceled_at,
            "note": donation.note,
        },
    })
}

fn code_resource(id: u64, name: &str, slug: &str) -> Value {
    json!({"id": id.to_string(), "type": "donation_tracking_codes", "attributes": {"name": name, "slug": slug}})
}

fn told(status: u16, data: &Value) -> Answer {
    document(status, &json!({"data": data}))
}

fn document(status: u16, body: &Value) -> Answer {
    Answer::status(status).header("content-type", MEDIA).body(body.to_string())
}
