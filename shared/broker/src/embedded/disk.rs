//! The file: one table for each queue, one for history and one for numbers.

use super::log::{Batch, Change};
use super::record::{Key, Record};
use contract::limits::{EMBEDDED_PAGE_BYTES, EMBEDDED_PAGE_MESSAGES, EMBEDDED_TRIM_MESSAGES};
use jiff::Timestamp;
use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table, TableDefinition, TableError,
    TableHandle, WriteTransaction,
};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

/// Messages in order; `None` is a record that can't be read.
pub(super) type Page = Vec<(Key, Option<Arc<Record>>)>;

type Messages<'a> = TableDefinition<'a, (u64, u64), &'static [u8]>;

const HISTORY: &str = "history";
/// Queues are tables named after them, with this in front, so that no queue's name collides with another table.
const QUEUE_PREFIX: &str = "queue/";
const NUMBERS: TableDefinition<'static, &'static str, u64> = TableDefinition::new("numbers");
const EPOCH: &str = "epoch";
const HISTORY_BYTES: &str = "history_bytes";
/// Sequence numbers that one opening of the file can give out; 2^24 openings are left.
const EPOCH_BITS: u32 = 40;

/// Opens the file. Called again after a fault, because redb does not go on after one.
pub(super) type Opener = Box<dyn Fn() -> Result<Database, redb::DatabaseError> + Send>;

/// What the file said, or the system below it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Fault(Box<redb::Error>);

macro_rules! faults {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Self {
                Self(Box::new(error.into()))
            }
        }
    )*};
}
faults!(DatabaseError, TransactionError, TableError, StorageError, CommitError, SetDurabilityError);

impl Fault {
    /// Another process has the file.
    pub(super) const fn is_taken(&self) -> bool {
        matches!(*self.0, redb::Error::DatabaseAlreadyOpen)
    }

    /// For people.
    pub(super) fn reason(&self) -> String {
        match &*self.0 {
            redb::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                "the disk is full: make room where the data folder is".into()
            }
            error => format!("the data folder can't be written: {error}"),
        }
    }
}

/// How long history is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keep {
    pub(super) age: Duration,
    pub(super) bytes: u64,
}

/// What was in the file when it was opened.
#[derive(Debug)]
pub(super) struct Found {
    /// Every message of this opening comes after.
    pub(super) first_seq: u64,
    /// Queues and how many messages they hold.
    pub(super) queues: Vec<(String, u64)>,
    pub(super) history_last: Key,
    pub(super) history_messages: u64,
}

/// The open file. Used by one thread.
pub(super) struct Disk {
    opener: Opener,
    database: Option<Database>,
    keep: Keep,
    history_bytes: u64,
    history_oldest: Option<u64>,
}

impl Disk {
    pub(super) fn open(opener: Opener, keep: Keep) -> Result<(Self, Found), Fault> {
        let database = opener()?;
        let transaction = begin(&database)?;
        let (epoch, history_bytes) = {
            let mut numbers = transaction.open_table(NUMBERS)?;
            let epoch = numbers.get(EPOCH)?.map_or(0, |epoch| epoch.value()) + 1;
            numbers.insert(EPOCH, epoch)?;
            let history_bytes = numbers.get(HISTORY_BYTES)?.map_or(0, |bytes| bytes.value());
            (epoch, history_bytes)
        };
        let mut found =
            Found { first_seq: epoch << EPOCH_BITS, queues: Vec::new(), history_last: Key::START, history_messages: 0 };
        let tables: Vec<_> = transaction.list_tables()?.map(|table| table.name().to_owned()).collect();
        for table in tables {
            if let Some(queue) = table.strip_prefix(QUEUE_PREFIX) {
                let stored = transaction.open_table(Messages::new(&table))?.len()?;
                found.queues.push((queue.to_owned(), stored));
            }
        }
        let history_oldest = {
            let history = transaction.open_table(Messages::new(HISTORY))?;
            found.history_last = history.last()?.map_or(Key::START, |(key, _)| key.value().into());
            found.history_messages = history.len()?;
            oldest(&history)?
        };
        transaction.commit()?;
        Ok((Self { opener, database: Some(database), keep, history_bytes, history_oldest }, found))
    }

    /// Writes a batch, all or nothing, and removes history that is too old or too much. Says how many messages of
    /// history are left. After a fault the same batch can be applied again, whether it was written or not.
    pub(super) fn apply(&mut self, batch: &Batch, now: Timestamp) -> Result<u64, Fault> {
        // Closed on a fault and opened again by the next call.
        let database = match self.database.take() {
            Some(database) => database,
            None => (self.opener)()?,
        };
        let history = self.write(&database, batch, now)?;
        self.database = Some(database);
        (self.history_bytes, self.history_oldest) = (history.bytes, history.oldest);
        Ok(history.messages)
    }

    /// Lets go of the file after a fault; it is opened again when it is written to.
    pub(super) fn close(&mut self) {
        self.database = None;
    }

    fn write(&self, database: &Database, batch: &Batch, now: Timestamp) -> Result<History, Fault> {
        let transaction = begin(database)?;
        let mut buffer = Vec::new();
        for (name, changes) in batch.tables().filter(|(name, _)| *name != HISTORY) {
            let table_name = format!("{QUEUE_PREFIX}{name}");
            let mut table = transaction.open_table(Messages::new(&table_name))?;
            for (key, change) in changes {
                match change {
                    Change::Put { record, .. } => {
                        record.encode(&mut buffer);
                        table.insert(key.pair(), buffer.as_slice())?;
                    }
                    Change::Delete => {
                        table.remove(key.pair())?;
                    }
                }
            }
            let empty = table.is_empty()?;
            drop(table);
            if empty {
                transaction.delete_table(Messages::new(&table_name))?;
            }
        }
        let none = BTreeMap::new();
        let added = batch.tables().find(|(name, _)| *name == HISTORY).map_or(&none, |(_, changes)| changes);
        let history = self.write_history(&transaction, added, now)?;
        transaction.commit()?;
        Ok(history)
    }

    fn write_history(
        &self,
        transaction: &WriteTransaction,
        added: &BTreeMap<Key, Change>,
        now: Timestamp,
    ) -> Result<History, Fault> {
        let mut table = transaction.open_table(Messages::new(HISTORY))?;
        let (mut bytes, mut buffer) = (self.history_bytes, Vec::new());
        for (key, change) in added {
            let Change::Put { record, .. } = change else { continue };
            record.encode(&mut buffer);
            // A batch that is applied again finds its own messages.
            let before = table.insert(key.pair(), buffer.as_slice())?.map_or(0, |before| before.value().len() as u64);
            bytes = (bytes + buffer.len() as u64).saturating_sub(before);
        }
        let mut left = EMBEDDED_TRIM_MESSAGES.max(2 * added.len());
        while left > 0 && self.is_too_much(bytes, oldest(&table)?, now) {
            let gone = table.pop_first()?.map_or(0, |(_, record)| record.value().len() as u64);
            bytes = bytes.saturating_sub(gone);
            left -= 1;
        }
        if bytes != self.history_bytes {
            transaction.open_table(NUMBERS)?.insert(HISTORY_BYTES, bytes)?;
        }
        Ok(History { bytes, oldest: oldest(&table)?, messages: table.len()? })
    }

    /// Whether history is to be trimmed although nothing was published.
    pub(super) fn has_old_history(&self, now: Timestamp) -> bool {
        self.is_too_much(self.history_bytes, self.history_oldest, now)
    }

    fn is_too_much(&self, bytes: u64, oldest: Option<u64>, now: Timestamp) -> bool {
        let now = u128::try_from(now.as_microsecond()).unwrap_or(0);
        oldest.is_some_and(|at| bytes > self.keep.bytes || u128::from(at) + self.keep.age.as_micros() < now)
    }

    /// Messages of a queue, or of history, after a key.
    pub(super) fn page(&self, name: &str, after: Key) -> Result<Page, Fault> {
        let Some(database) = &self.database else { return Ok(Page::new()) };
        let table_name = if name == HISTORY { name.to_owned() } else { format!("{QUEUE_PREFIX}{name}") };
        let transaction = database.begin_read()?;
        let table = match transaction.open_table(Messages::new(&table_name)) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(Page::new()),
            table => table?,
        };
        let (mut page, mut bytes) = (Page::new(), 0);
        for row in table.range::<(u64, u64)>((Bound::Excluded(after.pair()), Bound::Unbounded))? {
            let (key, value) = row?;
            bytes += value.value().len();
            page.push((key.value().into(), Record::decode(value.value()).map(Arc::new)));
            if page.len() >= EMBEDDED_PAGE_MESSAGES || bytes >= EMBEDDED_PAGE_BYTES {
                break;
            }
        }
        Ok(page)
    }
}

/// History after a transaction.
struct History {
    bytes: u64,
    oldest: Option<u64>,
    messages: u64,
}

fn begin(database: &Database) -> Result<WriteTransaction, Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    Ok(transaction)
}

/// When the oldest message of history was published, in Unix microseconds.
fn oldest(history: &Table<'_, (u64, u64), &'static [u8]>) -> Result<Option<u64>, Fault> {
    Ok(history.first()?.map(|(key, _)| key.value().0))
}
