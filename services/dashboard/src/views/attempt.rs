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
    /// The beginning of a failed attempt's answer, redacted.
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
    /// Whether it took them all.
    pub delivered: bool,
    /// One for each kind of event that the type takes.
    pub attempts: Vec<AttemptView>,
}
