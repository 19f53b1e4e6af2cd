//! A unit: what was taken together, from the split to the acknowledgement.

use crate::handler::{Handler, Item, Made, Outcome, Poison, Taken, Unavailable};
use crate::slots::Slots;
use crate::telemetry::{self, Settled};
use broker::{Acknowledged, Broker, Delivery, Note, Outgoing, Queue};
use bytes::Bytes;
use contract::envelope::{self, Header};
use contract::lane::Tier;
use contract::limits;
use futures_util::FutureExt;
use futures_util::future::join_all;
use jiff::Timestamp;
use runtime::clock;
use runtime::health::Probe;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What every unit of one queue shares.
pub(crate) struct Context<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) broker: Broker,
    pub(crate) queue: Queue,
    pub(crate) index: usize,
    pub(crate) slots: Slots,
    pub(crate) probe: Probe,
}

/// An item that was decided about.
struct Decided<'a> {
    original: &'a Bytes,
    header: Option<&'a Header>,
    outcome: Outcome,
}

/// Counts a unit as in flight until it is settled, given back, or dropped.
struct InFlight(&'static str, usize);

impl Drop for InFlight {
    fn drop(&mut self) {
        telemetry::left(self.0, self.1);
    }
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
        telemetry::received(H::NAME, items.len() + poison.len());
        let _in_flight = InFlight(H::NAME, items.len() + poison.len());

        let (early, items) = self.wait_for(items).await;
        let prepared = self.insist(|| self.handler.prepare(&messages, &items)).await;
        let decided = join_all(items.iter().map(|item| self.decide(&prepared, item))).await;

        let mut publishing = Publishing::new(&self.queue, H::NAME, clock::now());
        poison.iter().for_each(|poison| publishing.park("undecodable", &poison.original, None, &poison.reason));
        early.iter().for_each(|item| publishing.wait_on(item));
        decided.into_iter().for_each(|decided| publishing.add(decided));
        let settled = std::mem::take(&mut publishing.settled);
        let outgoing = publishing.finish();
        self.insist(|| self.publish(outgoing.clone())).await;

        self.handler.confirmed(&prepared, &items).await;
        let stale = self.acknowledge(deliveries).await;
        self.handler.acknowledged(&prepared).await;
        settled.into_iter().for_each(|outcome| telemetry::settled(H::NAME, outcome));
        telemetry::acknowledged(H::NAME, began.elapsed(), stale);
    }

    fn split(&self, messages: &[Taken]) -> (Vec<H::Item>, Vec<Poison>) {
        let (mut items, mut poison) = (Vec::new(), Vec::new());
        for part in messages.iter().flat_map(|message| self.handler.split(message)) {
            match part {
                Ok(item) => items.push(item),
                Err(bad) => poison.push(bad),
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

    /// Asks the handler until it decides. Its panic is a decision too: the item is parked.
    async fn decide<'a>(&self, prepared: &H::Prepared, item: &'a H::Item) -> Decided<'a> {
        let outcome = self
            .insist(|| async {
                let _slot = self.slots.acquire(self.index).await;
                AssertUnwindSafe(self.handler.handle(prepared, item))
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|_| Ok(Outcome::Park("panic: the handler stopped in the middle".to_owned())))
            })
            .await;
        Decided { original: item.original(), header: item.header(), outcome }
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

    /// Calls until it works. The wait doubles from 0.1 s to 5 s.
    async fn insist<T, F>(&self, mut call: impl FnMut() -> F) -> T
    where
        F: Future<Output = Result<T, Unavailable>>,
    {
        let mut wait = Duration::from_millis(100);
        let mut paused = false;
        loop {
            match call().await {
                Ok(value) => {
                    if paused {
                        self.probe.ready();
                    }
                    return value;
                }
                Err(error) => {
                    paused = true;
                    self.probe.not_ready(error.to_string());
                    telemetry::paused(H::NAME, &error, wait);
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_secs(5));
                }
            }
        }
    }
}

fn remaining(header: Option<&Header>, now: Timestamp) -> Duration {
    let until = header.and_then(|header| header.not_before);
    until.map_or(Duration::ZERO, |until| Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// Turns outcomes into messages: lines for one queue travel together.
struct Publishing<'a> {
    queue: &'a Queue,
    stage: &'static str,
    now: Timestamp,
    lines: Vec<(Queue, Vec<Bytes>)>,
    messages: Vec<Outgoing>,
    settled: Vec<Settled>,
}

impl<'a> Publishing<'a> {
    fn new(queue: &'a Queue, stage: &'static str, now: Timestamp) -> Self {
        Self { queue, stage, now, lines: Vec::new(), messages: Vec::new(), settled: Vec::new() }
    }

    fn add(&mut self, decided: Decided<'_>) {
        let Decided { original, header, outcome } = decided;
        match outcome {
            Outcome::Forward(made) => {
                made.into_iter().for_each(|made| self.made(made));
                self.settled.push(Settled::Forwarded);
            }
            Outcome::Retry { after, why } => {
                telemetry::waits(self.stage, &why);
                self.wait(original, header, after, why, Settled::Retried);
            }
            Outcome::Defer { after, why } => {
                telemetry::waits(self.stage, why);
                self.wait(original, header, after, why.to_owned(), Settled::Deferred);
            }
            Outcome::Undelivered { webhook, line, why } => {
                let note = self.note(why);
                self.messages.push(Outgoing::noted(Queue::Undelivered(webhook), line, note));
                self.settled.push(Settled::Undelivered);
            }
            Outcome::Park(why) => self.park("handler", original, header, &why),
            Outcome::Skip(_) => self.settled.push(Settled::Skipped),
        }
    }

    fn made(&mut self, made: Made) {
        match made {
            Made::Line(queue, line) => self.line(queue, line),
            Made::Message(message) => self.messages.push(message),
        }
    }

    fn line(&mut self, queue: Queue, line: Bytes) {
        match self.lines.iter_mut().find(|(known, _)| *known == queue) {
            Some((_, lines)) => lines.push(line),
            None => self.lines.push((queue, vec![line])),
        }
    }

    /// An item that came early waits on, as it is.
    fn wait_on(&mut self, item: &impl Item) {
        let Some(header) = item.header() else { return };
        self.delay(header.lane, remaining(Some(header), self.now), item.original().clone());
        self.settled.push(Settled::Deferred);
    }

    fn wait(&mut self, original: &Bytes, header: Option<&Header>, after: Duration, why: String, settled: Settled) {
        let Some(header) = header else {
            return self.park("handler", original, None, "it was asked to wait but has no envelope");
        };
        let mut again = header.clone();
        again.attempt += u32::from(settled == Settled::Retried);
        again.not_before = self.now.checked_add(after).ok();
        again.why = Some(why);
        match envelope::under(original, again) {
            Ok(line) => {
                self.delay(header.lane, after, line);
                self.settled.push(settled);
            }
            Err(error) => self.park("unencodable", original, Some(header), &error.to_string()),
        }
    }

    fn delay(&mut self, lane: contract::lane::Lane, wait: Duration, line: Bytes) {
        self.line(Queue::Delay(lane, Tier::within(wait).unwrap_or(Tier::S1)), line);
    }

    fn park(&mut self, kind: &'static str, original: &Bytes, header: Option<&Header>, why: &str) {
        telemetry::parked(self.stage, kind, header.map_or("", |header| &header.id), why);
        let note = self.note(why.to_owned());
        self.messages.push(Outgoing::noted(Queue::Parked, original.clone(), note));
        self.settled.push(Settled::Parked);
    }

    fn note(&self, reason: String) -> Note {
        Note { stage: self.stage.to_owned(), reason, origin: self.queue.name(), at: self.now }
    }

    fn finish(self) -> Vec<Outgoing> {
        let mut outgoing = self.messages;
        for (queue, lines) in self.lines {
            let most = match queue {
                Queue::Sender(_) | Queue::Delay(..) => limits::SENDER_BATCH_LINES,
                _ => limits::BATCH_LINES,
            };
            let batches = envelope::batches(lines, most, limits::BATCH_BYTES);
            outgoing.extend(batches.into_iter().map(|body| Outgoing::new(queue.clone(), body)));
        }
        outgoing
    }
}
