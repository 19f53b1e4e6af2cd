//! Backfills.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A backfill, and how it gets on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BackfillView {
    /// Its identifier.
    #[schema(example = "bf_0193f5c27e7d7b31a3c1f0a4b2c3d4e5")]
    pub id: String,
    /// Where its events go.
    pub webhook: String,
    /// Whose events they are.
    #[schema(example = 4411)]
    pub entity: u64,
    /// Events that happened at this instant or later.
    pub from: Timestamp,
    /// Where it ends, at which live begins; once the webhook was activated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// `requested`, `ready`, `running`, `paused`, `yielding`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// Why it has that status, when that needs a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Only events of these kinds; none named means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// The files that are sent; none named means the history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Events that belong to it, once they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Deliveries that were published.
    pub sent: u64,
    /// Of those, delivered.
    pub done: u64,
    /// Of those, given up: see the webhook's undelivered.
    pub failed: u64,
    /// Of those, not sent on purpose.
    pub skipped: u64,
    /// Events that a backfill of the webhook had sent before.
    pub repeated: u64,
    /// Rows of its files that can't be read.
    pub rejected: u64,
    /// Deliveries that are on their way.
    pub outstanding: u64,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was completed, failed or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Who did what, and when.
    pub journal: Vec<JournalEntry>,
}

/// What somebody did to a backfill.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JournalEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What.
    pub what: String,
}

/// Backfills.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BackfillList {
    /// Newest first, at most 1,000.
    pub backfills: Vec<BackfillView>,
}

/// Which backfills are listed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BackfillFilter {
    /// Those of this webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// Those with this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// A backfill to request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBackfill {
    /// The first day, in US Eastern time.
    #[schema(example = "2024-01-01")]
    pub from: String,
}

/// How a backfill is run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartedBackfill {
    /// Only events of these kinds: `contribution`, `refund` or `cancellation`; all by default.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Files that the caller reads and sends to `/events`, by name; without any, the history is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// With files: 16 to 64 letters and digits by which the caller is known from here on. No other is heard as long
    /// as this one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "5f6e1c0a9b8d4e7f5f6e1c0a9b8d4e7f")]
    pub runner: Option<String>,
    /// With files: how many events they have for the backfill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// With files: how many of their rows can't be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
}

/// How a backfill is cancelled.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who runs a backfill of files.
#[derive(Debug, Clone, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Runner {
    /// The word that it started the backfill with.
    pub runner: String,
}

/// The files of a backfill are at their end.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishedSource {
    /// The word that the runner started the backfill with.
    #[schema(example = "5f6e1c0a9b8d4e7f5f6e1c0a9b8d4e7f")]
    pub runner: String,
}

/// What became of messages of files.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct TakenEvents {
    /// The backfill's; unless it is `running`, nothing was taken.
    pub status: String,
    /// Events that are on their way now.
    pub published: u64,
    /// Events that a backfill of the webhook had sent before.
    pub repeated: u64,
    /// Events that do not belong to the backfill.
    pub outside: u64,
    /// The messages for which there is no room yet, counted from 0: send them again.
    pub left: Vec<u64>,
}

/// Of which kinds a backfill is counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreviewFilter {
    /// `contribution`, `refund` or `cancellation`, with commas between them; all by default. Settled once it was
    /// started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<String>,
}
