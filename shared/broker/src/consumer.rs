//! Taking messages and settling them.

use crate::backend::{Settle, Source};
use crate::error::Error;
use bytes::Bytes;

/// Hands out the messages of one queue. Survives outages: it waits and goes on.
pub struct Consumer(pub(crate) Box<dyn Source>);

impl Consumer {
    /// The next message; `None` only after [`Consumer::cancel`], when everything buffered came out.
    /// Cancel-safe: a dropped call loses no message.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.0.next().await
    }

    /// A message that is here already; used to take what is waiting as one batch.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.0.try_next()
    }

    /// Stops taking new messages.
    pub async fn cancel(&mut self) {
        self.0.cancel().await;
    }
}

/// A message that is this process's to settle.
///
/// Dropped unsettled (a panic, a shutdown that ran out of grace), it goes back to the queue and is counted.
#[must_use = "a delivery is settled by ack or release"]
pub struct Delivery {
    /// The message's id, the same when it is handed out again.
    pub id: String,
    /// As published.
    pub body: Bytes,
    /// Handed out before; the earlier hand-out may have been half done.
    pub redelivered: bool,
    settle: Option<Box<dyn Settle>>,
}

/// How an acknowledgement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledged {
    /// The message is gone.
    Yes,
    /// The connection it came on is gone: the message will be handed out again.
    Stale,
}

impl Delivery {
    pub(crate) fn new(id: String, body: Bytes, redelivered: bool, settle: Box<dyn Settle>) -> Self {
        Self { id, body, redelivered, settle: Some(settle) }
    }

    /// Removes the message from its queue. Call it after everything it led to is confirmed.
    pub async fn ack(mut self) -> Result<Acknowledged, Error> {
        let Some(settle) = self.settle.take() else { return Ok(Acknowledged::Stale) };
        Ok(if settle.ack().await? { Acknowledged::Yes } else { Acknowledged::Stale })
    }

    /// Whether it is still this process's to settle. Once it is not, the message is handed out again.
    pub fn is_current(&self) -> bool {
        self.settle.as_ref().is_some_and(|settle| settle.is_current())
    }

    /// Gives the message back.
    pub fn release(mut self) {
        if let Some(settle) = self.settle.take() {
            settle.release();
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(settle) = self.settle.take() {
            if settle.is_current() {
                metrics::counter!("tributary_deliveries_dropped_total").increment(1);
                tracing::warn!(message = %self.id, "a message was dropped unsettled and goes back to its queue");
            }
            settle.release();
        }
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery").field("id", &self.id).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}
