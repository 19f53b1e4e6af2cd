//! JSON as it was sent: the text of numbers, the order of keys and their repetition.

use serde_json::Value;
use std::fmt;

/// A value of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::targets) enum Json {
    Null,
    Bool(bool),
    /// Its digits as they were sent.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// Members in the order of the text, repeated keys included.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole body. The error says what is not JSON about it.
    pub(in crate::targets) fn parse(body: &[u8]) -> Result<Self, String> {
        // The text is known to be JSON from here on, which keeps the scan below short.
        serde_json::from_slice::<Value>(body).map_err(|error| error.to_string())?;
        let mut rest = std::str::from_utf8(body).map_err(|error| error.to_string())?;
        Ok(value(&mut rest))
    }

    /// Whether there is no space and no line break between the tokens.
    pub(in crate::targets) fn is_compact(body: &[u8]) -> bool {
        let (mut within, mut escaped) = (false, false);
        body.iter().all(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            within ^= ends;
            within || !byte.is_ascii_whitespace()
        })
    }

    /// What is at an RFC 6901 pointer (of names without `~`); null where nothing is.
    pub(in crate::targets) fn at(&self, pointer: &str) -> &Json {
        pointer.split('/').skip(1).fold(self, |at, step| match at {
            Json::Object(members) => {
                members.iter().find(|(key, _)| key == step).map_or(&Json::Null, |(_, value)| value)
            }
            Json::List(items) => step.parse().ok().and_then(|index: usize| items.get(index)).unwrap_or(&Json::Null),
            _ => &Json::Null,
        })
    }

    /// Whether something is there, even a null.
    pub(in crate::targets) fn has(&self, pointer: &str) -> bool {
        let (parent, name) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        match self.at(parent) {
            Json::Object(members) => members.iter().any(|(key, _)| key == name),
            Json::List(items) => name.parse().is_ok_and(|index: usize| index < items.len()),
            _ => false,
        }
    }

    /// A text, or the digits of a number; empty for anything else.
    pub(in crate::targets) fn text(&self, pointer: &str) -> &str {
        match self.at(pointer) {
            Json::Text(text) | Json::Number(text) => text,
            _ => "",
        }
    }

    /// A whole number, also one sent as text; zero for anything else.
    pub(in crate::targets) fn integer(&self, pointer: &str) -> u64 {
        self.text(pointer).parse().unwrap_or_default()
    }

    /// An amount of money in cents, sent as text or number; zero for anything else.
    pub(in crate::targets) fn cents(&self, pointer: &str) -> u64 {
        let text = self.text(pointer);
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{part:0<2}").parse().unwrap_or_default()
    }

    /// Whether it is `true`.
    pub(in crate::targets) fn is_true(&self, pointer: &str) -> bool {
        *self.at(pointer) == Json::Bool(true)
    }
}

/// As JSON, shortened, for people.
impl fmt::Display for Json {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => to.write_str("null"),
            Json::Bool(value) => write!(to, "{value}"),
            Json::Number(digits) => to.write_str(digits),
            Json::Text(text) => write!(to, "{text:?}"),
            Json::List(items) => write!(to, "a list of {}", items.len()),
            Json::Object(members) => write!(to, "an object of {}", members.len()),
        }
    }
}

/// The value at the beginning, of which `rest` is relieved.
fn value(rest: &mut &str) -> Json {
    skip(rest);
    match rest.chars().next() {
        Some('"') => Json::Text(text(rest)),
        Some('{') => {
            let mut members = Vec::new();
            while within(rest, '}') {
                let key = text(rest);
                members.push((key, value(rest)));
            }
            Json::Object(members)
        }
        Some('[') => {
            let mut items = Vec::new();
            while within(rest, ']') {
                items.push(value(rest));
            }
            Json::List(items)
        }
        _ => match take(rest, rest.find([',', '}', ']', ' ', '\t', '\r', '\n']).unwrap_or(rest.len())) {
            "null" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            digits => Json::Number(digits.to_owned()),
        },
    }
}

/// Passes the opening or the separator, and the closing one if it is next.
fn within(rest: &mut &str, closing: char) -> bool {
    if rest.starts_with(['{', '[']) {
        take(rest, 1);
    }
    skip(rest);
    if rest.starts_with(closing) {
        take(rest, 1);
        return false;
    }
    !rest.is_empty()
}

fn text(rest: &mut &str) -> String {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, found)| {
        let ends = *found == '"' && !escaped;
        escaped = *found == '\\' && !escaped;
        ends
    });
    let quoted = take(rest, end.map_or(rest.len(), |(at, _)| at + 1));
    serde_json::from_str(quoted).unwrap_or_default()
}

/// Passes blanks and what separates members.
fn skip(rest: &mut &str) {
    *rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']);
}

fn take<'a>(rest: &mut &'a str, length: usize) -> &'a str {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken
}
