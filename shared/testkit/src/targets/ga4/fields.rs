//! The fields of an event (`formats/ad-tracking.md` §5.2).

use crate::targets::check::{
    COUNTRY, DIGITS, Field, Form, HASH, Json, NUM, Review, TEXT, is_digits, is_text, may, must,
};

/// `formats/ad-tracking.md` §5.1
const VALUE_LENGTH: usize = 100;

const HASHED: Form = Form::List(1, 1, &HASH);
const ONE: Form = Form::Number("1", |digits| digits == "1");
const STATE: Form = Form::Word(&["GRANTED", "DENIED"]);
/// A longer value is cut, so that only a shorter one must not end in a blank.
const PARAMETER: Form = Form::Text("1 to 100 characters and no address of a person", |text| {
    let length = text.chars().count();
    length <= VALUE_LENGTH && !text.contains('@') && (is_text(text) || length == VALUE_LENGTH)
});
const TIMESTAMP: Form =
    Form::Number("whole seconds in microseconds", |digits| is_digits(digits) && digits.ends_with("000000"));

const PURCHASE: Form = Form::Object(&[
    must("client_id", TEXT),
    may("user_id", HASH),
    must("timestamp_micros", TIMESTAMP),
    may("consent", Form::Object(&[may("ad_user_data", STATE), may("ad_personalization", STATE)])),
    may("user_data", Form::Object(USER_DATA)),
    must(
        "events",
        Form::List(
            1,
            1,
            &Form::Object(&[must("name", Form::Word(&["purchase"])), must("params", Form::Object(PURCHASED))]),
        ),
    ),
]);

const USER_DATA: &[Field] = &[
    may("sha256_email_address", HASHED),
    may("sha256_phone_number", HASHED),
    may(
        "address",
        Form::List(
            1,
            1,
            &Form::Object(&[
                may("sha256_first_name", HASH),
                may("sha256_last_name", HASH),
                may("sha256_street", HASH),
                may("city", TEXT),
                may("region", TEXT),
                may("postal_code", TEXT),
                may("country", COUNTRY),
            ]),
        ),
    ),
];

const PURCHASED: &[Field] = &[
    must("transaction_id", PARAMETER),
    must("currency", Form::Word(&["USD"])),
    must("value", NUM),
    may("affiliation", PARAMETER),
    must(
        "items",
        Form::List(
            1,
            1,
            &Form::Object(&[
                must("item_id", DIGITS),
                may("item_name", PARAMETER),
                must("price", NUM),
                must("quantity", ONE),
            ]),
        ),
    ),
    may("session_id", PARAMETER),
    must("engagement_time_msec", ONE),
];

const REFUND: Form = Form::Object(&[
    must("client_id", TEXT),
    must("timestamp_micros", TIMESTAMP),
    must(
        "events",
        Form::List(
            1,
            1,
            &Form::Object(&[
                must("name", Form::Word(&["refund"])),
                must(
                    "params",
                    Form::Object(&[
                        must("transaction_id", PARAMETER),
                        must("currency", Form::Word(&["USD"])),
                        must("value", NUM),
                    ]),
                ),
            ]),
        ),
    ),
]);

pub(super) fn check(body: &Json, sends_user_data: bool, review: &mut Review) {
    let refund = body.text("/events/0/name") == "refund";
    review.form(body, if refund { &REFUND } else { &PURCHASE });
    review.filled(body, "$");
    if refund {
        return;
    }
    let params = body.at("/events/0/params");
    let price = "$.events[0].params.items[0].price";
    review.equal(price, params.text("/value"), params.text("/items/0/price"));
    for personal in ["user_id", "user_data"] {
        let there = body.has(&format!("/{personal}"));
        review.holds(!there || sends_user_data, &format!("$.{personal}"), "nothing without the option", "donor data");
    }
    review.equal("$.user_id", body.text("/user_data/sha256_email_address/0"), body.text("/user_id"));
}
