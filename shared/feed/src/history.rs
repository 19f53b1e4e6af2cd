//! Reads events from the history.

use broker::{Broker, Error, HistoryReader, Outgoing, Queue};
use bytes::Bytes;
use contract::backfill::Cursor;
use contract::delivery::Routed;
use contract::envelope::{self, Line};
use contract::event::Event;
use contract::id::EntityId;
use contract::limits;
use jiff::Timestamp;
use runtime::clock;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// How long a read waits for a message.
const PATIENCE: Duration = Duration::from_millis(limits::HISTORY_PATIENCE_MS);
/// How long a chunk is read.
const CHUNK: Duration = Duration::from_millis(limits::HISTORY_CHUNK_MS);

/// A span of the history, read about in the order in which events were received.
pub struct History {
    broker: Broker,
    reader: HistoryReader,
    /// No event of the span is behind a message that is later.
    last: Timestamp,
    /// When the message that was read last was published.
    at: Option<Timestamp>,
    /// What was published behind all events of the span, to be read as its end.
    end: Option<Bytes>,
}

/// Events that were read together.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Those that were asked for.
    pub events: Vec<Selected>,
    /// Where the reader stands behind them.
    pub cursor: Option<Cursor>,
    /// Nothing comes behind them.
    pub is_last: bool,
}

/// An event and the trace that it came with.
#[derive(Debug, Clone)]
pub struct Selected {
    /// What happened.
    pub event: Event,
    /// The trace of its message, 32 hexadecimal digits.
    pub trace: String,
}

/// What decides about most lines; the rest of them is not read.
#[derive(Deserialize)]
struct Glance {
    body: GlanceBody,
}

#[derive(Deserialize)]
struct GlanceBody {
    event: GlanceEvent,
}

#[derive(Deserialize)]
struct GlanceEvent {
    entity: EntityId,
}

impl History {
    /// Reads what was published from `from` on until `last`, behind which nothing lies that is wanted.
    pub async fn open(broker: &Broker, from: Timestamp, last: Timestamp) -> Result<Self, Error> {
        Ok(Self { broker: broker.clone(), reader: broker.history(from).await?, last, at: None, end: None })
    }

    /// The next events of the entity that `selects` takes. A chunk holds whole messages of the history, so that its
    /// cursor lies between two of them; an empty one only says that some time has passed.
    pub async fn chunk(&mut self, entity: EntityId, selects: impl Fn(&Event) -> bool) -> Result<Chunk, Error> {
        let (mut chunk, began) = (Chunk::default(), Instant::now());
        for _ in 0..limits::BACKFILL_CHUNK_MESSAGES {
            let Some((at, message)) = self.reader.next(PATIENCE).await? else {
                self.mark_end().await?;
                break;
            };
            if at > self.last || self.end.as_ref() == Some(&message) {
                chunk.is_last = true;
                break;
            }
            self.at = Some(at);
            chunk.events.extend(envelope::lines(&message).filter_map(|line| selected(&line, entity, &selects)));
            if chunk.events.len() >= limits::BACKFILL_CHUNK || began.elapsed() >= CHUNK {
                break;
            }
            // Messages that are here already come without waiting, and there are other readers.
            tokio::task::yield_now().await;
        }
        chunk.cursor = self.at.and_then(|at| Cursor::new(at.to_string()).ok());
        Ok(chunk)
    }

    /// A reader that has nothing to say has read all, or the broker is slow to begin: only a message behind the last
    /// event tells the two apart, and without live events nobody else publishes one. Whatever was received before the
    /// end of the span is there some time after it.
    async fn mark_end(&mut self) -> Result<(), Error> {
        if self.end.is_some() || clock::now() <= self.last {
            return Ok(());
        }
        // No event, so nobody's.
        let end = Bytes::from(format!(r#"{{"end":"{}"}}"#, uuid::Uuid::now_v7().simple()));
        self.broker.publisher().publish(Outgoing::new(Queue::History, end.clone())).await?;
        self.end = Some(end);
        Ok(())
    }
}

/// The event of a line, if it is asked for. A line that can't be read belongs to nobody.
fn selected(line: &Bytes, entity: EntityId, selects: impl Fn(&Event) -> bool) -> Option<Selected> {
    let glance: Glance = serde_json::from_slice(line).ok()?;
    if glance.body.event.entity != entity {
        return None;
    }
    let Line { header, body } = Line::<Routed>::decode(line).ok()?;
    selects(&body.event).then_some(Selected { event: body.event, trace: header.trace })
}
