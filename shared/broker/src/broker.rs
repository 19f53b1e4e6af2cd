//! The facade.

use crate::backend::{Backend, HistorySource};
use crate::config::{BackendConfig, Config};
use crate::consumer::Consumer;
use crate::error::{Error, OpenError};
use crate::message::{Outgoing, Stored};
use crate::queue::Queue;
use crate::{amqp, embedded};
use bytes::Bytes;
use jiff::Timestamp;
use runtime::health::Health;
use runtime::task::Tasks;
use std::sync::Arc;
use std::time::Duration;

/// The queues of one installation. Cheap to clone.
#[derive(Clone)]
pub struct Broker(Arc<dyn Backend>);

/// How much lies on a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    /// The queue.
    pub queue: Queue,
    /// Messages that wait; a message can hold several lines.
    pub ready: u64,
    /// Who takes them.
    pub consumers: u32,
}

/// Whether the broker can be used now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It can.
    Ready,
    /// It can't, and why: connecting, or blocked by the broker (`connection.blocked`).
    NotReady(String),
}

/// What a person decided about one stored message.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It stays where it is.
    Keep,
    /// It is removed.
    Drop,
    /// These are published and confirmed, then it is removed.
    Replace(Vec<Outgoing>),
}

/// What a review did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Left where they were.
    pub kept: u64,
    /// Removed.
    pub dropped: u64,
    /// Replaced by what the verdict said.
    pub replaced: u64,
}

impl Broker {
    /// Opens the broker and declares the topology.
    ///
    /// An unreachable server is no error: the probe `broker` says so, calls return [`Error::Unavailable`]
    /// and consumers wait, while a task of `tasks` reconnects for ever.
    pub async fn open(config: Config, tasks: &Tasks, health: &Health) -> Result<Self, OpenError> {
        let backend: Arc<dyn Backend> = match config.backend.clone() {
            BackendConfig::Amqp { url } => Arc::new(amqp::Amqp::open(url, config, tasks, health).await?),
            BackendConfig::Embedded { dir } => Arc::new(embedded::Embedded::open(dir, config, tasks, health).await?),
        };
        Ok(Self(backend))
    }

    /// Publishes with confirms.
    pub fn publisher(&self) -> Publisher {
        Publisher(Arc::clone(&self.0))
    }

    /// Takes messages from a queue, at most `prefetch` unsettled ones at a time.
    pub async fn consume(&self, queue: &Queue, prefetch: u16) -> Result<Consumer, Error> {
        self.0.consume(queue, prefetch).await.map(Consumer)
    }

    /// Returns when everything confirmed so far survives a crash.
    pub async fn flush(&self) -> Result<(), Error> {
        self.0.flush().await
    }

    /// How much lies on these queues. An `Undelivered` queue that was never used is empty.
    pub async fn depths(&self, queues: &[Queue]) -> Result<Vec<Depth>, Error> {
        self.0.depths(queues).await
    }

    /// Goes through at most `limit` of the messages that lie on a queue for people, oldest first, and does
    /// with each what `decide` says. Meant for `parked`, `ingest.rejected` and `undelivered.*`.
    ///
    /// On RabbitMQ, messages of a queue of more than [`contract::limits::REVIEW_ORDERED_MESSAGES`] change places
    /// when only some of them are looked at.
    pub async fn review(
        &self,
        queue: &Queue,
        limit: usize,
        mut decide: impl FnMut(&Stored) -> Verdict + Send,
    ) -> Result<Tally, Error> {
        self.0.review(queue, limit, &mut decide).await
    }

    /// The oldest `limit` messages of a queue for people. They stay where they are.
    pub async fn browse(&self, queue: &Queue, limit: usize) -> Result<Vec<Stored>, Error> {
        let mut seen = Vec::new();
        self.review(queue, limit, |stored| {
            seen.push(stored.clone());
            Verdict::Keep
        })
        .await?;
        Ok(seen)
    }

    /// Reads history from the first message published at or after `from`.
    pub async fn history(&self, from: Timestamp) -> Result<HistoryReader, Error> {
        self.0.history(from).await.map(HistoryReader)
    }

    /// Whether the broker can be used now.
    pub fn status(&self) -> Status {
        self.0.status()
    }

    /// Closes in order, after everything was settled.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

/// Publishes with confirms. Cheap to clone.
#[derive(Clone)]
pub struct Publisher(Arc<dyn Backend>);

impl Publisher {
    /// Publishes one message and waits for its confirm.
    pub async fn publish(&self, message: Outgoing) -> Result<(), Error> {
        self.publish_all(vec![message]).await
    }

    /// Publishes all and waits for every confirm. After an error some may have been published: publish all
    /// again, receivers deduplicate.
    pub async fn publish_all(&self, messages: Vec<Outgoing>) -> Result<(), Error> {
        if messages.is_empty() { Ok(()) } else { self.0.publish(messages).await }
    }
}

/// Reads the `history` stream.
pub struct HistoryReader(Box<dyn HistorySource>);

impl HistoryReader {
    /// The next message and when it was published, or `None` when nothing came for `patience`: the reader has
    /// caught up.
    pub async fn next(&mut self, patience: Duration) -> Result<Option<(Timestamp, Bytes)>, Error> {
        self.0.next(patience).await
    }
}
