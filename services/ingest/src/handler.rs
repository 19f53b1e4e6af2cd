//! The AMQP entrance: what ingest does with what upstream published to the exchange.

use crate::accept::{self, Acceptance, Document};
use crate::telemetry::{self, Entrance};
use crate::trace;
use broker::Queue;
use bytes::Bytes;
use contract::envelope::{self, Header};
use contract::event::Event;
use contract::id::EventId;
use contract::lane::Lane;
use runtime::clock;
use stage::{Handler, Item, Made, Outcome, Poison, Taken, Unavailable};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Turns upstream documents into events.
pub struct Ingest {
    acceptance: Acceptance,
    numbers: AtomicU64,
}

/// One document of a message.
pub struct Incoming {
    /// Tells apart documents that are the same.
    number: u64,
    document: Document,
    trace: String,
}

/// What is new in a unit.
pub struct Fresh {
    /// For each document, by its number, which of its events.
    flags: HashMap<u64, Vec<bool>>,
    events: Vec<EventId>,
}

impl Item for Incoming {
    fn original(&self) -> &Bytes {
        &self.document.original
    }

    fn header(&self) -> Option<&Header> {
        None
    }
}

impl Ingest {
    pub(crate) fn new(acceptance: Acceptance) -> Self {
        Self { acceptance, numbers: AtomicU64::new(0) }
    }
}

impl Handler for Ingest {
    const NAME: &'static str = "ingest";
    type Item = Incoming;
    type Prepared = Fresh;

    fn split(&self, message: &Taken) -> Vec<Result<Incoming, Poison>> {
        let documents = accept::native(&message.body, clock::now());
        let number = || self.numbers.fetch_add(1, Ordering::Relaxed);
        documents.map(|document| Ok(Incoming { number: number(), document, trace: trace::begin() })).collect()
    }

    async fn prepare(&self, _messages: &[Taken], items: &[Incoming]) -> Result<Fresh, Unavailable> {
        let ids: Vec<EventId> = items.iter().flat_map(|item| item.document.ids()).cloned().collect();
        let fresh = self.acceptance.fresh(&ids).await.map_err(|error| Unavailable::new("store", error))?;
        let mut rest = fresh.iter().copied();
        let flags = |item: &Incoming| (item.number, rest.by_ref().take(item.document.ids().count()).collect());
        let flags = items.iter().map(flags).collect();
        let events = ids.into_iter().zip(fresh).filter_map(|(id, fresh)| fresh.then_some(id)).collect();
        Ok(Fresh { flags, events })
    }

    async fn handle(&self, fresh: &Fresh, item: &Incoming) -> Result<Outcome, Unavailable> {
        let events = match &item.document.events {
            Ok(events) => events,
            Err(rejection) => {
                telemetry::rejected(Entrance::Amqp, rejection);
                let message = accept::rejected(&item.document, rejection, clock::now());
                return Ok(Outcome::Forward(vec![Made::Message(message)]));
            }
        };
        let flags = fresh.flags.get(&item.number).map(Vec::as_slice).unwrap_or_default();
        let new: Vec<&Event> = events.iter().zip(flags).filter_map(|(event, new)| new.then_some(event)).collect();
        telemetry::accepted(Entrance::Amqp, new.len(), events.len() - new.len());
        if new.is_empty() {
            return Ok(Outcome::Skip("duplicate"));
        }
        Ok(forward(&new, &item.trace).map_or_else(|error| Outcome::Park(error.to_string()), Outcome::Forward))
    }

    async fn confirmed(&self, fresh: &Fresh, _items: &[Incoming]) {
        if fresh.events.is_empty() {
            return;
        }
        if let Err(error) = self.acceptance.remember(&fresh.events).await {
            telemetry::unmarked(&error, fresh.events.len());
        }
    }
}

fn forward(events: &[&Event], trace: &str) -> Result<Vec<Made>, envelope::Error> {
    let mut made = Vec::with_capacity(2 * events.len());
    for event in events {
        let line = accept::line(event, trace)?;
        made.push(Made::Line(Queue::Router(Lane::Live), line.clone()));
        made.push(Made::Line(Queue::History, line));
    }
    Ok(made)
}
