//! API v1 (`formats/nationbuilder.md` §3, §6).

use super::fields::{ADDRESS, EXTERNAL_ID, NOTE_V1, NOTE_V1_REFUNDED, cancel, donation, matched_by};
use super::records::PAYMENT_TYPES;
use super::{Call, Donation, Nation, flat, not_found};
use crate::receiver::{Answer, Request};
use crate::targets::check::{
    AS_IS, EMAIL, Form, INTEGER, Json, ORDER, PHONE_LOCAL, Review, TEXT, answer_json, may, must,
};
use serde_json::{Value, json};

const MEDIA: &str = "application/json";

const PERSON: Form = Form::Object(&[must(
    "person",
    Form::Object(&[
        may("email", EMAIL),
        may("external_id", EXTERNAL_ID),
        may("first_name", TEXT),
        may("last_name", TEXT),
        may("phone", PHONE_LOCAL),
        may("employer", TEXT),
        may("occupation", TEXT),
        may("home_address", Form::Object(ADDRESS)),
    ]),
)]);

const DONATION: Form = Form::Object(&[must(
    "donation",
    Form::Object(&[
        must("donor_id", INTEGER),
        must("amount_in_cents", INTEGER),
        must("payment_type_name", TEXT),
        may("payment_type_ngp_code", Form::Word(&["C", "D", "K", "M", "I", "T", "O"])),
        must("succeeded_at", AS_IS),
        may("actblue_order_number", ORDER),
        must("is_private", Form::Only(false)),
        must("corporate_contribution", Form::Only(false)),
        must("note", NOTE_V1),
        may("billing_address", Form::Object(ADDRESS)),
    ]),
)]);

const REFUND: Form =
    Form::Object(&[must("donation", Form::Object(&[must("canceled_at", AS_IS), must("note", NOTE_V1_REFUNDED)]))]);

/// `None` if there is no such request.
pub(super) fn answer(nation: &mut Nation, call: &Call<'_>, request: &Request, review: &mut Review) -> Option<Answer> {
    review.header(request, "accept", MEDIA);
    review.holds(call.raw_query.is_empty(), "query", "nothing", "something");
    let form = match (call.method, call.steps.as_slice()) {
        ("PUT", ["v1", "people", "push"]) => &PERSON,
        ("POST", ["v1", "donations"]) => &DONATION,
        ("PUT", ["v1", "donations", _]) => &REFUND,
        _ => return None,
    };
    let body = review.json(request, MEDIA);
    review.form(&body, form);
    review.filled(&body, "$");
    let answer = match (review.is_clean(), call.steps.as_slice()) {
        (true, ["v1", "people", ..]) => push(nation, body.at("/person"), review),
        (true, ["v1", "donations", id]) => refund(nation, id, body.at("/donation"), review),
        (true, _) => new_donation(nation, body.at("/donation"), review),
        (false, _) => None,
    };
    Some(answer.unwrap_or_else(|| flat(400, "validation_failed", "Validation Failed.")))
}

fn push(nation: &mut Nation, person: &Json, review: &mut Review) -> Option<Answer> {
    let (field, value) = matched_by(person, review)?;
    let (id, new) = nation.push(value);
    Some(answer_json(if new { 201 } else { 200 }, &json!({"person": {"id": id, field: value}})))
}

fn new_donation(nation: &mut Nation, body: &Json, review: &mut Review) -> Option<Answer> {
    let name = body.text("/payment_type_name");
    let code = PAYMENT_TYPES.iter().find(|(known, _)| *known == name).map_or("", |(_, code)| code);
    review.equal("payment_type_ngp_code", code, body.text("/payment_type_ngp_code"));
    let donation = donation(nation, body, "donor_id", review)?;
    let id = nation.donate(donation);
    nation.donation(&id.to_string()).map(|donation| answer_json(200, &resource(donation)))
}

fn refund(nation: &mut Nation, id: &str, body: &Json, review: &mut Review) -> Option<Answer> {
    let Some(donation) = nation.donation(id) else {
        review.note("path", "the id of a donation", id);
        return Some(not_found());
    };
    cancel(donation, body, review).map(|donation| answer_json(200, &resource(donation)))
}

fn resource(donation: &Donation) -> Value {
    json!({"donation": {
        "id": donation.id,
        "donor_id": donation.signup_id,
        "amount_in_cents": donation.cents,
        "payment_type_name": donation.payment_type,
        "succeeded_at": donation.succeeded_at,
        "canceled_at": donation.canceled_at,
        "note": donation.note,
    }})
}
