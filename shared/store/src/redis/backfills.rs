//! Backfills, their indexes and their counts.

use super::Redis;
use crate::backend::{BackfillIndex, BackfillRow, BackfillRows, Swap};
use crate::backfills::More;
use crate::error::Error;
use async_trait::async_trait;
use contract::backfill::Counts;
use contract::id::BackfillId;
use redis::{Pipeline, cmd};

#[async_trait]
impl BackfillRows for Redis {
    async fn add_backfill(&self, backfill: BackfillRow) -> Result<bool, Error> {
        let key = self.keys.backfill(&backfill.id);
        let mut call = self.scripts.add_backfill.prepare_invoke();
        call.key(&key)
            .key(self.keys.backfills())
            .key(self.keys.backfills_of_webhook(&backfill.webhook))
            .key(self.keys.backfills_of_status(backfill.status))
            .arg(backfill.id.as_str())
            .arg(backfill.version)
            .arg(backfill.webhook.as_str())
            .arg(backfill.status.name())
            .arg(backfill.row);
        self.link.script(&key, &call).await
    }

    async fn backfill(&self, id: &BackfillId) -> Result<Option<Vec<u8>>, Error> {
        let key = self.keys.backfill(id);
        self.link.command(&key, cmd("HGET").arg(&key).arg("row")).await
    }

    async fn swap_backfill(&self, expected: u64, backfill: BackfillRow) -> Result<Swap<()>, Error> {
        let key = self.keys.backfill(&backfill.id);
        let mut call = self.scripts.swap_backfill.prepare_invoke();
        call.key(&key)
            .key(self.keys.backfills_of_status(backfill.status))
            .arg(backfill.id.as_str())
            .arg(expected)
            .arg(backfill.version)
            .arg(backfill.status.name())
            .arg(backfill.row);
        let answer: String = self.link.script(&key, &call).await?;
        Ok(match answer.as_str() {
            "missing" => Swap::NotFound,
            "conflict" => Swap::Conflict,
            _ => Swap::Done(()),
        })
    }

    async fn backfills(
        &self,
        index: &BackfillIndex,
        before: Option<&BackfillId>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let key = match index {
            BackfillIndex::All => self.keys.backfills(),
            BackfillIndex::Webhook(webhook) => self.keys.backfills_of_webhook(webhook),
            BackfillIndex::Status(status) => self.keys.backfills_of_status(*status),
        };
        let ids = self.ids_before(&key, before.map(BackfillId::as_str), limit).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = Pipeline::with_capacity(ids.len());
        for id in &ids {
            let id = BackfillId::parse(id).map_err(|error| Error::corrupt(&key, error))?;
            rows.cmd("HGET").arg(self.keys.backfill(&id)).arg("row");
        }
        let rows: Vec<Option<Vec<u8>>> = self.link.pipeline(&key, &rows).await?;
        Ok(ids.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))).collect())
    }

    async fn backfill_counts(&self, id: &BackfillId) -> Result<Counts, Error> {
        let key = self.keys.backfill_counts(id);
        let names = ["total", "sent", "done", "failed", "skipped", "repeated", "rejected"];
        let found: Vec<Option<u64>> = self.link.command(&key, cmd("HMGET").arg(&key).arg(&names)).await?;
        let count = |n: usize| found.get(n).copied().flatten();
        let or_none = |n| count(n).unwrap_or(0);
        Ok(Counts {
            total: count(0),
            sent: or_none(1),
            done: or_none(2),
            failed: or_none(3),
            skipped: or_none(4),
            repeated: or_none(5),
            rejected: or_none(6),
        })
    }

    async fn count_more(&self, id: &BackfillId, more: More) -> Result<(), Error> {
        let key = self.keys.backfill_counts(id);
        let mut counts = Pipeline::with_capacity(2);
        counts.cmd("HINCRBY").arg(&key).arg("repeated").arg(more.repeated).ignore();
        counts.cmd("HINCRBY").arg(&key).arg("rejected").arg(more.rejected).ignore();
        self.link.pipeline(&key, &counts).await
    }

    async fn set_backfill_total(&self, id: &BackfillId, total: u64) -> Result<(), Error> {
        let key = self.keys.backfill_counts(id);
        self.link.command(&key, cmd("HSET").arg(&key).arg("total").arg(total)).await
    }
}

impl Redis {
    /// Members of a sorted set without scores, before this one, the last one first.
    pub(super) async fn ids_before(&self, key: &str, before: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        let from = before.map_or("+".to_owned(), |id| format!("({id}"));
        let mut page = cmd("ZREVRANGEBYLEX");
        page.arg(key).arg(from).arg("-").arg("LIMIT").arg(0).arg(limit);
        self.link.command(key, &page).await
    }
}
