//! Reads events from the history.

use broker::{Broker, Error, HistoryReader};
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
/// A broker may take a moment to give what it holds: only such a silence is the end of the history.
const SILENCE: Duration = Duration::from_millis(limits::HISTORY_SILENCE_MS);

/// A span of the history, read about in the order in which events were received.
pub struct History {
    reader: HistoryReader,
    /// No event of the span is behind a message that is later.
    last: Timestamp,
    /// When the message that was read last was published.
    at: Option<Timestamp>,
    /// Since when nothing came.
    quiet: Instant,
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
        Ok(Self { reader: broker.history(from).await?, last, at: None, quiet: Instant::now() })
    }

    /// The next events of the entity that `selects` takes. A chunk holds whole messages of the history, so that its
    /// cursor lies between two of them; an empty one only says that some time has passed.
    pub async fn chunk(&mut self, entity: EntityId, selects: impl Fn(&Event) -> bool) -> Result<Chunk, Error> {
        let mut chunk = Chunk::default();
        for _ in 0..limits::BACKFILL_CHUNK_MESSAGES {
            let Some((at, message)) = self.reader.next(PATIENCE).await? else {
                // Caught up. Whatever was received before the end of the span is there some time after it.
                chunk.is_last = clock::now() > self.last && self.quiet.elapsed() > SILENCE;
                break;
            };
            self.quiet = Instant::now();
            if at > self.last {
                chunk.is_last = true;
                break;
            }
            self.at = Some(at);
            chunk.events.extend(envelope::lines(&message).filter_map(|line| selected(&line, entity, &selects)));
            if chunk.events.len() >= limits::BACKFILL_CHUNK {
                break;
            }
        }
        chunk.cursor = self.at.and_then(|at| Cursor::new(at.to_string()).ok());
        Ok(chunk)
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
