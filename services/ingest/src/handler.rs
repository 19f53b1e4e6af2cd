//! The AMQP entrance: what ingest does with what upstream published to the exchange.

use crate::accept::{self, Acceptance, Document};
use crate::in_hand::Held;
use crate::telemetry::{self, Entrance};
use crate::trace;
use broker::Queue;
use bytes::Bytes;
use contract::envelope::Header;
use contract::event::Event;
use contract::id::EventId;
use contract::lane::Lane;
use runtime::clock;
use runtime::trace::Trace;
use stage::{Handler, Item, Made, Outcome, Poison, Taken, Unavailable};
use std::collections::{HashMap, HashSet};
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
    pub(crate) document: Document,
    trace: String,
}

/// What is new in a unit.
pub struct Fresh {
    /// By the number of its document.
    documents: HashMap<u64, New>,
    /// With the number of its document.
    events: Vec<(u64, EventId)>,
    /// Until the unit is settled nobody else accepts the same events.
    _held: Held,
}

/// What is new in a document.
enum New {
    /// The lines of the events that are, and how many were accepted before.
    Lines(Vec<Bytes>, usize),
    /// It can't be told, or its events can't be written.
    Unknown(String),
}

impl Item for Incoming {
    fn original(&self) -> &Bytes {
        &self.document.original
    }

    fn header(&self) -> Option<&Header> {
        None
    }

    fn trace(&self) -> Option<Trace<'_>> {
        Some(Trace::Begun(&self.trace))
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
        let incoming = |document| {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            Ok(Incoming { number, document, trace: trace::begin() })
        };
        match accept::too_large(&message.body) {
            Some(document) => vec![incoming(document)],
            None => accept::native(&message.body, clock::now()).map(incoming).collect(),
        }
    }

    async fn prepare(&self, _messages: &[Taken], items: &[Incoming]) -> Result<Fresh, Unavailable> {
        let ids: Vec<EventId> = items.iter().flat_map(|item| item.document.ids()).cloned().collect();
        let held = self.acceptance.take(&ids).await.map_err(|error| Unavailable::new("another copy", error))?;
        let flags = match self.acceptance.fresh(&ids).await {
            Ok(flags) => Ok(flags),
            Err(error) if error.is_unavailable() => return Err(Unavailable::new("store", error)),
            // Waiting does not heal it. The message names the key alone.
            Err(corrupt) => Err(format!("corrupt: {corrupt}")),
        };
        let mut fresh = Fresh { documents: HashMap::new(), events: Vec::new(), _held: held };
        let mut rest = flags.iter().flatten().copied();
        for item in items {
            let Ok(events) = &item.document.events else { continue };
            let new = events
                .iter()
                .zip(rest.by_ref())
                .filter_map(|(event, new)| new.then_some(event))
                .collect::<Vec<&Event>>();
            let document = match flags.as_ref().map_err(Clone::clone).and_then(|_| lines(&new, &item.trace)) {
                Ok(lines) => {
                    fresh.events.extend(new.iter().map(|event| (item.number, event.id.clone())));
                    New::Lines(lines, events.len() - new.len())
                }
                Err(why) => New::Unknown(why),
            };
            fresh.documents.insert(item.number, document);
        }
        let documents = items.iter().filter_map(|item| fresh.documents.get(&item.number));
        let lines = documents.flat_map(New::lines).cloned().collect();
        let kept = self.acceptance.history().keep(lines).await;
        kept.map_err(|error| Unavailable::new("broker", error))?;
        Ok(fresh)
    }

    async fn handle(&self, fresh: &Fresh, item: &Incoming) -> Result<Outcome, Unavailable> {
        if let Err(rejection) = &item.document.events {
            telemetry::rejected(Entrance::Amqp, rejection);
            let message = accept::rejected(&item.document, rejection, clock::now());
            return Ok(Outcome::Forward(vec![Made::Message(message)]));
        }
        let (lines, repeats) = match fresh.documents.get(&item.number) {
            Some(New::Lines(lines, repeats)) => (lines, *repeats),
            Some(New::Unknown(why)) => return Ok(Outcome::Park(why.clone())),
            None => return Ok(Outcome::Park("the document was not looked up".to_owned())),
        };
        telemetry::accepted(Entrance::Amqp, lines.len(), repeats);
        if lines.is_empty() {
            return Ok(Outcome::Skip("duplicate"));
        }
        let made = lines.iter().map(|line| Made::Line(Queue::Router(Lane::Live), line.clone()));
        Ok(Outcome::Forward(made.collect()))
    }

    async fn confirmed(&self, fresh: &Fresh, decided: &[&Incoming]) {
        // Not those of a document that went back to the queue: remembered, it would be dropped as a repeat.
        let decided: HashSet<u64> = decided.iter().map(|item| item.number).collect();
        let events = fresh.events.iter().filter(|(document, _)| decided.contains(document));
        let events: Vec<EventId> = events.map(|(_, event)| event.clone()).collect();
        if events.is_empty() {
            return;
        }
        if let Err(error) = self.acceptance.remember(&events).await {
            telemetry::unmarked(&error, events.len());
        }
    }
}

impl New {
    fn lines(&self) -> &[Bytes] {
        match self {
            Self::Lines(lines, _) => lines,
            Self::Unknown(_) => &[],
        }
    }
}

fn lines(events: &[&Event], trace: &str) -> Result<Vec<Bytes>, String> {
    events.iter().map(|event| accept::line(event, trace)).collect::<Result<_, _>>().map_err(|error| error.to_string())
}
