//! What a stage tells: names, labels and log lines in one file.
//!
//! The contract of every stage: `received` equals the sum of `settled` when it is idle.

use crate::handler::Item;
use metrics::{counter, gauge, histogram};
use runtime::trace::{Door, Hop};
use std::time::{Duration, Instant};

/// Items taken from queues. Label `stage`.
pub(crate) const RECEIVED: &str = "tributary_stage_received_total";
/// Items settled. Labels `stage`, `outcome`.
pub(crate) const SETTLED: &str = "tributary_stage_settled_total";
/// From taking a unit to its acknowledgement. Label `stage`.
pub(crate) const SECONDS: &str = "tributary_stage_seconds";
/// Items being handled. Label `stage`.
pub(crate) const IN_FLIGHT: &str = "tributary_stage_in_flight";
/// Waits. Labels `stage`, `reason`.
pub(crate) const RETRIES: &str = "tributary_stage_retries_total";
/// Items that nothing came of on purpose. Labels `stage`, `reason`.
pub(crate) const SKIPPED: &str = "tributary_stage_skipped_total";
/// Messages parked. Labels `stage`, `reason`.
pub(crate) const PARKED: &str = "tributary_stage_parked_total";
/// Acknowledgements that came too late: the message is handed out again. Label `stage`.
pub(crate) const STALE: &str = "tributary_stage_stale_acks_total";

/// How an item was settled: the label `outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    Forwarded,
    Retried,
    Deferred,
    Undelivered,
    Parked,
    Skipped,
}

impl Settled {
    const fn name(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::Retried => "retried",
            Self::Deferred => "deferred",
            Self::Undelivered => "undelivered",
            Self::Parked => "parked",
            Self::Skipped => "skipped",
        }
    }
}

/// A unit was taken and split.
pub(crate) fn received(stage: &'static str, items: usize) {
    counter!(RECEIVED, "stage" => stage).increment(items as u64);
    gauge!(IN_FLIGHT, "stage" => stage).increment(as_f64(items));
}

/// A unit left the stage, settled or given back.
pub(crate) fn left(stage: &'static str, items: usize) {
    gauge!(IN_FLIGHT, "stage" => stage).decrement(as_f64(items));
}

/// An item's fate is confirmed.
pub(crate) fn settled(stage: &'static str, outcome: Settled) {
    counter!(SETTLED, "stage" => stage, "outcome" => outcome.name()).increment(1);
}

/// What an item led to is confirmed: its span, from the moment its unit was taken.
pub(crate) fn hop(stage: &'static str, item: &impl Item, began: Instant, settled: Settled) {
    let Some(trace) = item.trace() else { return };
    let (id, outcome) = (item.header().map(|header| header.id.as_str()), settled.name());
    let failed = matches!(settled, Settled::Undelivered | Settled::Parked);
    Hop { stage, trace, door: Door::Queue, id, began, outcome, failed }.record();
}

/// An item waits. Only what stands before the first colon is a label: the rest may name a host.
pub(crate) fn waits(stage: &'static str, why: &str) {
    let reason = why.split(':').next().unwrap_or_default().to_owned();
    counter!(RETRIES, "stage" => stage, "reason" => reason).increment(1);
}

/// Nothing comes of an item, on purpose.
pub(crate) fn skipped(stage: &'static str, reason: &'static str) {
    counter!(SKIPPED, "stage" => stage, "reason" => reason).increment(1);
}

/// A unit's messages will be handed out again.
pub(crate) fn stale(stage: &'static str, messages: usize) {
    counter!(STALE, "stage" => stage).increment(messages as u64);
    tracing::warn!(stage, messages, "the connection is gone; the messages will be handed out again");
}

/// An item is parked.
pub(crate) fn parked(stage: &'static str, kind: &'static str, message: &str, why: &str) {
    counter!(PARKED, "stage" => stage, "reason" => kind).increment(1);
    tracing::error!(stage, message.id = message, reason = why, "parked what the pipeline can't handle");
}

/// A unit is acknowledged.
pub(crate) fn acknowledged(stage: &'static str, took: Duration, stale: usize) {
    histogram!(SECONDS, "stage" => stage).record(took.as_secs_f64());
    if stale > 0 {
        counter!(STALE, "stage" => stage).increment(stale as u64);
        tracing::warn!(stage, messages = stale, "acknowledged too late; the messages will be handed out again");
    }
}

/// The stage can't go on for now.
pub(crate) fn paused(stage: &'static str, error: &(dyn std::error::Error + 'static), wait: Duration) {
    let cause = error.source().map(ToString::to_string);
    tracing::warn!(stage, %error, cause, wait_ms = wait.as_millis(), "paused; asking again");
}

#[expect(clippy::cast_precision_loss, reason = "a unit holds far fewer than 2^52 items")]
fn as_f64(items: usize) -> f64 {
    items as f64
}
