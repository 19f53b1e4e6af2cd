//! What is published and what people see of a stored message.

use crate::queue::Queue;
use bytes::Bytes;
use jiff::Timestamp;

/// A message to publish.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where to.
    pub queue: Queue,
    /// NDJSON envelopes, or original bytes on `parked` and `ingest.rejected`.
    pub body: Bytes,
    /// Why it is on a queue for people.
    pub note: Option<Note>,
}

impl Outgoing {
    /// A message of the pipeline itself.
    pub fn new(queue: Queue, body: Bytes) -> Self {
        Self { queue, body, note: None }
    }

    /// A message for people.
    pub fn noted(queue: Queue, body: Bytes, note: Note) -> Self {
        Self { queue, body, note: Some(note) }
    }
}

/// Why a message was put aside. Carried beside the body, which stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Which stage put it aside; `broker` when the delivery limit did.
    pub stage: String,
    /// Why, for people; several reasons are JSON.
    pub reason: String,
    /// The queue that it was taken from, by its name without prefix; a parked message is replayed to it.
    pub origin: String,
    /// When.
    pub at: Timestamp,
}

/// A message as it lies on a queue for people.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The message's id, stable while it lies there.
    pub id: String,
    /// Original bytes.
    pub body: Bytes,
    /// Why it is there.
    pub note: Option<Note>,
}
