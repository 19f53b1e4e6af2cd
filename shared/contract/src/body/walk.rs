//! One walk over a body that finds everything wrong with it and writes its canonical form.

use super::fields::{Field, Rule, Shape};
use super::raw::{Block, Node, compact, text};
use super::{Money, Path, Rejection, time};
use crate::event::Kind;
use crate::limits;
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::ops::Range;

/// What a shape expects, for the reasons of a rejection.
pub(crate) const TIME: &str = "an RFC 3339 time with an offset, such as 2024-03-05T18:22:41-05:00";
pub(crate) const COUNT: &str = "a whole number that is not negative";
pub(crate) const TEXT: &str = "text";
pub(crate) const OBJECT: &str = "an object";
const MONEY: &str = "an amount with at most two decimals, such as \"27.5\"";
const ITEMS: &str = "a list of 1 to 500 line items";

/// A walk: what it has written and what it has found.
pub(crate) struct Walk {
    pub(crate) kind: Kind,
    pub(crate) out: String,
    pub(crate) rejection: Rejection,
    pub(crate) marks: Marks,
}

/// Where in what was written the parts lie that events are made of.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// The body of a message.
    pub(crate) data: Range<usize>,
    /// The browser context of a message; empty when there is none.
    pub(crate) tracking: Range<usize>,
    /// Each line item.
    pub(crate) items: Vec<Range<usize>>,
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
        let out = String::with_capacity(capacity);
        Self { kind, out, rejection: Rejection::default(), marks: Marks::default() }
    }

    /// Walks an object that has been read.
    pub(crate) fn block(&mut self, block: &Block<'_>, path: &Path<'_>) {
        let kind = self.kind;
        self.out.push('{');
        for (field, node) in block.known().filter(|(field, _)| field.kinds.has(kind)) {
            let before = self.out.len();
            self.key(field.key);
            let path = path.key(field.key);
            let found = match (field.rule, node) {
                (Rule::Depends, node) => self.depends(block, field, node.and_then(Node::raw), &path),
                (_, None) => Ok(Found::Nothing),
                (Rule::Null, Some(node)) if hollow(node) => Ok(Found::Nothing),
                (_, Some(node)) => self.node(field.shape, node, &path),
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

    fn node(&mut self, shape: Shape, node: &Node<'_>, path: &Path<'_>) -> Result<Found, Expected> {
        let start = self.out.len();
        match (shape, node) {
            (Shape::Object(_), Node::Object(block)) => self.block(block, path),
            (Shape::Data(_), Node::Object(block)) => {
                self.block(block, path);
                self.marks.data = start..self.out.len();
            }
            (Shape::List(_), Node::List(items)) => drop(self.list(items, path)),
            (Shape::Items(_), Node::List(items)) => {
                self.marks.items = self.list(items, path);
                if !(1..=limits::CONTRIBUTION_LINEITEMS).contains(&self.marks.items.len()) {
                    return Err(ITEMS);
                }
            }
            (Shape::List(_) | Shape::Items(_), _) => return Err("a list of objects"),
            (Shape::Tracking, Node::Raw(raw)) => {
                self.value(Shape::Free, raw)?;
                self.marks.tracking = start..self.out.len();
            }
            (shape, Node::Raw(raw)) => return self.value(shape, raw),
            _ => return Err(OBJECT),
        }
        Ok(Found::Value)
    }

    /// Writes a value that is not null and has no table, or tells that it is empty.
    pub(crate) fn value(&mut self, shape: Shape, raw: &RawValue) -> Result<Found, Expected> {
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
            Shape::Free if json.starts_with('{') => compact(&mut self.out, json),
            _ => return Err(OBJECT),
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

    /// Writes a list; tells where each of its objects lies.
    fn list(&mut self, items: &[Node<'_>], path: &Path<'_>) -> Vec<Range<usize>> {
        let mut written = Vec::with_capacity(items.len());
        self.out.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            let (start, path) = (self.out.len(), path.index(at));
            match item {
                Node::Object(block) => self.block(block, &path),
                _ => self.wrong(&path, OBJECT),
            }
            written.push(start..self.out.len());
        }
        self.out.push(']');
        written
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
fn hollow(node: &Node<'_>) -> bool {
    match node {
        Node::Object(block) => block.is_empty(),
        Node::Raw(raw) => {
            let inside = raw.get().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            inside.is_some_and(|inside| inside.trim_ascii().is_empty())
        }
        _ => false,
    }
}

fn expected(shape: Shape) -> Expected {
    match shape {
        Shape::Text => TEXT,
        Shape::Time => TIME,
        Shape::Count => COUNT,
        Shape::Money => MONEY,
        Shape::List(_) | Shape::Items(_) => ITEMS,
        _ => OBJECT,
    }
}
