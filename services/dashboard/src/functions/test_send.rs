//! The test button: fictional events through the real path, whatever the webhook's status.

use super::{Functions, attempts};
use crate::problem::Problem;
use crate::sample;
use crate::views::TestResult;
use axum::http::StatusCode;
use broker::{Outgoing, Queue};
use contract::attempt::{Attempt, Outcome};
use contract::body;
use contract::delivery::Delivery;
use contract::envelope::{Header, Line};
use contract::event::{Event, Kind, Status};
use contract::id::{DeliveryId, EventId, WebhookId};
use contract::lane::Lane;
use contract::limits;
use contract::webhook::Webhook;
use jiff::Timestamp;
use std::time::Duration;

impl Functions {
    /// Sends one event of each kind that the type takes, once, and waits for what came of it.
    pub async fn test_webhook(&self, id: &WebhookId) -> Result<TestResult, Problem> {
        let webhook = self.find_webhook(id).await?;
        let now = runtime::clock::now();
        let kinds =
            Kind::ALL.into_iter().filter(|kind| webhook.speaks().is_some_and(|connection| connection.takes(*kind)));
        let deliveries: Result<Vec<_>, _> = kinds.map(|kind| delivery(&webhook, kind, now)).collect();
        let deliveries = deliveries.map_err(|error| broken(&error))?;
        let mut messages = Vec::with_capacity(deliveries.len());
        for delivery in &deliveries {
            let header = Header::new(delivery.id.as_str(), trace(), Lane::Live, now);
            let line = Line::new(header, delivery).encode(delivery.event.body.get().len());
            let line = line.map_err(|error| broken(&error))?;
            messages.push(Outgoing::new(Queue::Formatter(Lane::Live), line));
        }
        self.broker.publisher().publish_all(messages).await?;

        let wait = Duration::from_millis(limits::TEST_WAIT_MS);
        let ids: Vec<_> = deliveries.into_iter().map(|delivery| delivery.id).collect();
        let made = tokio::time::timeout(wait, self.all_attempts(id, &ids)).await.map_err(|_| silent())??;
        Ok(TestResult {
            delivered: made.iter().all(|attempt| attempt.outcome == Outcome::Delivered),
            attempts: made.into_iter().map(attempts::view).collect(),
        })
    }

    /// Returns when each of the deliveries has an attempt in the log.
    async fn all_attempts(&self, id: &WebhookId, deliveries: &[DeliveryId]) -> Result<Vec<Attempt>, Problem> {
        let mut made = Vec::new();
        for delivery in deliveries {
            loop {
                let found = self.store.attempts().find(id, delivery).await?;
                if !found.is_empty() {
                    made.extend(found);
                    break;
                }
                tokio::time::sleep(Duration::from_millis(limits::TEST_LOOK_MS)).await;
            }
        }
        Ok(made)
    }
}

/// A delivery that no other has the id of: two tests of one webhook must not be taken for one.
fn delivery(webhook: &Webhook, kind: Kind, now: Timestamp) -> Result<Delivery, serde_json::Error> {
    let unique = uuid::Uuid::now_v7().to_string();
    let body = serde_json::value::to_raw_value(&sample::body(kind, webhook.entity))?;
    // A test reads every sample: none is rejected, and as it is it would do as well.
    let body = body::canonical(&body, kind).unwrap_or(body);
    let event = Event {
        id: EventId::derive(&["test", kind.name(), &unique]),
        kind,
        entity: webhook.entity,
        lineitem: 1,
        status: if kind == Kind::Cancellation { None } else { Some(Status::Approved) },
        received_at: now,
        occurred_at: None,
        managing_entity: None,
        upstream_id: None,
        body,
        tracking: None,
    };
    Ok(Delivery { test: true, ..Delivery::new(event, webhook.id.clone()) })
}

/// A new W3C `traceparent`.
fn trace() -> String {
    format!("00-{:032x}-{:016x}-01", rand::random::<u128>(), rand::random::<u64>())
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(%error, "a test event could not be written");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the test event could not be written")
}

fn silent() -> Problem {
    let seconds = limits::TEST_WAIT_MS / 1_000;
    let detail = format!("the pipeline made no attempt within {seconds} s: are the formatter and the sender running?");
    Problem::new(StatusCode::GATEWAY_TIMEOUT, detail)
}
