//! Messages as AMQP sees them: properties and headers.

use super::squeeze;
use super::topology::Topology;
use crate::message::{Note, Outgoing};
use crate::queue::Queue;
use bytes::Bytes;
use contract::limits;
use jiff::Timestamp;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use std::hash::{DefaultHasher, Hasher};
use uuid::{NoContext, Uuid};

const STAGE: &str = "x-tributary-stage";
const REASON: &str = "x-tributary-reason";
const ORIGIN: &str = "x-tributary-origin";
const AT: &str = "x-tributary-at";
/// Milliseconds since 1970; the property `timestamp` holds whole seconds only.
const PUBLISHED: &str = "x-tributary-published";
const PERSISTENT: u8 = 2;

/// An id for a message that is published now.
pub(super) fn new_id(now: Timestamp) -> Uuid {
    let (seconds, nanoseconds) = (now.as_second(), now.subsec_nanosecond());
    let seconds = u64::try_from(seconds).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, u32::try_from(nanoseconds).unwrap_or_default()))
}

/// The properties of a message that is published now.
pub(super) fn properties(message: &Outgoing, id: Uuid, now: Timestamp) -> BasicProperties {
    let mut properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_message_id(ShortString::from(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) as &str))
        .with_timestamp(u64::try_from(now.as_second()).unwrap_or_default());
    let mut headers = FieldTable::default();
    if message.queue == Queue::History {
        headers.insert(PUBLISHED.into(), AMQPValue::LongLongInt(now.as_millisecond()));
    }
    if let Some(note) = &message.note {
        for (name, value) in [
            (STAGE, note.stage.as_str()),
            (REASON, cut(&note.reason, limits::NOTE_REASON_BYTES)),
            (ORIGIN, note.origin.as_str()),
            (AT, note.at.to_string().as_str()),
        ] {
            headers.insert(name.into(), AMQPValue::LongString(value.into()));
        }
    }
    if !headers.inner().is_empty() {
        properties = properties.with_headers(headers);
    }
    properties
}

/// The id of a message. One that upstream published without an id is known by its content, which is the same
/// each time it is handed out.
pub(super) fn id(properties: &BasicProperties, body: &[u8]) -> String {
    match properties.message_id() {
        Some(id) if !id.as_str().is_empty() => id.to_string(),
        _ => {
            let mut hash = DefaultHasher::new();
            hash.write(body);
            format!("content-{:016x}", hash.finish())
        }
    }
}

/// What was published: the message's data, expanded if it travelled compressed.
pub(super) fn body(properties: &BasicProperties, data: Vec<u8>) -> Bytes {
    squeeze::expand(data, properties.content_encoding().as_ref().map(ShortString::as_str))
}

/// Whether the broker has handed the message out before, on any connection.
pub(super) fn handed_out_before(properties: &BasicProperties) -> bool {
    let count = header(properties, "x-delivery-count");
    count.and_then(number).is_some_and(|count| count > 0)
}

/// When a message of the stream was published.
pub(super) fn published(properties: &BasicProperties) -> Option<Timestamp> {
    if let Some(milliseconds) = header(properties, PUBLISHED).and_then(number) {
        return Timestamp::from_millisecond(milliseconds).ok();
    }
    let seconds = properties.timestamp().as_ref().copied()?;
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}

/// Why a message is where it is: what a stage wrote, or what the broker did by itself.
pub(super) fn note(properties: &BasicProperties, topology: &Topology) -> Option<Note> {
    stage_note(properties).or_else(|| broker_note(properties, topology))
}

fn stage_note(properties: &BasicProperties) -> Option<Note> {
    let field = |name| header(properties, name).and_then(text);
    Some(Note { stage: field(STAGE)?, reason: field(REASON)?, origin: field(ORIGIN)?, at: field(AT)?.parse().ok()? })
}

/// `x-death` holds one entry for each queue and reason, because a message may have waited in delay queues
/// before it was handed out too often.
fn broker_note(properties: &BasicProperties, topology: &Topology) -> Option<Note> {
    let AMQPValue::FieldArray(deaths) = header(properties, "x-death")? else { return None };
    deaths.as_slice().iter().find_map(|death| {
        let AMQPValue::FieldTable(death) = death else { return None };
        let field = |name: &str| death.inner().get(name);
        if field("reason").and_then(text)? != "delivery_limit" {
            return None;
        }
        let AMQPValue::Timestamp(seconds) = field("time")? else { return None };
        Some(Note {
            stage: "broker".into(),
            reason: "delivery limit".into(),
            origin: topology.bare(&field("queue").and_then(text)?).to_owned(),
            at: Timestamp::from_second(i64::try_from(*seconds).ok()?).ok()?,
        })
    })
}

fn header<'a>(properties: &'a BasicProperties, name: &str) -> Option<&'a AMQPValue> {
    properties.headers().as_ref()?.inner().get(name)
}

fn text(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

fn number(value: &AMQPValue) -> Option<i64> {
    match value {
        AMQPValue::LongLongInt(number) => Some(*number),
        AMQPValue::LongInt(number) => Some((*number).into()),
        AMQPValue::LongUInt(number) => Some((*number).into()),
        AMQPValue::ShortInt(number) => Some((*number).into()),
        AMQPValue::ShortUInt(number) => Some((*number).into()),
        AMQPValue::ShortShortInt(number) => Some((*number).into()),
        AMQPValue::ShortShortUInt(number) => Some((*number).into()),
        _ => None,
    }
}

/// The longest beginning of at most `bytes` that is whole characters.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
