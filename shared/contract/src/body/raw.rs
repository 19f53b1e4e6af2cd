//! A light reader of JSON objects: each value stays the text that upstream wrote.
//!
//! `serde_json::Value` would sort keys and rewrite numbers; unknown fields must keep both.

use super::fields::Field;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// An object, its known fields by their place in the table and the others in their order.
/// Of a key that comes twice the last one counts.
pub(crate) struct Block<'a> {
    fields: &'static [Field],
    values: Vec<Option<&'a RawValue>>,
    /// Keys and values that the table does not have.
    pub(crate) unknown: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Block<'a> {
    /// Reads one object and nothing after it.
    pub(crate) fn read(text: &'a str, fields: &'static [Field]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let block = Table(fields).deserialize(&mut reader)?;
        reader.end()?;
        Ok(block)
    }

    /// An object without any key.
    pub(crate) fn empty(fields: &'static [Field]) -> Self {
        Self { fields, values: vec![None; fields.len()], unknown: Vec::new() }
    }

    /// Every field of the table with its value; `null` is no value.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&'static Field, Option<&'a RawValue>)> + '_ {
        self.fields.iter().zip(self.values.iter().copied().map(|value| value.filter(|raw| raw.get() != "null")))
    }

    /// The value of a known field; `null` is no value.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.known().find(|(field, _)| field.key == key)?.1
    }

    /// The value of a known field that is text; empty text is no value.
    pub(crate) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        text(self.get(key)?).filter(|text| !text.is_empty())
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

/// How deep arrays and objects are nested. Values that stay text are not counted by `serde_json`'s own limit.
pub(crate) fn depth(json: &str) -> usize {
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

struct Table(&'static [Field]);

impl<'de> DeserializeSeed<'de> for Table {
    type Value = Block<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Block<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
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
            let value: &RawValue = map.next_value()?;
            let hit = |at: &usize| self.0.get(*at).is_some_and(|field| field.key == key);
            match Some(next).filter(hit).or_else(|| (0..self.0.len()).find(hit)) {
                Some(at) => {
                    block.values[at] = Some(value);
                    next = at + 1;
                }
                None => block.unknown.push((key, value)),
            }
        }
        if block.unknown.len() > 1 {
            keep_last(&mut block.unknown);
        }
        Ok(block)
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
        let check = |json, deep| assert_eq!(depth(json), deep, "{json}");
        check("1", 0);
        check(r#"{"a":[[],"[[[\"[["]}"#, 3);
        check("]]][", 1);
    }
}
