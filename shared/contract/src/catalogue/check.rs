//! Checks of what a person filled in.

use super::connection::{Connection, EndpointRule};
use super::field::{Field, Input, MAPPED_VALUES, QUESTION};
use crate::limits;
use crate::webhook::Endpoint;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What was entered in fields that are not secret, by their ids. Defaults are not stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(BTreeMap<String, Value>);

/// One thing that is wrong with what was entered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct SettingError {
    /// The field's id.
    pub field: String,
    /// What it must be, for people. It does not repeat what was entered.
    pub message: String,
}

impl Settings {
    /// What was entered, which [`Connection::check`] has passed.
    pub fn new(entered: BTreeMap<String, Value>) -> Self {
        Self(entered)
    }

    /// Whether nothing was entered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was entered, or the field's default.
    pub fn get<'a>(&'a self, connection: &'a Connection, id: &str) -> Option<&'a Value> {
        self.0.get(id).or_else(|| connection.field(id)?.default.as_ref())
    }

    /// The same as text; empty text is none.
    pub fn text<'a>(&'a self, connection: &'a Connection, id: &str) -> Option<&'a str> {
        self.get(connection, id)?.as_str().filter(|text| !text.is_empty())
    }

    /// Whether a box is ticked.
    pub fn flag(&self, connection: &Connection, id: &str) -> bool {
        self.get(connection, id).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The entries of a list, a table or a map.
    pub fn list<'a>(&'a self, connection: &'a Connection, id: &str) -> &'a [Value] {
        self.get(connection, id).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// All that was entered.
    pub fn entered(&self) -> &BTreeMap<String, Value> {
        &self.0
    }
}

impl Connection {
    /// Everything that is wrong with what was entered, secrets included; `secret` tells whether a secret that is
    /// not given now is stored already.
    pub fn check(&self, entered: &BTreeMap<String, Value>, stored: impl Fn(&str) -> bool) -> Vec<SettingError> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, message: String| errors.push(SettingError { field: field.to_owned(), message });
        for id in entered.keys().filter(|id| self.field(id).is_none()) {
            wrong(id, "is not a field of this connection".to_owned());
        }
        for field in &self.fields {
            match entered.get(&field.id).filter(|value| !blank(value)) {
                Some(value) => {
                    if let Err(message) = field.check(value) {
                        wrong(&field.id, message);
                    }
                }
                None if field.required && field.default.is_none() && !(field.secret && stored(&field.id)) => {
                    wrong(&field.id, "is required".to_owned());
                }
                None => {}
            }
        }
        let filled = |id: &String| entered.get(id).is_some_and(|value| !blank(value)) || stored(id);
        for fields in &self.any_of {
            if let Some((first, others)) = fields.split_first().filter(|_| !fields.iter().any(filled)) {
                let others: Vec<&str> = others.iter().filter_map(|id| Some(self.field(id)?.label.as_str())).collect();
                wrong(first, format!("is required, unless this is filled in: {}", others.join(", ")));
            }
        }
        for fields in &self.together {
            let given = fields.iter().find(|id| filled(id)).and_then(|id| self.field(id));
            for missing in fields.iter().filter(|id| given.is_some() && !filled(id)) {
                wrong(missing, format!("is required with this: {}", given.map_or("", |field| &field.label)));
            }
        }
        errors
    }

    /// A warning for people when an endpoint that was entered does not look like this connection's.
    pub fn doubts(&self, endpoint: &Endpoint) -> Option<String> {
        let EndpointRule::Entered { hint, pattern: Some(pattern) } = &self.endpoint else { return None };
        let alike = Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(endpoint.as_str()));
        (!alike).then(|| format!("the endpoint is not of the form that is usual here: {hint}"))
    }

    /// The endpoint that follows from what was entered; none where it is entered itself.
    pub fn endpoint_of(&self, settings: &Settings) -> Option<String> {
        match &self.endpoint {
            EndpointRule::Entered { .. } => None,
            EndpointRule::Of(template) => {
                Some(fill(template, |id| settings.text(self, id).map(str::to_owned)).unwrap_or_default())
            }
        }
    }
}

/// Puts values in the place of `{field}`; none when one is missing.
pub fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut filled, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        let (id, after) = after.split_once('}')?;
        filled.push_str(before);
        filled.push_str(&value(id)?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

impl Field {
    /// What is wrong with a value, if anything: "must be …".
    fn check(&self, value: &Value) -> Result<(), String> {
        match &self.input {
            Input::Checkbox if value.is_boolean() => Ok(()),
            Input::Checkbox => Err("must be true or false".to_owned()),
            Input::Names { max } => names(value, *max),
            Input::Rows(columns) => rows(value, columns.iter().map(|column| (column.id.as_str(), column.digits))),
            Input::FieldMap => field_map(value),
            _ => self.line(value.as_str().ok_or("must be text")?),
        }
    }

    fn line(&self, text: &str) -> Result<(), String> {
        if text.chars().any(char::is_control) {
            return Err("must be one line".to_owned());
        }
        let good = match &self.input {
            Input::Text { max, .. } if text.chars().count() > *max => {
                return Err(format!("must be at most {max} characters"));
            }
            Input::Text { pattern: Some(pattern), message, .. } => {
                let whole = Regex::new(&format!("^(?:{pattern})$"));
                return match whole.is_ok_and(|whole| whole.is_match(text)) {
                    true => Ok(()),
                    false => Err(message.clone().unwrap_or_else(|| format!("must match {pattern}"))),
                };
            }
            Input::Digits => digits(text).then_some(()).ok_or("must be digits"),
            Input::Host => host(text).then_some(()).ok_or("must be a host name, without https:// and without a path"),
            Input::Email => email(text).then_some(()).ok_or("must be one email address such as ana@example.org"),
            Input::Url => Endpoint::parse(text).map(|_| ()).map_err(|_| "must be a URL that begins with https://"),
            Input::Choice(choices) => {
                let values: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
                return match values.contains(&text) {
                    true => Ok(()),
                    false => Err(format!("must be one of {}", values.join(", "))),
                };
            }
            _ => Ok(()),
        };
        good.map_err(str::to_owned)
    }
}

/// Whether a value counts as not filled in.
pub fn blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(entries) => entries.is_empty(),
        _ => false,
    }
}

fn digits(text: &str) -> bool {
    (1..=limits::SETTING_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

fn email(text: &str) -> bool {
    text.len() <= limits::EMAIL_BYTES
        && !text.contains(char::is_whitespace)
        && text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && host(domain))
}

fn names(value: &Value, max: usize) -> Result<(), String> {
    let name = |value: &Value| value.as_str().is_some_and(sound_name);
    match value.as_array() {
        Some(names) if names.len() <= max && names.iter().all(name) => Ok(()),
        _ => Err(format!("must be a list of at most {max} names")),
    }
}

fn sound_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= limits::SETTING_NAME_CHARS && !name.chars().any(char::is_control)
}

fn rows<'a>(value: &Value, columns: impl Iterator<Item = (&'a str, bool)> + Clone) -> Result<(), String> {
    let sound = |row: &Value| {
        let Some(row) = row.as_object() else { return false };
        let count = columns.clone().count();
        row.len() == count
            && columns.clone().all(|(id, only_digits)| {
                let text = row.get(id).and_then(Value::as_str);
                text.is_some_and(|text| if only_digits { digits(text) } else { sound_name(text) })
            })
    };
    match value.as_array() {
        Some(rows) if rows.len() <= limits::SETTING_ROWS && rows.iter().all(sound) => Ok(()),
        _ => {
            let columns: Vec<&str> = columns.map(|(id, _)| id).collect();
            Err(format!("must be a list of at most {} rows with {}", limits::SETTING_ROWS, columns.join(" and ")))
        }
    }
}

fn field_map(value: &Value) -> Result<(), String> {
    rows(value, [("value", false), ("name", false)].into_iter())?;
    let known = |row: &Value| {
        let value = row.get("value").and_then(Value::as_str).unwrap_or_default();
        MAPPED_VALUES.contains(&value) || value.strip_prefix(QUESTION).is_some_and(|label| !label.is_empty())
    };
    match value.as_array().is_some_and(|rows| rows.iter().all(known)) {
        true => Ok(()),
        false => Err(format!("each value must be one of {}, or {QUESTION}LABEL", MAPPED_VALUES.join(", "))),
    }
}
