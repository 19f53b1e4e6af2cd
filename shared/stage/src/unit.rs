//! A unit: what was taken together, from the split to the acknowledgement.

use crate::handler::{Handler, Item, Made, Outcome, Poison, Taken, Unavailable};
use crate::settle::{Decided, Publishing, remaining};
use crate::slots::Slots;
use crate::telemetry::{self, Settled};
use broker::{Acknowledged, Broker, Delivery, Outgoing, Queue};
use contract::limits;
use futures_util::FutureExt;
use futures_util::future::join_all;
use runtime::clock;
use runtime::health::Probe;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// What every unit of one queue shares.
pub(crate) struct Context<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) broker: Broker,
    pub(crate) queue: Queue,
    pub(crate) index: usize,
    pub(crate) slots: Slots,
    pub(crate) probe: Probe,
    /// The probe says that it can't go on.
    pub(crate) paused: AtomicBool,
    /// Cancelled when a stop has used up half of its grace: what has not begun goes back.
    pub(crate) hurry: CancellationToken,
}

/// Counts a unit as in flight until it is settled, given back, or dropped.
struct InFlight(&'static str, usize);

impl InFlight {
    fn begin(stage: &'static str, items: usize) -> Self {
        telemetry::received(stage, items);
        Self(stage, items)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        telemetry::left(self.0, self.1);
    }
}

/// How a unit ended.
enum Worked {
    /// Everything it led to is confirmed.
    Settle(Vec<Settled>),
    /// The connection that its messages came on is gone: they will be handed out again, and whatever is
    /// published now would happen twice.
    Stale,
}

impl<H: Handler> Context<H> {
    /// Handles what was taken together and settles it. Dropped before its end, everything goes back.
    pub(crate) async fn process(&self, deliveries: Vec<Delivery>) {
        let began = Instant::now();
        let messages: Vec<Taken> = deliveries
            .iter()
            .map(|d| Taken { id: d.id.clone(), redelivered: d.redelivered, body: d.body.clone() })
            .collect();
        let (items, poison) = self.split(&messages);
        let _in_flight = InFlight::begin(H::NAME, items.len() + poison.len());
        // In the order in which they were handed out: when the first is, the others came on the same connection.
        let current = || deliveries.first().is_some_and(Delivery::is_current);

        let (early, items) = self.wait_for(items).await;
        let worked = self.work(began, &messages, items, &early, &poison, &current);
        let worked = AssertUnwindSafe(worked).catch_unwind().await;
        let (settled, prepared) = match worked {
            Ok((Worked::Settle(settled), prepared)) => (settled, Some(prepared)),
            Ok((Worked::Stale, _)) => return telemetry::stale(H::NAME, deliveries.len()),
            // Outside `handle`, whose panics are caught there. Taken again these messages would panic again.
            Err(_) => (self.park_whole(&messages).await, None),
        };
        let stale = self.acknowledge(deliveries).await;
        if let Some(prepared) = prepared.filter(|_| stale == 0) {
            self.handler.acknowledged(&prepared).await;
        }
        settled.into_iter().for_each(|outcome| telemetry::settled(H::NAME, outcome));
        telemetry::acknowledged(H::NAME, began.elapsed(), stale);
    }

    /// Splits each message on its own; one that makes the handler panic is poison whole.
    fn split(&self, messages: &[Taken]) -> (Vec<H::Item>, Vec<Poison>) {
        let (mut items, mut poison) = (Vec::new(), Vec::new());
        for message in messages {
            let whole = || Poison { original: message.body.clone(), reason: "taking it apart panicked".to_owned() };
            let parts = std::panic::catch_unwind(AssertUnwindSafe(|| self.handler.split(message)));
            for part in parts.unwrap_or_else(|_| vec![Err(whole())]) {
                match part {
                    Ok(item) => items.push(item),
                    Err(bad) => poison.push(bad),
                }
            }
        }
        (items, poison)
    }

    /// Sits out what is left of waits under a second, and sets longer ones apart to wait in a queue again.
    async fn wait_for(&self, items: Vec<H::Item>) -> (Vec<H::Item>, Vec<H::Item>) {
        let now = clock::now();
        let in_place = Duration::from_millis(limits::WAIT_IN_PLACE_MS);
        let left = |item: &H::Item| remaining(item.header(), now);
        let (early, items): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| left(item) >= in_place);
        if let Some(longest) = items.iter().map(left).max().filter(|wait| !wait.is_zero()) {
            tokio::time::sleep(longest).await;
        }
        (early, items)
    }

    /// Decides about every item and publishes what comes of it.
    async fn work(
        &self,
        began: Instant,
        messages: &[Taken],
        items: Vec<H::Item>,
        early: &[H::Item],
        poison: &[Poison],
        current: &(impl Fn() -> bool + Sync),
    ) -> (Worked, H::Prepared) {
        let prepared = self.insist(|| self.handler.prepare(messages, &items)).await;
        let (decided, done) = self.decide_all(&prepared, &items, current).await;

        let mut publishing = Publishing::new(&self.queue, H::NAME, clock::now());
        poison.iter().for_each(|poison| publishing.park("undecodable", &poison.original, None, &poison.reason));
        early.iter().for_each(|item| publishing.wait_on(item));
        decided.into_iter().for_each(|decided| publishing.add(decided));
        let settled = std::mem::take(&mut publishing.settled);
        let outgoing = publishing.finish();
        let published = self.insist(|| async {
            match current() {
                true => self.publish(outgoing.clone()).await.map(|()| true),
                false => Ok(false),
            }
        });
        if !published.await {
            return (Worked::Stale, prepared);
        }
        self.handler.confirmed(&prepared, &done).await;
        // Settled in this order: first what could not be decoded, of which nobody knows the trace.
        let hops = early.iter().chain(&items).zip(settled.iter().skip(poison.len()));
        hops.for_each(|(item, settled)| telemetry::hop(H::NAME, item, began, *settled));
        (Worked::Settle(settled), prepared)
    }

    /// Asks about all items at once. Where some can be decided and others wait for a dependency or, while
    /// stopping, for a slot, those others go back to the end of their queue and hold nobody up. The second part
    /// of the answer are the items that do not.
    async fn decide_all<'a>(
        &self,
        prepared: &H::Prepared,
        items: &'a [H::Item],
        current: &(impl Fn() -> bool + Sync),
    ) -> (Vec<Decided<'a>>, Vec<&'a H::Item>) {
        let mut wait = Duration::from_millis(100);
        loop {
            let outcomes = join_all(items.iter().map(|item| self.decide(prepared, item, current))).await;
            if items.is_empty() || outcomes.iter().any(Option::is_some) || self.hurry.is_cancelled() || !current() {
                let done = items.iter().zip(&outcomes).filter_map(|(item, outcome)| outcome.as_ref().map(|_| item));
                let done = done.collect();
                let decided = |(item, outcome): (&'a H::Item, Option<Outcome>)| Decided {
                    original: item.original(),
                    header: item.header(),
                    outcome: outcome.unwrap_or_else(|| self.again(item)),
                };
                return (items.iter().zip(outcomes).map(decided).collect(), done);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_PAUSE);
        }
    }

    /// The same item at the end of the queue that it came from.
    fn again(&self, item: &H::Item) -> Outcome {
        telemetry::waits(H::NAME, "returned");
        Outcome::Forward(vec![Made::Line(self.queue.clone(), item.original().clone())])
    }

    /// Asks the handler a few times; none when it can't decide now. Its panic is a decision too: the item is
    /// parked. What has not begun when its messages are stale, or when a stop is overdue, does not begin.
    async fn decide(
        &self,
        prepared: &H::Prepared,
        item: &H::Item,
        current: &(impl Fn() -> bool + Sync),
    ) -> Option<Outcome> {
        let mut wait = Duration::from_millis(100);
        for last in [false, false, true] {
            let slot = tokio::select! {
                slot = self.slots.acquire(self.index) => slot,
                () = self.hurry.cancelled() => return None,
            };
            if !current() {
                return None;
            }
            let asked = AssertUnwindSafe(self.handler.handle(prepared, item)).catch_unwind().await;
            drop(slot);
            match asked {
                Ok(Ok(outcome)) => {
                    self.resumed();
                    return Some(outcome);
                }
                Err(_) => return Some(Outcome::Park("panic: the handler stopped in the middle".to_owned())),
                Ok(Err(error)) => {
                    self.pause(&error, wait).await;
                    wait *= 2;
                    if last {
                        return None;
                    }
                }
            }
        }
        None
    }

    async fn park_whole(&self, messages: &[Taken]) -> Vec<Settled> {
        let mut publishing = Publishing::new(&self.queue, H::NAME, clock::now());
        for message in messages {
            publishing.park("panic", &message.body, None, "the stage panicked over this message or its neighbours");
        }
        let settled = std::mem::take(&mut publishing.settled);
        let outgoing = publishing.finish();
        self.insist(|| self.publish(outgoing.clone())).await;
        settled
    }

    async fn publish(&self, outgoing: Vec<Outgoing>) -> Result<(), Unavailable> {
        let published = self.broker.publisher().publish_all(outgoing).await;
        published.map_err(|error| Unavailable::new("broker", error))
    }

    /// Acknowledges every message; returns how many acknowledgements came too late.
    async fn acknowledge(&self, deliveries: Vec<Delivery>) -> usize {
        let acks = join_all(deliveries.into_iter().map(Delivery::ack)).await;
        // An error here is a lost connection: the broker hands the message out again, as with a late ack.
        acks.into_iter().filter(|ack| !matches!(ack, Ok(Acknowledged::Yes))).count()
    }

    /// Calls until it works.
    async fn insist<T, F>(&self, mut call: impl FnMut() -> F) -> T
    where
        F: Future<Output = Result<T, Unavailable>>,
    {
        let mut wait = Duration::from_millis(100);
        loop {
            match call().await {
                Ok(value) => {
                    self.resumed();
                    return value;
                }
                Err(error) => self.pause(&error, wait).await,
            }
            wait = (wait * 2).min(LONGEST_PAUSE);
        }
    }

    /// It goes on.
    fn resumed(&self) {
        if self.paused.load(Ordering::Relaxed) {
            self.paused.store(false, Ordering::Relaxed);
            self.probe.ready();
        }
    }

    /// Says why nothing goes on, and waits.
    async fn pause(&self, error: &Unavailable, wait: Duration) {
        self.paused.store(true, Ordering::Relaxed);
        self.probe.not_ready(error.to_string());
        telemetry::paused(H::NAME, error, wait);
        tokio::time::sleep(wait).await;
    }
}

/// Waits for a missing dependency double from 0.1 s up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
