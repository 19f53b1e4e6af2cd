//! An attempt: one try at a delivery, as people see it in the attempt log.

use crate::event::Kind;
use crate::id::{DeliveryId, EventId, WebhookId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The receiver has it.
    Delivered,
    /// It failed and will be tried again.
    Retrying,
    /// It failed for the last time, or the webhook is inactive; it is kept for replay.
    Undelivered,
    /// It was not sent on purpose.
    Skipped,
}

impl Outcome {
    /// The word in labels and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retrying => "retrying",
            Self::Undelivered => "undelivered",
            Self::Skipped => "skipped",
        }
    }
}

/// One try at a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// Which webhook.
    pub webhook: WebhookId,
    /// Which delivery: the `webhook-id` that the receiver saw.
    pub delivery: DeliveryId,
    /// Which event.
    pub event: EventId,
    /// What happened.
    pub kind: Kind,
    /// `lineitems[0].lineitemId`
    pub lineitem: u64,
    /// 1 for the first try; 0 when nothing was sent.
    pub number: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// For people: the status and what it means, or why nothing was sent.
    pub reason: String,
    /// HTTP status of the answer, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// From the first byte sent to the end of the answer.
    pub duration_ms: u64,
    /// When it will be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// The request of a test, its credentials taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The beginning of a failed attempt's answer, redacted; kept for the latest failures only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Sent by the test button.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
}
