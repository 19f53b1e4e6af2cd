//! What the contact of a webhook is to be told of a backfill.

use super::{Counts, Status};
use crate::id::{BackfillId, NoticeId, WebhookId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that the contact of a webhook is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its identifier.
    pub id: NoticeId,
    /// When there was something to tell.
    pub at: Timestamp,
    /// Of which webhook.
    pub webhook: WebhookId,
    /// The contact's email address at that time.
    pub to: String,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// A backfill began: past events are on their way.
    BackfillBegan {
        /// Which.
        backfill: BackfillId,
        /// Where its span begins.
        from: Timestamp,
        /// Where it ends.
        until: Timestamp,
    },
    /// A backfill was completed, failed or was cancelled.
    BackfillEnded {
        /// Which.
        backfill: BackfillId,
        /// How.
        status: Status,
        /// Why, if that needs a reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// What became of its events.
        counts: Counts,
    },
}
