//! One message as it lies in memory and in the file.

use crate::message::{Note, Outgoing};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;

/// The place of a message in its queue. Queues are ordered by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Delay queues: when the wait is over, in Unix milliseconds. History: when it was published, in Unix
    /// microseconds. Elsewhere 0, so that queues are first in, first out.
    pub(super) at: u64,
    /// Counts up over everything that was ever published to this file.
    pub(super) seq: u64,
}

impl Key {
    /// Before every message.
    pub(super) const START: Self = Self { at: 0, seq: 0 };

    /// As the file's tables are keyed.
    pub(super) const fn pair(self) -> (u64, u64) {
        (self.at, self.seq)
    }

    /// The message's id: never used twice, also not after a restart.
    pub(super) fn id(self) -> String {
        format!("{:016x}", self.seq)
    }
}

impl From<(u64, u64)> for Key {
    fn from((at, seq): (u64, u64)) -> Self {
        Self { at, seq }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// How often it was given back.
    pub(super) returned: u32,
    /// Why it is on a queue for people.
    pub(super) note: Option<Note>,
    /// As published.
    pub(super) body: Bytes,
}

/// The form below. Another form takes another number.
const VERSION: u8 = 1;
/// What a record costs in memory beside its text, roughly.
const OVERHEAD_BYTES: usize = 128;

impl Record {
    pub(super) fn new(message: Outgoing) -> Arc<Self> {
        Arc::new(Self { returned: 0, note: message.note, body: message.body })
    }

    /// Memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        let note = self.note.as_ref().map_or(0, |note| note.stage.len() + note.reason.len() + note.origin.len());
        self.body.len() + note + OVERHEAD_BYTES
    }

    /// Version, times returned, whether a note follows, the note (its time in nanoseconds, then three texts, each
    /// after its length), the body. Numbers are big-endian.
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        into.clear();
        into.push(VERSION);
        into.extend_from_slice(&self.returned.to_be_bytes());
        into.push(u8::from(self.note.is_some()));
        if let Some(note) = &self.note {
            into.extend_from_slice(&note.at.as_nanosecond().to_be_bytes());
            for text in [&note.stage, &note.reason, &note.origin] {
                into.extend_from_slice(&(text.len() as u64).to_be_bytes());
                into.extend_from_slice(text.as_bytes());
            }
        }
        into.extend_from_slice(&self.body);
    }

    /// `None` when the bytes are not a record.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        if take::<1>(&mut rest)? != [VERSION] {
            return None;
        }
        let returned = u32::from_be_bytes(take(&mut rest)?);
        let note = match take::<1>(&mut rest)? {
            [0] => None,
            _ => Some(Note {
                at: Timestamp::from_nanosecond(i128::from_be_bytes(take(&mut rest)?)).ok()?,
                stage: take_text(&mut rest)?,
                reason: take_text(&mut rest)?,
                origin: take_text(&mut rest)?,
            }),
        };
        Some(Self { returned, note, body: Bytes::copy_from_slice(rest) })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(u64::from_be_bytes(take(rest)?)).ok()?;
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    String::from_utf8(head.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted() -> Record {
        let at = Timestamp::from_nanosecond(1_793_000_000_123_456_789).expect("a time");
        let note = Note { stage: "ingest".into(), reason: "no \"type\"".into(), origin: "ingest".into(), at };
        Record { returned: 3, note: Some(note), body: Bytes::from_static(b"{\xff") }
    }

    #[test]
    fn a_record_comes_back_from_the_file_as_it_was() {
        let mut bytes = Vec::new();
        for record in [noted(), Record { returned: 0, note: None, body: Bytes::new() }] {
            record.encode(&mut bytes);
            assert_eq!(Record::decode(&bytes), Some(record));
        }
    }

    #[test]
    fn cut_or_unknown_bytes_are_no_record() {
        let mut bytes = Vec::new();
        noted().encode(&mut bytes);
        let body = noted().body.len();
        for length in 0..bytes.len() - body {
            assert_eq!(Record::decode(&bytes[..length]), None, "{length} bytes");
        }
        bytes[0] = 2;
        assert_eq!(Record::decode(&bytes), None);
    }
}
