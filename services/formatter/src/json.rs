//! Writes JSON bodies: compact, in the order of the calls, without what has no value, and with references to what
//! is captured at send time.

use crate::value::Cents;
use contract::plan::{Part, Reference, Text};
use std::fmt::Write as _;

/// An object or a list under construction. What would be `null` or empty is left out (`formats/plans.md` §3).
#[derive(Debug, Default)]
pub(crate) struct Json {
    parts: Text,
    out: String,
    /// Whether nothing stands in the innermost object or list yet.
    empty: bool,
}

/// A finished body: text with references.
pub(crate) fn object(write: impl FnOnce(&mut Json)) -> Text {
    document('{', '}', write)
}

/// A finished body that is a list.
pub(crate) fn list(write: impl FnOnce(&mut List<'_>)) -> Text {
    document('[', ']', |json| write(&mut List(json)))
}

fn document(open: char, close: char, write: impl FnOnce(&mut Json)) -> Text {
    let mut json = Json { out: String::with_capacity(1_024), ..Json::default() };
    json.braces(open, close, write);
    json.parts.push(Part::Text(json.out));
    json.parts
}

impl Json {
    /// A text; none is left out.
    pub(crate) fn text(&mut self, key: &str, value: Option<&str>) {
        let Some(value) = value.filter(|value| !value.is_empty()) else { return };
        self.key(key);
        quote(&mut self.out, value);
    }

    /// A whole number.
    pub(crate) fn number(&mut self, key: &str, value: u64) {
        self.key(key);
        // Writing to a string can't fail.
        let _ = write!(self.out, "{value}");
    }

    /// A whole number that is kept as text of digits; anything else is left out.
    pub(crate) fn digits(&mut self, key: &str, value: Option<&str>) {
        if let Some(number) = value.and_then(|digits| digits.parse().ok()) {
            self.number(key, number);
        }
    }

    /// An amount as a JSON number with two decimals, never computed in binary floating point.
    pub(crate) fn amount(&mut self, key: &str, value: Cents) {
        self.key(key);
        self.out.push_str(&value.decimal());
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.push_str(if value { "true" } else { "false" });
    }

    /// A value that is known when the plan runs, as the JSON that was captured. Without it the step fails.
    pub(crate) fn reference(&mut self, key: &str, reference: Reference) {
        self.key(key);
        self.parts.push(Part::Text(std::mem::take(&mut self.out)));
        self.parts.push(Part::Ref(reference));
    }

    /// The same, left out with its key when there is no such value. Not the first one of its object.
    pub(crate) fn maybe(&mut self, key: &str, reference: Reference) {
        let mut before = String::from(",");
        quote(&mut before, key);
        before.push(':');
        self.parts.push(Part::Text(std::mem::take(&mut self.out)));
        self.parts.push(Part::Maybe(before, reference, String::new()));
    }

    /// An object; an empty one is left out.
    pub(crate) fn object(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.nested(Some(key), '{', '}', write);
    }

    /// A list; an empty one is left out.
    pub(crate) fn list(&mut self, key: &str, write: impl FnOnce(&mut List<'_>)) {
        self.nested(Some(key), '[', ']', |json| write(&mut List(json)));
    }

    /// A list of one text; none is left out.
    pub(crate) fn one(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.list(key, |list| list.text(value));
        }
    }

    fn nested(&mut self, key: Option<&str>, open: char, close: char, write: impl FnOnce(&mut Self)) {
        let (parts, length, empty) = (self.parts.len(), self.out.len(), self.empty);
        match key {
            Some(key) => self.key(key),
            None => self.comma(),
        }
        if self.braces(open, close, write) && self.parts.len() == parts {
            self.out.truncate(length);
            self.empty = empty;
        }
    }

    /// Whether nothing was written inside.
    fn braces(&mut self, open: char, close: char, write: impl FnOnce(&mut Self)) -> bool {
        self.out.push(open);
        self.empty = true;
        write(self);
        let nothing = std::mem::replace(&mut self.empty, false);
        self.out.push(close);
        nothing
    }

    fn key(&mut self, key: &str) {
        self.comma();
        quote(&mut self.out, key);
        self.out.push(':');
    }

    fn comma(&mut self) {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(',');
        }
    }
}

/// The entries of a list.
pub(crate) struct List<'a>(&'a mut Json);

impl List<'_> {
    /// A text.
    pub(crate) fn text(&mut self, value: &str) {
        self.0.comma();
        quote(&mut self.0.out, value);
    }

    /// An object; an empty one is left out.
    pub(crate) fn object(&mut self, write: impl FnOnce(&mut Json)) {
        self.0.nested(None, '{', '}', write);
    }
}

fn quote(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        // A string always has a JSON form.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_value_is_left_out_and_references_stand_between_texts() {
        let body = object(|json| {
            json.object("empty", |json| json.list("inner", |list| list.object(|json| json.text("a", None))));
            json.text("name", Some("a \"b\" ${c} {\"$ref\":\"capture.x\"}"));
            json.object("contact", |json| json.reference("vanId", Reference::Capture("van_id".into())));
            json.maybe("code", Reference::Resource("code:x".into()));
            json.amount("amount", Cents::of(2_750));
            json.list("tags", |list| {
                list.text("x");
                list.object(|json| json.flag("y", true));
            });
        });
        let text: Vec<String> = body
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Ref(reference) => format!("<{reference}>"),
                Part::Maybe(before, reference, after) => format!("<{before}{reference}{after}>"),
            })
            .collect();
        assert_eq!(
            text.concat(),
            r#"{"name":"a \"b\" ${c} {\"$ref\":\"capture.x\"}","contact":{"vanId":<capture.van_id>}<,"code":ledger.resource.code:x>,"amount":27.50,"tags":["x",{"y":true}]}"#
        );
    }
}
