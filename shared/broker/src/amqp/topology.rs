//! Every exchange and queue as data, and the only place that declares them.
//!
//! Everything is durable and declared with the same arguments by every process, on RabbitMQ 3.10 and 4.x alike:
//! an argument that differs is refused by the broker (406).

use super::connection::{self, call};
use crate::config::Config;
use crate::error::{Error, OpenError};
use crate::queue::Queue;
use contract::lane::{Lane, Tier};
use contract::limits;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, ExchangeKind};
use std::time::Duration;
use tokio::time::sleep;

/// After this a new queue survives its server being killed.
pub(super) const NEW_QUEUE: Duration = Duration::from_millis(limits::BROKER_NEW_QUEUE_MS);
/// Where upstream publishes.
const CONTRIBUTIONS: &str = "contributions";
/// A limit that browsing never reaches. 4.x has a limit of 20 when none is named, 3.10 knows no word for "none".
const NO_DELIVERY_LIMIT: i64 = 2_000_000_000;
/// Whole segments of a stream are dropped, so they must be small beside its size.
const HISTORY_SEGMENTS: u64 = 8;
const SEGMENT_BYTES_MIN: u64 = 1024 * 1024;
const SEGMENT_BYTES_MAX: u64 = 500 * 1024 * 1024;

/// The names and arguments of one installation.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    prefix: String,
    history_age_s: u64,
    history_bytes: u64,
}

/// The value of a queue argument.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Argument {
    Text(String),
    Number(i64),
}

type Arguments = Vec<(&'static str, Argument)>;

impl Topology {
    pub(super) fn new(config: &Config) -> Result<Self, OpenError> {
        if config.queue_prefix.len() > limits::QUEUE_PREFIX_BYTES {
            return Err(OpenError::Prefix { most: limits::QUEUE_PREFIX_BYTES });
        }
        Ok(Self {
            prefix: config.queue_prefix.clone(),
            history_age_s: config.history_age.as_secs(),
            history_bytes: config.history_bytes,
        })
    }

    /// The name on the broker.
    pub(super) fn name(&self, queue: &Queue) -> ShortString {
        self.prefixed(&queue.name())
    }

    /// The name without the prefix of the installation.
    pub(super) fn bare<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(&self.prefix).unwrap_or(name)
    }

    /// Declares everything that exists from the start.
    ///
    /// A server that is killed within seconds of a quorum queue's or the first stream's declaration forgets the
    /// queue's confirmed messages, and never opens the stream again (measured on 3.10.8: the names reach the disk
    /// late). So on a new installation this waits until they have.
    pub(super) async fn declare(&self, connection: &Connection) -> Result<(), Error> {
        // The stream is declared last: where it is, the rest is too.
        let is_new = match self.exists(connection, &Queue::History).await {
            Ok(exists) => !exists,
            Err(error) if !connection.status().connected() => return Err(error),
            Err(_) => false, // it is there and can't be used, which its declaration says again
        };
        let channel = call(connection.create_channel()).await?;
        self.declare_all(&channel).await?;
        self.declare_history(connection).await?;
        if is_new {
            sleep(NEW_QUEUE).await;
        }
        Ok(())
    }

    /// Whether a queue is there and can be reached.
    pub(super) async fn exists(&self, connection: &Connection, queue: &Queue) -> Result<bool, Error> {
        let channel = call(connection.create_channel()).await?;
        let passive = QueueDeclareOptions { passive: true, ..Default::default() };
        match call(channel.queue_declare(self.name(queue), passive, FieldTable::default())).await {
            Err(error) if connection::soft_error(&error) == Some(connection::NOT_FOUND) => Ok(false),
            found => found.map(|_| true),
        }
    }

    async fn declare_all(&self, channel: &Channel) -> Result<(), Error> {
        for queue in Queue::all() {
            if queue != Queue::History {
                self.declare_queue(channel, &queue).await?;
            }
        }
        let exchange = self.prefixed(CONTRIBUTIONS);
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let topic = ExchangeKind::Topic;
        call(channel.exchange_declare(exchange.clone(), topic, durable, FieldTable::default())).await?;
        let ingest = self.name(&Queue::Ingest);
        let bind = QueueBindOptions::default();
        call(channel.queue_bind(ingest, exchange, "#".into(), bind, FieldTable::default())).await.map(drop)
    }

    /// Declares the stream. It is worth less than deliveries: only the loss of the connection is an error.
    async fn declare_history(&self, connection: &Connection) -> Result<(), Error> {
        // On a channel of its own, which a refusal closes.
        let channel = call(connection.create_channel()).await?;
        match self.declare_queue(&channel, &Queue::History).await {
            Err(error) if !connection.status().connected() => return Err(error),
            Err(error) if refused_arguments(&error) => {
                tracing::warn!(
                    "history exists with other limits than configured and keeps them: change them by a policy, \
                     or delete the stream"
                );
            }
            Err(error) => {
                let reason = connection::explained(&error);
                tracing::warn!(reason, "history can't be declared: backfills will miss what is accepted meanwhile");
            }
            Ok(()) => {}
        }
        Ok(())
    }

    /// Declares one queue; nothing happens when it exists.
    pub(super) async fn declare_queue(&self, channel: &Channel, queue: &Queue) -> Result<(), Error> {
        let durable = QueueDeclareOptions { durable: true, ..Default::default() };
        let mut table = FieldTable::default();
        for (name, value) in self.arguments(queue) {
            table.insert(name.into(), value.into());
        }
        call(channel.queue_declare(self.name(queue), durable, table)).await.map(drop)
    }

    fn arguments(&self, queue: &Queue) -> Arguments {
        match queue {
            Queue::Ingest | Queue::Router(_) | Queue::Formatter(_) | Queue::Sender(_) => self.work(),
            Queue::Delay(lane, tier) => self.delay(*lane, *tier),
            Queue::IngestRejected => bounded(limits::REJECTED_MESSAGES),
            Queue::Undelivered(_) | Queue::Parked => for_people(),
            Queue::History => self.stream(),
        }
    }

    /// A queue that a stage consumes: a message that is handed out too often is parked.
    fn work(&self) -> Arguments {
        let mut arguments = quorum(i64::from(limits::DELIVERY_LIMIT));
        arguments.extend(self.dead_letter_to(&Queue::Parked));
        arguments
    }

    /// A queue that nobody consumes: its messages go on when their time is over.
    fn delay(&self, lane: Lane, tier: Tier) -> Arguments {
        let mut arguments = quorum(i64::from(limits::DELIVERY_LIMIT));
        arguments.extend(self.dead_letter_to(&Queue::after_delay(lane)));
        arguments.push(("x-message-ttl", number(u64::try_from(tier.wait().as_millis()).unwrap_or(u64::MAX))));
        arguments
    }

    /// At-least-once: the message leaves its queue when the other queue has confirmed it. The broker silently
    /// falls back to at-most-once unless the overflow is `reject-publish`.
    fn dead_letter_to(&self, queue: &Queue) -> Arguments {
        vec![
            ("x-dead-letter-exchange", text("")),
            ("x-dead-letter-routing-key", text(self.name(queue).as_str())),
            ("x-dead-letter-strategy", text("at-least-once")),
            ("x-overflow", text("reject-publish")),
        ]
    }

    fn stream(&self) -> Arguments {
        let segment = (self.history_bytes / HISTORY_SEGMENTS).clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX);
        vec![
            ("x-queue-type", text("stream")),
            ("x-max-age", text(&format!("{}s", self.history_age_s))),
            ("x-max-length-bytes", number(self.history_bytes)),
            ("x-stream-max-segment-size-bytes", number(segment)),
        ]
    }

    fn prefixed(&self, name: &str) -> ShortString {
        // Short enough by the check in `new`: the longest name of ours is about 60 bytes.
        ShortString::try_new(format!("{}{name}", self.prefix)).unwrap_or_default()
    }
}

/// A queue for people that holds the newest messages only.
fn bounded(messages: u64) -> Arguments {
    let mut arguments = for_people();
    arguments.extend([("x-max-length", number(messages)), ("x-overflow", text("drop-head"))]);
    arguments
}

/// A queue for people: looking at a message never uses it up.
fn for_people() -> Arguments {
    quorum(NO_DELIVERY_LIMIT)
}

fn quorum(delivery_limit: i64) -> Arguments {
    vec![("x-queue-type", text("quorum")), ("x-delivery-limit", Argument::Number(delivery_limit))]
}

fn text(value: &str) -> Argument {
    Argument::Text(value.to_owned())
}

fn number(value: u64) -> Argument {
    Argument::Number(i64::try_from(value).unwrap_or(i64::MAX))
}

impl From<Argument> for AMQPValue {
    fn from(argument: Argument) -> Self {
        match argument {
            Argument::Text(text) => Self::LongString(text.into()),
            Argument::Number(number) => Self::LongLongInt(number),
        }
    }
}

/// Whether a declaration failed because the queue exists with other arguments.
fn refused_arguments(error: &Error) -> bool {
    connection::soft_error(error) == Some(connection::PRECONDITION_FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BackendConfig;
    use contract::id::WebhookId;
    use std::fmt::Write;

    fn topology(prefix: &str) -> Result<Topology, OpenError> {
        Topology::new(&Config {
            backend: BackendConfig::Embedded { dir: "unused".into() },
            queue_prefix: prefix.into(),
            connection_name: "test".into(),
            history_age: Duration::from_hours(24 * 30),
            history_bytes: 10 * 1024 * 1024 * 1024,
        })
    }

    /// A changed argument is refused by every broker that has the queue, so a change here needs a new name or
    /// a migration.
    #[test]
    fn names_and_arguments_stay_as_they_are() {
        let topology = topology("eu.").unwrap();
        let mut queues = Queue::all();
        queues.push(Queue::Undelivered(WebhookId::parse("wh_1").unwrap()));
        let mut table = String::new();
        for queue in queues {
            write!(table, "{}", topology.name(&queue)).unwrap();
            for (name, value) in topology.arguments(&queue) {
                let (name, value) = (name.trim_start_matches("x-"), value);
                match value {
                    Argument::Text(text) => write!(table, " {name}={text:?}").unwrap(),
                    Argument::Number(number) => write!(table, " {name}={number}").unwrap(),
                }
            }
            table.push('\n');
        }
        assert!(table == include_str!("topology.golden.txt"), "{table}");
    }

    #[test]
    fn a_prefix_that_makes_names_too_long_is_refused() {
        assert!(topology(&"p".repeat(limits::QUEUE_PREFIX_BYTES)).is_ok());
        assert!(matches!(topology(&"p".repeat(limits::QUEUE_PREFIX_BYTES + 1)), Err(OpenError::Prefix { .. })));
    }
}
