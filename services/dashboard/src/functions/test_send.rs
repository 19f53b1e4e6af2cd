//! The test button: fictional events through the real path, whatever the webhook's status.

use super::{Functions, attempts};
use crate::problem::Problem;
use crate::sample;
use crate::views::{NotTried, TestResult};
use axum::http::StatusCode;
use broker::{Outgoing, Queue};
use contract::attempt::{Attempt, Outcome};
use contract::delivery::Delivery;
use contract::envelope::{Header, Line};
use contract::event::{Event, Kind};
use contract::id::{DeliveryId, EventId, WebhookId};
use contract::lane::Lane;
use contract::limits;
use contract::upstream;
use contract::webhook::Webhook;
use jiff::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

const NO_TIME: &str = "no time was left: see the attempts later, or test again";

impl Functions {
    /// Sends one event of each kind that the connection takes, once, and waits for what came of it. A contribution
    /// goes first: the others can need what the target answered to it.
    pub async fn test_webhook(&self, id: &WebhookId) -> Result<TestResult, Problem> {
        let webhook = self.find_webhook(id).await?;
        let Some(connection) = webhook.speaks() else {
            return Err(Problem::conflict("this program does not know what the webhook speaks: use a newer one"));
        };
        let deadline = Instant::now() + Duration::from_millis(limits::TEST_WAIT_MS);
        let (mut made, mut not_tried) = (Vec::new(), Vec::new());
        for kind in Kind::ALL.into_iter().filter(|kind| connection.takes(*kind)) {
            let skipped = |reason: &str| NotTried { kind: kind.name().to_owned(), reason: reason.to_owned() };
            if Instant::now() >= deadline {
                not_tried.push(skipped(NO_TIME));
                continue;
            }
            let delivery = self.send_test(&webhook, kind).await?;
            match tokio::time::timeout_at(deadline, self.attempts_of(id, &delivery)).await {
                Ok(found) => made.extend(found?),
                // Whoever made nothing of the first one makes nothing of the others.
                Err(_) if made.is_empty() => return Err(silent()),
                Err(_) => not_tried.push(skipped(NO_TIME)),
            }
        }
        Ok(result(made, not_tried, connection.test_note.clone()))
    }

    async fn send_test(&self, webhook: &Webhook, kind: Kind) -> Result<DeliveryId, Problem> {
        let now = runtime::clock::now();
        let delivery = delivery(webhook, kind, now)?;
        let header = Header::new(delivery.id.as_str(), trace(), Lane::Live, now);
        let line = Line::new(header, &delivery).encode(delivery.event.body.get().len());
        let line = line.map_err(|error| broken(&error))?;
        self.broker.publisher().publish_all(vec![Outgoing::new(Queue::Formatter(Lane::Live), line)]).await?;
        Ok(delivery.id)
    }

    /// Returns when the delivery has an attempt in the log.
    async fn attempts_of(&self, id: &WebhookId, delivery: &DeliveryId) -> Result<Vec<Attempt>, Problem> {
        loop {
            let found = self.store.attempts().find(id, delivery).await?;
            if !found.is_empty() {
                return Ok(found);
            }
            tokio::time::sleep(Duration::from_millis(limits::TEST_LOOK_MS)).await;
        }
    }
}

/// What came of the kinds: sent, or not sent and why.
fn result(made: Vec<Attempt>, mut not_tried: Vec<NotTried>, test_note: Option<String>) -> TestResult {
    let (sent, unsent): (Vec<_>, Vec<_>) = made.into_iter().partition(|attempt| attempt.number > 0);
    let unsent =
        unsent.into_iter().map(|attempt| NotTried { kind: attempt.kind.name().to_owned(), reason: attempt.reason });
    not_tried.splice(0..0, unsent);
    TestResult {
        delivered: !sent.is_empty() && sent.iter().all(|attempt| attempt.outcome == Outcome::Delivered),
        attempts: sent.into_iter().map(attempts::view).collect(),
        not_tried,
        test_note,
    }
}

/// A delivery that no other has the id of: two tests of one webhook must not be taken for one.
fn delivery(webhook: &Webhook, kind: Kind, now: Timestamp) -> Result<Delivery, Problem> {
    let unique = uuid::Uuid::now_v7().to_string();
    let message = sample::message(kind, webhook.entity, now).to_string();
    // A test reads every sample, so none is rejected.
    let events = upstream::native(message.as_bytes(), now).map_err(|rejection| broken(&rejection))?;
    let event = events.into_iter().next().ok_or_else(|| broken(&"the sample has no line item"))?;
    let event = Event { id: EventId::derive(&["test", kind.name(), &unique]), ..event };
    Ok(Delivery { test: true, ..Delivery::new(event, webhook.id.clone()) })
}

/// A new W3C `traceparent`.
fn trace() -> String {
    format!("00-{:032x}-{:016x}-01", rand::random::<u128>(), rand::random::<u64>())
}

fn broken(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "a test event could not be written");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the test event could not be written")
}

fn silent() -> Problem {
    let seconds = limits::TEST_WAIT_MS / 1_000;
    let detail = format!("the pipeline made no attempt within {seconds} s: are the formatter and the sender running?");
    Problem::new(StatusCode::GATEWAY_TIMEOUT, detail)
}
