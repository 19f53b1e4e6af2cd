//! The bodies of `formats/actionkit.md` §3.

use crate::targets::check::{
    DEC2, DIGITS, EMAIL, Field, Form, KEY, ORDER, PAYMENT, PHONE_LOCAL, SERIES, TEXT, UTC_NAIVE, is_key, is_slug,
    is_text, may, must,
};

/// Longest `import_id`.
const IMPORT_ID_CHARS: usize = 32;

const IMPORT_ID: Form = Form::Text("tributary- and a line item id, at most 32 characters", |text| {
    is_key(text) && text.len() <= IMPORT_ID_CHARS
});
/// A code such as `US` is not what the vendor calls a country.
const COUNTRY_NAME: Form = Form::Text("an English country name", |text| is_text(text) && text.len() > 2);

/// `donationpush`
pub(super) static DONATION: Form = Form::Object(&[
    must("donationpage", Form::Object(&[must("name", TEXT), must("payment_account", TEXT)])),
    must("order", Form::Object(ORDER_FIELDS)),
    must("user", Form::Object(USER_FIELDS)),
    must("action", Form::Object(ACTION_FIELDS)),
]);

const ORDER_FIELDS: &[Field] = &[
    must("amount", DEC2),
    must("currency", Form::Word(&["USD"])),
    must("card_num", Form::Word(&["4111111111111111", "PYPL"])),
    must("card_code", Form::Word(&["007"])),
    must("exp_date_month", Form::Word(&["12"])),
    must("exp_date_year", Form::Word(&["2099"])),
    must("import_id", IMPORT_ID),
    must("trans_id", KEY),
    must("created_at", UTC_NAIVE),
    may("recurring_id", SERIES),
    may("recurring_period", Form::Word(&["months", "weeks"])),
];

const USER_FIELDS: &[Field] = &[
    must("email", EMAIL),
    may("first_name", TEXT),
    may("last_name", TEXT),
    may("address1", TEXT),
    may("city", TEXT),
    may("state", TEXT),
    may("zip", TEXT),
    may("region", TEXT),
    may("postal", TEXT),
    may("country", COUNTRY_NAME),
    may("phone", PHONE_LOCAL),
    may("user_employer", TEXT),
    may("user_occupation", TEXT),
];

const ACTION_FIELDS: &[Field] = &[
    may("source", TEXT),
    must("skip_confirmation", Form::Word(&["1"])),
    must("fields", Form::Open(CUSTOM_FIELDS, "a slug", is_slug, &TEXT)),
];

const CUSTOM_FIELDS: &[Field] = &[
    may("recipient", TEXT),
    must("recipient_id", DIGITS),
    must("order_number", ORDER),
    must("lineitem_id", DIGITS),
    must("form", TEXT),
    may("refcode2", TEXT),
    may("recurrence_number", PAYMENT),
];

/// `profileupdatepush`
pub(super) static PROFILE_UPDATE: Form =
    Form::Object(&[must("recurring_id", SERIES), must("amount", DEC2), must("currency", Form::Word(&["USD"]))]);

/// `recurringpaymentpush`
pub(super) static PAYMENT_PUSH: Form = Form::Object(&[
    must("recurring_id", SERIES),
    must("success", Form::Only(true)),
    must("status", Form::Word(&["completed"])),
    must("trans_id", KEY),
    must("created_at", UTC_NAIVE),
]);

/// `profilecancelpush`
pub(super) static PROFILE_CANCEL: Form = Form::Object(&[
    must("recurring_id", SERIES),
    must("canceled_by", Form::Word(&["user", "processor", "admin"])),
    must("created_at", UTC_NAIVE),
]);
