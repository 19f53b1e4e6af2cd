//! What a service must say to run on a stage.

use broker::{Outgoing, Queue};
use bytes::Bytes;
use contract::backfill::Settled;
use contract::envelope::{self, Header, Line};
use contract::id::WebhookId;
use runtime::trace::Trace;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::future::Future;
use std::time::Duration;

/// What happens with one item. Handlers never settle; the stage does, after everything is confirmed.
#[derive(Debug)]
pub enum Outcome {
    /// It is done, and these come of it. Empty when nothing does: a delivery that arrived.
    Forward(Vec<Made>),
    /// It failed: its line comes again after the wait, with one more attempt spent.
    Retry {
        /// How long to wait.
        after: Duration,
        /// For people and, cut at the first colon, for a metric label.
        why: String,
        /// What the line carries from now on; none: what it came with.
        body: Option<Box<RawValue>>,
    },
    /// It could not be tried, or not to its end: its line comes again after the wait, and no attempt is spent.
    Defer {
        /// How long to wait.
        after: Duration,
        /// A closed set of reasons: a metric label.
        why: &'static str,
        /// What the line carries from now on; none: what it came with.
        body: Option<Box<RawValue>>,
    },
    /// It is kept for replay.
    Undelivered {
        /// On whose queue.
        webhook: WebhookId,
        /// An encoded envelope whose body is a [`contract::delivery::Delivery`].
        line: Bytes,
        /// For people.
        why: String,
    },
    /// The pipeline can't handle it: it is kept whole, with the reason, for people.
    Park(String),
    /// Nothing comes of it, on purpose. A metric label.
    Skip(&'static str),
}

impl Outcome {
    /// How the item ends with this, which a backfill counts; none when something comes of it or it comes again.
    pub fn end(&self) -> Option<Settled> {
        match self {
            Self::Forward(made) if made.is_empty() => Some(Settled::Done),
            Self::Undelivered { .. } | Self::Park(_) => Some(Settled::Failed),
            Self::Skip(_) => Some(Settled::Skipped),
            Self::Forward(_) | Self::Retry { .. } | Self::Defer { .. } => None,
        }
    }
}

/// Something to publish.
#[derive(Debug)]
pub enum Made {
    /// A line for a queue; lines of one unit for one queue travel together.
    Line(Queue, Bytes),
    /// A message of its own.
    Message(Outgoing),
}

impl Made {
    /// A line, encoded; `length` is about how long its body will be.
    pub fn line(queue: Queue, line: &Line<impl Serialize>, length: usize) -> Result<Self, envelope::Error> {
        Ok(Self::Line(queue, line.encode(length)?))
    }
}

/// Something that the handler can't do without is away. The stage pauses with backoff and asks again; no
/// attempt is spent and nothing is parked.
#[derive(Debug, thiserror::Error)]
#[error("{what} is not available")]
pub struct Unavailable {
    /// What is away: a word for `/readyz`.
    pub what: &'static str,
    /// What it said.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Unavailable {
    /// `what` is away because of `source`.
    pub fn new(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { what, source: Some(source.into()) }
    }
}

/// One message as it was handed out.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The same when it is handed out again.
    pub id: String,
    /// It was handed out before; what came of that is unknown.
    pub redelivered: bool,
    /// As published.
    pub body: Bytes,
}

/// A part of a message that can't be decoded. It is parked alone.
#[derive(Debug)]
pub struct Poison {
    /// Its bytes.
    pub original: Bytes,
    /// Why, for people.
    pub reason: String,
}

/// One thing to handle.
pub trait Item: Send + Sync + 'static {
    /// Its bytes as they came, for `parked`.
    fn original(&self) -> &Bytes;
    /// Its envelope's header, for items that can wait. An item without one is parked when its outcome is a wait.
    fn header(&self) -> Option<&Header>;

    /// The trace that its span belongs to; none when it has no span.
    fn trace(&self) -> Option<Trace<'_>> {
        self.header().map(|header| Trace::Continued(&header.trace))
    }
}

/// An item of every stage but ingest: a line and its decoded body.
#[derive(Debug)]
pub struct Enveloped<B> {
    /// What its envelope says.
    pub header: Header,
    /// What it carries.
    pub body: B,
    original: Bytes,
}

impl<B: Send + Sync + 'static> Item for Enveloped<B> {
    fn original(&self) -> &Bytes {
        &self.original
    }

    fn header(&self) -> Option<&Header> {
        Some(&self.header)
    }
}

/// Decodes a message's lines, each on its own.
pub fn envelopes<B: DeserializeOwned>(message: &Taken) -> Vec<Result<Enveloped<B>, Poison>> {
    envelope::lines(&message.body)
        .map(|original| match Line::decode(&original) {
            Ok(Line { header, body }) => Ok(Enveloped { header, body, original }),
            Err(error) => Err(Poison { original, reason: describe(&error) }),
        })
        .collect()
}

/// Why it can't be decoded, and where. Never serde's own words: they quote values.
fn describe(error: &envelope::Error) -> String {
    match error {
        envelope::Error::Envelope(source) => format!("{error} (reading stops at column {})", source.column()),
        envelope::Error::Version(_) => error.to_string(),
    }
}

/// What a service does with what it takes.
pub trait Handler: Send + Sync + 'static {
    /// The stage's name in logs, labels and notes.
    const NAME: &'static str;
    /// What a message is split into.
    type Item: Item;
    /// What was looked up for a whole unit at once.
    type Prepared: Send + Sync + 'static;

    /// Splits one message, each part on its own.
    fn split(&self, message: &Taken) -> Vec<Result<Self::Item, Poison>>;

    /// Looks up what the items of a unit need, in one round trip. `messages` are those the items came in.
    fn prepare(
        &self,
        messages: &[Taken],
        items: &[Self::Item],
    ) -> impl Future<Output = Result<Self::Prepared, Unavailable>> + Send;

    /// Decides about one item. Called again after [`Unavailable`], never after an outcome.
    fn handle(
        &self,
        prepared: &Self::Prepared,
        item: &Self::Item,
    ) -> impl Future<Output = Result<Outcome, Unavailable>> + Send;

    /// Called when everything a unit led to is confirmed, before its messages are acknowledged. `decided` leaves
    /// out the items that went back to their queue: those will be handled again.
    fn confirmed(&self, _prepared: &Self::Prepared, _decided: &[&Self::Item]) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Called when a unit's messages are acknowledged.
    fn acknowledged(&self, _prepared: &Self::Prepared) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}
