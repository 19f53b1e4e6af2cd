//! The ledger: a row for each value.

use super::Embedded;
use super::dedup::now_ms;
use crate::backend::{LedgerFound, LedgerRow, LedgerRows, LedgerWanted};
use crate::error::Error;
use crate::keys::{LEDGER, LEDGER_EXPIRY};
use crate::ledger::{Lifetime, Place};
use async_trait::async_trait;
use contract::id::WebhookId;
use contract::limits;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

/// The place of the resources.
const RESOURCE: &str = "resource";

/// A value as it lies in the file.
struct Stored {
    place: String,
    name: String,
    expires: u64,
    row: Vec<u8>,
}

#[async_trait]
impl LedgerRows for Embedded {
    async fn ledger(&self, id: &WebhookId, wanted: LedgerWanted<'_>, lifetime: Lifetime) -> Result<LedgerFound, Error> {
        let (webhook, now) = (id.clone(), now_ms());
        let line = place(&Place::Line(wanted.lineitem));
        let series = wanted.series.map(|series| place(&Place::Series(series.to_owned())));
        let resources = wanted.resources.to_vec();
        let read = move |transaction: &ReadTransaction| {
            let table = transaction.open_table(LEDGER)?;
            let webhook = webhook.as_str();
            let line = whole(&table, webhook, &line)?;
            let series = series.map_or(Ok(Vec::new()), |series| whole(&table, webhook, &series))?;
            Ok([line, series, named(&table, webhook, resources)?])
        };
        let mut used = Vec::new();
        let [line, series, resource] =
            self.file.read(read).await?.map(|values| living(values, now, lifetime, &mut used));
        if !used.is_empty() {
            let id = id.clone();
            let note = move |transaction: &WriteTransaction| note_use(transaction, id.as_str(), &used, now, lifetime);
            self.writer.later(note, ()).await?;
        }
        Ok(LedgerFound { line, series, resource })
    }

    async fn write_ledger(&self, id: &WebhookId, rows: Vec<LedgerRow>, lifetime: Lifetime) -> Result<(), Error> {
        let (id, now) = (id.clone(), now_ms());
        self.writer.run(move |transaction| put(transaction, id.as_str(), &rows, now, lifetime)).await
    }

    async fn forget_resources(&self, id: &WebhookId) -> Result<(), Error> {
        let id = id.clone();
        self.writer.run(move |transaction| forget(transaction, id.as_str())).await
    }
}

/// A place as a part of a key.
fn place(at: &Place) -> String {
    match at {
        Place::Line(lineitem) => format!("line:{lineitem}"),
        Place::Series(series) => format!("series:{series}"),
        Place::Resource => RESOURCE.to_owned(),
    }
}

/// Every value of a place.
fn whole(
    table: &impl ReadableTable<(&'static str, &'static str, &'static str), (u64, &'static [u8])>,
    webhook: &str,
    place: &str,
) -> Result<Vec<Stored>, redb::Error> {
    let mut found = Vec::new();
    for entry in table.range((webhook, place, "")..)? {
        let (key, value) = entry?;
        let (of, at, name) = key.value();
        if (of, at) != (webhook, place) {
            break;
        }
        let (expires, row) = value.value();
        found.push(Stored { place: place.to_owned(), name: name.to_owned(), expires, row: row.to_vec() });
    }
    Ok(found)
}

/// The resources of these names.
fn named(
    table: &impl ReadableTable<(&'static str, &'static str, &'static str), (u64, &'static [u8])>,
    webhook: &str,
    names: Vec<String>,
) -> Result<Vec<Stored>, redb::Error> {
    let mut found = Vec::new();
    for name in names {
        if let Some(value) = table.get((webhook, RESOURCE, name.as_str()))? {
            let (expires, row) = value.value();
            found.push(Stored { place: RESOURCE.to_owned(), name, expires, row: row.to_vec() });
        }
    }
    Ok(found)
}

/// The names and rows of what has not expired. Adds to `used` whose use is to be noted.
fn living(
    values: Vec<Stored>,
    now: u64,
    lifetime: Lifetime,
    used: &mut Vec<(String, String)>,
) -> Vec<(String, Vec<u8>)> {
    let living = values.into_iter().filter(|value| value.expires > now);
    let rows = living.map(|Stored { place, name, expires, row }| {
        if lifetime.is_due(now, expires) {
            used.push((place, name.clone()));
        }
        (name, row)
    });
    rows.collect()
}

fn put(
    transaction: &WriteTransaction,
    webhook: &str,
    rows: &[LedgerRow],
    now: u64,
    lifetime: Lifetime,
) -> Result<(), redb::Error> {
    let mut ledger = transaction.open_table(LEDGER)?;
    let mut by_expiry = transaction.open_table(LEDGER_EXPIRY)?;
    for LedgerRow { at, name, row } in rows {
        let (place, name) = (place(at), name.as_str());
        let before = ledger.get((webhook, place.as_str(), name))?.map(|found| found.value().0);
        let expires = lifetime.expiry(now).max(before.unwrap_or(0));
        if let Some(before) = before {
            by_expiry.remove((before, webhook, place.as_str(), name))?;
        }
        ledger.insert((webhook, place.as_str(), name), (expires, row.as_slice()))?;
        by_expiry.insert((expires, webhook, place.as_str(), name), ())?;
    }
    Ok(())
}

/// Prolongs the life of what was read at `now`, if it is still there.
fn note_use(
    transaction: &WriteTransaction,
    webhook: &str,
    used: &[(String, String)],
    now: u64,
    lifetime: Lifetime,
) -> Result<(), redb::Error> {
    let mut ledger = transaction.open_table(LEDGER)?;
    let mut by_expiry = transaction.open_table(LEDGER_EXPIRY)?;
    for (place, name) in used {
        let (place, name) = (place.as_str(), name.as_str());
        let found = ledger.get((webhook, place, name))?.map(|found| (found.value().0, found.value().1.to_vec()));
        let Some((before, row)) = found.filter(|(before, _)| *before < lifetime.expiry(now)) else { continue };
        by_expiry.remove((before, webhook, place, name))?;
        ledger.insert((webhook, place, name), (lifetime.expiry(now), row.as_slice()))?;
        by_expiry.insert((lifetime.expiry(now), webhook, place, name), ())?;
    }
    Ok(())
}

fn forget(transaction: &WriteTransaction, webhook: &str) -> Result<(), redb::Error> {
    let mut ledger = transaction.open_table(LEDGER)?;
    let mut by_expiry = transaction.open_table(LEDGER_EXPIRY)?;
    for Stored { place, name, expires, .. } in whole(&ledger, webhook, RESOURCE)? {
        ledger.remove((webhook, place.as_str(), name.as_str()))?;
        by_expiry.remove((expires, webhook, place.as_str(), name.as_str()))?;
    }
    Ok(())
}

/// Removes what expired before `now`, up to a limit; the rest waits for the next time.
pub(crate) fn sweep(transaction: &WriteTransaction, now: u64) -> Result<(), redb::Error> {
    let mut by_expiry = transaction.open_table(LEDGER_EXPIRY)?;
    let mut old = Vec::new();
    for entry in by_expiry.range(..(now, "", "", ""))?.take(limits::STORE_SWEEP_ENTRIES) {
        let key = entry?.0;
        let (at, webhook, place, name) = key.value();
        old.push((at, webhook.to_owned(), place.to_owned(), name.to_owned()));
    }
    let mut ledger = transaction.open_table(LEDGER)?;
    for (at, webhook, place, name) in &old {
        by_expiry.remove((*at, webhook.as_str(), place.as_str(), name.as_str()))?;
        ledger.remove((webhook.as_str(), place.as_str(), name.as_str()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::backends::InMemoryBackend;
    use redb::{Builder, ReadableTableMetadata};
    use std::time::Duration;

    fn in_memory() -> WriteTransaction {
        let database = Builder::new().create_with_backend(InMemoryBackend::new()).expect("opens");
        database.begin_write().expect("begins")
    }

    fn rows(at: &Place, names: &[&str]) -> Vec<LedgerRow> {
        let row = |name: &&str| LedgerRow { at: at.clone(), name: (*name).to_owned(), row: name.as_bytes().to_vec() };
        names.iter().map(row).collect()
    }

    /// The names and expiries of a place, and the sizes of both tables.
    fn state(transaction: &WriteTransaction, at: &Place) -> (Vec<(String, u64)>, u64, u64) {
        let ledger = transaction.open_table(LEDGER).expect("opens");
        let found = whole(&ledger, "wh_1", &place(at)).expect("read");
        let by_expiry = transaction.open_table(LEDGER_EXPIRY).expect("opens");
        let sizes = (ledger.len().expect("counted"), by_expiry.len().expect("counted"));
        (found.into_iter().map(|value| (value.name, value.expires)).collect(), sizes.0, sizes.1)
    }

    fn known(names: &[(&str, u64)]) -> Vec<(String, u64)> {
        names.iter().map(|(name, expires)| ((*name).to_owned(), *expires)).collect()
    }

    #[test]
    fn what_expired_or_was_forgotten_leaves_nothing_behind() {
        let (transaction, lifetime) = (in_memory(), Lifetime::of(Duration::from_millis(1_000)));
        let line = Place::Line(1);
        put(&transaction, "wh_1", &rows(&line, &["a", "b"]), 0, lifetime).expect("put");
        put(&transaction, "wh_1", &rows(&line, &["b"]), 500, lifetime).expect("put again");
        put(&transaction, "wh_1", &rows(&Place::Resource, &["page:x", "page:y"]), 500, lifetime).expect("put");
        put(&transaction, "wh_2", &rows(&Place::Resource, &["page:x"]), 500, lifetime).expect("put");
        assert_eq!(state(&transaction, &line), (known(&[("a", 1_000), ("b", 1_500)]), 5, 5));
        sweep(&transaction, 1_000).expect("swept");
        assert_eq!(state(&transaction, &line).1, 5);
        sweep(&transaction, 1_001).expect("swept");
        assert_eq!(state(&transaction, &line), (known(&[("b", 1_500)]), 4, 4));
        forget(&transaction, "wh_1").expect("forgotten");
        assert_eq!(state(&transaction, &line), (known(&[("b", 1_500)]), 2, 2));
        sweep(&transaction, u64::MAX).expect("swept");
        assert_eq!(state(&transaction, &line), (Vec::new(), 0, 0));
    }

    #[test]
    fn what_expired_is_not_read_although_it_is_still_there() {
        let (transaction, lifetime) = (in_memory(), Lifetime::of(Duration::from_millis(1_000)));
        let line = Place::Line(1);
        for (name, at) in [("a", 0), ("b", 1), ("c", 500)] {
            put(&transaction, "wh_1", &rows(&line, &[name]), at, lifetime).expect("put");
        }
        let ledger = transaction.open_table(LEDGER).expect("opens");
        let mut used = Vec::new();
        let found = living(whole(&ledger, "wh_1", &place(&line)).expect("read"), 1_000, lifetime, &mut used);
        assert_eq!(found, [("b".to_owned(), b"b".to_vec()), ("c".to_owned(), b"c".to_vec())]);
        assert_eq!(used, [(place(&line), "b".to_owned())], "the other was used lately");
    }

    #[test]
    fn a_use_prolongs_what_is_still_there_and_shortens_nothing() {
        let (transaction, lifetime) = (in_memory(), Lifetime::of(Duration::from_millis(1_000)));
        let line = Place::Line(1);
        put(&transaction, "wh_1", &rows(&line, &["a", "b"]), 0, lifetime).expect("put");
        put(&transaction, "wh_1", &rows(&line, &["b"]), 900, lifetime).expect("put again");
        let used = ["a", "b", "gone"].map(|name| (place(&line), name.to_owned()));
        note_use(&transaction, "wh_1", &used, 600, lifetime).expect("noted");
        assert_eq!(state(&transaction, &line), (known(&[("a", 1_600), ("b", 1_900)]), 2, 2));
    }
}
