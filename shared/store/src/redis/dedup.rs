//! The dedup window: one short key an event.

use super::Redis;
use crate::backend::DedupMarks;
use crate::error::Error;
use async_trait::async_trait;
use contract::id::EventId;
use redis::{Pipeline, cmd};
use std::time::Duration;

#[async_trait]
impl DedupMarks for Redis {
    async fn seen(&self, events: &[EventId]) -> Result<Vec<bool>, Error> {
        let keys: Vec<String> = events.iter().map(|event| self.keys.dedup(event)).collect();
        let found: Vec<Option<Vec<u8>>> = self.link.command("dedup", cmd("MGET").arg(keys)).await?;
        Ok(found.iter().map(Option::is_some).collect())
    }

    async fn mark_seen(&self, events: &[EventId], window: Duration) -> Result<(), Error> {
        let window_ms = u64::try_from(window.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut marks = Pipeline::with_capacity(events.len());
        for event in events {
            marks.cmd("SET").arg(self.keys.dedup(event)).arg("").arg("PX").arg(window_ms).ignore();
        }
        self.link.pipeline("dedup", &marks).await
    }
}
