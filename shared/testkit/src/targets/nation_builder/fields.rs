//! What both versions have in common: addresses, notes, and how a refund fits its donation
//! (`formats/nationbuilder.md` §4).

use super::{Donation, Nation};
use crate::targets::check::{COUNTRY, Field, Form, Json, Review, TEXT, is_digits, is_key, is_note, is_order, may};

/// `external_id`
pub(super) const EXTERNAL_ID: Form =
    Form::Text("tributary- and an order number", |text| text.strip_prefix("tributary-").is_some_and(is_order));

/// `formats/nationbuilder.md` §4.3
pub(super) const ADDRESS: &[Field] =
    &[may("address1", TEXT), may("city", TEXT), may("state", TEXT), may("zip", TEXT), may("country_code", COUNTRY)];

/// The parts of a note behind the key.
const PARTS: &[&str] = &["order ", "form ", "payment ", "refcode2 "];
const PARTS_REFUNDED: &[&str] = &["order ", "form ", "payment ", "refcode2 ", "refunded "];
const PARTS_V1: &[&str] = &["order ", "form ", "payment ", "refcode2 ", "refcode "];
const PARTS_V1_REFUNDED: &[&str] = &["order ", "form ", "payment ", "refcode2 ", "refcode ", "refunded "];

pub(super) const NOTE: Form =
    Form::Text("KEY; order ORDER; form FORM; payment N PERIOD; refcode2 CODE", |text| has_parts(text, PARTS));
pub(super) const NOTE_REFUNDED: Form =
    Form::Text("the donation's note; refunded DATE", |text| has_parts(text, PARTS_REFUNDED));
/// The refcode is not in the examples.
pub(super) const NOTE_V1: Form =
    Form::Text("KEY; order ORDER; form FORM; payment N PERIOD; refcode2 CODE; refcode CODE", |text| {
        has_parts(text, PARTS_V1)
    });
pub(super) const NOTE_V1_REFUNDED: Form =
    Form::Text("the donation's note; refunded DATE", |text| has_parts(text, PARTS_V1_REFUNDED));

fn has_parts(note: &str, names: &[&str]) -> bool {
    let Some((key, rest)) = note.split_once("; ") else { return false };
    let payment = part(rest, "payment ").is_some_and(|payment| {
        let (number, period) = payment.split_once(' ').unwrap_or((payment, "once"));
        is_digits(number) && number != "0" && matches!(period, "once" | "weekly" | "monthly")
    });
    let is_listed = rest.split("; ").all(|part| names.iter().any(|name| part.starts_with(name)));
    is_key(key) && is_listed && is_note(rest, names) && part(rest, "order ").is_some_and(is_order) && payment
}

/// The value of a part of a note.
pub(super) fn part<'a>(note: &'a str, name: &str) -> Option<&'a str> {
    note.split("; ").find_map(|part| part.strip_prefix(name))
}

/// By what a person is matched: the name and value of the one field. `None` if there are both or none.
pub(super) fn matched_by<'a>(person: &'a Json, review: &mut Review) -> Option<(&'static str, &'a str)> {
    let (email, external) = (person.text("/email"), person.text("/external_id"));
    review.holds(email.is_empty() != external.is_empty(), "email", "an email, or else an external_id", "both or none");
    let field = if email.is_empty() { ("external_id", external) } else { ("email", email) };
    review.is_clean().then_some(field)
}

/// What a donation refers to: a known signup with this email address, a payment type of the nation.
pub(super) fn donation(nation: &Nation, body: &Json, signup: &str, review: &mut Review) -> Option<Donation> {
    let donation = Donation {
        signup_id: body.integer(&format!("/{signup}")),
        cents: body.integer("/amount_in_cents"),
        payment_type: body.text("/payment_type_name").to_owned(),
        succeeded_at: body.text("/succeeded_at").to_owned(),
        note: body.text("/note").to_owned(),
        ..Donation::default()
    };
    let known = nation.signups.iter().find(|known| known.id == donation.signup_id);
    review.holds(known.is_some(), signup, "the id of a signup", donation.signup_id);
    let is_offered = nation.payment_types.contains(&donation.payment_type);
    review.holds(is_offered, "payment_type_name", "a payment type of the nation", &donation.payment_type);
    if body.has("/actblue_order_number") {
        review.holds(nation.is_political, "actblue_order_number", "nothing without the add-on", "a field");
        let order = part(&donation.note, "order ").unwrap_or_default();
        review.equal("actblue_order_number", order, body.text("/actblue_order_number"));
    }
    let email = body.text("/email");
    let is_theirs = known.is_none_or(|known| known.matched_by.eq_ignore_ascii_case(email));
    review.holds(email.is_empty() || is_theirs, "email", "that of the signup", "another");
    review.is_clean().then_some(donation)
}

/// The reversal of a donation: the date in its note is that of the timestamp, the rest is the donation's note.
/// `None` if something is wrong with it.
pub(super) fn cancel<'a>(donation: &'a mut Donation, body: &Json, review: &mut Review) -> Option<&'a Donation> {
    let (at, note) = (body.text("/canceled_at"), body.text("/note"));
    let date = at.split('T').next().unwrap_or_default();
    let before = donation.note.split("; refunded ").next().unwrap_or_default();
    review.equal("note", &format!("{before}; refunded {date}"), note);
    if !review.is_clean() {
        return None;
    }
    donation.canceled_at = Some(at.to_owned());
    note.clone_into(&mut donation.note);
    donation.cancellations += 1;
    Some(donation)
}
