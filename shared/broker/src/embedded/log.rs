//! Changes that are not in the file yet.
//!
//! A batch is written in one transaction, so only what is left at its end counts: a message that was published and
//! acknowledged within one batch is never written. Because everything of a batch becomes durable at once, and batches
//! in order, an acknowledgement never outlives a message that was published before it.

use super::record::{Key, Record};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What happens to one key of one table.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Put {
        record: Arc<Record>,
        /// The file never saw this key.
        fresh: bool,
    },
    Delete,
}

/// The changes of one transaction.
#[derive(Debug, Default)]
pub(super) struct Batch {
    tables: BTreeMap<Arc<str>, BTreeMap<Key, Change>>,
    operations: usize,
    bytes: usize,
}

impl Batch {
    /// A message that the file never saw.
    pub(super) fn add(&mut self, table: &Arc<str>, key: Key, record: Arc<Record>) {
        self.put(table, key, record, true);
    }

    /// A message that changed.
    pub(super) fn update(&mut self, table: &Arc<str>, key: Key, record: Arc<Record>) {
        let fresh = matches!(self.change(table, key), Some(Change::Put { fresh: true, .. }));
        self.put(table, key, record, fresh);
    }

    /// A message that is gone.
    pub(super) fn delete(&mut self, table: &Arc<str>, key: Key) {
        let changes = self.tables.entry(Arc::clone(table)).or_default();
        match changes.remove(&key) {
            Some(Change::Put { record, fresh: true }) => {
                self.operations -= 1;
                self.bytes -= record.bytes();
            }
            Some(Change::Put { record, fresh: false }) => {
                self.bytes -= record.bytes();
                changes.insert(key, Change::Delete);
            }
            Some(Change::Delete) => {
                changes.insert(key, Change::Delete);
            }
            None => {
                self.operations += 1;
                changes.insert(key, Change::Delete);
            }
        }
    }

    fn put(&mut self, table: &Arc<str>, key: Key, record: Arc<Record>, fresh: bool) {
        self.bytes += record.bytes();
        let changes = self.tables.entry(Arc::clone(table)).or_default();
        match changes.insert(key, Change::Put { record, fresh }) {
            None => self.operations += 1,
            Some(Change::Put { record, .. }) => self.bytes -= record.bytes(),
            Some(Change::Delete) => {}
        }
    }

    /// What happens to this key.
    pub(super) fn change(&self, table: &str, key: Key) -> Option<&Change> {
        self.tables.get(table)?.get(&key)
    }

    /// Messages put between two keys, the first excluded and the last included.
    pub(super) fn put_between(&self, table: &str, after: Key, last: Key) -> Vec<(Key, Arc<Record>)> {
        let Some(changes) = self.tables.get(table).filter(|_| after < last) else { return Vec::new() };
        let range = (std::ops::Bound::Excluded(after), std::ops::Bound::Included(last));
        let put = |(key, change): (&Key, &Change)| match change {
            Change::Put { record, .. } => Some((*key, Arc::clone(record))),
            Change::Delete => None,
        };
        changes.range(range).filter_map(put).collect()
    }

    /// Whether a message after this key waits to be written.
    pub(super) fn puts_after(&self, table: &str, after: Key) -> bool {
        let range = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
        let put = |(_, change): (&Key, &Change)| matches!(change, Change::Put { .. });
        self.tables.get(table).is_some_and(|changes| changes.range(range).any(put))
    }

    /// How many keys of a table change.
    pub(super) fn changes_of(&self, table: &str) -> u64 {
        self.tables.get(table).map_or(0, |changes| changes.len() as u64)
    }

    /// Every table that changes.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&str, &BTreeMap<Key, Change>)> {
        self.tables.iter().filter(|(_, changes)| !changes.is_empty()).map(|(table, changes)| (&**table, changes))
    }

    /// How many changes.
    pub(super) const fn operations(&self) -> usize {
        self.operations
    }

    /// Memory that the messages take.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn record(text: &'static str) -> Arc<Record> {
        Arc::new(Record { returned: 0, note: None, body: Bytes::from_static(text.as_bytes()) })
    }

    const ONE: Key = Key { at: 0, seq: 1 };

    #[test]
    fn what_was_added_and_deleted_in_one_batch_is_never_written() {
        let (table, mut batch) = (Arc::from("router.live"), Batch::default());
        batch.add(&table, ONE, record("a"));
        batch.update(&table, ONE, record("ab"));
        batch.delete(&table, ONE);
        assert_eq!((batch.operations(), batch.bytes(), batch.tables().count()), (0, 0, 0));
    }

    #[test]
    fn what_the_file_has_is_deleted_even_when_it_changed_in_between() {
        let (table, mut batch) = (Arc::from("router.live"), Batch::default());
        batch.update(&table, ONE, record("a"));
        batch.delete(&table, ONE);
        batch.delete(&table, ONE);
        assert_eq!((batch.operations(), batch.bytes()), (1, 0));
        assert!(matches!(batch.change("router.live", ONE), Some(Change::Delete)));
    }

    #[test]
    fn the_last_change_of_a_key_counts() {
        let (table, mut batch) = (Arc::from("router.live"), Batch::default());
        batch.add(&table, ONE, record("a"));
        batch.update(&table, ONE, record("abc"));
        assert_eq!((batch.operations(), batch.bytes()), (1, record("abc").bytes()));
        assert_eq!(batch.put_between("router.live", Key::START, ONE), vec![(ONE, record("abc"))]);
        assert!(batch.put_between("router.live", ONE, ONE).is_empty());
        assert!(batch.puts_after("router.live", Key::START) && !batch.puts_after("router.live", ONE));
    }
}
