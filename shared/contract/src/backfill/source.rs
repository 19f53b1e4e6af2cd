//! Where a backfill's events come from, and how far that has been read.

use crate::limits;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a backfill's events come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Source {
    /// The `history` queue: what ingest accepted.
    #[default]
    History,
    /// Files or standard input, which the runner of the command reads.
    Files {
        /// What they are called, for people and for a restart.
        names: Vec<String>,
    },
}

/// Why files can't be a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSource {
    /// None were named.
    #[error("no file is named")]
    NoFile,
    /// More than [`limits::BACKFILL_FILES`].
    #[error("more than {} files are named", limits::BACKFILL_FILES)]
    ManyFiles,
    /// A name is longer than [`limits::BACKFILL_FILE_NAME_BYTES`].
    #[error("the name of a file is longer than {} bytes", limits::BACKFILL_FILE_NAME_BYTES)]
    LongName,
}

impl Source {
    /// These files, in this order.
    pub fn files(names: Vec<String>) -> Result<Self, BadSource> {
        if names.is_empty() {
            return Err(BadSource::NoFile);
        }
        if names.len() > limits::BACKFILL_FILES {
            return Err(BadSource::ManyFiles);
        }
        if names.iter().any(|name| name.len() > limits::BACKFILL_FILE_NAME_BYTES) {
            return Err(BadSource::LongName);
        }
        Ok(Self::Files { names })
    }
}

/// How far a source has been read, in the source's own words: at most [`limits::BACKFILL_CURSOR_BYTES`] of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(String);

/// A text that is too long for a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is at most {} bytes long", limits::BACKFILL_CURSOR_BYTES)]
pub struct CursorTooLong;

impl Cursor {
    /// Checks the length.
    pub fn new(text: impl Into<String>) -> Result<Self, CursorTooLong> {
        let text = text.into();
        if text.len() <= limits::BACKFILL_CURSOR_BYTES { Ok(Self(text)) } else { Err(CursorTooLong) }
    }

    /// As the source wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Cursor {
    type Error = CursorTooLong;
    fn try_from(text: String) -> Result<Self, CursorTooLong> {
        Self::new(text)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
