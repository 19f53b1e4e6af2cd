//! The embedded backend: every queue in one process, and in one file of the data folder.
//!
//! Queues are worked off in memory ([`memory`]), changes go to a log ([`log`]) that one thread writes to the file in
//! batches ([`writer`], [`disk`]). One lock covers queues and log ([`state`]), so the log's order is the order of what
//! happened.

mod delay;
mod disk;
mod engine;
mod history;
mod log;
mod memory;
mod record;
mod review;
mod source;
mod state;
mod writer;

#[cfg(test)]
mod fault_tests;

use crate::backend::{Backend, Decide, HistorySource, Source};
use crate::broker::{Depth, Status, Tally};
use crate::config::Config;
use crate::error::{Error, OpenError};
use crate::message::Outgoing;
use crate::queue::Queue;
use async_trait::async_trait;
use contract::limits::EMBEDDED_CACHE_BYTES;
use disk::{Disk, Keep, Opener};
use engine::Engine;
use jiff::Timestamp;
use redb::Database;
use runtime::clock;
use runtime::health::Health;
use runtime::task::{OnPanic, Tasks};
use state::{Signals, State};
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

const FILE: &str = "broker.redb";

/// The embedded broker.
pub(crate) struct Embedded {
    engine: Arc<Engine>,
    reviewing: tokio::sync::Mutex<()>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Why the file can't be opened.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("another process uses it; the embedded broker serves one process at a time")]
    Taken,
    #[error("its file can't be opened")]
    File(#[source] disk::Fault),
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl Embedded {
    /// Opens the file, which is made when it is not there, and takes up everything that lies in it.
    pub(crate) async fn open(dir: PathBuf, config: Config, tasks: &Tasks, health: &Health) -> Result<Self, OpenError> {
        let path = dir.join(FILE);
        prepare(&dir, &path).map_err(|error| unusable(&dir, error.into()))?;
        let opener = move || Database::builder().set_cache_size(EMBEDDED_CACHE_BYTES).create(&path);
        Self::start(&dir, Box::new(opener), &config, tasks, health).await
    }

    async fn start(
        dir: &Path,
        opener: Opener,
        config: &Config,
        tasks: &Tasks,
        health: &Health,
    ) -> Result<Self, OpenError> {
        let keep = Keep { age: config.history_age, bytes: config.history_bytes };
        // After a crash the whole file is read.
        let found = tokio::task::spawn_blocking(move || Disk::open(opener, keep)).await;
        let found = found.map_err(|error| unusable(dir, std::io::Error::other(error).into()))?;
        let (disk, found) = found.map_err(|fault| unusable(dir, fault.into()))?;
        let state = State::new(Arc::new(Signals::default()), &found);
        let engine = Arc::new(Engine::new(state, health.probe("broker")));
        let writer = writer::start(Arc::clone(&engine), disk, tasks.stop().clone());
        let writer = Mutex::new(Some(writer.map_err(|error| unusable(dir, error.into()))?));
        let timers = delay::forward(Arc::clone(&engine), tasks.stop().clone());
        drop(tasks.spawn("broker timers", OnPanic::Stop, timers));
        Ok(Self { engine, reviewing: tokio::sync::Mutex::new(()), writer })
    }
}

/// Messages name donors, so only the owner may read them.
fn prepare(dir: &Path, path: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

impl From<disk::Fault> for Unusable {
    fn from(fault: disk::Fault) -> Self {
        if fault.is_taken() { Self::Taken } else { Self::File(fault) }
    }
}

fn unusable(dir: &Path, source: Unusable) -> OpenError {
    OpenError::Folder { folder: dir.display().to_string(), source: source.into() }
}

#[async_trait]
impl Backend for Embedded {
    async fn publish(&self, messages: Vec<Outgoing>) -> Result<(), Error> {
        self.engine.room().await?;
        let now = clock::now();
        let mut state = self.engine.lock();
        for message in messages {
            state.publish(message, now);
        }
        Ok(())
    }

    async fn flush(&self) -> Result<(), Error> {
        self.engine.flush().await
    }

    async fn consume(&self, queue: &Queue, prefetch: u16) -> Result<Box<dyn Source>, Error> {
        Ok(Box::new(source::Taker::new(&self.engine, queue, prefetch)))
    }

    async fn depths(&self, queues: &[Queue]) -> Result<Vec<Depth>, Error> {
        let state = self.engine.lock();
        let depth = |queue: &Queue| {
            let (ready, consumers) = match queue {
                Queue::History => (state.history_messages, 0),
                queue => state.peek(&queue.name()).map_or((0, 0), |memory| (memory.depth(), memory.takers())),
            };
            Depth { queue: queue.clone(), ready, consumers }
        };
        Ok(queues.iter().map(depth).collect())
    }

    async fn review(&self, queue: &Queue, limit: usize, decide: Decide<'_>) -> Result<Tally, Error> {
        let _alone = self.reviewing.lock().await;
        review::review(&self.engine, queue, limit, decide).await
    }

    async fn history(&self, from: Timestamp) -> Result<Box<dyn HistorySource>, Error> {
        Ok(Box::new(history::Reader::new(&self.engine, from)))
    }

    fn status(&self) -> Status {
        self.engine.status()
    }

    async fn close(&self) {
        self.engine.begin_closing();
        self.engine.closed().await;
    }
}

impl Drop for Embedded {
    /// Writes what is left and lets go of the file, so that it can be opened again at once.
    fn drop(&mut self) {
        self.engine.begin_closing();
        let writer = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the embedded broker's writer had panicked");
        }
    }
}
