//! Reading history.

use super::disk::Page;
use super::engine::Engine;
use super::record::Key;
use crate::backend::HistorySource;
use crate::error::Error;
use crate::queue::Queue;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A reader's place.
pub(super) struct Reader {
    engine: Arc<Engine>,
    table: Arc<str>,
    after: Key,
    page: std::vec::IntoIter<<Page as IntoIterator>::Item>,
}

impl Reader {
    pub(super) fn new(engine: &Arc<Engine>, from: Timestamp) -> Self {
        // Whole microseconds are kept: what was published within the one of `from` may be a little older.
        let at = u64::try_from(from.as_microsecond()).unwrap_or(0);
        let table = Queue::History.name().into();
        Self { engine: Arc::clone(engine), table, after: Key { at, seq: 0 }, page: Page::new().into_iter() }
    }
}

#[async_trait]
impl HistorySource for Reader {
    async fn next(&mut self, patience: Duration) -> Result<Option<(Timestamp, Bytes)>, Error> {
        let deadline = Instant::now() + patience;
        let engine = Arc::clone(&self.engine);
        loop {
            if let Some((key, record)) = self.page.next() {
                self.after = key;
                let Some(record) = record else {
                    return Err(Error::Damaged { what: format!("the history message {}", key.id()) });
                };
                let at = i64::try_from(key.at).ok().and_then(|at| Timestamp::from_microsecond(at).ok());
                return Ok(Some((at.unwrap_or(Timestamp::MAX), record.body.clone())));
            }
            let mut more = pin!(engine.signals.history.notified());
            more.as_mut().enable();
            if engine.lock().history_last > self.after {
                self.page = engine.page(&self.table, self.after).await?.into_iter();
                if self.page.len() > 0 {
                    continue;
                }
            }
            engine.usable()?;
            if timeout_at(deadline, more).await.is_err() {
                return Ok(None);
            }
        }
    }
}
