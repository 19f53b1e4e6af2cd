//! The bodies of envelopes: what each queue between two services carries.

use crate::event::Event;
use crate::id::{DeliveryId, WebhookId};
use crate::plan::Plan;
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
}

impl Delivery {
    /// The delivery of `event` to `webhook`.
    pub fn new(event: Event, webhook: WebhookId) -> Self {
        Self { id: DeliveryId::derive(&event.id, &webhook), webhook, event, test: false }
    }
}

/// To the sender: a delivery and the steps that make it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Planned {
    /// What is delivered.
    pub delivery: Delivery,
    /// How.
    pub plan: Plan,
}
