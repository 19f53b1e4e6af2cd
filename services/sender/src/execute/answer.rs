//! What an answer shows: the rules of a step, judged.

use super::patterns::Patterns;
use super::values::text_of;
use super::xml::Document;
use crate::client::{Answer, Extent};
use contract::plan::{Check, Operator, Rule};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::borrow::Cow;
use std::cell::OnceCell;

/// An answer, read in the forms that checks and captures ask for, each once.
pub(crate) struct Shown<'a> {
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    bytes: &'a [u8],
    /// A beginning is no document of any form.
    whole: bool,
    text: OnceCell<Cow<'a, str>>,
    json: OnceCell<Option<Value>>,
    xml: OnceCell<Option<Document>>,
}

impl<'a> Shown<'a> {
    pub(crate) fn of(answer: &'a Answer) -> Self {
        Self {
            status: answer.status,
            headers: &answer.headers,
            bytes: &answer.body,
            whole: answer.extent == Extent::Whole,
            text: OnceCell::new(),
            json: OnceCell::new(),
            xml: OnceCell::new(),
        }
    }

    pub(crate) fn json(&self) -> Option<&Value> {
        let read = || if self.whole { serde_json::from_str(self.body()).ok() } else { None };
        self.json.get_or_init(read).as_ref()
    }

    pub(crate) fn xml(&self) -> Option<&Document> {
        let read = || if self.whole { Document::read(self.body()) } else { None };
        self.xml.get_or_init(read).as_ref()
    }

    fn body(&self) -> &str {
        self.text.get_or_init(|| String::from_utf8_lossy(self.bytes)).trim_start_matches('\u{feff}')
    }

    /// Whether the answer is of one of these kinds.
    pub(crate) fn is_of(&self, rules: &[Rule], patterns: &mut Patterns) -> bool {
        rules
            .iter()
            .any(|rule| rule.status.has(self.status) && rule.checks.iter().all(|check| self.passes(check, patterns)))
    }

    /// Whether a check holds. A body that is cut or is not of the form that it reads fails it.
    pub(crate) fn passes(&self, check: &Check, patterns: &mut Patterns) -> bool {
        match check {
            Check::Json { pointer, is } => {
                self.json().is_some_and(|document| holds(document.pointer(pointer), is, patterns))
            }
            Check::Xml { element, attributes, min, max } => self.xml().is_some_and(|document| {
                let count = document.elements(element, attributes).count();
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                count >= *min && max.is_none_or(|max| count <= max)
            }),
            Check::Text { matches } => patterns.find(matches, self.body()),
        }
    }
}

/// Whether something holds of the value at a pointer.
fn holds(value: Option<&Value>, operator: &Operator, patterns: &mut Patterns) -> bool {
    match operator {
        Operator::Equals(other) => value.is_some_and(|value| same(value, other)),
        Operator::NotEquals(other) => !value.is_some_and(|value| same(value, other)),
        Operator::Present => value.is_some_and(|value| !value.is_null()),
        Operator::Empty => value.is_none_or(is_empty),
        Operator::Matches(pattern) => matches(value, pattern, patterns),
        Operator::NotMatches(pattern) => !matches(value, pattern, patterns),
    }
}

/// `0` and `0.0` are one number.
fn same(value: &Value, other: &Value) -> bool {
    match (value.as_f64(), other.as_f64()) {
        (Some(value), Some(other)) => value.total_cmp(&other).is_eq(),
        _ => value == other,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn matches(value: Option<&Value>, pattern: &str, patterns: &mut Patterns) -> bool {
    value.filter(|value| !value.is_null()).is_some_and(|value| patterns.find(pattern, &text_of(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec(), extent: Extent::Whole }
    }

    fn passes(body: &str, check: &Check) -> bool {
        Shown::of(&answer(200, body)).passes(check, &mut Patterns::default())
    }

    #[test]
    fn every_operator_says_what_holds_of_a_value() {
        let body =
            r#"{"n":0,"f":1.0,"t":"Already there","l":["Duplicate id"],"o":{},"e":"","z":null,"b":true,"a/b":1}"#;
        let equals = |value| Operator::Equals(value);
        let matches = |text: &str| Operator::Matches(text.to_owned());
        let check = |pointer: &str, is: Operator, expected: bool| {
            assert_eq!(passes(body, &Check::json(pointer, is.clone())), expected, "{pointer} {is:?}");
        };
        check("/n", equals(json!(0)), true);
        check("/n", equals(json!("0")), false);
        check("/f", equals(json!(1)), true);
        check("/b", equals(json!(true)), true);
        check("/a~1b", equals(json!(1)), true);
        check("/none", equals(json!(null)), false);
        check("/z", equals(json!(null)), true);
        check("/n", Operator::NotEquals(json!(1)), true);
        check("/none", Operator::NotEquals(json!(1)), true);
        check("/f", Operator::NotEquals(json!(1)), false);
        for (pointer, present, empty) in [
            ("/n", true, false),
            ("/t", true, false),
            ("/l", true, false),
            ("/o", true, true),
            ("/e", true, true),
            ("/z", false, true),
            ("/none", false, true),
            ("", true, false),
        ] {
            check(pointer, Operator::Present, present);
            check(pointer, Operator::Empty, empty);
        }
        check("/t", matches("already"), true);
        check("/t", Operator::NotMatches("already".to_owned()), false);
        check("/l", matches("duplicate"), true);
        check("/n", matches("^0$"), true);
        check("/z", matches("null"), false);
        check("/none", matches(""), false);
        check("/none", Operator::NotMatches("x".to_owned()), true);
        check("/t", matches("("), false);
    }

    #[test]
    fn a_body_of_another_form_fails_its_checks() {
        for body in ["", "not json", "{\"a\":", "<data/>"] {
            for is in [Operator::Empty, Operator::NotEquals(json!(1)), Operator::NotMatches("x".to_owned())] {
                assert!(!passes(body, &Check::json("/a", is)), "{body}");
            }
        }
        for body in ["", "not xml", "<data>", "{}"] {
            assert!(!passes(body, &Check::no_xml("error")), "{body}");
        }
        let mut cut = answer(200, "{}");
        cut.extent = Extent::Cut;
        assert!(!Shown::of(&cut).passes(&Check::json("/a", Operator::Empty), &mut Patterns::default()));
        let text = Check::Text { matches: "o.+k".to_owned() };
        assert!(passes("it is OK: ok", &text) && !passes("no", &text));
        assert!(passes("\u{feff}{}", &Check::json("/a", Operator::Empty)), "a byte order mark is no content");
    }

    #[test]
    fn xml_elements_are_counted() {
        let body = r#"<data><success object="supporter"/><success object="donation" key="1"/></data>"#;
        assert!(passes(body, &Check::xml("success", &[("object", "donation")])));
        assert!(!passes(body, &Check::xml("success", &[("object", "tag")])));
        assert!(passes(body, &Check::no_xml("error")));
        assert!(!passes(body, &Check::no_xml("success")));
    }

    #[test]
    fn an_answer_is_of_a_kind_when_status_and_all_checks_fit() {
        let rules =
            [Rule::status(&[200]).and(Check::json("/ok", Operator::Equals(json!(true)))), Rule::status(&[202, 204])];
        let is = |status, body: &str| Shown::of(&answer(status, body)).is_of(&rules, &mut Patterns::default());
        assert!(is(200, r#"{"ok":true}"#) && is(202, "") && is(204, "anything"));
        assert!(!is(200, r#"{"ok":false}"#) && !is(201, r#"{"ok":true}"#) && !is(404, ""));
        let nothing = Shown::of(&answer(200, "")).is_of(&[], &mut Patterns::default());
        assert!(!nothing, "no rule, no success");
    }
}
