//! What a body says, read as strictly as a receiver could.

use contract::plan::Part;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The texts that a body may become: with a sample in the place of every reference, and with and without what may
/// be left out.
pub(crate) fn texts(parts: &[Part]) -> [String; 2] {
    [true, false].map(|there| {
        let texts = parts.iter().map(|part| match part {
            Part::Text(text) => Cow::Borrowed(text.as_str()),
            Part::Ref(_) => Cow::Borrowed("10005165"),
            Part::Maybe(before, _, after) if there => Cow::Owned(format!("{before}10005165{after}")),
            Part::Maybe(..) => Cow::Borrowed(""),
        });
        texts.collect()
    })
}

/// Calls `see` with the key and the JSON text of every value that is no object and no list.
pub(crate) fn leaves<'a>(json: &'a str, key: &str, see: &mut impl FnMut(&str, &'a str)) {
    match json.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(json).expect("an object");
            for (at, (key, value)) in members.iter().enumerate() {
                assert!(!members[..at].iter().any(|(other, _)| other == key), "{key:?} is there twice");
                leaves(value.get(), key, see);
            }
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json).expect("a list");
            items.iter().for_each(|item| leaves(item.get(), key, see));
        }
        _ => see(key, json),
    }
}

/// An object's members in order, those with the same key as well.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
