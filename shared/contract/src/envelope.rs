//! The wire form between services: a message is NDJSON, one envelope a line.
//!
//! Versioned and decoded one line at a time, so a line that can't be decoded is parked alone.

use crate::id::BackfillId;
use crate::lane::Lane;
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The version that this program writes.
pub const VERSION: u8 = 1;

/// What every line says about its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the wire form.
    #[serde(rename = "v")]
    pub version: u8,
    /// Event id before the formatter, delivery id after it.
    pub id: String,
    /// W3C `traceparent`, the same through every hop.
    pub trace: String,
    /// The lane it travels on.
    pub lane: Lane,
    /// When ingest accepted it.
    pub first_at: Timestamp,
    /// Tries made.
    pub attempt: u32,
    /// Not to be handled earlier; set when it waits in delay queues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Why it waits: the reason of the last retry or deferral, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The backfill that it belongs to: its window is told when it comes to an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<BackfillId>,
}

impl Header {
    /// The header of something that has just been accepted.
    pub fn new(id: &str, trace: String, lane: Lane, first_at: Timestamp) -> Self {
        Self {
            version: VERSION,
            id: id.to_owned(),
            trace,
            lane,
            first_at,
            attempt: 0,
            not_before: None,
            why: None,
            backfill: None,
        }
    }

    /// The same journey under another id: what an event becomes when it is a delivery.
    #[must_use]
    pub fn for_id(&self, id: &str) -> Self {
        Self { id: id.to_owned(), attempt: 0, not_before: None, why: None, ..self.clone() }
    }
}

/// One line: a header and a body. `Line<Box<RawValue>>` keeps a body that nobody needs to understand.
#[derive(Debug, Clone)]
pub struct Line<B> {
    /// What every line says about its body.
    pub header: Header,
    /// What it carries.
    pub body: B,
}

/// Why a line can't be decoded or encoded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not an envelope, or its body is not what this queue carries.
    #[error("not an envelope with the body that this queue carries")]
    Envelope(#[source] serde_json::Error),
    /// Written by a newer program.
    #[error("envelope version {0} is newer than this program understands")]
    Version(u8),
}

/// [`Header`] and body side by side: `serde(flatten)` would copy the body and loses its raw bytes.
#[derive(Deserialize)]
struct Wire<B> {
    v: u8,
    id: String,
    trace: String,
    lane: Lane,
    first_at: Timestamp,
    attempt: u32,
    #[serde(default)]
    not_before: Option<Timestamp>,
    #[serde(default)]
    why: Option<String>,
    #[serde(default)]
    backfill: Option<BackfillId>,
    body: B,
}

/// All that is certain about a line of another version.
#[derive(Deserialize)]
struct Versioned {
    v: u8,
}

/// Bytes of an envelope beside its body, about.
const AROUND_BODY_BYTES: usize = 320;

impl<B> Line<B> {
    /// A line that carries `body`.
    pub fn new(header: Header, body: B) -> Self {
        Self { header, body }
    }
}

impl<B: DeserializeOwned> Line<B> {
    /// Reads one line.
    pub fn decode(line: &[u8]) -> Result<Self, Error> {
        let version = |error| match serde_json::from_slice::<Versioned>(line) {
            Ok(Versioned { v }) if v > VERSION => Error::Version(v),
            _ => Error::Envelope(error),
        };
        let wire: Wire<B> = serde_json::from_slice(line).map_err(version)?;
        if wire.v > VERSION {
            return Err(Error::Version(wire.v));
        }
        let Wire { v: version, id, trace, lane, first_at, attempt, not_before, why, backfill, body } = wire;
        let header = Header { version, id, trace, lane, first_at, attempt, not_before, why, backfill };
        Ok(Self { header, body })
    }
}

impl<B: Serialize> Line<B> {
    /// Writes the line, without a line feed. `length` is about how long its body will be.
    pub fn encode(&self, length: usize) -> Result<Bytes, Error> {
        #[derive(Serialize)]
        struct Out<'a, B> {
            #[serde(flatten)]
            header: &'a Header,
            body: &'a B,
        }
        let mut line = Vec::with_capacity(length + AROUND_BODY_BYTES);
        let out = Out { header: &self.header, body: &self.body };
        serde_json::to_writer(&mut line, &out).map_err(Error::Envelope)?;
        Ok(Bytes::from(line))
    }
}

/// The same line under another header: what becomes of one that waits.
pub fn under(line: &[u8], header: Header) -> Result<Bytes, Error> {
    let Line { body, .. } = Line::<Box<RawValue>>::decode(line)?;
    Line::new(header, body).encode(line.len())
}

/// The lines of a message, empty ones left out.
pub fn lines(message: &Bytes) -> impl Iterator<Item = Bytes> + '_ {
    message
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(|line| message.slice_ref(line))
}

/// Puts lines into messages of at most `most_lines` lines and `most_bytes` bytes, in order. A line that is
/// longer than that makes a message of its own.
pub fn batches(lines: impl IntoIterator<Item = Bytes>, most_lines: usize, most_bytes: usize) -> Vec<Bytes> {
    let mut messages = Vec::new();
    let (mut batch, mut count) = (BytesMut::new(), 0);
    let mut lines = lines.into_iter().peekable();
    // The only line of a message is that message; nothing is copied.
    if let Some(only) = lines.next_if(|_| true) {
        if lines.peek().is_none() {
            return vec![only];
        }
        batch.reserve(only.len() * lines.size_hint().0.min(most_lines));
        batch.extend_from_slice(&only);
        count = 1;
    }
    for line in lines {
        if count > 0 && (count == most_lines || batch.len() + 1 + line.len() > most_bytes) {
            messages.push(batch.split().freeze());
            count = 0;
        }
        if count > 0 {
            batch.extend_from_slice(b"\n");
        }
        batch.extend_from_slice(&line);
        count += 1;
    }
    if count > 0 {
        messages.push(batch.freeze());
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = r#"{"v":1,"id":"evt_1","trace":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","lane":"live","first_at":"2026-11-02T19:05:09Z","attempt":0,"body":{"b":1.10,"a":1E2}}"#;

    #[test]
    fn the_wire_form_is_stable_and_keeps_the_body_as_it_is() {
        let line = Line::<Box<RawValue>>::decode(GOLDEN.as_bytes()).expect("an envelope");
        assert_eq!(line.header.lane, Lane::Live);
        assert_eq!(line.encode(0).expect("encodes"), GOLDEN);
        assert_eq!(under(GOLDEN.as_bytes(), line.header).expect("encodes"), GOLDEN);
    }

    #[test]
    fn a_line_that_is_no_envelope_says_so() {
        for bad in ["", "{", "[]", r#"{"v":1}"#, r#"{"id":"a","body":{}}"#] {
            let decoded = Line::<Box<RawValue>>::decode(bad.as_bytes());
            assert!(matches!(decoded, Err(Error::Envelope(_))), "{bad}");
        }
        let newer = GOLDEN.replace("\"v\":1", "\"v\":2").replace("\"lane\":\"live\",", "");
        assert!(matches!(Line::<Box<RawValue>>::decode(newer.as_bytes()), Err(Error::Version(2))));
    }

    #[test]
    fn batches_respect_both_limits_and_lose_nothing() {
        let lines: Vec<Bytes> = ["aa", "bb", "cc", "dddddddd", "e"].map(Bytes::from).to_vec();
        let made = batches(lines.clone(), 2, 6);
        assert_eq!(made, ["aa\nbb", "cc", "dddddddd", "e"].map(Bytes::from));
        let back: Vec<Bytes> = made.iter().flat_map(super::lines).collect();
        assert_eq!(back, lines);
    }
}
