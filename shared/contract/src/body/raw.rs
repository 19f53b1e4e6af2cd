//! A light reader of JSON: objects that have a table become [`Block`]s in one pass, and every other value stays
//! the text that upstream wrote.
//!
//! `serde_json::Value` would sort keys and rewrite numbers; unknown fields must keep both.

use super::fields::{Field, Shape};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// An object, its known fields by their place in the table and the others in their order.
/// Of a key that comes twice the last one counts.
pub(crate) struct Block<'a> {
    fields: &'static [Field],
    values: Vec<Option<Node<'a>>>,
    /// Keys and values that the table does not have.
    pub(crate) unknown: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// A value of a known field.
pub(crate) enum Node<'a> {
    /// Its text.
    Raw(&'a RawValue),
    /// An object that has a table.
    Object(Box<Block<'a>>),
    /// A list of such objects.
    List(Vec<Node<'a>>),
    /// Something else where one of these should be.
    Other,
    /// `null` there.
    Null,
}

impl<'a> Block<'a> {
    /// Reads one object and nothing after it.
    pub(crate) fn read(text: &'a str, fields: &'static [Field]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let block = reader.deserialize_map(Table(fields))?;
        reader.end()?;
        Ok(block)
    }

    /// An object without any key.
    pub(crate) fn empty(fields: &'static [Field]) -> Self {
        let values = std::iter::repeat_with(|| None).take(fields.len()).collect();
        Self { fields, values, unknown: Vec::new() }
    }

    /// Whether it has no key.
    pub(crate) fn is_empty(&self) -> bool {
        self.unknown.is_empty() && self.values.iter().all(Option::is_none)
    }

    /// Every field of the table with its value; `null` is no value.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&'static Field, Option<&Node<'a>>)> {
        self.fields.iter().zip(self.values.iter().map(|value| value.as_ref().filter(|node| !node.is_null())))
    }

    /// The value of a known field that is no object with a table; `null` is no value.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.node(key)?.raw()
    }

    /// The value of a known field that is text; empty text is no value.
    pub(crate) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        text(self.get(key)?).filter(|text| !text.is_empty())
    }

    /// The value of a known field that is an object with a table.
    pub(crate) fn block(&self, key: &str) -> Option<&Block<'a>> {
        self.node(key)?.block()
    }

    /// The objects of a known field that is a list of them; none when it is not.
    pub(crate) fn list(&self, key: &str) -> impl Iterator<Item = &Block<'a>> {
        let items = match self.node(key) {
            Some(Node::List(items)) => items.as_slice(),
            _ => &[],
        };
        items.iter().filter_map(Node::block)
    }

    fn node(&self, key: &str) -> Option<&Node<'a>> {
        self.known().find(|(field, _)| field.key == key)?.1
    }
}

impl<'a> Node<'a> {
    pub(crate) fn raw(&self) -> Option<&'a RawValue> {
        match self {
            Self::Raw(raw) => Some(raw),
            _ => None,
        }
    }

    fn block(&self) -> Option<&Block<'a>> {
        match self {
            Self::Object(block) => Some(block),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        match self {
            Self::Raw(raw) => raw.get() == "null",
            Self::Null => true,
            _ => false,
        }
    }
}

/// A JSON string, decoded.
pub(crate) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

/// The entries of an object without a table. Of a key that comes twice the last one counts.
pub(crate) fn entries(raw: &RawValue) -> Result<Vec<(Cow<'_, str>, &RawValue)>, serde_json::Error> {
    Block::read(raw.get(), &[]).map(|block| block.unknown)
}

/// Writes valid JSON without the white space between its tokens.
pub(crate) fn compact(out: &mut String, json: &str) {
    let (mut quoted, mut escaped, mut start) = (false, false, 0);
    for (at, byte) in json.bytes().enumerate() {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
        } else if byte == b'"' {
            quoted = true;
        } else if matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
            out.push_str(&json[start..at]);
            start = at + 1;
        }
    }
    out.push_str(&json[start..]);
}

/// Whether arrays and objects are nested deeper than this. Values that stay text are not counted by
/// `serde_json`'s own limit.
pub(crate) fn deeper(json: &str, most: usize) -> bool {
    // Nearly always there are not even that many brackets.
    json.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() > most && depth(json) > most
}

fn depth(json: &str) -> usize {
    let (mut quoted, mut escaped, mut depth, mut deepest) = (false, false, 0_usize, 0);
    for byte in json.bytes() {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// `Cow<str>` that borrows where it can, which serde's own does not.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads an object.
struct Table(&'static [Field]);

/// Reads the value of a field.
struct Value(Shape);

/// Reads an object, or a list of objects, or steps over what is neither.
#[derive(Clone, Copy)]
struct Nested {
    fields: &'static [Field],
    list: bool,
}

impl<'de> Visitor<'de> for Table {
    type Value = Block<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Block<'de>, A::Error> {
        let mut block = Block::empty(self.0);
        // Fields mostly come in the table's order, so the next one is usually where the last one was, plus one.
        let mut next = 0;
        while let Some(Text(key)) = map.next_key()? {
            let hit = |at: &usize| self.0.get(*at).is_some_and(|field| field.key == key);
            match Some(next).filter(hit).or_else(|| (0..self.0.len()).find(hit)) {
                Some(at) => {
                    block.values[at] = Some(map.next_value_seed(Value(self.0[at].shape))?);
                    next = at + 1;
                }
                None => block.unknown.push((key, map.next_value()?)),
            }
        }
        if block.unknown.len() > 1 {
            keep_last(&mut block.unknown);
        }
        Ok(block)
    }
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        match self.0 {
            Shape::Object(fields) | Shape::Data(fields) => deserializer.deserialize_any(Nested { fields, list: false }),
            Shape::List(fields) | Shape::Items(fields) => deserializer.deserialize_any(Nested { fields, list: true }),
            _ => Deserialize::deserialize(deserializer).map(Node::Raw),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        if self.list {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Node::Other);
        }
        Ok(Node::Object(Box::new(Table(self.fields).visit_map(map)?)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        if !self.list {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Node::Other);
        }
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self { list: false, ..self })? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }
}

fn keep_last(entries: &mut Vec<(Cow<'_, str>, &RawValue)>) {
    let last: HashMap<_, _> = entries.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect();
    if last.len() < entries.len() {
        let mut at = 0..;
        entries.retain(|(key, _)| last.get(key).copied() == at.next());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_equal_keys_counts_and_values_keep_their_text() {
        let raw = RawValue::from_string(r#"{"a":1.10,"b":1E2,"\u0061":[ 1 ],"c":null}"#.to_owned()).expect("valid");
        let read: Vec<_> = entries(&raw).expect("an object").into_iter().map(|(k, v)| (k, v.get())).collect();
        assert_eq!(read, [("b".into(), "1E2"), ("a".into(), "[ 1 ]"), ("c".into(), "null")]);
    }

    #[test]
    fn compacting_takes_white_space_between_tokens_only() {
        let mut out = String::new();
        compact(&mut out, "{ \"a b\" :\t[ 1 , \"x \\\" y \\\\\" ],\r\n \"é\": { } }");
        assert_eq!(out, r#"{"a b":[1,"x \" y \\"],"é":{}}"#);
    }

    #[test]
    fn depth_counts_brackets_outside_strings() {
        let check = |json, deep| assert!(deep == 0 || deeper(json, deep - 1) && !deeper(json, deep), "{json}");
        check("1", 0);
        check(r#"{"a":[[],"[[[\"[["]}"#, 3);
        check("]]][", 1);
    }
}
