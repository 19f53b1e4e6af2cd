//! The window of a backfill: a row for each delivery that is outstanding.

use super::Embedded;
use super::backfills::{change_tally, read_tally};
use super::sent::{is_recorded, record};
use crate::backend::WindowRows;
use crate::error::Error;
use crate::keys::{BACKFILL_COUNTS, BACKFILL_WINDOW, BACKFILLS, SENT};
use crate::window::{Admission, Begun};
use async_trait::async_trait;
use contract::backfill::Settled;
use contract::backfill::{Fingerprint, Status};
use contract::id::{BackfillId, DeliveryId, WebhookId};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

/// Behind every delivery id.
const LAST: &str = "~";

#[async_trait]
impl WindowRows for Embedded {
    async fn begin(
        &self,
        id: &BackfillId,
        deliveries: &[(DeliveryId, Fingerprint)],
        capacity: u64,
    ) -> Result<Option<Begun>, Error> {
        let (id, deliveries) = (id.clone(), deliveries.to_vec());
        self.writer.run(move |transaction| begin(transaction, id.as_str(), &deliveries, capacity)).await
    }

    async fn settle(&self, id: &BackfillId, deliveries: &[(DeliveryId, Settled)]) -> Result<Vec<bool>, Error> {
        let (id, deliveries) = (id.clone(), deliveries.to_vec());
        self.writer.run(move |transaction| settle(transaction, id.as_str(), &deliveries)).await
    }

    async fn held(&self, id: &BackfillId, deliveries: &[DeliveryId]) -> Result<Vec<bool>, Error> {
        let (id, deliveries) = (id.clone(), deliveries.to_vec());
        let read = move |transaction: &ReadTransaction| {
            let window = transaction.open_table(BACKFILL_WINDOW)?;
            let held = deliveries.iter().map(|delivery| Ok(window.get((id.as_str(), delivery.as_str()))?.is_some()));
            held.collect()
        };
        self.file.read(read).await
    }

    async fn outstanding(&self, id: &BackfillId) -> Result<u64, Error> {
        let id = id.clone();
        let read = move |transaction: &ReadTransaction| {
            Ok(read_tally(&transaction.open_table(BACKFILL_COUNTS)?, id.as_str())?.outstanding)
        };
        self.file.read(read).await
    }

    async fn drop_window(&self, id: &BackfillId) -> Result<u64, Error> {
        let id = id.clone();
        self.writer.run(move |transaction| drop_all(transaction, id.as_str())).await
    }

    async fn sent(&self, webhook: &WebhookId, events: &[Fingerprint]) -> Result<Vec<bool>, Error> {
        let (webhook, events) = (webhook.clone(), events.to_vec());
        let read = move |transaction: &ReadTransaction| {
            let table = transaction.open_table(SENT)?;
            events.iter().map(|event| is_recorded(&table, webhook.as_str(), *event)).collect()
        };
        self.file.read(read).await
    }
}

fn begin(
    transaction: &WriteTransaction,
    id: &str,
    deliveries: &[(DeliveryId, Fingerprint)],
    capacity: u64,
) -> Result<Option<Begun>, redb::Error> {
    let Some(webhook) = webhook_of(transaction, id, Some(Status::Running))? else { return Ok(None) };
    let sent = transaction.open_table(SENT)?;
    let mut window = transaction.open_table(BACKFILL_WINDOW)?;
    let before = read_tally(&transaction.open_table(BACKFILL_COUNTS)?, id)?;
    let room = capacity.saturating_sub(before.outstanding);
    let mut new = 0;
    let mut admit = |(delivery, event): &(DeliveryId, Fingerprint)| {
        let key = (id, delivery.as_str());
        if is_recorded(&sent, &webhook, *event)? {
            return Ok(Admission::Repeated);
        }
        if window.get(key)?.is_some() {
            return Ok(Admission::Outstanding);
        }
        if new == room {
            return Ok(Admission::NoRoom);
        }
        window.insert(key, (event.bucket(), event.bytes()))?;
        new += 1;
        Ok(Admission::New)
    };
    let admissions = deliveries.iter().map(&mut admit).collect::<Result<Vec<_>, redb::Error>>()?;
    if new > 0 {
        change_tally(transaction, id, |tally| {
            tally.outstanding += new;
            tally.counts.sent += new;
        })?;
    }
    Ok(Some(Begun { admissions, room: room - new }))
}

fn settle(
    transaction: &WriteTransaction,
    id: &str,
    deliveries: &[(DeliveryId, Settled)],
) -> Result<Vec<bool>, redb::Error> {
    // Without the backfill there is no window either.
    let Some(webhook) = webhook_of(transaction, id, None)? else { return Ok(vec![false; deliveries.len()]) };
    let mut window = transaction.open_table(BACKFILL_WINDOW)?;
    let mut sent = transaction.open_table(SENT)?;
    let mut counted = Vec::with_capacity(deliveries.len());
    let (mut done, mut failed, mut skipped) = (0, 0, 0);
    for (delivery, how) in deliveries {
        let held = window.remove((id, delivery.as_str()))?.map(|held| held.value());
        counted.push(held.is_some());
        let Some((bucket, bytes)) = held else { continue };
        match how {
            Settled::Done => done += 1,
            Settled::Failed => failed += 1,
            Settled::Skipped => skipped += 1,
        }
        if how.is_recorded() {
            record(&mut sent, &webhook, Fingerprint::stored(bucket, bytes))?;
        }
    }
    if counted.contains(&true) {
        change_tally(transaction, id, |tally| {
            tally.outstanding = tally.outstanding.saturating_sub(done + failed + skipped);
            tally.counts.done += done;
            tally.counts.failed += failed;
            tally.counts.skipped += skipped;
        })?;
    }
    Ok(counted)
}

/// The webhook of a backfill, if it has this status or any will do.
fn webhook_of(transaction: &WriteTransaction, id: &str, status: Option<Status>) -> Result<Option<String>, redb::Error> {
    let backfills = transaction.open_table(BACKFILLS)?;
    let found = backfills.get(id)?.map(|found| {
        let (_, webhook, current, _) = found.value();
        (webhook.to_owned(), status.is_none_or(|status| status.name() == current))
    });
    Ok(found.filter(|(_, fits)| *fits).map(|(webhook, _)| webhook))
}

fn drop_all(transaction: &WriteTransaction, id: &str) -> Result<u64, redb::Error> {
    let mut window = transaction.open_table(BACKFILL_WINDOW)?;
    let dropped = read_tally(&transaction.open_table(BACKFILL_COUNTS)?, id)?.outstanding;
    window.retain_in((id, "")..=(id, LAST), |_, _| false)?;
    if dropped > 0 {
        change_tally(transaction, id, |tally| tally.outstanding = 0)?;
    }
    Ok(dropped)
}
