//! What the sender tells: names, labels and log lines in one file.

use contract::attempt::{Attempt, Outcome};
use contract::lane::Lane;
use jiff::Timestamp;
use metrics::{counter, histogram};
use std::error::Error;
use std::time::Duration;

/// Attempts and how they ended. Labels `outcome`, `test`.
const ATTEMPTS: &str = "tributary_sender_attempts_total";
/// From the first byte sent to the end of the answer.
const SECONDS: &str = "tributary_sender_request_seconds";
/// From the acceptance of an event to its delivery. Label `lane`.
const AGE: &str = "tributary_event_age_seconds";
/// Deliveries that were skipped because an earlier handling of their message had delivered them.
const REPEATS: &str = "tributary_sender_repeats_avoided_total";
/// Requests that were written to a pooled connection that was closed, and went out again.
const STALE: &str = "tributary_sender_stale_connections_total";
/// What could not be written to the store after a request was made. Label `what`.
const UNWRITTEN: &str = "tributary_sender_unwritten_total";
/// Webhooks that a 410 switched off.
const GONE: &str = "tributary_sender_gone_total";

/// An attempt is over. Final ones are one log line each, with the trace that began at the entrance.
pub(crate) fn attempted(attempt: &Attempt, trace: &str) {
    let outcome = attempt.outcome.name();
    counter!(ATTEMPTS, "outcome" => outcome, "test" => if attempt.test { "true" } else { "false" }).increment(1);
    if attempt.number > 0 {
        histogram!(SECONDS).record(Duration::from_millis(attempt.duration_ms).as_secs_f64());
        span(attempt, trace);
    }
    let reason = (attempt.outcome != Outcome::Delivered).then_some(&attempt.reason);
    // The level is part of the macro: one line for each result that is final, and none for tries before it.
    if attempt.next_at.is_some() {
        tracing::debug!(
            delivery.id = %attempt.delivery,
            delivery.tries = attempt.number,
            webhook.id = %attempt.webhook,
            http.status = attempt.status,
            http.ms = attempt.duration_ms,
            trace,
            reason,
            "{outcome}"
        );
    } else {
        tracing::info!(
            delivery.id = %attempt.delivery,
            delivery.tries = attempt.number,
            webhook.id = %attempt.webhook,
            http.status = attempt.status,
            http.ms = attempt.duration_ms,
            trace,
            reason,
            "{outcome}"
        );
    }
}

/// A request was made: its span.
fn span(attempt: &Attempt, trace: &str) {
    runtime::trace::Attempt {
        trace,
        delivery: attempt.delivery.as_str(),
        webhook: attempt.webhook.as_str(),
        number: attempt.number,
        began: attempt.at,
        took: Duration::from_millis(attempt.duration_ms),
        outcome: attempt.outcome.name(),
        status: attempt.status,
        reason: &attempt.reason,
        failed: attempt.outcome != Outcome::Delivered,
    }
    .record();
}

/// An event has arrived.
pub(crate) fn delivered(lane: Lane, first_at: Timestamp, now: Timestamp) {
    let age = now.duration_since(first_at).as_secs_f64().max(0.0);
    histogram!(AGE, "lane" => lane.name()).record(age);
}

/// A done mark saved a repeat.
pub(crate) fn repeat_avoided() {
    counter!(REPEATS).increment(1);
}

/// A pooled connection was closed under a request.
pub(crate) fn stale_connection() {
    counter!(STALE).increment(1);
}

/// The store did not take something after the request was made. The request is not made again for that.
/// While the store is away only the first is worth a warning.
pub(crate) fn unwritten(what: &'static str, delivery: &str, error: Option<&store::Error>, news: bool) {
    counter!(UNWRITTEN, "what" => what).increment(1);
    let cause = error.and_then(Error::source).map(ToString::to_string);
    let error = error.map(ToString::to_string);
    if news {
        tracing::warn!(delivery.id = delivery, what, error, cause, "not written to the store");
    } else {
        tracing::debug!(delivery.id = delivery, what, error, cause, "not written to the store");
    }
}

/// Something stored is there and can't be read.
pub(crate) fn unreadable(error: &store::Error) {
    let cause = error.source().map(ToString::to_string);
    tracing::error!(%error, cause, "stored data is damaged");
}

/// The shared rate can't be asked for; each copy of the sender keeps to the rate by itself.
pub(crate) fn local_rate_only(webhook: &str, error: &store::Error, news: bool) {
    if news {
        tracing::warn!(webhook.id = webhook, %error, "limiting rates in this process only");
    }
}

/// A receiver said that nobody listens any more.
pub(crate) fn gone(webhook: &str) {
    counter!(GONE).increment(1);
    tracing::warn!(webhook.id = webhook, "the endpoint answered 410 Gone; the webhook is inactive now");
}
