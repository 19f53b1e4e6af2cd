//! The attempt log: numbered rows per webhook, of which the oldest go.

use super::Embedded;
use crate::attempts::Cursor;
use crate::backend::{AttemptLog, AttemptRow};
use crate::error::Error;
use crate::keys::{ANSWERS, ATTEMPTS};
use async_trait::async_trait;
use contract::id::WebhookId;
use contract::limits;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use std::ops::Bound::{Excluded, Included};

#[async_trait]
impl AttemptLog for Embedded {
    async fn append(&self, attempt: AttemptRow) -> Result<(), Error> {
        let durable = attempt.durable;
        let write = move |transaction: &WriteTransaction| append(transaction, &attempt);
        if durable { self.writer.run(write).await } else { self.writer.later(write, ()).await }
    }

    async fn attempts(
        &self,
        id: &WebhookId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<(Cursor, Vec<u8>)>, Error> {
        // Who records an attempt and then reads the log finds it there, waited for or not.
        self.writer.flush().await?;
        let id = id.clone();
        let read = move |transaction: &ReadTransaction| {
            let table = transaction.open_table(ATTEMPTS)?;
            let from = Excluded((id.as_str(), after.map_or(0, |cursor| cursor.major)));
            let rows = table.range((from, Included((id.as_str(), u64::MAX))))?.take(limit);
            rows.map(|entry| {
                let (key, row) = entry?;
                Ok((Cursor { major: key.value().1, minor: 0 }, row.value().to_vec()))
            })
            .collect()
        };
        self.file.read(read).await
    }

    async fn answers(&self, id: &WebhookId) -> Result<Vec<(String, String)>, Error> {
        let id = id.clone();
        let read = move |transaction: &ReadTransaction| {
            let table = transaction.open_table(ANSWERS)?;
            let rows = table.range((id.as_str(), 0)..=(id.as_str(), u64::MAX))?;
            rows.map(|entry| {
                let value = entry?.1;
                let (key, answer) = value.value();
                Ok((key.to_owned(), answer.to_owned()))
            })
            .collect()
        };
        self.file.read(read).await
    }
}

fn append(transaction: &WriteTransaction, attempt: &AttemptRow) -> Result<(), redb::Error> {
    let id = attempt.webhook.as_str();
    let mut attempts = transaction.open_table(ATTEMPTS)?;
    let number = next_number(&attempts, id)?;
    attempts.insert((id, number), attempt.row.as_slice())?;
    if let Some(oldest) = number.checked_sub(limits::ATTEMPTS_KEPT as u64) {
        attempts.remove((id, oldest))?;
    }
    if let Some((key, answer)) = &attempt.answer {
        let mut answers = transaction.open_table(ANSWERS)?;
        let number = next_number(&answers, id)?;
        answers.insert((id, number), (key.as_str(), answer.as_str()))?;
        if let Some(oldest) = number.checked_sub(limits::ANSWERS_KEPT as u64) {
            answers.remove((id, oldest))?;
        }
    }
    Ok(())
}

/// Numbers begin at 1 and have no gaps, so the oldest to keep is known without counting.
fn next_number<V: redb::Value + 'static>(
    table: &impl ReadableTable<(&'static str, u64), V>,
    id: &str,
) -> Result<u64, redb::Error> {
    let last = table.range((id, 0)..=(id, u64::MAX))?.next_back().transpose()?;
    Ok(last.map_or(1, |(key, _)| key.value().1 + 1))
}
