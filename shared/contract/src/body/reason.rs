//! Why a document was rejected: where, and what was expected there.

use crate::limits;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that is wrong with a document. It never holds a value of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// JSON path, such as `$.data.lineitems[0].amount`.
    pub path: String,
    /// What was expected there, such as "a whole number that is not negative".
    pub expected: String,
}

/// Everything that is wrong with a document, at most [`limits::REJECTION_REASONS`] of it in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// In the order of the document's format.
    pub reasons: Vec<Reason>,
    /// Reasons found and not listed.
    #[serde(default)]
    pub more: usize,
}

impl Rejection {
    /// A rejection with one reason.
    pub fn of(path: &str, expected: &str) -> Self {
        let reason = Reason { path: path.to_owned(), expected: expected.to_owned() };
        Self { reasons: vec![reason], more: 0 }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    pub(crate) fn push(&mut self, path: &Path<'_>, expected: &str) {
        if self.reasons.len() < limits::REJECTION_REASONS {
            self.reasons.push(Reason { path: path.to_string(), expected: expected.to_owned() });
        } else {
            self.more += 1;
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Reason { path, expected }) in self.reasons.iter().enumerate() {
            let separator = if n == 0 { "" } else { "; " };
            write!(f, "{separator}{path}: expected {expected}")?;
        }
        if self.more > 0 { write!(f, "; and {} more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for Rejection {}

/// How much of a key that is not a plain word a path shows.
const KEY_SHOWN_BYTES: usize = 64;

/// A place in a document. It lives on the stack and becomes text only when something is wrong there.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    part: Part<'a>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Root(&'a str),
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(crate) const fn root(text: &'a str) -> Self {
        Self { parent: None, part: Part::Root(text) }
    }

    pub(crate) const fn key(&'a self, key: &'a str) -> Self {
        Self { parent: Some(self), part: Part::Key(key) }
    }

    pub(crate) const fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), part: Part::Index(index) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.part {
            Part::Root(text) => f.write_str(text),
            Part::Index(index) => write!(f, "[{index}]"),
            Part::Key(key) if plain(key) => write!(f, ".{key}"),
            // Only the names of reference codes are upstream's own, and they can be of any length.
            Part::Key(key) => write!(f, "[{:?}]", &key[..key.floor_char_boundary(KEY_SHOWN_BYTES)]),
        }
    }
}

fn plain(key: &str) -> bool {
    key.len() <= KEY_SHOWN_BYTES && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
