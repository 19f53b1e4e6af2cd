//! The open file, and opening it again after the disk failed.

use crate::error::{Cause, Error, OpenError};
use crate::keys;
use contract::limits;
use redb::backends::FileBackend;
use redb::{Builder, Database, ReadTransaction, ReadableDatabase, WriteTransaction};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) struct File {
    path: PathBuf,
    state: Mutex<State>,
}

enum State {
    Open(Arc<Database>),
    /// redb refuses everything after an I/O error until the file is opened again.
    Broken,
    Closed,
}

impl File {
    /// Opens or makes the file with all its tables.
    pub(crate) fn open(path: PathBuf) -> Result<Self, OpenError> {
        match connect(&path) {
            Ok(database) => Ok(Self { path, state: Mutex::new(State::Open(Arc::new(database))) }),
            Err(redb::Error::DatabaseAlreadyOpen) => Err(OpenError::Locked(path)),
            Err(error) => Err(OpenError::File { path, source: Cause::new(error) }),
        }
    }

    /// Runs a read on what is committed, off the async threads.
    pub(crate) async fn read<T, F>(self: &Arc<Self>, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&ReadTransaction) -> Result<T, redb::Error> + Send + 'static,
    {
        let file = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let database = file.database()?;
            let transaction = database.begin_read().map_err(|error| file.failed(error))?;
            read(&transaction).map_err(|error| file.failed(error))
        });
        done.await.map_err(Error::unavailable)?
    }

    /// Begins a write. The database comes with it, because the transaction needs it to live.
    pub(crate) fn write<T>(&self, write: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>) -> Result<T, Error> {
        let database = self.database()?;
        let transaction = database.begin_write().map_err(|error| self.failed(error))?;
        let done = write(&transaction).map_err(|error| self.failed(error))?;
        transaction.commit().map_err(|error| self.failed(error))?;
        Ok(done)
    }

    /// Lets go of the file, so that another process can open it.
    pub(crate) fn close(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Closed;
    }

    fn database(&self) -> Result<Arc<Database>, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Open(database) => Ok(Arc::clone(database)),
            State::Closed => Err(Error::gone()),
            State::Broken => {
                // Fails as locked while an earlier read still holds the broken one; the next call tries again.
                let database = Arc::new(connect(&self.path).map_err(Error::unavailable)?);
                *state = State::Open(Arc::clone(&database));
                Ok(database)
            }
        }
    }

    fn failed(&self, error: impl Into<redb::Error>) -> Error {
        let error = error.into();
        if matches!(error, redb::Error::Io(_) | redb::Error::PreviousIo) {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*state, State::Open(_)) {
                *state = State::Broken;
            }
        }
        match error {
            redb::Error::Corrupted(_) => Error::corrupt("store.redb", error),
            error => Error::unavailable(error),
        }
    }
}

fn connect(path: &Path) -> Result<Database, redb::Error> {
    // For its owner alone, also in a folder that others may read: answers of receivers can name donors.
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let storage = FileBackend::new(file)?;
    let database = Builder::new().set_cache_size(limits::STORE_CACHE_BYTES).create_with_backend(storage)?;
    let transaction = database.begin_write()?;
    transaction.open_table(keys::WEBHOOKS)?;
    transaction.open_table(keys::WEBHOOKS_BY_ENTITY)?;
    transaction.open_table(keys::WEBHOOKS_BY_STATUS)?;
    transaction.open_table(keys::SECRETS)?;
    transaction.open_table(keys::ENTITIES)?;
    transaction.open_table(keys::ENTITIES_BY_NAME)?;
    transaction.open_table(keys::DEDUP)?;
    transaction.open_table(keys::DEDUP_EXPIRY)?;
    transaction.open_table(keys::ATTEMPTS)?;
    transaction.open_table(keys::ANSWERS)?;
    transaction.open_table(keys::DONE)?;
    transaction.open_table(keys::DONE_EXPIRY)?;
    transaction.open_table(keys::LEDGER)?;
    transaction.open_table(keys::LEDGER_EXPIRY)?;
    transaction.open_table(keys::BACKFILLS)?;
    transaction.open_table(keys::BACKFILLS_BY_WEBHOOK)?;
    transaction.open_table(keys::BACKFILLS_BY_STATUS)?;
    transaction.open_table(keys::BACKFILL_COUNTS)?;
    transaction.open_table(keys::BACKFILL_WINDOW)?;
    transaction.open_table(keys::SENT)?;
    transaction.open_table(keys::NOTICES)?;
    transaction.commit()?;
    Ok(database)
}
