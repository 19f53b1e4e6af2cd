//! The dedup window: which events were accepted lately.

use crate::backend::Backend;
use crate::error::Error;
use contract::id::EventId;
use std::sync::Arc;
use std::time::Duration;

/// Which events were seen within the window. Cheap to clone.
#[derive(Clone)]
pub struct Dedup(Arc<dyn Backend>);

impl Dedup {
    pub(crate) const fn new(backend: Arc<dyn Backend>) -> Self {
        Self(backend)
    }

    /// For each event whether it was marked and is still within its window; one round trip.
    pub async fn seen(&self, events: &[EventId]) -> Result<Vec<bool>, Error> {
        if events.is_empty() { Ok(Vec::new()) } else { self.0.seen(events).await }
    }

    /// Remembers the events for `window`; one round trip. Call it only after what they led to is
    /// confirmed: a mark without its message would lose the event.
    ///
    /// The embedded store returns before the mark is on disk. A crash can forget the marks of the last
    /// [`contract::limits::STORE_RELAXED_MS`], and then a repeat of those events is delivered again, under
    /// the same `webhook-id`; waiting for the disk would cost every event and prevent no loss.
    pub async fn mark(&self, events: &[EventId], window: Duration) -> Result<(), Error> {
        if events.is_empty() { Ok(()) } else { self.0.mark_seen(events, window).await }
    }
}
