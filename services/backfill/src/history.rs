//! Reads the events of a backfill from the history.

use broker::{Broker, HistoryReader};
use bytes::Bytes;
use contract::backfill::{Backfill, Cursor};
use contract::delivery::Routed;
use contract::envelope::{self, Line};
use contract::event::Event;
use contract::id::EntityId;
use contract::limits;
use jiff::{SignedDuration, Timestamp};
use runtime::clock;
use serde::Deserialize;
use std::time::Duration;

/// How long a read waits for a message.
const PATIENCE: Duration = Duration::from_millis(limits::BACKFILL_PATIENCE_MS);

/// The history from where a backfill stands.
pub(crate) struct History {
    reader: HistoryReader,
    /// No event of the backfill is behind a message that is so late.
    last: Timestamp,
    /// When the message that was read last was published.
    at: Option<Timestamp>,
}

/// Events that are published together.
#[derive(Default)]
pub(crate) struct Chunk {
    pub(crate) events: Vec<Selected>,
    /// Where the reader stands behind them.
    pub(crate) cursor: Option<Cursor>,
    /// Nothing comes behind them.
    pub(crate) is_last: bool,
}

/// An event and the trace that it came with.
pub(crate) struct Selected {
    pub(crate) event: Event,
    pub(crate) trace: String,
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
    /// Begins at the backfill's cursor, or at its start date.
    pub(crate) async fn open(broker: &Broker, backfill: &Backfill) -> Result<Self, broker::Error> {
        let cursor = backfill.cursor.as_ref().and_then(|cursor| cursor.as_str().parse().ok());
        let from = cursor.unwrap_or_else(|| backfill.history_from());
        let lag = SignedDuration::from_secs(limits::BACKFILL_HISTORY_LAG_S);
        let last = backfill.until.unwrap_or(from).saturating_add(lag).unwrap_or(Timestamp::MAX);
        Ok(Self { reader: broker.history(from).await?, last, at: None })
    }

    /// The next events. A chunk holds whole messages of the history, so that its cursor lies between two of them;
    /// an empty one only says that some time has passed.
    pub(crate) async fn chunk(&mut self, backfill: &Backfill) -> Result<Chunk, broker::Error> {
        let mut chunk = Chunk::default();
        for _ in 0..limits::BACKFILL_CHUNK_MESSAGES {
            let Some((at, message)) = self.reader.next(PATIENCE).await? else {
                // Caught up. Whatever was received before the end of the span is there some time after it.
                chunk.is_last = clock::now() > self.last;
                break;
            };
            if at > self.last {
                chunk.is_last = true;
                break;
            }
            self.at = Some(at);
            chunk.events.extend(envelope::lines(&message).filter_map(|line| selected(&line, backfill)));
            if chunk.events.len() >= limits::BACKFILL_CHUNK {
                break;
            }
        }
        chunk.cursor = self.at.and_then(|at| Cursor::new(at.to_string()).ok());
        Ok(chunk)
    }
}

/// The event of a line, if it belongs to the backfill. A line that can't be read belongs to nobody.
fn selected(line: &Bytes, backfill: &Backfill) -> Option<Selected> {
    let glance: Glance = serde_json::from_slice(line).ok()?;
    if glance.body.event.entity != backfill.entity {
        return None;
    }
    let Line { header, body } = Line::<Routed>::decode(line).ok()?;
    backfill.selects(&body.event).ok()?;
    Some(Selected { event: body.event, trace: header.trace })
}
