//! An event in a few bytes, for the record of what backfills sent.

use crate::id::{EventId, digest};
use crate::limits;

/// 64 bits of a hash of an event's id, and the bucket that 14 other bits of it choose. Two events with the same one
/// are taken for the same: among ten million events of a webhook, another ten million meet one of them with a
/// chance of one in three billion.
///
/// It is stored, so it never changes (SHA-256 of the id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint {
    bucket: u16,
    bits: u64,
}

impl Fingerprint {
    /// Of this event.
    pub fn of(event: &EventId) -> Self {
        let hash = digest(&[event.as_str()]);
        #[expect(clippy::cast_possible_truncation, reason = "the lower and the upper bits of the hash are wanted")]
        let (bits, other) = (hash as u64, (hash >> 64) as u16);
        Self { bucket: other % limits::SENT_BUCKETS, bits }
    }

    /// Which part of a webhook's record it belongs to, below [`limits::SENT_BUCKETS`].
    pub const fn bucket(self) -> u16 {
        self.bucket
    }

    /// What tells it from the others of its bucket, as it is stored.
    pub const fn bytes(self) -> [u8; 8] {
        self.bits.to_be_bytes()
    }

    /// The fingerprint that was stored like that.
    pub const fn stored(bucket: u16, bytes: [u8; 8]) -> Self {
        Self { bucket, bits: u64::from_be_bytes(bytes) }
    }
}
