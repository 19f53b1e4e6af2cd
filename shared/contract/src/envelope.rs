//! The wire form between services: a message is NDJSON, one envelope a line.
//!
//! Versioned and decoded one line at a time, so a line that can't be decoded is parked alone.

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
}

impl Header {
    /// The header of something that has just been accepted.
    pub fn new(id: &str, trace: String, lane: Lane, first_at: Timestamp) -> Self {
        Self { version: VERSION, id: id.to_owned(), trace, lane, first_at, attempt: 0, not_before: None, why: None }
    }

    /// The same journey under another id: what an event becomes when it is a delivery.
    #[must_use]
    pub fn for_id(&self, id: &str) -> Self {
        Self { id: id.to_owned(), attempt: 0, not_before: None, why: None, ..self.clone() }
    }
}

/// One line: a header and a body that is decoded when a handler asks for it.
#[derive(Debug, Clone)]
pub struct Line {
    /// What every line says about its body.
    pub header: Header,
    body: Box<RawValue>,
    length: usize,
}

/// Why a line can't be decoded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not an envelope.
    #[error("not an envelope")]
    Envelope(#[source] serde_json::Error),
    /// Written by a newer program.
    #[error("envelope version {0} is newer than this program understands")]
    Version(u8),
    /// The body is not what this queue carries.
    #[error("the envelope's body is not what this queue carries")]
    Body(#[source] serde_json::Error),
}

/// [`Header`] and body side by side: `serde(flatten)` would copy the body and loses its raw bytes.
#[derive(Deserialize)]
struct Wire<'a> {
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
    #[serde(borrow)]
    body: &'a RawValue,
}

impl Line {
    /// A line that carries `body`.
    pub fn new<B: Serialize>(header: Header, body: &B) -> Result<Self, Error> {
        let body = serde_json::value::to_raw_value(body).map_err(Error::Body)?;
        let length = body.get().len();
        Ok(Self { header, body, length })
    }

    /// Reads one line.
    pub fn decode(line: &[u8]) -> Result<Self, Error> {
        let wire: Wire<'_> = serde_json::from_slice(line).map_err(Error::Envelope)?;
        if wire.v > VERSION {
            return Err(Error::Version(wire.v));
        }
        let Wire { v: version, id, trace, lane, first_at, attempt, not_before, why, body } = wire;
        let header = Header { version, id, trace, lane, first_at, attempt, not_before, why };
        Ok(Self { header, body: body.to_owned(), length: line.len() })
    }

    /// Reads the body.
    pub fn body<B: DeserializeOwned>(&self) -> Result<B, Error> {
        serde_json::from_str(self.body.get()).map_err(Error::Body)
    }

    /// Bytes that it takes, for limits on batches; exact for decoded lines.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Writes the line, without a line feed.
    pub fn encode(&self) -> Result<Bytes, Error> {
        #[derive(Serialize)]
        struct Out<'a> {
            #[serde(flatten)]
            header: &'a Header,
            body: &'a RawValue,
        }
        serde_json::to_vec(&Out { header: &self.header, body: &self.body }).map(Bytes::from).map_err(Error::Envelope)
    }
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
        let line = Line::decode(GOLDEN.as_bytes()).expect("an envelope");
        assert_eq!(line.header.lane, Lane::Live);
        assert_eq!(line.encode().expect("encodes"), GOLDEN);
    }

    #[test]
    fn a_line_that_is_no_envelope_says_so() {
        for bad in ["", "{", "[]", r#"{"v":1}"#, r#"{"id":"a","body":{}}"#] {
            assert!(matches!(Line::decode(bad.as_bytes()), Err(Error::Envelope(_))), "{bad}");
        }
        let newer = GOLDEN.replace("\"v\":1", "\"v\":2");
        assert!(matches!(Line::decode(newer.as_bytes()), Err(Error::Version(2))));
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
