//! Who did what to a backfill, and when.

use crate::limits;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who it was when no person did it.
pub const ITSELF: &str = "tributary";

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Whose doing it was: an account's email address, a name that a command was given, or [`ITSELF`].
    pub who: String,
    /// What was done, for people.
    pub what: String,
}

/// What happened, oldest first; at most [`limits::BACKFILL_JOURNAL_ENTRIES`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Journal(Vec<Entry>);

impl Journal {
    /// The entries, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Adds an entry, its texts cut to their limits. When there are too many, the oldest that no person made goes
    /// first, and the very first never: a backfill that yields a hundred times does not lose who requested it.
    pub(super) fn write(&mut self, at: Timestamp, who: &str, what: &str) {
        if self.0.len() >= limits::BACKFILL_JOURNAL_ENTRIES {
            let by_itself = self.0.iter().skip(1).position(|entry| entry.who == ITSELF);
            self.0.remove(by_itself.map_or(1, |behind_first| behind_first + 1));
        }
        let [who, what] = [cut(who, limits::EMAIL_BYTES), cut(what, limits::BACKFILL_REASON_BYTES)];
        self.0.push(Entry { at, who, what });
    }
}

/// The beginning of a text, cut between characters.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}
