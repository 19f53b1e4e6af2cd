//! Reads a JSON document into a type, with errors that name the field and quote nothing else: serde's own
//! texts repeat the value that was wrong, which can be a password in the wrong place.

use serde::de::value::SeqDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Field names from the outside in. All of them are known ones, but for the last of an unknown field.
    path: Vec<String>,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Unknown,
    Missing,
    Twice,
    /// A word that is none of these.
    NoneOf(&'static [&'static str]),
    Form,
}

impl Wrong {
    fn new(what: What) -> Self {
        Self { path: Vec::new(), what }
    }

    fn at(mut self, field: &str) -> Self {
        self.path.insert(0, field.to_owned());
        self
    }

    /// `credentials.authorization`; empty when the document itself is wrong.
    pub(super) fn field(&self) -> String {
        self.path.join(".")
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Unknown => f.write_str("is not a field that this request takes"),
            What::Missing => f.write_str("is missing"),
            What::Twice => f.write_str("is there twice"),
            What::NoneOf(words) => write!(f, "must be one of {}", words.join(", ")),
            What::Form => f.write_str("is not of the form that /api/openapi.json describes"),
        }
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    /// The text can quote the value.
    fn custom<T: fmt::Display>(_text: T) -> Self {
        Self::new(What::Form)
    }

    fn unknown_field(field: &str, _expected: &'static [&'static str]) -> Self {
        Self::new(What::Unknown).at(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Missing).at(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(What::Twice).at(field)
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::NoneOf(expected))
    }
}

/// Makes a `T` of a document.
pub(super) fn read<T: DeserializeOwned>(document: Value) -> Result<T, Wrong> {
    T::deserialize(Document(document))
}

struct Document(Value);

impl IntoDeserializer<'_, Wrong> for Document {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Document {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., Some(number)) => visitor.visit_f64(number),
                _ => Err(Wrong::new(What::Form)),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(entries) => visitor.visit_seq(SeqDeserializer::new(entries.into_iter().map(Document))),
            Value::Object(fields) => visitor.visit_map(Fields { fields: fields.into_iter(), next: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Self(value)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The fields of an object; the error of a value learns whose it is.
struct Fields {
    fields: <Map<String, Value> as IntoIterator>::IntoIter,
    next: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        self.next = self.fields.next();
        let Some((name, _)) = &self.next else { return Ok(None) };
        seed.deserialize(name.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let Some((name, value)) = self.next.take() else { return Err(Wrong::new(What::Form)) };
        seed.deserialize(Document(value)).map_err(|wrong| wrong.at(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::{NewWebhook, UndeliveredFilter, WebhookChange};
    use serde_json::json;

    #[test]
    fn a_document_is_read_as_serde_json_reads_it() {
        let change = json!({"nickname": null, "rate_per_s": 20, "declined": true, "credentials": {
            "authorization": {"scheme": "basic", "username": "ana", "password": "p"},
            "headers": [{"name": "X", "value": "y"}]}});
        let filter = json!({"since": "2026-11-02T14:05:09-05:00", "limit": 3});
        let read_change: WebhookChange = read(change.clone()).expect("reads");
        let expected: WebhookChange = serde_json::from_value(change).expect("reads");
        assert_eq!(serde_json::to_value(&read_change).ok(), serde_json::to_value(&expected).ok());
        assert!(read::<UndeliveredFilter>(filter).is_ok());
    }

    #[test]
    fn an_error_names_the_field_and_quotes_no_value() {
        let new = |more: Value| {
            let mut document = json!({"entity": 1, "type": "default", "endpoint": "https://a.example.org/"});
            if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
                document.extend(more);
            }
            let wrong = read::<NewWebhook>(document).expect_err("wrong");
            let text = format!("{} {wrong} {wrong:?}", wrong.field());
            assert!(!text.contains("s3cret"), "{text}");
            (wrong.field(), wrong.what)
        };
        let check = |more, field: &str, what| assert_eq!(new(more), (field.to_owned(), what));
        check(json!({"typ": "s3cret"}), "typ", What::Unknown);
        check(json!({"entity": "s3cret"}), "entity", What::Form);
        check(json!({"credentials": "s3cret"}), "credentials", What::Form);
        check(json!({"credentials": {"authorization": "Bearer s3cret"}}), "credentials.authorization", What::Form);
        check(
            json!({"credentials": {"headers": [{"name": "X", "value": 7}]}}),
            "credentials.headers.value",
            What::Form,
        );
        let scheme = json!({"credentials": {"authorization": {"scheme": "s3cret"}}});
        check(scheme, "credentials.authorization.scheme", What::NoneOf(&["none", "basic", "bearer"]));
        let password = json!({"credentials": {"authorization": {"scheme": "basic", "username": "s3cret"}}});
        check(password, "credentials.authorization.password", What::Missing);
        assert_eq!(read::<NewWebhook>(json!({})).expect_err("wrong").field(), "entity");
        assert_eq!(read::<NewWebhook>(json!(["s3cret"])).expect_err("wrong").what, What::Form);
    }
}
