//! What the sender tells: names, labels and log lines in one file.

use contract::attempt::Attempt;
use jiff::Timestamp;
use metrics::{counter, histogram};
use std::error::Error;

/// Attempts that were made, `outcome` is how they ended. Labels `outcome`, `test`.
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

/// An attempt is over. Final ones are one log line each.
pub(crate) fn attempted(attempt: &Attempt) {
    let outcome = attempt.outcome.name();
    counter!(ATTEMPTS, "outcome" => outcome, "test" => if attempt.test { "true" } else { "false" }).increment(1);
    if attempt.number > 0 {
        histogram!(SECONDS).record(std::time::Duration::from_millis(attempt.duration_ms).as_secs_f64());
    }
    let (delivery, webhook) = (attempt.delivery.as_str(), attempt.webhook.as_str());
    let (status, ms, tries) = (attempt.status, attempt.duration_ms, attempt.number);
    if attempt.next_at.is_some() {
        let reason = &attempt.reason;
        tracing::debug!(delivery.id = delivery, delivery.tries = tries, webhook.id = webhook, http.status = status, http.ms = ms, reason, "will be tried again");
    } else {
        let reason = (attempt.outcome != contract::attempt::Outcome::Delivered).then_some(&attempt.reason);
        tracing::info!(delivery.id = delivery, delivery.tries = tries, webhook.id = webhook, http.status = status, http.ms = ms, reason, "{outcome}");
    }
}

/// An event has arrived.
pub(crate) fn delivered(lane: contract::lane::Lane, first_at: Timestamp, now: Timestamp) {
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
pub(crate) fn unwritten(what: &'static str, delivery: &str, error: &(dyn Error + 'static)) {
    counter!(UNWRITTEN, "what" => what).increment(1);
    let cause = error.source().map(ToString::to_string);
    tracing::warn!(delivery.id = delivery, what, %error, cause, "not written to the store");
}

/// A receiver said that nobody listens any more.
pub(crate) fn gone(webhook: &str) {
    counter!(GONE).increment(1);
    tracing::warn!(webhook.id = webhook, "the endpoint answered 410 Gone; the webhook is inactive now");
}
