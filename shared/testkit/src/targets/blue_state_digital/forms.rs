//! The body of `formats/blue-state-digital.md` §3.

use crate::targets::check::{COUNTRY, Field, Form, KEY, NUM, PHONE_LOCAL, TEXT, UTC_TEXT, is_text, may, must};

/// `refcode` and `refcode2`.
const SOURCES: usize = 2;

const CARD_TYPES: &[&str] = &["vs", "mc", "ax", "ds", "ma", "ls", "vd", "so", "ve", "pp", "ac", "ck"];

/// The array of exactly one contribution.
pub(super) static BODY: Form = Form::List(1, 1, &Form::Object(FIELDS));

const FIELDS: &[Field] = &[
    must("external_id", KEY),
    must("gateway_transaction_id", KEY),
    must("firstname", TEXT),
    must("lastname", TEXT),
    must("transaction_dt", UTC_TEXT),
    must("transaction_amt", NUM),
    must("cc_type_cd", Form::Word(CARD_TYPES)),
    may("source", Form::List(1, SOURCES, &TEXT)),
    must("opt_compliance", Form::Number("0 or 1", |digits| digits == "0" || digits == "1")),
    may("addr1", TEXT),
    may("city", TEXT),
    may("state_cd", TEXT),
    may("zip", TEXT),
    may("country", COUNTRY),
    may("phone", PHONE_LOCAL),
    // The vendor's own check of addresses fails inside a 200.
    may("email", TEXT),
    may("employer", TEXT),
    may("occupation", TEXT),
    may("customFields", Form::Open(&[], "a field of the customer's account", is_text, &TEXT)),
];
