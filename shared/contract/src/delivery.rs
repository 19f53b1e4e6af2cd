//! The bodies of envelopes: what each queue between two services carries.

use crate::event::Event;
use crate::id::{DeliveryId, WebhookId};
use crate::plan::{Plan, Progress};
use serde::{Deserialize, Serialize};

/// To the router: an event, and on the backfill lane the one webhook it is meant for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Routed {
    /// What happened.
    pub event: Event,
    /// The webhook whose backfill this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookId>,
}

/// A [`Routed`] as ingest writes it, of an event that is only borrowed.
#[derive(Debug, Serialize)]
pub struct RoutedOf<'a> {
    /// What happened.
    pub event: &'a Event,
}

/// To the formatter: one event for one webhook. Undelivered ones are kept in this form, so that a replay
/// is rendered anew.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    /// Derived from event and webhook.
    pub id: DeliveryId,
    /// Where it goes.
    pub webhook: WebhookId,
    /// What happened.
    pub event: Event,
    /// Sent by the test button: one try, whatever the webhook's status.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// Staff send it again, or its plan was made anew after an unclear answer: the target may have the record, and
    /// `recheck` steps run first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recheck: bool,
}

impl Delivery {
    /// The delivery of `event` to `webhook`.
    pub fn new(event: Event, webhook: WebhookId) -> Self {
        Self { id: DeliveryId::derive(&event.id, &webhook), webhook, event, test: false, recheck: false }
    }
}

/// A [`Delivery`] as it is written, of an event that is only borrowed.
#[derive(Debug, Serialize)]
pub struct DeliveryOf<'a> {
    /// Derived from event and webhook.
    pub id: DeliveryId,
    /// Where it goes.
    pub webhook: &'a WebhookId,
    /// What happened.
    pub event: &'a Event,
}

impl<'a> DeliveryOf<'a> {
    /// The delivery of `event` to `webhook`.
    pub fn new(event: &'a Event, webhook: &'a WebhookId) -> Self {
        Self { id: DeliveryId::derive(&event.id, webhook), webhook, event }
    }
}

/// To the sender: a delivery and the steps that make it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Planned {
    /// What is delivered.
    pub delivery: Delivery,
    /// How.
    pub plan: Plan,
    /// What earlier attempts of this plan left behind.
    #[serde(default, skip_serializing_if = "Progress::is_none")]
    pub progress: Progress,
}

/// A [`Planned`] as it is written, of parts that are only borrowed.
#[derive(Debug, Serialize)]
pub struct PlannedOf<'a> {
    /// What is delivered.
    pub delivery: &'a Delivery,
    /// How.
    pub plan: &'a Plan,
}

/// A [`Planned`] that waits to go on, of parts that are only borrowed.
#[derive(Debug, Serialize)]
pub struct ProgressedOf<'a> {
    /// What is delivered.
    pub delivery: &'a Delivery,
    /// How.
    pub plan: &'a Plan,
    /// What its attempts left behind.
    pub progress: &'a Progress,
}
