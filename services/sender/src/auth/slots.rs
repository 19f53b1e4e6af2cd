//! One place in memory for each webhook, which one delivery at a time looks into.

use contract::id::WebhookId;
use contract::limits;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The places. What nobody holds may be forgotten when there are many: it can be obtained again.
#[derive(Debug)]
pub(super) struct Slots<T>(Mutex<HashMap<WebhookId, Slot<T>>>);

/// One place.
pub(super) type Slot<T> = Arc<tokio::sync::Mutex<Option<T>>>;

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Slots<T> {
    pub(super) fn of(&self, webhook: &WebhookId) -> Slot<T> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= limits::PROOFS_KEPT && !slots.contains_key(webhook) {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(slots.entry(webhook.clone()).or_default())
    }
}
