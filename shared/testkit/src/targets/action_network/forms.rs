//! The bodies of `formats/action-network.md` §3.

use crate::targets::check::{
    COUNTRY, DEC2, EMAIL, Field, Form, ORDER, PAYMENT, PHONE_DIGITS, TEXT, UTC, is_digits, is_slug, is_text, may, must,
};

/// Tags of one webhook.
const TAGS: usize = 10;

/// The identifier of a donation: prefix, webhook, line item.
const IDENTIFIER: Form = Form::Text("tributary:, webhook, hyphen and line item id", |text| {
    text.strip_prefix("tributary:")
        .and_then(|rest| rest.rsplit_once('-'))
        .is_some_and(|(webhook, lineitem)| is_text(webhook) && is_digits(lineitem))
});

/// The identifier of a page: prefix, webhook, form.
const PAGE_IDENTIFIER: Form = Form::Text("tributary:, webhook, -form- and form", |text| {
    text.strip_prefix("tributary:")
        .and_then(|rest| rest.split_once("-form-"))
        .is_some_and(|(webhook, form)| is_text(webhook) && is_text(form))
});

/// `POST /fundraising_pages`
pub(super) static PAGE: Form = Form::Object(&[
    must("identifiers", Form::List(1, 1, &PAGE_IDENTIFIER)),
    must("origin_system", Form::Word(&["Tributary"])),
    must("title", TEXT),
    must("name", TEXT),
]);

/// `POST /fundraising_pages/ID/donations/`
pub(super) static DONATION: Form = Form::Object(&[
    must("identifiers", Form::List(1, 1, &IDENTIFIER)),
    must("created_date", UTC),
    must("currency", Form::Word(&["usd"])),
    must("recipients", Form::List(1, 1, &Form::Object(&[may("display_name", TEXT), must("amount", DEC2)]))),
    must("payment", Form::Object(PAYMENT_FIELDS)),
    may(
        "action_network:recurrence",
        Form::Object(&[must("recurring", Form::Only(true)), must("period", Form::Word(&["Weekly", "Monthly"]))]),
    ),
    may("action_network:referrer_data", Form::Object(&[must("source", TEXT)])),
    must("person", Form::Object(PERSON_FIELDS)),
    may("add_tags", Form::List(1, TAGS, &TEXT)),
]);

const PAYMENT_FIELDS: &[Field] = &[
    must("method", Form::Word(&["Credit Card", "PayPal"])),
    must("reference_number", ORDER),
    must("authorization_stored", Form::Bool),
];

const EMAILS: Form = Form::List(1, 1, &Form::Object(&[must("address", EMAIL)]));
const PHONES: Form = Form::List(1, 1, &Form::Object(&[must("number", PHONE_DIGITS)]));

const PERSON_FIELDS: &[Field] = &[
    may("given_name", TEXT),
    may("family_name", TEXT),
    may("email_addresses", EMAILS),
    may("phone_numbers", PHONES),
    may("postal_addresses", Form::List(1, 1, &Form::Object(ADDRESS_FIELDS))),
    must("custom_fields", Form::Open(CUSTOM_FIELDS, "a slug", is_slug, &TEXT)),
];

const ADDRESS_FIELDS: &[Field] = &[
    may("address_lines", Form::List(1, 1, &TEXT)),
    may("locality", TEXT),
    may("region", TEXT),
    may("postal_code", TEXT),
    may("country", COUNTRY),
];

const CUSTOM_FIELDS: &[Field] = &[
    may("Employer", TEXT),
    may("Occupation", TEXT),
    must("tributary_form", TEXT),
    may("tributary_refcode2", TEXT),
    may("tributary_payment_number", PAYMENT),
];

/// `POST /people/` for a refund.
pub(super) static REFUND_MARK: Form = Form::Object(&[
    must(
        "person",
        Form::Object(&[may("email_addresses", EMAILS), may("phone_numbers", PHONES), must("custom_fields", REFUND)]),
    ),
    must("add_tags", Form::List(1, 1, &Form::Word(&["tributary-refunded"]))),
]);

const REFUND: Form = Form::Object(&[
    must("tributary_last_refund_amount", DEC2),
    must("tributary_last_refund_order", ORDER),
    must("tributary_last_refund_at", UTC),
]);

/// `POST /people/` for a cancellation.
pub(super) static CANCELLATION_MARK: Form = Form::Object(&[
    must(
        "person",
        Form::Object(&[
            may("email_addresses", EMAILS),
            may("phone_numbers", PHONES),
            must("custom_fields", CANCELLATION),
        ]),
    ),
    must("add_tags", Form::List(1, 1, &Form::Word(&["tributary-recurring-cancelled"]))),
]);

const CANCELLATION: Form = Form::Object(&[
    must("tributary_recurring_status", Form::Word(&["cancelled"])),
    must("tributary_recurring_order", ORDER),
    must("tributary_recurring_cancelled_at", UTC),
]);
