//! Values that are known only when a plan runs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a value that was captured earlier (`formats/plans.md` §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Reference {
    /// `capture.NAME`: captured earlier in this plan.
    Capture(String),
    /// `ledger.line.NAME`: captured for this line item.
    Line(String),
    /// `ledger.series.NAME`: captured for this series.
    Series(String),
    /// `ledger.resource.KEY`: captured for this webhook under a text key.
    Resource(String),
}

/// A text that is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reference is capture.NAME or ledger.line.NAME, ledger.series.NAME, ledger.resource.KEY")]
pub struct NotAReference;

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capture(name) => write!(f, "capture.{name}"),
            Self::Line(name) => write!(f, "ledger.line.{name}"),
            Self::Series(name) => write!(f, "ledger.series.{name}"),
            Self::Resource(key) => write!(f, "ledger.resource.{key}"),
        }
    }
}

impl TryFrom<String> for Reference {
    type Error = NotAReference;
    fn try_from(text: String) -> Result<Self, NotAReference> {
        let of = |prefix: &str| text.strip_prefix(prefix).map(str::to_owned).filter(|name| !name.is_empty());
        of("capture.")
            .map(Self::Capture)
            .or_else(|| of("ledger.line.").map(Self::Line))
            .or_else(|| of("ledger.series.").map(Self::Series))
            .or_else(|| of("ledger.resource.").map(Self::Resource))
            .ok_or(NotAReference)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

/// Text with references in it. What an event says is only ever in [`Part::Text`], so nothing in an event can be
/// taken for a reference.
pub type Text = Vec<Part>;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Written as it is.
    Text(String),
    /// Written as the value that it refers to: as JSON in a JSON body, percent-encoded in a path, a query or a form.
    /// Without the value the step fails as rejected.
    Ref(Reference),
    /// The three written one after the other when there is the value, else nothing.
    Maybe(String, Reference, String),
}

impl Part {
    /// A text without references.
    pub fn text(text: impl Into<String>) -> Text {
        vec![Self::Text(text.into())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_comes_back_from_its_text() {
        for text in ["capture.van_id", "ledger.line.a", "ledger.series.order_id", "ledger.resource.page:a.b \"c"] {
            let reference = Reference::try_from(text.to_owned()).expect("a reference");
            assert_eq!(reference.to_string(), text);
        }
        for bad in ["", "capture.", "ledger.line.", "van_id", "ledger.other.x", "Capture.x"] {
            assert_eq!(Reference::try_from(bad.to_owned()), Err(NotAReference), "{bad}");
        }
    }
}
