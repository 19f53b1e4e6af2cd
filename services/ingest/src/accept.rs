//! The path that both entrances share.

use crate::history::History;
use crate::in_hand::{Busy, Held, InHand};
use crate::telemetry::{self, Entrance};
use broker::{Broker, Note, Outgoing, Queue};
use bytes::Bytes;
use contract::body::Rejection;
use contract::delivery::RoutedOf;
use contract::envelope::{self, Header, Line};
use contract::event::Event;
use contract::id::EventId;
use contract::lane::Lane;
use contract::{limits, upstream};
use jiff::Timestamp;
use runtime::health::Health;
use std::collections::HashSet;
use std::time::Duration;
use store::Dedup;

/// One upstream document and what it holds.
#[derive(Debug)]
pub(crate) struct Document {
    /// The line of its message on which it begins, counted from 1.
    pub(crate) line: usize,
    /// As it came.
    pub(crate) original: Bytes,
    /// One event for each line item, or everything that is wrong with it.
    pub(crate) events: Result<Vec<Event>, Rejection>,
}

/// Reads the documents of a message in the native form, one after the other.
pub(crate) fn native(body: &Bytes, now: Timestamp) -> impl Iterator<Item = Document> + Send + '_ {
    upstream::documents(body).map(move |document| Document {
        line: document.line,
        original: body.slice_ref(document.bytes),
        events: upstream::native(document.bytes, now),
    })
}

/// Reads a bare Default body.
pub(crate) fn bare(body: &Bytes, now: Timestamp) -> Document {
    Document { line: 1, original: body.clone(), events: upstream::bare(body, now) }
}

/// A message that is too large to be read, as one document that is rejected; none when it is not.
pub(crate) fn too_large(body: &Bytes) -> Option<Document> {
    let expected = if body.len() > limits::AMQP_MESSAGE_BYTES {
        "a message of at most 16 MiB"
    } else if body.len() > limits::NDJSON_LINES
        && upstream::documents(body).take(limits::NDJSON_LINES + 1).count() > limits::NDJSON_LINES
    {
        "at most 10000 documents in a message"
    } else {
        return None;
    };
    Some(Document { line: 1, original: body.clone(), events: Err(Rejection::of("$", expected)) })
}

/// The line that carries an event to the router, and into history.
pub(crate) fn line(event: &Event, trace: &str) -> Result<Bytes, envelope::Error> {
    let header = Header::new(event.id.as_str(), trace.to_owned(), Lane::Live, event.received_at);
    Line::new(header, RoutedOf { event }).encode(event.body.get().len())
}

/// The message that puts a document aside, whole and with every reason.
pub(crate) fn rejected(document: &Document, rejection: &Rejection, now: Timestamp) -> Outgoing {
    // A rejection is texts and a number, which always have a JSON form.
    let reason = serde_json::to_string(rejection).unwrap_or_else(|_| rejection.to_string());
    let note = Note { stage: "ingest".to_owned(), reason, origin: Queue::Ingest.name(), at: now };
    Outgoing::noted(Queue::IngestRejected, document.original.clone(), note)
}

/// What became of some documents.
#[derive(Debug, Default)]
pub(crate) struct Receipt {
    /// Events that were published.
    pub(crate) accepted: usize,
    /// Events that were accepted before.
    pub(crate) duplicates: usize,
    /// Lines and reasons of the documents that were put aside.
    pub(crate) rejected: Vec<(usize, Rejection)>,
}

/// Why documents can't be accepted now. They can be sent again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the broker is away")]
    Broker(#[from] broker::Error),
    #[error("the store is away")]
    Store(#[from] store::Error),
    #[error("the same events are being accepted for someone else")]
    Busy(#[from] Busy),
    #[error("an event can't be written")]
    Envelope(#[from] envelope::Error),
}

/// Drops repeats, publishes, remembers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Acceptance {
    broker: Broker,
    dedup: Dedup,
    window: Duration,
    history: History,
    in_hand: InHand,
}

impl Acceptance {
    pub(crate) fn new(broker: Broker, dedup: Dedup, window: Duration, health: &Health) -> Self {
        let history = History::new(broker.clone(), health.probe("history"));
        Self { broker, dedup, window, history, in_hand: InHand::default() }
    }

    /// Keeps copies of events in history.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Waits until nobody else is accepting any of these events. Hold it until they are remembered.
    pub(crate) async fn take(&self, events: &[EventId]) -> Result<Held, Busy> {
        self.in_hand.take(events).await
    }

    /// For each event whether it is new: not remembered, and the first of its id here. Take them first.
    pub(crate) async fn fresh(&self, events: &[EventId]) -> Result<Vec<bool>, store::Error> {
        let seen = self.dedup.seen(events).await?;
        let mut here = HashSet::new();
        Ok(events.iter().zip(seen).map(|(event, seen)| !seen && here.insert(event)).collect())
    }

    /// Brings what is confirmed to disk, then remembers its events.
    ///
    /// In this order: a mark that survives a crash which its message does not survive would make
    /// the upstream's repeat look like one and lose the event.
    pub(crate) async fn remember(&self, events: &[EventId]) -> Result<(), broker::Error> {
        self.broker.flush().await?;
        // Without a mark a repeat is delivered again, under the same id: nothing is lost.
        if let Err(error) = self.dedup.mark(events, self.window).await {
            telemetry::unmarked(&error, events.len());
        }
        Ok(())
    }

    /// Accepts documents in rounds: what is good is published and confirmed, what is not is put aside. After
    /// an error the rounds before it stand, and sending all again repeats nothing of them.
    pub(crate) async fn accept(
        &self,
        entrance: Entrance,
        documents: impl Iterator<Item = Document> + Send,
        trace: &str,
        now: Timestamp,
    ) -> Result<Receipt, Error> {
        let mut receipt = Receipt::default();
        let mut documents = documents.peekable();
        while documents.peek().is_some() {
            let (mut round, mut bytes) = (Vec::new(), 0);
            while round.len() < limits::INGEST_ROUND_DOCUMENTS && bytes < limits::INGEST_ROUND_BYTES {
                let Some(document) = documents.next() else { break };
                bytes += weight(&document);
                round.push(document);
            }
            self.round(entrance, round, trace, now, &mut receipt).await?;
        }
        Ok(receipt)
    }

    async fn round(
        &self,
        entrance: Entrance,
        documents: Vec<Document>,
        trace: &str,
        now: Timestamp,
        receipt: &mut Receipt,
    ) -> Result<(), Error> {
        let ids: Vec<EventId> = documents.iter().flat_map(Document::ids).cloned().collect();
        let _held = self.take(&ids).await?;
        let fresh = self.fresh(&ids).await?;
        let mut flags = fresh.iter().copied();
        let (mut lines, mut outgoing, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for document in &documents {
            match &document.events {
                Ok(events) => {
                    let before = lines.len();
                    for event in events {
                        if flags.next().unwrap_or(true) {
                            lines.push(line(event, trace)?);
                        }
                    }
                    let published = lines.len() - before;
                    counts.push((published, events.len() - published));
                }
                Err(rejection) => outgoing.push(rejected(document, rejection, now)),
            }
        }
        self.history.keep(lines.clone()).await?;
        let batches = envelope::batches(lines, limits::BATCH_LINES, limits::BATCH_BYTES).into_iter();
        outgoing.extend(batches.map(|body| Outgoing::new(Queue::Router(Lane::Live), body)));
        self.broker.publisher().publish_all(outgoing).await?;
        let new: Vec<EventId> = ids.into_iter().zip(fresh).filter_map(|(id, fresh)| fresh.then_some(id)).collect();
        self.remember(&new).await?;
        for (published, repeats) in counts {
            telemetry::accepted(entrance, published, repeats);
            receipt.accepted += published;
            receipt.duplicates += repeats;
        }
        for document in documents {
            if let Err(rejection) = document.events {
                telemetry::rejected(entrance, &rejection);
                receipt.rejected.push((document.line, rejection));
            }
        }
        Ok(())
    }
}

impl Document {
    /// The ids of its events.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &EventId> {
        self.events.iter().flatten().map(|event| &event.id)
    }
}

/// About the bytes that a document holds on to.
fn weight(document: &Document) -> usize {
    let events = document.events.iter().flatten().map(|event| event.body.get().len());
    document.original.len() + events.sum::<usize>()
}
