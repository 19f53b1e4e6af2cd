//! What lies on queues.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A delivery that was given up or could not be sent, kept for replay.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UndeliveredView {
    /// The `webhook-id` that the receiver sees.
    pub delivery: String,
    /// Which event.
    pub event: String,
    /// `contribution`, `refund` or `cancellation`.
    pub kind: String,
    /// `lineitems[0].lineitemId`
    pub lineitem: u64,
    /// When the event was accepted.
    pub received_at: Timestamp,
    /// When it was given up.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// Undelivered deliveries of a webhook, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UndeliveredList {
    /// At most as many as were asked for.
    pub undelivered: Vec<UndeliveredView>,
}

/// Which undelivered deliveries are meant.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UndeliveredFilter {
    /// Those given up at or after this time (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Those given up before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Those of this kind: `contribution`, `refund` or `cancellation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Those whose reason has this text in it, in capitals or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many at most; lists give 100 by default and 1,000 at most, a replay takes all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Undelivered deliveries, counted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UndeliveredCounts {
    /// All that the filter means.
    pub undelivered: u64,
    /// The same, by kind and reason.
    pub groups: Vec<UndeliveredGroup>,
}

/// Undelivered deliveries of one kind that were given up for one reason.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UndeliveredGroup {
    /// `contribution`, `refund` or `cancellation`.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// How many messages were sent on their way again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    /// Sent again.
    pub replayed: u64,
    /// Left where they are.
    pub kept: u64,
}

/// A message that was put aside.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StoredView {
    /// Stable while it lies there.
    pub id: String,
    /// Which stage put it aside.
    pub stage: String,
    /// Why.
    pub reason: String,
    /// The queue that it was taken from.
    pub origin: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Its length.
    pub bytes: usize,
    /// As it came; only when one message is shown. It can hold a donor's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// As it came, in base64, when it is not UTF-8 text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
}

/// Messages that were put aside, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StoredList {
    /// At most as many as were asked for.
    pub messages: Vec<StoredView>,
}

/// How many are listed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Limit {
    /// How many at most; 100 by default, 1,000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// A queue.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct QueueView {
    /// Its name without the prefix of the installation.
    pub queue: String,
    /// Messages that wait; a message can hold several lines.
    pub ready: u64,
    /// Who takes them.
    pub consumers: u32,
}

/// All queues.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct QueueList {
    /// In the order in which messages travel.
    pub queues: Vec<QueueView>,
}
