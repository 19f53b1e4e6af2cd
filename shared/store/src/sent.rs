//! The sent record: which events the backfills of a webhook have sent, so that none sends them again.

use crate::backend::Backend;
use crate::error::Error;
use contract::backfill::Fingerprint;
use contract::id::WebhookId;
use contract::limits::BACKFILL_CHUNK;
use std::sync::Arc;

/// The records of all webhooks; [`crate::Window::settle`] adds to them. Cheap to clone.
///
/// A record holds 8 bytes an event in [`contract::limits::SENT_BUCKETS`] parts. With everything around them, a million
/// events take 9.5 MB of memory in Redis and 18 MB of the embedded file; `cargo run --release -p store --example
/// sent_record` measures it.
#[derive(Clone)]
pub struct Sent(Arc<dyn Backend>);

impl Sent {
    pub(crate) const fn new(backend: Arc<dyn Backend>) -> Self {
        Self(backend)
    }

    /// Which of the events are recorded. Up to [`BACKFILL_CHUNK`] are one round trip.
    pub async fn contains(&self, webhook: &WebhookId, events: &[Fingerprint]) -> Result<Vec<bool>, Error> {
        let mut found = Vec::with_capacity(events.len());
        for chunk in events.chunks(BACKFILL_CHUNK) {
            found.extend(self.0.sent(webhook, chunk).await?);
        }
        Ok(found)
    }
}
