//! The fields of a donation (`formats/salsa.md` B3).

use crate::targets::check::{
    COUNTRY, EMAIL, Field, Form, Json, KEY, NUM, PHONE_LOCAL, Review, TEXT, UTC_MS, is_key, may, must,
};

pub(super) const CHARGE: Form = Form::Object(&[
    must("header", Form::Object(&[must("refId", KEY)])),
    must("payload", Form::Object(&[must("donations", Form::List(1, 1, &Form::Object(CHARGED)))])),
]);

pub(super) const REFUND: Form = Form::Object(&[
    must("header", Form::Object(&[must("refId", REFUND_REF)])),
    must("payload", Form::Object(&[must("donations", Form::List(1, 1, &Form::Object(REFUNDED)))])),
]);

/// At most 32 characters.
const TRANSACTION: Form =
    Form::Text("tributary- and a line item id, at most 32", |text| is_key(text) && text.len() <= 32);
const REFUND_REF: Form =
    Form::Text("tributary-, a line item id and -refund", |text| text.strip_suffix("-refund").is_some_and(is_key));
const VALUES: Form = Form::List(1, usize::MAX, &Form::Object(&[must("name", TEXT), must("value", TEXT)]));

/// `formats/salsa.md` B3
const CHARGED: &[Field] = &[
    must("type", Form::Word(&["CHARGE"])),
    must("date", UTC_MS),
    must("amount", NUM),
    must("gatewayTransactionId", TRANSACTION),
    may("accountType", Form::Word(&["CREDIT_CARD"])),
    may("activityFormName", TEXT),
    may("fund", TEXT),
    may("appeal", TEXT),
    may("customFieldValues", VALUES),
    must("supporter", Form::Object(DONOR)),
];

const DONOR: &[Field] = &[
    may("firstName", TEXT),
    may("lastName", TEXT),
    may("address", Form::Object(ADDRESS)),
    must("contacts", Form::List(1, 2, &Form::Any)),
    may("customFieldValues", VALUES),
];

const ADDRESS: &[Field] = &[
    may("addressLine1", TEXT),
    may("city", TEXT),
    may("state", TEXT),
    may("postalCode", TEXT),
    may("country", COUNTRY),
];

const REFUNDED: &[Field] = &[
    must("type", Form::Word(&["REFUND"])),
    must("date", UTC_MS),
    must("amount", NUM),
    must("gatewayTransactionId", TRANSACTION),
    may("activityFormName", TEXT),
    must("supporter", Form::Object(REFUNDED_DONOR)),
];

const REFUNDED_DONOR: &[Field] =
    &[may("firstName", TEXT), may("lastName", TEXT), must("contacts", Form::List(1, 1, &Form::Any))];

const EMAIL_CONTACT: Form = Form::Object(&[must("type", Form::Word(&["EMAIL"])), must("value", EMAIL)]);
const SUBSCRIBED_CONTACT: Form = Form::Object(&[
    must("type", Form::Word(&["EMAIL"])),
    must("value", EMAIL),
    must("status", Form::Word(&["OPT_IN"])),
]);
const PHONE_CONTACT: Form = Form::Object(&[must("type", Form::Word(&["CELL_PHONE"])), must("value", PHONE_LOCAL)]);

/// One email address, and at most one phone number. The status is there only on charges of a webhook that subscribes.
pub(super) fn contacts(donation: &Json, subscribed: bool, review: &mut Review) {
    let Json::List(contacts) = donation.at("/supporter/contacts") else { return };
    let place = "$.payload.donations[0].supporter.contacts";
    for (at, contact) in contacts.iter().enumerate() {
        let form = match contact.text("/type") {
            "CELL_PHONE" => PHONE_CONTACT,
            _ if subscribed => SUBSCRIBED_CONTACT,
            _ => EMAIL_CONTACT,
        };
        form.check(contact, &format!("{place}[{at}]"), review);
    }
    let emails = contacts.iter().filter(|contact| contact.text("/type") == "EMAIL").count();
    review.holds(emails == 1, place, "one EMAIL", emails);
}

/// The value of the `EMAIL` contact.
pub(super) fn email(donation: &Json) -> &str {
    let Json::List(contacts) = donation.at("/supporter/contacts") else { return "" };
    let contact = contacts.iter().find(|contact| contact.text("/type") == "EMAIL");
    contact.map_or("", |contact| contact.text("/value"))
}

/// Custom fields, which must exist in the account.
pub(super) fn values(donation: &Json, pointer: &str, known: &[String], review: &mut Review) {
    let Json::List(values) = donation.at(pointer) else { return };
    for name in values.iter().map(|value| value.text("/name")) {
        let exists = known.iter().any(|field| field == name);
        review.holds(exists, pointer, "custom fields of the account", format_args!("{name:?}"));
    }
}
