//! The catalogue: everything that is known about every type of webhook, in one place.
//!
//! Pages, the API, the commands, the router, the formatter and the sender are drawn from it; nothing about a type
//! is written twice. It is data: `catalogue/presets.json` holds the vendors that take the Default bodies, and each
//! other file a connection that has a formatter of its own.

mod check;
mod connection;
mod field;
mod load;
#[cfg(test)]
mod tests;

pub use check::{SettingError, Settings, blank, fill};
pub use connection::{Connection, EndpointRule, Format, Scheme};
pub use field::{Choice, Column, Field, Input, MAPPED_VALUES, QUESTION};

use crate::event::Kind;
use serde::Serialize;
use std::sync::LazyLock;

/// One type, as people choose it.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The word that commands, pages and stored webhooks use; never reused.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// Where it stands in the list.
    pub group: Group,
    /// What it can speak; the first one unless the webhook says another.
    pub connections: Vec<Connection>,
}

/// Groups of types in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Set up by the customer alone.
    Direct,
    /// A vendor's platform.
    Vendor,
}

impl Entry {
    /// The connection of this id.
    pub fn connection(&self, id: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.id == id)
    }

    /// Whether events of this kind reach its webhooks at all. The three ActBlue types hear of their own kind only;
    /// of what another type can't express, a skip is recorded.
    pub fn hears(&self, kind: Kind) -> bool {
        self.connections.iter().any(|connection| connection.hears(kind))
    }
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(load::entries);

/// Every type: the direct ones, then the vendors by their labels.
pub fn all() -> &'static [Entry] {
    &ENTRIES
}

/// The type of this id.
pub fn find(id: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.id == id)
}
