//! `NationBuilder` (`formats/nationbuilder.md`): what its two versions say in the same words.

pub(super) mod v1;
pub(super) mod v2;

use super::note;
use crate::input::Input;
use crate::json::Json;
use crate::value::{date, iso2, phone_local};
use contract::plan::{Capture, Part, Reference, Scope, Text};

/// Of a plan and, in the ledger, of a line: the donor's record.
const SIGNUP: &str = "signup_id";
/// The same: the donation that was made.
const DONATION: &str = "donation_id";

/// The payment type of a nation that stands for what a charge by card is not.
const OTHER: &str = "Other";

fn id(name: &str, pointer: &str) -> Capture {
    Capture::json(name, pointer).required().scope(Scope::Line)
}

fn donation() -> Reference {
    Reference::Line(DONATION.to_owned())
}

/// The path of the donation that is cancelled.
fn path(donations: &str) -> Text {
    vec![Part::Text(format!("{donations}/")), Part::Ref(donation())]
}

fn payment_type<'a>(input: &'a Input<'_>) -> Option<&'a str> {
    match input.body.contribution.is_paypal {
        true => Some(OTHER),
        false => input.setting("payment_type"),
    }
}

/// The donor, who is matched by email address, or else by the order.
fn person(json: &mut Json, input: &Input<'_>, [phone, home_address]: [&str; 2]) {
    let donor = &input.body.donor;
    json.text("email", donor.email.get());
    if donor.email.get().is_none() {
        json.text("external_id", Some(&format!("tributary-{}", input.order())));
    }
    json.text("first_name", donor.firstname.get());
    json.text("last_name", donor.lastname.get());
    json.text(phone, phone_local(donor.phone.get(), donor.country.get()).as_deref());
    json.text("employer", donor.employer_data.employer.get());
    json.text("occupation", donor.employer_data.occupation.get());
    json.object(home_address, |json| address(json, input));
}

fn address(json: &mut Json, input: &Input<'_>) {
    let donor = &input.body.donor;
    json.text("address1", donor.addr1.get());
    json.text("city", donor.city.get());
    json.text("state", donor.state.get());
    json.text("zip", donor.zip.get());
    json.text("country_code", iso2(donor.country.get()));
}

/// `actblue_order_number`, a field that only nations with the political add-on have.
fn order(json: &mut Json, input: &Input<'_>) {
    if input.ticked("order_field") {
        json.text("actblue_order_number", Some(input.order()));
    }
}

/// `tributary-612004411; order AB300000118; …`: the semicolon ends the key, so that none is the beginning of another.
fn note(input: &Input<'_>) -> String {
    format!("{}; {}", input.key(), note::note(input))
}

/// What is said of a donation that was given back; its note is written anew.
fn cancellation(json: &mut Json, input: &Input<'_>, note: &str) {
    let at = input.body.lineitem().refunded_at;
    json.text("canceled_at", at.map(|at| at.text));
    let refunded = note::parts(&[("refunded", at.map(date))]);
    json.text("note", Some(&format!("{note}; {refunded}")));
}
