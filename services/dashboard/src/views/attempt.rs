//! Attempts and tests.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One try at a delivery.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AttemptView {
    /// When it began.
    pub at: Timestamp,
    /// Which webhook.
    pub webhook: String,
    /// The `webhook-id` that the receiver saw.
    pub delivery: String,
    /// Which event.
    pub event: String,
    /// `contribution`, `refund` or `cancellation`.
    pub kind: String,
    /// `lineitems[0].lineitemId`
    pub lineitem: u64,
    /// 1 for the first try; 0 when nothing was sent.
    pub number: u32,
    /// `delivered`, `retrying`, `undelivered` or `skipped`.
    pub outcome: String,
    /// The status and what it means, or why nothing was sent.
    pub reason: String,
    /// HTTP status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// From the first byte sent to the end of the answer.
    pub duration_ms: u64,
    /// When it will be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// The last request of a test, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The beginning of the answer to a failed attempt or to a test, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Sent by the test button.
    #[serde(default)]
    pub test: bool,
}

/// Attempts of a webhook, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AttemptPage {
    /// At most as many as were asked for.
    pub attempts: Vec<AttemptView>,
    /// Give it as `after` to get what comes next; also when nothing is there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which attempts are listed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AttemptFilter {
    /// Those after this cursor. Without it: from the oldest that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many at most; 1,000 by default and at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// What the receiver said to the fictional events of a test.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TestResult {
    /// Whether it took all that was sent to it, and anything was.
    pub delivered: bool,
    /// What was sent, a contribution first.
    pub attempts: Vec<AttemptView>,
    /// Kinds that the connection takes, and of which nothing was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_tried: Vec<NotTried>,
    /// What the test left behind at the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_note: Option<String>,
}

/// A kind of event that a test did not send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotTried {
    /// `contribution`, `refund` or `cancellation`.
    pub kind: String,
    /// Why.
    pub reason: String,
}
