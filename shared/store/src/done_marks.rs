//! Done marks: which lines of a message are delivered although the message is not acknowledged yet.

use crate::backend::Backend;
use crate::error::Error;
use contract::id::DeliveryId;
use std::collections::HashSet;
use std::sync::Arc;

/// Done marks. Cheap to clone.
#[derive(Clone)]
pub struct DoneMarks(Arc<dyn Backend>);

impl DoneMarks {
    pub(crate) const fn new(backend: Arc<dyn Backend>) -> Self {
        Self(backend)
    }

    /// Remembers that a delivery of this message is done, for [`contract::limits::DONE_MARK_S`]. When it
    /// returns, the mark survives a crash of this process.
    pub async fn mark(&self, message_id: &str, delivery: &DeliveryId) -> Result<(), Error> {
        self.0.mark_done(message_id, delivery).await
    }

    /// The deliveries of this message that are done. Asked for redelivered messages only.
    pub async fn marked(&self, message_id: &str) -> Result<HashSet<DeliveryId>, Error> {
        self.0.done(message_id).await
    }

    /// Forgets the message's marks, once it is acknowledged. The embedded store returns before that is on
    /// disk: a mark that outlives its message does nothing and expires.
    pub async fn clear(&self, message_id: &str) -> Result<(), Error> {
        self.0.clear_done(message_id).await
    }
}
