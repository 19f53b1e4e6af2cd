//! Backfills, their indexes and their counts.

use super::Embedded;
use crate::backend::{BackfillIndex, BackfillRow, BackfillRows, Swap};
use crate::backfills::More;
use crate::error::Error;
use crate::keys::{BACKFILL_COUNTS, BACKFILLS, BACKFILLS_BY_STATUS, BACKFILLS_BY_WEBHOOK};
use async_trait::async_trait;
use contract::backfill::Counts;
use contract::id::BackfillId;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

/// What is counted of a backfill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) outstanding: u64,
    pub(super) counts: Counts,
}

#[async_trait]
impl BackfillRows for Embedded {
    async fn add_backfill(&self, backfill: BackfillRow) -> Result<bool, Error> {
        self.writer.run(move |transaction| add(transaction, &backfill)).await
    }

    async fn backfill(&self, id: &BackfillId) -> Result<Option<Vec<u8>>, Error> {
        let id = id.clone();
        self.file.read(move |transaction| row(transaction, id.as_str())).await
    }

    async fn swap_backfill(&self, expected: u64, backfill: BackfillRow) -> Result<Swap<()>, Error> {
        self.writer.run(move |transaction| swap(transaction, expected, &backfill)).await
    }

    async fn backfills(
        &self,
        index: &BackfillIndex,
        before: Option<&BackfillId>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let (index, before) = (index.clone(), before.map_or(LAST.to_owned(), |id| id.as_str().to_owned()));
        self.file.read(move |transaction| page(transaction, &index, &before, limit)).await
    }

    async fn backfill_counts(&self, id: &BackfillId) -> Result<Counts, Error> {
        let id = id.clone();
        let read = move |transaction: &ReadTransaction| {
            Ok(read_tally(&transaction.open_table(BACKFILL_COUNTS)?, id.as_str())?.counts)
        };
        self.file.read(read).await
    }

    async fn count_more(&self, id: &BackfillId, more: More) -> Result<(), Error> {
        let add = move |tally: &mut Tally| {
            tally.counts.repeated += more.repeated;
            tally.counts.rejected += more.rejected;
        };
        self.count(id, add).await
    }

    async fn set_backfill_total(&self, id: &BackfillId, total: u64) -> Result<(), Error> {
        self.count(id, move |tally| tally.counts.total = Some(total)).await
    }
}

/// Behind every id of a backfill or a notice.
pub(super) const LAST: &str = "~";

impl Embedded {
    async fn count(&self, id: &BackfillId, change: impl FnOnce(&mut Tally) + Send + 'static) -> Result<(), Error> {
        let id = id.clone();
        self.writer.run(move |transaction| change_tally(transaction, id.as_str(), change)).await
    }
}

fn add(transaction: &WriteTransaction, backfill: &BackfillRow) -> Result<bool, redb::Error> {
    {
        let backfills = transaction.open_table(BACKFILLS)?;
        if let Some(found) = backfills.get(backfill.id.as_str())? {
            return Ok(found.value().3 == backfill.row);
        }
    }
    let by_webhook = (backfill.webhook.as_str(), backfill.id.as_str());
    transaction.open_table(BACKFILLS_BY_WEBHOOK)?.insert(by_webhook, ())?;
    put(transaction, backfill)?;
    Ok(true)
}

fn swap(transaction: &WriteTransaction, expected: u64, backfill: &BackfillRow) -> Result<Swap<()>, redb::Error> {
    let id = backfill.id.as_str();
    let before = {
        let backfills = transaction.open_table(BACKFILLS)?;
        let found = backfills.get(id)?;
        found.map(|found| (found.value().0, found.value().2.to_owned()))
    };
    let Some((version, status)) = before else { return Ok(Swap::NotFound) };
    if version != expected {
        return Ok(Swap::Conflict);
    }
    transaction.open_table(BACKFILLS_BY_STATUS)?.remove((status.as_str(), id))?;
    put(transaction, backfill)?;
    Ok(Swap::Done(()))
}

fn put(transaction: &WriteTransaction, backfill: &BackfillRow) -> Result<(), redb::Error> {
    let (id, status) = (backfill.id.as_str(), backfill.status.name());
    let value = (backfill.version, backfill.webhook.as_str(), status, backfill.row.as_slice());
    transaction.open_table(BACKFILLS)?.insert(id, value)?;
    transaction.open_table(BACKFILLS_BY_STATUS)?.insert((status, id), ())?;
    Ok(())
}

fn row(transaction: &ReadTransaction, id: &str) -> Result<Option<Vec<u8>>, redb::Error> {
    let found = transaction.open_table(BACKFILLS)?.get(id)?;
    Ok(found.map(|found| found.value().3.to_vec()))
}

fn page(
    transaction: &ReadTransaction,
    index: &BackfillIndex,
    before: &str,
    limit: usize,
) -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
    let ids = match index {
        BackfillIndex::All => {
            let table = transaction.open_table(BACKFILLS)?;
            let newest = table.range::<&str>(..before)?.rev().take(limit);
            newest.map(|entry| Ok(entry?.0.value().to_owned())).collect::<Result<Vec<_>, redb::Error>>()?
        }
        BackfillIndex::Webhook(webhook) => {
            ids_of(&transaction.open_table(BACKFILLS_BY_WEBHOOK)?, webhook.as_str(), before, limit)?
        }
        BackfillIndex::Status(status) => {
            ids_of(&transaction.open_table(BACKFILLS_BY_STATUS)?, status.name(), before, limit)?
        }
    };
    let rows = ids.into_iter().map(|id| Ok(row(transaction, &id)?.map(|row| (id, row))));
    rows.filter_map(Result::transpose).collect()
}

fn ids_of(
    table: &impl ReadableTable<(&'static str, &'static str), ()>,
    of: &str,
    before: &str,
    limit: usize,
) -> Result<Vec<String>, redb::Error> {
    let newest = table.range((of, "")..(of, before))?.rev().take(limit);
    newest.map(|entry| Ok(entry?.0.value().1.to_owned())).collect()
}

/// The counts of a backfill; nothing is counted of one that is not known.
pub(super) fn read_tally(
    table: &impl ReadableTable<&'static str, (u64, Option<u64>, [u64; 6])>,
    id: &str,
) -> Result<Tally, redb::Error> {
    let Some(found) = table.get(id)? else { return Ok(Tally::default()) };
    let (outstanding, total, [sent, done, failed, skipped, repeated, rejected]) = found.value();
    Ok(Tally { outstanding, counts: Counts { total, sent, done, failed, skipped, repeated, rejected } })
}

pub(super) fn change_tally(
    transaction: &WriteTransaction,
    id: &str,
    change: impl FnOnce(&mut Tally),
) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(BACKFILL_COUNTS)?;
    let mut tally = read_tally(&table, id)?;
    change(&mut tally);
    let Counts { total, sent, done, failed, skipped, repeated, rejected } = tally.counts;
    table.insert(id, (tally.outstanding, total, [sent, done, failed, skipped, repeated, rejected]))?;
    Ok(())
}
