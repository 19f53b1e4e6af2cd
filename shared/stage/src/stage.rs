//! The loop.

use crate::handler::Handler;
use crate::slots::Slots;
use crate::telemetry;
use crate::unit::Context;
use backon::{ExponentialBuilder, Retryable};
use broker::{Broker, Consumer, Delivery, Queue};
use contract::limits;
use futures_util::future::join_all;
use runtime::health::Health;
use runtime::task::{OnPanic, Tasks};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A handler and the queues that feed it.
pub struct Stage<H> {
    handler: Arc<H>,
    broker: Broker,
    health: Health,
    queues: Vec<(Queue, u32)>,
    concurrency: usize,
    gather: bool,
    grace: Duration,
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Messages that were still being handled when the grace ran out; they go back to their queues.
    pub abandoned: usize,
}

impl<H: Handler> Stage<H> {
    /// A stage without queues.
    pub fn new(handler: H, broker: Broker, health: Health) -> Self {
        Self {
            handler: Arc::new(handler),
            broker,
            health,
            queues: Vec::new(),
            concurrency: limits::SENDER_CONCURRENCY,
            gather: true,
            grace: Duration::from_millis(limits::DRAIN_GRACE_MS),
        }
    }

    /// Takes from this queue too. When every slot is wanted, queues get slots in proportion to their shares;
    /// idle shares are lent.
    #[must_use]
    pub fn queue(mut self, queue: Queue, share: u32) -> Self {
        self.queues.push((queue, share));
        self
    }

    /// Items that are handled at the same time.
    #[must_use]
    pub fn concurrency(mut self, items: usize) -> Self {
        self.concurrency = items;
        self
    }

    /// Settles each message on its own instead of taking what waits as one unit. For the sender, where one
    /// slow item would hold back the acknowledgements of the others.
    #[must_use]
    pub fn one_message_a_unit(mut self) -> Self {
        self.gather = false;
        self
    }

    /// How long a stopping stage may take to finish what it holds; [`limits::DRAIN_GRACE_MS`] unless told.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Runs until `tasks.stop()` is cancelled, then finishes what it holds within its
    /// grace.
    pub async fn run(self, tasks: &Tasks) -> Drained {
        let shares: Vec<u32> = self.queues.iter().map(|(_, share)| *share).collect();
        let slots = Slots::new(self.concurrency, &shares);
        let (hurry, abandon) = (CancellationToken::new(), CancellationToken::new());
        let units = TaskTracker::new();
        let mut loops = Vec::new();
        for (index, (queue, _)) in self.queues.iter().enumerate() {
            let probe = self.health.probe(format!("{}.{}", H::NAME, queue.name()));
            let context = Context {
                handler: Arc::clone(&self.handler),
                broker: self.broker.clone(),
                queue: queue.clone(),
                index,
                slots: slots.clone(),
                probe,
                paused: AtomicBool::new(false),
                hurry: hurry.clone(),
            };
            let intake = Intake { context: Arc::new(context), gather: self.gather, prefetch: self.prefetch(queue) };
            let (tasks, units, abandon) = (tasks.clone(), units.clone(), abandon.clone());
            loops.push(tasks.clone().spawn("stage", OnPanic::Stop, async move {
                intake.run(&tasks, &units, &abandon).await;
            }));
        }
        tasks.stop().cancelled().await;
        let mut drained = Box::pin(async {
            join_all(loops).await;
            units.close();
            units.wait().await;
        });
        let mut in_time = tokio::time::timeout(self.grace / 2, &mut drained).await.is_ok();
        if !in_time {
            hurry.cancel();
            in_time = tokio::time::timeout(self.grace / 2, drained).await.is_ok();
        }
        let abandoned = units.len();
        abandon.cancel();
        units.close();
        units.wait().await;
        if !in_time {
            tracing::warn!(
                stage = H::NAME,
                units = abandoned,
                "the grace ran out; what was held goes back to its queues"
            );
        }
        Drained { abandoned }
    }

    /// Messages to hold. Where they are single documents, enough to fill the units; where they are batches
    /// already, few, because each can be as large as a batch. A stage that settles one message a unit needs as
    /// many as can keep its slots busy when each holds one line.
    fn prefetch(&self, queue: &Queue) -> u16 {
        let messages = match queue {
            _ if !self.gather => self.concurrency / 2,
            Queue::Ingest => GATHERED_UNITS * limits::BATCH_LINES,
            _ => limits::BATCH_LINES,
        };
        u16::try_from(messages.max(1)).unwrap_or(u16::MAX)
    }
}

/// Units of one queue that a gathering stage works on at the same time. While these wait for their confirms,
/// what arrives gathers into the next one: with more of them, batches would stay small under load.
pub const GATHERED_UNITS: usize = 8;

/// Takes from one queue.
struct Intake<H> {
    context: Arc<Context<H>>,
    gather: bool,
    prefetch: u16,
}

impl<H: Handler> Intake<H> {
    async fn run(self, tasks: &Tasks, units: &TaskTracker, abandon: &CancellationToken) {
        let Some(mut consumer) = self.consumer(tasks.stop()).await else { return };
        self.context.probe.ready();
        let places = Arc::new(Semaphore::new(if self.gather { GATHERED_UNITS } else { usize::from(self.prefetch) }));
        let mut stopping = false;
        loop {
            let taken = tokio::select! {
                taken = consumer.next() => taken,
                () = tasks.stop().cancelled(), if !stopping => {
                    stopping = true;
                    consumer.cancel().await;
                    continue;
                }
                () = abandon.cancelled() => return,
            };
            let Some(first) = taken else { return };
            let place = tokio::select! {
                place = Arc::clone(&places).acquire_owned() => place,
                () = abandon.cancelled() => return,
            };
            let unit = self.gather_after(first, &mut consumer);
            let (context, abandon) = (Arc::clone(&self.context), abandon.clone());
            let unit = units.track_future(async move {
                tokio::select! {
                    () = context.process(unit) => {}
                    () = abandon.cancelled() => {}
                }
                drop(place);
            });
            // A handler's panic is caught inside; one of the loop itself drops the unit, which goes back.
            drop(tasks.spawn("unit", OnPanic::Stop, unit));
        }
    }

    /// Opens the consumer, waiting through outages; none when asked to stop first.
    async fn consumer(&self, stop: &CancellationToken) -> Option<Consumer> {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(5))
            .with_jitter()
            .without_max_times();
        let opened = (|| self.context.broker.consume(&self.context.queue, self.prefetch)).retry(backoff).notify(
            |error, wait| {
                self.context.probe.not_ready(error.to_string());
                telemetry::paused(H::NAME, error, wait);
            },
        );
        tokio::select! {
            consumer = opened => consumer.ok(),
            () = stop.cancelled() => None,
        }
    }

    /// Adds what is here already, up to a batch.
    fn gather_after(&self, first: Delivery, consumer: &mut Consumer) -> Vec<Delivery> {
        let (mut lines, mut bytes) = size(&first);
        let mut unit = vec![first];
        while self.gather && lines < limits::BATCH_LINES && bytes < limits::BATCH_BYTES {
            let Some(next) = consumer.try_next() else { break };
            let (more_lines, more_bytes) = size(&next);
            (lines, bytes) = (lines + more_lines, bytes + more_bytes);
            unit.push(next);
        }
        unit
    }
}

/// Lines and bytes of a message.
fn size(delivery: &Delivery) -> (usize, usize) {
    (delivery.body.split(|byte| *byte == b'\n').count(), delivery.body.len())
}
