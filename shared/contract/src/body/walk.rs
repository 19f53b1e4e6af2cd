//! One walk over a body that finds everything wrong with it and writes its canonical form.

use super::fields::{Field, Rule, Shape};
use super::raw::{Block, compact, text};
use super::{Money, Path, Rejection, time};
use crate::event::Kind;
use crate::limits;
use serde_json::value::RawValue;
use std::fmt::Write as _;

/// What a shape expects, for the reasons of a rejection.
pub(crate) const TIME: &str = "an RFC 3339 time with an offset, such as 2024-03-05T18:22:41-05:00";
pub(crate) const COUNT: &str = "a whole number that is not negative";
pub(crate) const TEXT: &str = "text";
pub(crate) const OBJECT: &str = "an object";
const MONEY: &str = "an amount with at most two decimals, such as \"27.5\"";

/// A walk: what it has written and what it has found.
pub(crate) struct Walk {
    pub(crate) kind: Kind,
    pub(crate) out: String,
    pub(crate) rejection: Rejection,
}

/// What became of a value.
pub(crate) enum Found {
    /// It has been written.
    Value,
    /// It was empty.
    Nothing,
    /// The event does not have this field.
    Forbidden,
}

/// What was expected instead.
pub(crate) type Expected = &'static str;

impl Walk {
    pub(crate) fn new(kind: Kind, capacity: usize) -> Self {
        Self { kind, out: String::with_capacity(capacity), rejection: Rejection::default() }
    }

    /// Walks an object that has a table.
    pub(crate) fn object(&mut self, fields: &'static [Field], raw: &RawValue, path: &Path<'_>) {
        match Block::read(raw.get(), fields) {
            Ok(block) => self.block(&block, path),
            Err(_) => self.wrong(path, OBJECT),
        }
    }

    /// Walks an object that has been read.
    pub(crate) fn block(&mut self, block: &Block<'_>, path: &Path<'_>) {
        let kind = self.kind;
        self.out.push('{');
        for (field, raw) in block.known().filter(|(field, _)| field.kinds.has(kind)) {
            let before = self.out.len();
            self.key(field.key);
            let path = path.key(field.key);
            let found = match field.rule {
                Rule::Depends => self.depends(block, field, raw, &path),
                Rule::Null if raw.is_some_and(hollow) => Ok(Found::Nothing),
                _ => raw.map_or(Ok(Found::Nothing), |raw| self.value(field.shape, raw, &path)),
            };
            match found {
                Ok(Found::Value) => {}
                Ok(Found::Forbidden) => self.out.truncate(before),
                Ok(Found::Nothing) => self.nothing(field, before, &path),
                Err(expected) => self.wrong(&path, expected),
            }
        }
        for (key, raw) in &block.unknown {
            self.entry(key, raw);
        }
        self.out.push('}');
    }

    /// Writes a key and a value as it is.
    pub(crate) fn entry(&mut self, key: &str, raw: &RawValue) {
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        quote(&mut self.out, key);
        self.out.push(':');
        compact(&mut self.out, raw.get());
    }

    /// Notes what was expected at `path`. What is written there no longer matters.
    pub(crate) fn wrong(&mut self, path: &Path<'_>, expected: &str) {
        self.rejection.push(path, expected);
        self.out.push_str("null");
    }

    /// Writes a value that is not null, or tells that it is empty.
    pub(crate) fn value(&mut self, shape: Shape, raw: &RawValue, path: &Path<'_>) -> Result<Found, Expected> {
        let json = raw.get();
        match shape {
            Shape::Text => return self.text(json, raw),
            Shape::Bool if matches!(json, "true" | "false") => self.out.push_str(json),
            Shape::Bool => return Err("true or false"),
            Shape::Count => self.count(json, COUNT)?,
            Shape::Money => {
                let Some(amount) = unquoted(json) else { return Ok(Found::Nothing) };
                // Writing to a string can't fail.
                let _ = write!(self.out, "\"{}\"", Money::parse(amount).ok_or(MONEY)?);
            }
            Shape::Time if json == "\"\"" => return Ok(Found::Nothing),
            Shape::Time => {
                self.out.push('"');
                time::write_eastern(&mut self.out, read_time(raw).ok_or(TIME)?);
                self.out.push('"');
            }
            Shape::Duration => return self.duration(json),
            Shape::Free if !json.starts_with('{') => return Err(OBJECT),
            Shape::Free => compact(&mut self.out, json),
            Shape::Refcodes => return Err(OBJECT),
            Shape::Object(fields) => self.object(fields, raw, path),
            Shape::List(fields) => self.list(fields, raw, path).map(|_| ())?,
            Shape::Items(fields) => {
                let many = self.list(fields, raw, path)?;
                if !(1..=limits::CONTRIBUTION_LINEITEMS).contains(&many) {
                    return Err("a list of 1 to 500 line items");
                }
            }
        }
        Ok(Found::Value)
    }

    fn key(&mut self, key: &str) {
        self.out.push_str(if self.out.ends_with('{') { "\"" } else { ",\"" });
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// Writes what the table says for a field without a value. `before` is where its key begins.
    fn nothing(&mut self, field: &'static Field, before: usize, path: &Path<'_>) {
        match (field.rule, field.shape) {
            (Rule::Omit, _) => self.out.truncate(before),
            (Rule::Write(json), _) => self.out.push_str(json),
            (Rule::Blank, Shape::Object(fields)) => self.block(&Block::empty(fields), path),
            (Rule::Required, shape) => self.wrong(path, expected(shape)),
            (Rule::Null | Rule::Depends | Rule::Blank, _) => self.out.push_str("null"),
        }
    }

    fn text(&mut self, json: &str, raw: &RawValue) -> Result<Found, Expected> {
        if !json.starts_with('"') {
            return Err(TEXT);
        }
        if json.len() == 2 {
            return Ok(Found::Nothing);
        }
        // Half of a surrogate pair is valid JSON that most receivers can't read.
        if json.contains("\\u") && text(raw).is_none() {
            return Err("text of whole Unicode characters");
        }
        self.out.push_str(json);
        Ok(Found::Value)
    }

    fn count(&mut self, json: &str, expected: Expected) -> Result<(), Expected> {
        json.parse::<u64>().map_err(|_| expected)?;
        self.out.push_str(json);
        Ok(())
    }

    fn duration(&mut self, json: &str) -> Result<Found, Expected> {
        match unquoted(json) {
            None => return Ok(Found::Nothing),
            Some("infinite") if json.starts_with('"') => self.out.push_str(json),
            Some(number) => {
                let number: u64 = number.parse().map_err(|_| "a number of payments, or \"infinite\"")?;
                let _ = write!(self.out, "{number}");
            }
        }
        Ok(Found::Value)
    }

    fn list(&mut self, fields: &'static [Field], raw: &RawValue, path: &Path<'_>) -> Result<usize, Expected> {
        let items: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|_| "a list of objects")?;
        self.out.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.object(fields, item, &path.index(at));
        }
        self.out.push(']');
        Ok(items.len())
    }
}

/// A time that stands in a body.
pub(crate) fn read_time(raw: &RawValue) -> Option<jiff::Timestamp> {
    time::parse(&text(raw)?)
}

/// Writes a JSON string.
pub(crate) fn quote(out: &mut String, text: &str) {
    if text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
        // A string always has a JSON form.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

/// A number's text, or a string's without its quotes; none if that is empty.
fn unquoted(json: &str) -> Option<&str> {
    Some(json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json)).filter(|text| !text.is_empty())
}

/// `{}` with any white space.
fn hollow(raw: &RawValue) -> bool {
    let inside = raw.get().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

fn expected(shape: Shape) -> Expected {
    match shape {
        Shape::Text => TEXT,
        Shape::Time => TIME,
        Shape::Count => COUNT,
        Shape::Money => MONEY,
        Shape::Bool | Shape::Duration | Shape::Free | Shape::Refcodes | Shape::Object(_) => OBJECT,
        Shape::List(_) | Shape::Items(_) => "a list of 1 to 500 line items",
    }
}
