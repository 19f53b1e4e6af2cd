//! The AMQP backend: RabbitMQ 3.10 or later.
//!
//! Two connections, because a broker that is short of memory or disk stops reading from the one that publishes,
//! and acknowledgements must still go through.
//!
//! An `undelivered.*` queue is never removed: quorum queues have no "delete if empty" (the broker answers 540),
//! a queue that expires takes its messages with it, and looking before deleting would lose what arrives between.

mod connection;
mod consumer;
mod history;
mod publisher;
mod review;
mod settling;
mod squeeze;
mod topology;
mod window;
mod wire;

use crate::backend::{Backend, Decide, HistorySource, Source};
use crate::broker::{Depth, Status, Tally};
use crate::config::Config;
use crate::error::{Error, OpenError};
use crate::message::Outgoing;
use crate::queue::Queue;
use async_trait::async_trait;
use connection::{CALL, Link, Settings, Standing, call};
use consumer::Subscription;
use contract::id::WebhookId;
use jiff::Timestamp;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use publisher::Pool;
use runtime::health::Health;
use runtime::task::Tasks;
use secrecy::SecretString;
use settling::Releases;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use topology::{NEW_QUEUE, Topology};

/// A RabbitMQ.
pub(crate) struct Amqp {
    topology: Arc<Topology>,
    publishing: Link,
    consuming: Link,
    pool: Pool,
    releases: Releases,
    standing: Standing,
    /// `undelivered.*` queues that are known to exist, and from when on what they hold is safe.
    known: Mutex<HashMap<WebhookId, Instant>>,
    lanes: CancellationToken,
    connections: CancellationToken,
    supervisors: Mutex<Vec<JoinHandle<()>>>,
    _ends: [DropGuard; 2],
}

impl Amqp {
    pub(crate) async fn open(
        url: SecretString,
        config: Config,
        tasks: &Tasks,
        health: &Health,
    ) -> Result<Self, OpenError> {
        let topology = Arc::new(Topology::new(&config)?);
        let settings = Settings::new(&url, &config.connection_name, &topology)?;
        let standing = Standing::new(health.probe("broker"));
        // Not the tasks' own token: what a stopping process holds must still be confirmed and acknowledged.
        let (lanes, connections) = (CancellationToken::new(), CancellationToken::new());
        let link = |purpose| Link::start(purpose, &settings, &standing, tasks, connections.clone());
        let (publishing, publish_task) = link("publish");
        publishing.tried().await;
        let (consuming, consume_task) = link("consume");
        consuming.tried().await;
        Ok(Self {
            pool: Pool::start(&publishing, &topology, tasks, &lanes),
            releases: Releases::start(tasks, lanes.clone()),
            known: Mutex::default(),
            supervisors: Mutex::new(vec![publish_task, consume_task]),
            _ends: [lanes.clone().drop_guard(), connections.clone().drop_guard()],
            topology,
            publishing,
            consuming,
            standing,
            lanes,
            connections,
        })
    }

    /// Publishes; every message must have a queue.
    async fn publish_routed(&self, messages: Vec<Outgoing>) -> Result<(), Error> {
        self.publishing.connection()?;
        let mut safe_at = self.make_undelivered(&messages, false).await?;
        let returned = self.pool.publish(messages).await?;
        if !returned.is_empty() {
            // Someone deleted the queue since we made it.
            safe_at = safe_at.max(self.make_undelivered(&returned, true).await?);
            if let Some(message) = self.pool.publish(returned).await?.first() {
                return Err(Error::Unroutable { queue: message.queue.name() });
            }
        }
        if let Some(safe_at) = safe_at {
            sleep_until(safe_at).await;
        }
        Ok(())
    }

    /// Makes the `undelivered.*` queues of these messages, which don't exist from the start. Returns from when
    /// on what all of them hold is safe.
    async fn make_undelivered(&self, messages: &[Outgoing], again: bool) -> Result<Option<Instant>, Error> {
        let mut safe_at = None;
        for message in messages {
            match &message.queue {
                Queue::Undelivered(webhook) => {
                    let known = self.known().get(webhook).copied().filter(|_| !again);
                    safe_at = safe_at.max(Some(match known {
                        Some(known) => known,
                        None => self.make(webhook, &message.queue).await?,
                    }));
                }
                queue if again => return Err(Error::Unroutable { queue: queue.name() }),
                _ => {}
            }
        }
        Ok(safe_at)
    }

    async fn make(&self, webhook: &WebhookId, queue: &Queue) -> Result<Instant, Error> {
        let connection = self.publishing.connection()?;
        let mut safe_at = Instant::now();
        if !self.topology.exists(&connection, queue).await? {
            let channel = call(connection.create_channel()).await?;
            self.topology.declare_queue(&channel, queue).await?;
            safe_at = Instant::now() + NEW_QUEUE;
        }
        self.known().insert(webhook.clone(), safe_at);
        Ok(safe_at)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<WebhookId, Instant>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a queue that comes with its first message just has none yet.
fn absent(queue: &Queue, error: &Error) -> bool {
    matches!(queue, Queue::Undelivered(_)) && connection::soft_error(error) == Some(connection::NOT_FOUND)
}

#[async_trait]
impl Backend for Amqp {
    async fn publish(&self, messages: Vec<Outgoing>) -> Result<(), Error> {
        self.publish_routed(messages).await
    }

    /// A confirm of a quorum queue or a stream means that it is on disk.
    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn consume(&self, queue: &Queue, prefetch: u16) -> Result<Box<dyn Source>, Error> {
        let name = self.topology.name(queue);
        let mut subscription = Subscription::new(self.consuming.clone(), name, prefetch, self.releases.clone());
        if self.consuming.connection().is_ok() {
            subscription.subscribe().await;
        }
        Ok(Box::new(subscription))
    }

    async fn depths(&self, queues: &[Queue]) -> Result<Vec<Depth>, Error> {
        let mut channel = self.consuming.channel().await?;
        let mut depths = Vec::with_capacity(queues.len());
        for queue in queues {
            let passive = QueueDeclareOptions { passive: true, ..Default::default() };
            let name = self.topology.name(queue);
            let (ready, consumers) = match call(channel.queue_declare(name, passive, FieldTable::default())).await {
                Ok(found) => (found.message_count().into(), found.consumer_count()),
                Err(error) if absent(queue, &error) => {
                    channel = self.consuming.channel().await?; // the broker closed the other one
                    (0, 0)
                }
                Err(error) => return Err(error),
            };
            depths.push(Depth { queue: queue.clone(), ready, consumers });
        }
        Ok(depths)
    }

    async fn review(&self, queue: &Queue, limit: usize, decide: Decide<'_>) -> Result<Tally, Error> {
        review::review(self, queue, limit, decide).await
    }

    async fn history(&self, from: Timestamp) -> Result<Box<dyn HistorySource>, Error> {
        let stream = self.topology.name(&Queue::History);
        Ok(Box::new(history::Reader::open(&self.consuming, stream, from).await?))
    }

    fn status(&self) -> Status {
        self.standing.status()
    }

    async fn close(&self) {
        self.pool.close(&self.lanes).await;
        self.connections.cancel();
        let supervisors = std::mem::take(&mut *self.supervisors.lock().unwrap_or_else(PoisonError::into_inner));
        for supervisor in supervisors {
            let _ = timeout(CALL, supervisor).await;
        }
    }
}
