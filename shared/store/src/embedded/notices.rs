//! Notices.

use super::Embedded;
use super::backfills::LAST;
use super::dedup::now_ms;
use crate::backend::{NoticeRow, NoticeRows};
use crate::error::Error;
use crate::keys::NOTICES;
use async_trait::async_trait;
use contract::id::NoticeId;
use contract::limits;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

#[async_trait]
impl NoticeRows for Embedded {
    async fn append_notice(&self, notice: NoticeRow) -> Result<(), Error> {
        let now = now_ms();
        self.writer.run(move |transaction| append(transaction, &notice, now)).await
    }

    async fn notices(&self, before: Option<&NoticeId>, limit: usize) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let (before, now) = (before.map_or(LAST.to_owned(), |id| id.as_str().to_owned()), now_ms());
        let read = move |transaction: &ReadTransaction| page(&transaction.open_table(NOTICES)?, &before, now, limit);
        self.file.read(read).await
    }
}

/// Adds the notice at `now` and forgets those that have expired, up to a limit. The oldest come first, by their ids.
fn append(transaction: &WriteTransaction, notice: &NoticeRow, now: u64) -> Result<(), redb::Error> {
    let mut notices = transaction.open_table(NOTICES)?;
    let expires = now + limits::NOTICE_S * 1_000;
    notices.insert(notice.id.as_str(), (expires, notice.row.as_slice()))?;
    let mut old = Vec::new();
    for entry in notices.iter()?.take(limits::NOTICE_SWEEP_ENTRIES) {
        let (id, value) = entry?;
        if value.value().0 > now {
            break;
        }
        old.push(id.value().to_owned());
    }
    for id in &old {
        notices.remove(id.as_str())?;
    }
    Ok(())
}

fn page(
    notices: &impl ReadableTable<&'static str, (u64, &'static [u8])>,
    before: &str,
    now: u64,
    limit: usize,
) -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
    let mut found = Vec::new();
    for entry in notices.range::<&str>(..before)?.rev().take(limit) {
        let (id, value) = entry?;
        let (expires, row) = value.value();
        if expires > now {
            found.push((id.value().to_owned(), row.to_vec()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::Builder;
    use redb::backends::InMemoryBackend;

    #[test]
    fn a_notice_is_forgotten_after_its_time() {
        let database = Builder::new().create_with_backend(InMemoryBackend::new()).expect("opens");
        let transaction = database.begin_write().expect("begins");
        let kept = limits::NOTICE_S * 1_000;
        let write = |number: u128, now| {
            let id = NoticeId::of_bits(number);
            append(&transaction, &NoticeRow { id, row: vec![0] }, now).expect("appended");
        };
        let listed = |now| {
            let table = transaction.open_table(NOTICES).expect("opens");
            page(&table, LAST, now, 9).expect("listed").into_iter().map(|(id, _)| id).collect::<Vec<_>>()
        };
        let ids =
            |numbers: &[u128]| numbers.iter().map(|number| NoticeId::of_bits(*number).to_string()).collect::<Vec<_>>();
        write(1, 0);
        write(2, 10);
        assert_eq!(listed(kept - 1), ids(&[2, 1]));
        assert_eq!(listed(kept), ids(&[2]), "it is not listed although it is still there");
        write(3, kept);
        assert_eq!(listed(0), ids(&[3, 2]), "it is gone");
    }
}
