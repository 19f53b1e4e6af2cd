//! Writes attempts down.

use crate::away::Away;
use crate::execute::Attempted;
use crate::telemetry;
use contract::attempt::{Attempt, Outcome};
use contract::delivery::Delivery;
use contract::id::DeliveryId;
use jiff::Timestamp;
use stage::Unavailable;
use std::future::Future;
use std::time::Duration;
use store::{Attempts, Error};

/// The attempt log, as the sender uses it.
pub(crate) struct Records {
    attempts: Attempts,
    away: Away,
}

impl Records {
    pub(crate) fn new(attempts: Attempts, away: Away) -> Self {
        Self { attempts, away }
    }

    /// Writes down what came of a request. The request was made and is not made again for the log's sake:
    /// what the store does not take goes to the program's own log.
    pub(crate) async fn after_a_request(&self, attempt: &Attempt, trace: &str) {
        let optional = matches!(attempt.outcome, Outcome::Delivered | Outcome::Retrying) && !attempt.test;
        if optional {
            self.try_write("attempt", &attempt.delivery, || self.attempts.record(attempt)).await;
        } else if let Err(error) = self.attempts.record(attempt).await {
            self.unwritten("attempt", &attempt.delivery, &error);
        }
        telemetry::attempted(attempt, trace);
    }

    /// Writes what the sender can do without. While the store is away nobody waits to find that out again.
    pub(crate) async fn try_write<F>(&self, what: &'static str, delivery: &DeliveryId, write: impl FnOnce() -> F)
    where
        F: Future<Output = Result<(), Error>>,
    {
        if self.away.lately() {
            telemetry::unwritten(what, delivery.as_str(), None, false);
        } else if let Err(error) = write().await {
            self.unwritten(what, delivery, &error);
        }
    }

    /// The store did not take this.
    pub(crate) fn unwritten(&self, what: &'static str, delivery: &DeliveryId, error: &Error) {
        let news = !error.is_unavailable() || self.away.note();
        telemetry::unwritten(what, delivery.as_str(), Some(error), news);
    }

    /// Writes down that nothing was sent; without that record nothing would account for the event.
    pub(crate) async fn instead_of_a_request(&self, attempt: &Attempt, trace: &str) -> Result<(), Unavailable> {
        match self.attempts.record(attempt).await {
            Err(error @ Error::Unavailable(_)) => return Err(Unavailable::new("store", error)),
            Err(error) => self.unwritten("attempt", &attempt.delivery, &error),
            Ok(()) => {}
        }
        telemetry::attempted(attempt, trace);
        Ok(())
    }
}

/// An attempt without a request.
pub(crate) fn nothing_sent(delivery: &Delivery, at: Timestamp, reason: &str) -> Attempt {
    Attempt {
        at,
        webhook: delivery.webhook.clone(),
        delivery: delivery.id.clone(),
        event: delivery.event.id.clone(),
        kind: delivery.event.kind,
        lineitem: delivery.event.lineitem,
        number: 0,
        outcome: Outcome::Undelivered,
        reason: reason.to_owned(),
        status: None,
        duration_ms: 0,
        next_at: None,
        request: None,
        answer: None,
        test: delivery.test,
    }
}

/// The attempt with this number, which ended so; `again` is when the next one is made.
pub(crate) fn sent(
    delivery: &Delivery,
    attempted: &Attempted,
    number: u32,
    outcome: Outcome,
    again: Option<Duration>,
) -> Attempt {
    let ended = attempted.at.checked_add(Duration::from_millis(attempted.duration_ms)).ok();
    Attempt {
        number,
        outcome,
        status: attempted.status,
        duration_ms: attempted.duration_ms,
        next_at: again.and_then(|wait| ended?.checked_add(wait).ok()),
        request: attempted.request.clone(),
        answer: attempted.answer.clone(),
        ..nothing_sent(delivery, attempted.at, &attempted.verdict.reason)
    }
}
