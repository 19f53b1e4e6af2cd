//! Values that are taken from a successful answer.

use super::answer::Shown;
use super::patterns::Patterns;
use super::values::{is_nothing, text_of};
use contract::limits;
use contract::plan::{Capture, From};
use serde_json::Value;

/// Beyond this a JSON number that is no 64-bit integer has lost digits.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The values that an answer gives, each with the capture that asks for it. The error is the name of a required one
/// that is not there.
pub(crate) fn take<'a>(
    captures: &'a [Capture],
    shown: &Shown<'_>,
    patterns: &mut Patterns,
) -> Result<Vec<(&'a Capture, Value)>, &'a str> {
    let mut taken = Vec::new();
    for capture in captures {
        let asked = capture.status.as_ref().is_none_or(|status| status.has(shown.status))
            && capture.only_if.as_ref().is_none_or(|check| shown.passes(check, patterns));
        if !asked {
            continue;
        }
        match find(capture, shown, patterns) {
            Some(value) => taken.push((capture, value)),
            None if capture.required => return Err(&capture.name),
            None => {}
        }
    }
    Ok(taken)
}

/// One value. What is longer than a captured value may be counts as not there: cut it would be another value.
fn find(capture: &Capture, shown: &Shown<'_>, patterns: &mut Patterns) -> Option<Value> {
    let value = match &capture.from {
        From::Json(pointer) => shown.json()?.pointer(pointer)?.clone(),
        From::Header(name) => shown.headers.get(name.as_str())?.to_str().ok()?.into(),
        From::Xml { element, attributes, attribute } => {
            shown.xml()?.elements(element, attributes).next()?.attribute(attribute)?.into()
        }
    };
    let value = match &capture.pattern {
        Some(pattern) => patterns.group(pattern, &text_of(&value))?.into(),
        None => value,
    };
    let inexact = value.is_f64() && value.as_f64().is_none_or(|number| number.abs() >= EXACT);
    let long = text_of(&value).chars().nth(limits::CAPTURED_CHARS).is_some();
    (!is_nothing(&value) && !inexact && !long).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Answer, Extent};
    use contract::plan::{Check, Operator, Statuses};
    use reqwest::header::{HeaderMap, HeaderValue};
    use serde_json::json;

    fn taken(captures: &[Capture], status: u16, body: &str) -> Result<Vec<Value>, String> {
        let mut headers = HeaderMap::new();
        headers.insert("location", HeaderValue::from_static("https://a.example/rest/v1/transaction/917/"));
        let answer = Answer { status, headers, body: body.as_bytes().to_vec(), extent: Extent::Whole };
        let taken = take(captures, &Shown::of(&answer), &mut Patterns::default());
        taken.map(|taken| taken.into_iter().map(|(_, value)| value).collect()).map_err(str::to_owned)
    }

    fn one(capture: Capture, body: &str) -> Option<Value> {
        taken(&[capture], 200, body).expect("it need not be there").pop()
    }

    #[test]
    fn a_value_keeps_its_type_unless_a_pattern_cuts_it() {
        let json = |pointer| Capture::json("id", pointer);
        assert_eq!(one(json("/id"), r#"{"id":10005165}"#), Some(json!(10_005_165)));
        assert_eq!(one(json("/data/0/id"), r#"{"data":[{"id":"17"}]}"#), Some(json!("17")));
        assert_eq!(one(json(""), "23453"), Some(json!(23_453)));
        assert_eq!(one(json("/id"), r#"{"id":18446744073709551615}"#), Some(json!(u64::MAX)));
        assert_eq!(one(json("/id"), r#"{"id":123456789012345678901234567890}"#), None, "its digits are lost");
        let page = Capture { pattern: Some("/pages/([0-9a-f]+)".to_owned()), ..json("/href") };
        assert_eq!(one(page, r#"{"href":"https://a.example/pages/0ab1/x"}"#), Some(json!("0ab1")));
        for nothing in ["{}", r#"{"id":null}"#, r#"{"id":""}"#, "not json"] {
            assert_eq!(one(json("/id"), nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_value_can_stand_in_a_header_or_in_xml() {
        let header = |name: &str, pattern: &str| Capture {
            from: From::Header(name.to_owned()),
            pattern: Some(pattern.to_owned()),
            ..Capture::json("id", "")
        };
        assert_eq!(one(header("location", "/transaction/([0-9]+)/"), ""), Some(json!("917")));
        assert_eq!(one(header("location", "/order/([0-9]+)/"), ""), None);
        assert_eq!(one(header("not there", "(.+)"), ""), None);
        let attributes = vec![("object".to_owned(), "donation".to_owned())];
        let from = From::Xml { element: "success".to_owned(), attributes, attribute: "key".to_owned() };
        let xml = Capture { from, ..Capture::json("key", "") };
        let body = r#"<data><success object="supporter" key="1"/><success object="donation" key="2"/></data>"#;
        assert_eq!(one(xml, body), Some(json!("2")));
    }

    #[test]
    fn what_is_too_long_counts_as_not_there() {
        let body = |chars| json!({"id": "é".repeat(chars)}).to_string();
        let capture = || Capture::json("id", "/id");
        assert!(one(capture(), &body(limits::CAPTURED_CHARS)).is_some());
        assert_eq!(one(capture(), &body(limits::CAPTURED_CHARS + 1)), None);
        let required = [capture().required()];
        assert_eq!(taken(&required, 200, &body(limits::CAPTURED_CHARS + 1)), Err("id".to_owned()));
    }

    #[test]
    fn a_capture_is_asked_only_of_its_answers() {
        let found = Capture { status: Some(Statuses::In(vec![200])), ..Capture::json("id", "/id").required() };
        assert_eq!(taken(std::slice::from_ref(&found), 404, "{}"), Ok(Vec::new()), "not asked, so not missed");
        assert_eq!(taken(std::slice::from_ref(&found), 200, "{}"), Err("id".to_owned()));
        let note = Check::json("/note", Operator::Matches("^tributary-1;".to_owned()));
        let guarded = [Capture { only_if: Some(note), ..Capture::json("id", "/id").required() }];
        assert_eq!(taken(&guarded, 200, r#"{"id":1,"note":"tributary-1; order"}"#), Ok(vec![json!(1)]));
        assert_eq!(taken(&guarded, 200, r#"{"id":1,"note":"tributary-11; order"}"#), Ok(Vec::new()));
    }
}
