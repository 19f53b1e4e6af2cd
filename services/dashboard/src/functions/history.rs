//! The history: counted and given out. Both can take minutes, so their answers are streams of lines.

use super::Functions;
use super::checks::Checks;
use crate::problem::Problem;
use crate::views::{CountedHistory, HistoryFilter, MonthView, PreviewFilter};
use bytes::Bytes;
use contract::backfill::{Backfill, Fingerprint, Source, Tally};
use contract::body::eastern_midnight;
use contract::event::{Event, Kind};
use contract::id::{BackfillId, EntityId};
use contract::limits;
use feed::{Chunk, History};
use futures_util::stream::{Stream, try_unfold};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use runtime::clock;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// How often a count tells how far it is.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// An answer that is long in the making: lines of JSON. A stream that breaks off is no answer.
pub type Lines = Pin<Box<dyn Stream<Item = Result<Bytes, Problem>> + Send>>;

/// A reader, and what it is asked for.
struct Reading {
    history: History,
    entity: EntityId,
    wanted: Box<dyn Fn(&Event) -> bool + Send + Sync>,
    /// A writer that got no confirmation writes an event twice.
    known: HashSet<Fingerprint>,
    is_over: bool,
}

/// An event as upstream published it, but for what ingest left out.
#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    data: &'a RawValue,
}

impl Functions {
    /// Counts what a backfill would send of the history, as [`CountedHistory`] lines; the last one has it all.
    pub async fn preview_backfill(&self, id: &BackfillId, filter: &PreviewFilter) -> Result<Lines, Problem> {
        let mut checks = Checks::default();
        let words = filter.kinds.iter().flat_map(|kinds| kinds.split(','));
        let kinds: Vec<_> = words.filter_map(|word| checks.word::<Kind>("kinds", word)).collect();
        checks.finish()?;
        let found = self.store.backfills().get(id).await?.ok_or_else(|| Problem::not_found("backfill"))?;
        // One that is not ready yet ends when its webhook is activated, which is not before now.
        let until = found.until.unwrap_or_else(clock::now);
        let from = found.history_from();
        let entity = found.entity;
        let kinds = if found.started_at.is_some() { found.kinds.clone() } else { kinds };
        let backfill = Backfill { kinds, until: Some(until), source: Source::History, ..found };
        let wanted = Box::new(move |event: &Event| backfill.selects(event).is_ok());
        Ok(count(self.reading(entity, (from, until), wanted).await?))
    }

    /// Counts an entity's events, as [`CountedHistory`] lines; the last one has it all.
    pub async fn count_history(&self, filter: &HistoryFilter) -> Result<Lines, Problem> {
        Ok(count(self.asked(filter).await?))
    }

    /// An entity's events, each as a message that ingest and backfills take.
    pub async fn export_history(&self, filter: &HistoryFilter) -> Result<Lines, Problem> {
        Ok(export(self.asked(filter).await?))
    }

    async fn asked(&self, filter: &HistoryFilter) -> Result<Reading, Problem> {
        let mut checks = Checks::default();
        let from = moment(&mut checks, "from", &filter.from);
        let to = filter.to.as_ref().map_or_else(clock::now, |to| moment(&mut checks, "to", to));
        let kind = filter.kind.as_ref().and_then(|word| checks.word::<Kind>("kind", word));
        checks.finish()?;
        let wanted =
            move |event: &Event| (from..to).contains(&event.received_at) && kind.is_none_or(|kind| event.kind == kind);
        self.reading(EntityId(filter.entity), (from, to), Box::new(wanted)).await
    }

    async fn reading(
        &self,
        entity: EntityId,
        (from, to): (Timestamp, Timestamp),
        wanted: Box<dyn Fn(&Event) -> bool + Send + Sync>,
    ) -> Result<Reading, Problem> {
        // What was received before the end is there a little later, but nobody waits for what is still on its way.
        let lag = SignedDuration::from_secs(limits::BACKFILL_HISTORY_LAG_S);
        let last = to.saturating_add(lag).unwrap_or(Timestamp::MAX).min(clock::now());
        let history = History::open(&self.broker, from, last).await?;
        Ok(Reading { history, entity, wanted, known: HashSet::new(), is_over: false })
    }
}

impl Reading {
    /// The next events; none is not the end.
    async fn events(&mut self) -> Result<Vec<Event>, Problem> {
        let Chunk { events, is_last, .. } = self.history.chunk(self.entity, &self.wanted).await?;
        self.is_over = is_last;
        let events = events.into_iter().map(|selected| selected.event);
        Ok(events.filter(|event| self.known.insert(Fingerprint::of(&event.id))).collect())
    }
}

fn count(reading: Reading) -> Lines {
    Box::pin(try_unfold((reading, Tally::default()), |(mut reading, mut tally)| async move {
        if reading.is_over {
            return Ok(None);
        }
        let since = Instant::now();
        while !reading.is_over && since.elapsed() < TELL_EVERY {
            reading.events().await?.iter().for_each(|event| tally.count(event));
        }
        let line = line(&CountedHistory { months: MonthView::all(&tally), is_done: reading.is_over })?;
        Ok(Some((Bytes::from(line), (reading, tally))))
    }))
}

fn export(reading: Reading) -> Lines {
    Box::pin(try_unfold(reading, |mut reading| async move {
        let mut lines = Vec::new();
        while lines.is_empty() && !reading.is_over {
            for event in reading.events().await? {
                lines.extend(line(&Message { r#type: event.kind.name(), data: &event.body })?);
            }
        }
        Ok((!lines.is_empty()).then(|| (Bytes::from(lines), reading)))
    }))
}

fn line(document: &impl Serialize) -> Result<Vec<u8>, Problem> {
    let mut line = serde_json::to_vec(document).map_err(|error| {
        tracing::error!(%error, "a line of the history can't be written");
        Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "the history can't be written")
    })?;
    line.push(b'\n');
    Ok(line)
}

/// A day, which begins at 00:00 US Eastern, or a time with an offset.
fn moment(checks: &mut Checks, field: &str, text: &str) -> Timestamp {
    let day = || text.parse::<Date>().ok().and_then(eastern_midnight);
    contract::body::parse_time(text).or_else(day).unwrap_or_else(|| {
        checks.wrong(field, "must be a day such as 2024-01-01, or a time such as 2024-01-01T14:05:09-05:00");
        Timestamp::MIN
    })
}
