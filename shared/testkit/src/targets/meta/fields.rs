//! The fields of an event (`formats/ad-tracking.md` §4.2).

use crate::targets::check::{Field, Form, HASH, INTEGER, Json, NUM, ORDER, Review, TEXT, is_key, may, must};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::LazyLock;

const HASHED: Form = Form::List(1, 1, &HASH);
const ZERO: Form = Form::Number("0", |digits| digits == "0");
const ADDRESS: Form = Form::Text("an IP address", |text| text.parse::<IpAddr>().is_ok());

const WEBSITE: &[Field] = &[
    must("event_name", TEXT),
    must("event_time", INTEGER),
    must("event_id", TEXT),
    must("action_source", Form::Word(&["website"])),
    must("event_source_url", TEXT),
    must("user_data", Form::Object(VISITOR)),
    must("custom_data", Form::Object(CUSTOM)),
    may("data_processing_options", Form::List(1, 1, &Form::Word(&["LDU"]))),
    may("data_processing_options_country", ZERO),
    may("data_processing_options_state", ZERO),
];

const INSTALMENT: &[Field] = &[
    must("event_name", TEXT),
    must("event_time", INTEGER),
    must("event_id", TEXT),
    must("action_source", Form::Word(&["system_generated"])),
    must("user_data", Form::Object(DONOR)),
    must("custom_data", Form::Object(CUSTOM)),
    may("data_processing_options", Form::List(1, 1, &Form::Word(&["LDU"]))),
    may("data_processing_options_country", ZERO),
    may("data_processing_options_state", ZERO),
];

const VISITOR: &[Field] = &[
    may("em", HASHED),
    may("ph", HASHED),
    may("fn", HASHED),
    may("ln", HASHED),
    may("ct", HASHED),
    may("st", HASHED),
    may("zp", HASHED),
    may("country", HASHED),
    may("external_id", HASHED),
    may("fbc", TEXT),
    must("client_user_agent", TEXT),
    may("client_ip_address", ADDRESS),
    may("fbp", TEXT),
];

const DONOR: &[Field] = &[
    may("em", HASHED),
    may("ph", HASHED),
    may("fn", HASHED),
    may("ln", HASHED),
    may("ct", HASHED),
    may("st", HASHED),
    may("zp", HASHED),
    may("country", HASHED),
    may("external_id", HASHED),
    may("fbc", TEXT),
];

const CUSTOM: &[Field] =
    &[must("currency", Form::Word(&["USD"])), must("value", NUM), must("order_id", ORDER), may("content_name", TEXT)];

pub(super) fn check(body: &Json, review: &mut Review) {
    const FROM_WEBSITE: Form =
        Form::Object(&[must("data", Form::List(1, 1, &Form::Object(WEBSITE))), may("test_event_code", TEXT)]);
    const GENERATED: Form =
        Form::Object(&[must("data", Form::List(1, 1, &Form::Object(INSTALMENT))), may("test_event_code", TEXT)]);
    let event = body.at("/data/0");
    let is_instalment = event.text("/action_source") == "system_generated";
    review.form(body, if is_instalment { &GENERATED } else { &FROM_WEBSITE });
    let (id, order) = (event.text("/event_id"), event.text("/custom_data/order_id"));
    let right = is_key(id) || if is_instalment { is_numbered(id, order) } else { id == order };
    review.holds(right, "$.data[0].event_id", "key, or the order number", format_args!("{id:?}"));
    donor(event, review);
}

/// `AB300000118-2`: the second payment of a series.
fn is_numbered(id: &str, order: &str) -> bool {
    let number = id.strip_prefix(order).and_then(|rest| rest.strip_prefix('-'));
    number.and_then(|number| number.parse::<u32>().ok()).is_some_and(|number| number >= 2)
}

/// What the hashes tell about each other and about the few values that can be guessed.
fn donor(event: &Json, review: &mut Review) {
    let place = "$.data[0].user_data";
    let hash = |name: &str| event.text(&format!("/user_data/{name}/0"));
    review.holds(
        ["em", "ph", "external_id"].iter().any(|name| !hash(name).is_empty()),
        place,
        "an email, a phone or an external id",
        "none of them",
    );
    review.equal(&format!("{place}.external_id"), hash("em"), hash("external_id"));
    let country = hash("country");
    let is_code = |hash: &str| hash.is_empty() || TWO_LETTERS.contains(hash);
    review.holds(is_code(country), &format!("{place}.country"), "the hash of two small letters", country);
    if country == sha256("us") {
        review.holds(is_code(hash("st")), &format!("{place}.st"), "the hash of two small letters", hash("st"));
    }
}

pub(super) fn user_data(event: &Json) -> BTreeMap<String, String> {
    let Json::Object(members) = event.at("/user_data") else { return BTreeMap::new() };
    let text = |value: &Json| match value {
        Json::List(_) => value.text("/0").to_owned(),
        _ => value.text("").to_owned(),
    };
    members.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// The hashes of `aa` to `zz`.
static TWO_LETTERS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let pairs = ('a'..='z').flat_map(|first| ('a'..='z').map(move |second| format!("{first}{second}")));
    pairs.map(|code| sha256(&code)).collect()
});

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
