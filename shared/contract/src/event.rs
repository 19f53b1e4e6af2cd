//! An event: one thing that happened to one line item.

use crate::id::{EntityId, EventId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A payment to an entity.
    Contribution,
    /// A payment was given back.
    Refund,
    /// A recurring series was cancelled.
    Cancellation,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Contribution, Self::Refund, Self::Cancellation];

    /// The word that upstream publishes and labels carry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contribution => "contribution",
            Self::Refund => "refund",
            Self::Cancellation => "cancellation",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownKind)
    }
}

/// A word that names no kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the kind must be contribution, refund or cancellation")]
pub struct UnknownKind;

/// The state of the payment (`contribution.status`). A cancellation has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The payment went through.
    Approved,
    /// The payment was refused; sent only to webhooks that asked for it.
    Declined,
    /// Not decided yet; never sent.
    Pending,
}

impl Status {
    /// The word that upstream publishes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Pending => "pending",
        }
    }
}

/// One thing that happened to one line item, as ingest accepted it.
///
/// `body` is canonical ([`crate::body::canonical`]), `tracking` is upstream's own text without white space.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Derived; see [`EventId::derive`].
    pub id: EventId,
    /// What happened.
    pub kind: Kind,
    /// Who receives the money.
    pub entity: EntityId,
    /// `lineitems[0].lineitemId`.
    pub lineitem: u64,
    /// `contribution.status`; absent for a cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// When ingest accepted it. Decides between live and backfill.
    pub received_at: Timestamp,
    /// When it happened, if upstream said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// `form.managingEntityName`, for webhooks that hear of all pages their entity manages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managing_entity: Option<String>,
    /// Upstream's own id of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_id: Option<String>,
    /// `{"donor":…,"contribution":…,"lineitems":[one],"form":…}`, the body of the Default types.
    pub body: Box<RawValue>,
    /// Browser context for ad tracking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Box<RawValue>>,
}
