//! A backfill: the past events of a webhook's entity, from a start date until the webhook's activation.
//!
//! Its life is `requested → ready → running ⇄ paused → completed`, or it fails or is cancelled on the way
//! (`life`); which events belong to it is decided in one place (`selection`). Who did what and when stays in its
//! journal.

mod counts;
mod fingerprint;
mod journal;
mod life;
mod notice;
mod selection;
mod settled;
mod source;
mod status;
mod tally;

pub use counts::{Counts, Progress, Reading, progress};
pub use fingerprint::Fingerprint;
pub use journal::{Entry, ITSELF, Journal};
pub use life::Refusal;
pub use notice::{Notice, What};
pub use selection::{End, Reason, Selection, happened_at};
pub use settled::Settled;
pub use source::{BadSource, Cursor, CursorTooLong, Source};
pub use status::{Status, UnknownStatus};
pub use tally::{Sum, Tally};

use crate::event::Kind;
use crate::id::{BackfillId, EntityId, WebhookId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A backfill of one webhook. Its fields are for reading; the methods that are named after what happens to it
/// change them, so that they always fit together and the journal tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// Its identifier.
    pub id: BackfillId,
    /// Grows with every change.
    pub version: u64,
    /// Where its events go.
    pub webhook: WebhookId,
    /// Whose events they are: the webhook's entity.
    pub entity: EntityId,
    /// Where it starts: events that happened at this instant or later. 00:00 US Eastern of the start date
    /// ([`crate::body::eastern_midnight`]).
    pub from: Timestamp,
    /// Where it ends: the latest activation of the webhook before it was started; that instant itself is live. Set
    /// when it becomes ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Where it stands.
    pub status: Status,
    /// Why it has that status, when that needs a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Only events of these kinds; none named means all that the webhook hears of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// Where its events come from.
    pub source: Source,
    /// How far the source has been read: everything before it was published. None before the first chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Whoever ran it left it in order: all that is outstanding was published. Not so after a crash.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_order: bool,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was started. From then on its span, its kinds and its source are settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was completed, failed or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Who did what, and when.
    pub journal: Journal,
}

#[cfg(test)]
mod tests;
