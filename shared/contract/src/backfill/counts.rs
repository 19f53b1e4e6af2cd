//! What has become of a backfill's events, how fast, and how long the rest will take.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What has become of a backfill's events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Events that belong to it, when its source was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Deliveries that were published.
    pub sent: u64,
    /// Of those, delivered.
    pub done: u64,
    /// Of those, given up: they lie with the undelivered of the webhook.
    pub failed: u64,
    /// Of those, not sent on purpose; an attempt says why.
    pub skipped: u64,
    /// Events that an earlier backfill of the webhook, or this one, had sent already.
    pub repeated: u64,
    /// Rows of its files that are no events.
    pub rejected: u64,
}

impl Counts {
    /// Deliveries that are settled for good.
    pub const fn settled(&self) -> u64 {
        self.done + self.failed + self.skipped
    }

    /// Events of the total that need nothing more.
    pub const fn through(&self) -> u64 {
        self.settled() + self.repeated
    }
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// When they were read.
    pub at: Timestamp,
    /// What they were.
    pub counts: Counts,
}

/// How a backfill gets on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Events that were got through in a second. None when no time lies between the readings.
    pub per_s: Option<f64>,
    /// Time for the rest at that rate. None when the total is unknown or nothing moves.
    pub left: Option<Duration>,
}

/// How a backfill got on from one reading to a later one.
#[expect(clippy::cast_precision_loss, reason = "counts of events are far below 2^52")]
pub fn progress(earlier: &Reading, later: &Reading) -> Progress {
    let elapsed = later.at.duration_since(earlier.at).as_secs_f64();
    if elapsed <= 0.0 {
        return Progress::default();
    }
    let moved = later.counts.through().saturating_sub(earlier.counts.through());
    let per_s = moved as f64 / elapsed;
    let rest = later.counts.total.map(|total| total.saturating_sub(later.counts.through()));
    let left = rest.and_then(|rest| match rest {
        0 => Some(Duration::ZERO),
        rest => Duration::try_from_secs_f64(rest as f64 / per_s).ok(),
    });
    Progress { per_s: Some(per_s), left }
}
