//! The dedup window.

use super::Embedded;
use crate::backend::DedupMarks;
use crate::error::Error;
use crate::keys::{DEDUP, DEDUP_EXPIRY};
use async_trait::async_trait;
use contract::id::EventId;
use contract::limits;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Marks that are not on disk yet, and when they expire. Bounded by the writer's queue.
#[derive(Default)]
pub(crate) struct Uncommitted(Mutex<HashMap<EventId, u64>>);

impl Uncommitted {
    fn insert(&self, events: &[EventId], expires: u64) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marks.extend(events.iter().map(|event| (event.clone(), expires)));
    }

    /// Which of the events are marked beyond `now`.
    fn seen(&self, events: &[EventId], now: u64) -> Vec<bool> {
        let marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().map(|event| marks.get(event).is_some_and(|expires| *expires > now)).collect()
    }
}

/// Takes its marks out of [`Uncommitted`] when the writer is through with them.
struct Pending {
    marks: Arc<Uncommitted>,
    events: Arc<[EventId]>,
    expires: u64,
}

impl Drop for Pending {
    fn drop(&mut self) {
        let mut marks = self.marks.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in &*self.events {
            // A later mark of the same event has its own entry.
            if marks.get(event) == Some(&self.expires) {
                marks.remove(event);
            }
        }
    }
}

#[async_trait]
impl DedupMarks for Embedded {
    async fn seen(&self, events: &[EventId]) -> Result<Vec<bool>, Error> {
        let now = now_ms();
        // First what is not on disk: a mark that gets there in between is found by the second look.
        let mut seen = self.marks.seen(events, now);
        let events = events.to_vec();
        let read = move |transaction: &ReadTransaction| {
            let table = transaction.open_table(DEDUP)?;
            for (event, seen) in events.iter().zip(&mut seen).filter(|(_, seen)| !**seen) {
                *seen = table.get(event.as_str())?.is_some_and(|expires| expires.value() > now);
            }
            Ok(seen)
        };
        self.file.read(read).await
    }

    async fn mark_seen(&self, events: &[EventId], window: Duration) -> Result<(), Error> {
        let expires = now_ms().saturating_add(u64::try_from(window.as_millis()).unwrap_or(u64::MAX));
        let events: Arc<[EventId]> = events.into();
        self.marks.insert(&events, expires);
        let pending = Pending { marks: Arc::clone(&self.marks), events: Arc::clone(&events), expires };
        self.writer.later(move |transaction| mark(transaction, &events, expires), pending).await
    }
}

pub(crate) fn mark(transaction: &WriteTransaction, events: &[EventId], expires: u64) -> Result<(), redb::Error> {
    let mut dedup = transaction.open_table(DEDUP)?;
    let mut by_expiry = transaction.open_table(DEDUP_EXPIRY)?;
    for event in events {
        if let Some(before) = dedup.insert(event.as_str(), expires)? {
            by_expiry.remove((before.value(), event.as_str()))?;
        }
        by_expiry.insert((expires, event.as_str()), ())?;
    }
    Ok(())
}

/// Removes what expired before `now`, up to a limit; the rest waits for the next time.
pub(crate) fn sweep(transaction: &WriteTransaction, now: u64) -> Result<(), redb::Error> {
    let mut by_expiry = transaction.open_table(DEDUP_EXPIRY)?;
    let mut old = Vec::new();
    for entry in by_expiry.range(..(now, ""))?.take(limits::STORE_SWEEP_ENTRIES) {
        let key = entry?.0;
        let (at, event) = key.value();
        old.push((at, event.to_owned()));
    }
    let mut dedup = transaction.open_table(DEDUP)?;
    for (at, event) in &old {
        by_expiry.remove((*at, event.as_str()))?;
        dedup.remove(event.as_str())?;
    }
    Ok(())
}

pub(crate) fn now_ms() -> u64 {
    u64::try_from(runtime::clock::now().as_millisecond()).unwrap_or(0)
}
