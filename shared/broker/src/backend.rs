//! What a backend must do. Private: callers see the concrete facade.

use crate::broker::{Depth, Status, Tally, Verdict};
use crate::consumer::Delivery;
use crate::error::Error;
use crate::message::{Outgoing, Stored};
use crate::queue::Queue;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use std::time::Duration;

/// Decides what happens to one message of a queue for people.
pub(crate) type Decide<'a> = &'a mut (dyn FnMut(&Stored) -> Verdict + Send);

#[async_trait]
pub(crate) trait Backend: Send + Sync + 'static {
    /// Publishes all and returns when each is confirmed. Order between messages of one call and queue is kept.
    async fn publish(&self, messages: Vec<Outgoing>) -> Result<(), Error>;
    /// Returns when everything confirmed so far survives a crash.
    async fn flush(&self) -> Result<(), Error>;
    /// Hands out messages of a queue, at most `prefetch` unsettled ones at a time.
    async fn consume(&self, queue: &Queue, prefetch: u16) -> Result<Box<dyn Source>, Error>;
    /// Ready messages and consumers of each queue; an `Undelivered` queue that does not exist is empty.
    async fn depths(&self, queues: &[Queue]) -> Result<Vec<Depth>, Error>;
    /// Goes through at most `limit` of the messages that lie on a queue now, oldest first, each once.
    async fn review(&self, queue: &Queue, limit: usize, decide: Decide<'_>) -> Result<Tally, Error>;
    /// Reads history from the first message published at or after `from`.
    async fn history(&self, from: Timestamp) -> Result<Box<dyn HistorySource>, Error>;
    /// Whether it can be used now.
    fn status(&self) -> Status;
    /// Closes connections or the file in order.
    async fn close(&self);
}

#[async_trait]
pub(crate) trait Source: Send {
    /// The next message. Waits through outages; `None` after [`Source::cancel`] when nothing is buffered.
    async fn next(&mut self) -> Option<Delivery>;
    /// A message that is here already.
    fn try_next(&mut self) -> Option<Delivery>;
    /// Stops taking. What was handed to this process already still comes out.
    async fn cancel(&mut self);
}

#[async_trait]
pub(crate) trait HistorySource: Send {
    /// The next message and when it was published, or `None` when nothing came for `patience`.
    async fn next(&mut self, patience: Duration) -> Result<Option<(Timestamp, Bytes)>, Error>;
}

/// Settles one delivery; made by the backend, held by [`Delivery`].
#[async_trait]
pub(crate) trait Settle: Send + Sync {
    /// Whether an acknowledgement would still reach the message.
    fn is_current(&self) -> bool;
    /// Removes the message. `Ok(false)`: the hand-out is stale, the message will come again.
    async fn ack(self: Box<Self>) -> Result<bool, Error>;
    /// Gives the message back at once, as if never handed out. Called from `Drop` too, so it must not block.
    fn release(self: Box<Self>);
}
