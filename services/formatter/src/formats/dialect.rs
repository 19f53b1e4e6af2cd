//! What OSDI and Action Network's dialect of it say in the same words.

use crate::format::Refusal;
use crate::input::Input;
use crate::json::Json;
use crate::value::{iso2, phone_digits, utc};
use contract::plan::NoPlan;

/// The tag of a person whose series was cancelled.
pub(super) const CANCELLED: &str = "tributary-recurring-cancelled";

/// Both find people by email address or phone number.
pub(super) fn need_contact(input: &Input<'_>) -> Result<(), Refusal> {
    match input.body.donor.email.get().is_some() || phone(input).is_some() {
        true => Ok(()),
        false => Err(NoPlan::NoContact.into()),
    }
}

/// `19375550142`
pub(super) fn phone(input: &Input<'_>) -> Option<String> {
    let donor = &input.body.donor;
    phone_digits(donor.phone.get(), donor.country.get())
}

/// `payment` of a donation.
pub(super) fn payment(json: &mut Json, input: &Input<'_>) {
    json.object("payment", |payment| {
        let method = if input.body.contribution.is_paypal { "PayPal" } else { "Credit Card" };
        payment.text("method", Some(method));
        payment.text("reference_number", Some(input.order()));
        payment.flag("authorization_stored", input.recurring());
    });
}

/// The members of a postal address that say where it is.
pub(super) fn place(json: &mut Json, input: &Input<'_>) {
    let donor = &input.body.donor;
    json.list("address_lines", |lines| {
        if let Some(line) = donor.addr1.get() {
            lines.text(line);
        }
    });
    json.text("locality", donor.city.get());
    json.text("region", donor.state.get());
    json.text("postal_code", donor.zip.get());
    json.text("country", iso2(donor.country.get()));
}

/// Custom fields of a person whose series was cancelled.
pub(super) fn cancelled(fields: &mut Json, input: &Input<'_>) {
    fields.text("tributary_recurring_status", Some("cancelled"));
    fields.text("tributary_recurring_order", Some(input.order()));
    let at = input.body.contribution.cancelled_at.map(utc);
    fields.text("tributary_recurring_cancelled_at", at.as_deref());
}

/// `add_tags`, as the webhook's setting says.
pub(super) fn tags(json: &mut Json, input: &Input<'_>) {
    json.list("add_tags", |tags| {
        for tag in input.entries("tags").iter().filter_map(serde_json::Value::as_str) {
            tags.text(tag);
        }
    });
}
