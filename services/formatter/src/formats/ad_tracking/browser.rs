//! What the donor's browser told (`formats/ad-tracking.md` §2).

use contract::event::Event;
use serde_json::{Map, Value};

/// The object `tracking` of an event. What is not of the form of its key counts as absent: upstream's text is carried
/// through unread.
#[derive(Debug)]
pub(super) struct Browser(Map<String, Value>);

impl Browser {
    pub(super) fn of(event: &Event) -> Self {
        let read = event.tracking.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok());
        Self(read.unwrap_or_default())
    }

    /// A text, trimmed.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        text(self.0.get(key)?)
    }

    /// `GRANTED` or `DENIED`.
    pub(super) fn consent(&self, to: &str) -> Option<&str> {
        text(self.0.get("consent")?.get(to)?).filter(|said| matches!(*said, "GRANTED" | "DENIED"))
    }
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty())
}
