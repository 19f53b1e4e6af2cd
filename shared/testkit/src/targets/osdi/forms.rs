//! The bodies of `formats/osdi.md` §3.

use crate::targets::check::{
    COUNTRY, EMAIL, Field, Form, NUM, ORDER, PAYMENT, PHONE_DIGITS, TEXT, UTC, is_digits, is_slug, may, must,
};

/// Tags of one webhook.
const TAGS: usize = 10;

const IDENTIFIER: Form =
    Form::Text("tributary: and line item id", |text| text.strip_prefix("tributary:").is_some_and(is_digits));

/// The record donation helper.
pub(super) static DONATION: Form = Form::Object(&[
    must("identifiers", Form::List(1, 1, &IDENTIFIER)),
    must("origin_system", Form::Word(&["Tributary"])),
    must("action_date", UTC),
    must("amount", NUM),
    must("currency", Form::Word(&["USD"])),
    may("subscription_instance", PAYMENT),
    must("payment", Form::Object(PAYMENT_FIELDS)),
    must("recipients", Form::List(1, 1, &Form::Object(RECIPIENT_FIELDS))),
    may("referrer_data", Form::Object(&[may("source", TEXT), may("referrer", TEXT)])),
    must("person", Form::Object(PERSON_FIELDS)),
    may("add_tags", Form::List(1, TAGS, &TEXT)),
    must("triggers", Form::Object(&[must("autoresponse", Form::Object(&[must("enabled", Form::Only(false))]))])),
]);

const PAYMENT_FIELDS: &[Field] = &[
    must("method", Form::Word(&["Credit Card", "PayPal"])),
    must("reference_number", ORDER),
    must("authorization_stored", Form::Bool),
];

const RECIPIENT_FIELDS: &[Field] = &[may("display_name", TEXT), may("legal_name", TEXT), must("amount", NUM)];

const EMAILS: Form = Form::List(1, 1, &Form::Object(&[must("primary", Form::Only(true)), must("address", EMAIL)]));
const PHONES: Form =
    Form::List(1, 1, &Form::Object(&[must("primary", Form::Only(true)), must("number", PHONE_DIGITS)]));

const PERSON_FIELDS: &[Field] = &[
    must("origin_system", Form::Word(&["Tributary"])),
    may("given_name", TEXT),
    may("family_name", TEXT),
    may("employer", TEXT),
    may("occupation", TEXT),
    may("email_addresses", EMAILS),
    may("postal_addresses", Form::List(1, 1, &Form::Object(ADDRESS_FIELDS))),
    may("phone_numbers", PHONES),
    must("custom_fields", Form::Open(CUSTOM_FIELDS, "a slug", is_slug, &TEXT)),
];

const ADDRESS_FIELDS: &[Field] = &[
    must("primary", Form::Only(true)),
    must("address_type", Form::Word(&["Home"])),
    may("address_lines", Form::List(1, 1, &TEXT)),
    may("locality", TEXT),
    may("region", TEXT),
    may("postal_code", TEXT),
    may("country", COUNTRY),
];

const CUSTOM_FIELDS: &[Field] =
    &[must("tributary_form", TEXT), may("tributary_recurring_period", Form::Word(&["weekly", "monthly"]))];

/// `PUT` of a donation.
pub(super) static REFUND: Form =
    Form::Object(&[must("amount", NUM), must("credited_amount", NUM), must("credited_date", UTC)]);

/// The person signup helper.
pub(super) static CANCELLATION: Form = Form::Object(&[
    must(
        "person",
        Form::Object(&[
            may("given_name", TEXT),
            may("family_name", TEXT),
            may("email_addresses", EMAILS),
            may("phone_numbers", PHONES),
            must("custom_fields", Form::Object(CANCELLATION_FIELDS)),
        ]),
    ),
    must("add_tags", Form::List(1, 1, &Form::Word(&["tributary-recurring-cancelled"]))),
]);

const CANCELLATION_FIELDS: &[Field] = &[
    must("tributary_recurring_status", Form::Word(&["cancelled"])),
    must("tributary_recurring_order", ORDER),
    must("tributary_recurring_cancelled_at", UTC),
];
