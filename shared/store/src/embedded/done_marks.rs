//! Done marks.

use super::Embedded;
use super::dedup::now_ms;
use crate::backend::DoneRows;
use crate::error::Error;
use crate::keys::{DONE, DONE_EXPIRY};
use async_trait::async_trait;
use contract::id::DeliveryId;
use contract::limits;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use std::collections::HashSet;

/// Behind every delivery id.
const LAST: &str = "~";

#[async_trait]
impl DoneRows for Embedded {
    async fn mark_done(&self, message_id: &str, delivery: &DeliveryId) -> Result<(), Error> {
        let (message, delivery) = (message_id.to_owned(), delivery.clone());
        let expires = now_ms() + limits::DONE_MARK_S * 1_000;
        self.writer.run(move |transaction| mark(transaction, &message, delivery.as_str(), expires)).await
    }

    async fn done(&self, message_id: &str) -> Result<HashSet<DeliveryId>, Error> {
        // Behind a `clear` that nobody waited for.
        self.writer.flush().await?;
        let message = message_id.to_owned();
        let now = now_ms();
        let read = move |transaction: &ReadTransaction| {
            let table = transaction.open_table(DONE)?;
            let mut found = HashSet::new();
            for entry in table.range((message.as_str(), "")..=(message.as_str(), LAST))? {
                let (key, expires) = entry?;
                if expires.value() > now {
                    found.extend(DeliveryId::parse(key.value().1));
                }
            }
            Ok(found)
        };
        self.file.read(read).await
    }

    async fn clear_done(&self, message_id: &str) -> Result<(), Error> {
        let message = message_id.to_owned();
        self.writer.later(move |transaction| clear(transaction, &message), ()).await
    }
}

fn mark(transaction: &WriteTransaction, message: &str, delivery: &str, expires: u64) -> Result<(), redb::Error> {
    let mut by_expiry = transaction.open_table(DONE_EXPIRY)?;
    if let Some(before) = transaction.open_table(DONE)?.insert((message, delivery), expires)? {
        by_expiry.remove((before.value(), message, delivery))?;
    }
    by_expiry.insert((expires, message, delivery), ())?;
    Ok(())
}

fn clear(transaction: &WriteTransaction, message: &str) -> Result<(), redb::Error> {
    let mut done = transaction.open_table(DONE)?;
    let mut marks = Vec::new();
    for entry in done.range((message, "")..=(message, LAST))? {
        let (key, expires) = entry?;
        marks.push((expires.value(), key.value().1.to_owned()));
    }
    let mut by_expiry = transaction.open_table(DONE_EXPIRY)?;
    for (expires, delivery) in &marks {
        done.remove((message, delivery.as_str()))?;
        by_expiry.remove((*expires, message, delivery.as_str()))?;
    }
    Ok(())
}

/// Removes what expired before `now`, up to a limit; the rest waits for the next time.
pub(crate) fn sweep(transaction: &WriteTransaction, now: u64) -> Result<(), redb::Error> {
    let mut by_expiry = transaction.open_table(DONE_EXPIRY)?;
    let mut old = Vec::new();
    for entry in by_expiry.range(..(now, "", ""))?.take(limits::STORE_SWEEP_ENTRIES) {
        let key = entry?.0;
        let (at, message, delivery) = key.value();
        old.push((at, message.to_owned(), delivery.to_owned()));
    }
    let mut done = transaction.open_table(DONE)?;
    for (at, message, delivery) in &old {
        by_expiry.remove((*at, message.as_str(), delivery.as_str()))?;
        done.remove((message.as_str(), delivery.as_str()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::dedup;
    use crate::keys::{DEDUP, DEDUP_EXPIRY};
    use contract::id::EventId;
    use redb::backends::InMemoryBackend;
    use redb::{Builder, ReadableTableMetadata};

    fn rows(transaction: &WriteTransaction) -> [u64; 4] {
        let length = |length: Result<u64, redb::StorageError>| length.expect("counted");
        [
            length(transaction.open_table(DONE).expect("opens").len()),
            length(transaction.open_table(DONE_EXPIRY).expect("opens").len()),
            length(transaction.open_table(DEDUP).expect("opens").len()),
            length(transaction.open_table(DEDUP_EXPIRY).expect("opens").len()),
        ]
    }

    #[test]
    fn nothing_is_left_of_what_expired_or_was_cleared() {
        let database = Builder::new().create_with_backend(InMemoryBackend::new()).expect("opens");
        let transaction = database.begin_write().expect("begins");
        let events = [EventId::of_bits(1), EventId::of_bits(2)];
        dedup::mark(&transaction, &events, 1_000).expect("marked");
        dedup::mark(&transaction, &events[1..], 2_000).expect("marked again");
        mark(&transaction, "a", "dlv_1", 1_000).expect("marked");
        mark(&transaction, "a", "dlv_1", 2_000).expect("marked again");
        mark(&transaction, "b", "dlv_1", 1_000).expect("marked");
        assert_eq!(rows(&transaction), [2, 2, 2, 2]);
        for (now, left) in [(1_000, [2, 2, 2, 2]), (1_001, [1, 1, 1, 1])] {
            dedup::sweep(&transaction, now).expect("swept");
            sweep(&transaction, now).expect("swept");
            assert_eq!(rows(&transaction), left, "at {now}");
        }
        clear(&transaction, "a").expect("cleared");
        assert_eq!(rows(&transaction), [0, 0, 1, 1]);
    }
}
