//! Texts with references, written out. A value is inserted as data, so it changes nothing but itself.

use super::values::{Values, text_of};
use crate::failure::Failure;
use contract::plan::{Part, Reference};
use serde_json::Value;
use std::fmt::Write as _;

/// A text of a JSON body: values as JSON.
pub(crate) fn json(text: &[Part], values: &Values) -> Result<String, Failure> {
    written(text, values, |out, value| out.push_str(&value.to_string()))
}

/// A text of a path: values percent-encoded, what stands between them as it is.
pub(crate) fn path(text: &[Part], values: &Values) -> Result<String, Failure> {
    written(text, values, |out, value| percent(out, &text_of(value)))
}

/// A text that is percent-encoded as a whole: a value of a form or a query. None when it is nothing but references
/// to values that are not there and need not be.
pub(crate) fn whole(text: &[Part], values: &Values) -> Result<Option<String>, Failure> {
    let plain = plain(text, values)?;
    let left_out = plain.is_empty() && text.iter().any(|part| matches!(part, Part::Maybe(..)));
    Ok((!left_out).then(|| {
        let mut out = String::with_capacity(plain.len());
        percent(&mut out, &plain);
        out
    }))
}

/// A text with its values as they are.
pub(crate) fn plain(text: &[Part], values: &Values) -> Result<String, Failure> {
    written(text, values, |out, value| out.push_str(&text_of(value)))
}

fn written(text: &[Part], values: &Values, write: impl Fn(&mut String, &Value)) -> Result<String, Failure> {
    let mut out = String::new();
    for part in text {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Ref(reference) => write(&mut out, values.get(reference).ok_or_else(|| missing(reference))?),
            Part::Maybe(before, reference, after) => {
                if let Some(value) = values.get(reference) {
                    out.push_str(before);
                    write(&mut out, value);
                    out.push_str(after);
                }
            }
        }
    }
    Ok(out)
}

fn missing(reference: &Reference) -> Failure {
    let name = match reference {
        // The rest of a key is a name of the customer's or the donor's.
        Reference::Resource(key) => key.split(':').next().unwrap_or_default(),
        Reference::Capture(name) | Reference::Line(name) | Reference::Series(name) => name,
    };
    Failure::Unfit(format!("the request needs {name}, which is not known"))
}

/// Adds a text to a URL or a form: everything but the unreserved characters of RFC 3986 §2.3 is percent-encoded.
pub(crate) fn percent(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn name() -> Reference {
        Reference::Capture("name".to_owned())
    }

    fn values(value: Value) -> Values {
        let mut values = Values::default();
        values.captured.insert("name".to_owned(), value);
        values
    }

    fn decoded(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            assert!(byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte), "{text}");
            let digits = |rest: &mut std::str::Bytes<'_>| [rest.next(), rest.next()].map(|digit| digit.expect("two"));
            bytes.push(match byte {
                b'%' => u8::from_str_radix(str::from_utf8(&digits(&mut rest)).expect("ASCII"), 16).expect("hex"),
                plain => plain,
            });
        }
        String::from_utf8(bytes).expect("UTF-8")
    }

    fn hostile() -> impl Strategy<Value = String> {
        let bit = prop_oneof![
            Just("\"".to_owned()),
            Just("\\".to_owned()),
            Just("/../".to_owned()),
            Just("${capture.name}".to_owned()),
            Just("\",\"amount\":\"0".to_owned()),
            Just("&amount=0".to_owned()),
            Just("?a=b#c".to_owned()),
            Just("%2F".to_owned()),
            Just("\r\n\0\u{2028}".to_owned()),
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(bit, 1..20).prop_map(|bits| bits.concat())
    }

    proptest! {
        #[test]
        fn a_value_changes_nothing_but_itself(value in hostile()) {
            let values = values(json!(value));
            let around = |before: &str, after: &str| {
                vec![Part::Text(before.to_owned()), Part::Ref(name()), Part::Text(after.to_owned())]
            };
            let body = json(&around(r#"{"a":"#, r#","b":1}"#), &values).expect("written");
            prop_assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON"), json!({"a": value, "b": 1}));

            let written = path(&around("/orders/", "/reverse"), &values).expect("written");
            let segments: Vec<&str> = written.split('/').collect();
            prop_assert_eq!(segments.len(), 4);
            prop_assert_eq!(decoded(segments[2]), value.clone());

            let written = whole(&around("<", ">"), &values).expect("written").expect("there");
            prop_assert_eq!(decoded(&written), format!("<{value}>"));
        }
    }

    #[test]
    fn a_value_keeps_its_type() {
        let text = [Part::Text("[".to_owned()), Part::Ref(name()), Part::Text("]".to_owned())];
        for (value, expected) in
            [(json!(10_005_165), "[10005165]"), (json!("84721"), "[\"84721\"]"), (json!(true), "[true]")]
        {
            assert_eq!(json(&text, &values(value)).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_need_not_be_there_is_left_out_with_what_is_around_it() {
        let maybe = [Part::Text("{\"a\":1".to_owned()), Part::Maybe(",\"b\":".to_owned(), name(), String::new())];
        assert_eq!(json(&maybe, &values(json!(7))).as_deref(), Ok("{\"a\":1,\"b\":7"));
        assert_eq!(json(&maybe, &Values::default()).as_deref(), Ok("{\"a\":1"));
        assert_eq!(whole(&maybe[1..], &Values::default()), Ok(None));
        assert_eq!(whole(&Part::text(""), &Values::default()), Ok(Some(String::new())), "an empty text stays");
    }

    #[test]
    fn without_a_value_that_is_needed_there_is_no_text() {
        let refused = json(&[Part::Ref(name())], &Values::default()).expect_err("it is not there");
        assert_eq!(refused.to_string(), "rejected: the request needs name, which is not known; it needs attention");
    }
}
