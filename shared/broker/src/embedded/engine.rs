//! What the parts of the embedded broker share: the state, and how far it is in the file.

use super::disk::Page;
use super::record::Key;
use super::state::{Read, Signals, State};
use crate::broker::Status;
use crate::error::Error;
use runtime::health::Probe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};

/// How far the file is.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// Batches that are in the file.
    committed: u64,
    /// Why the file can't be written.
    trouble: Option<String>,
    /// The writer is gone.
    ended: bool,
}

/// See the module.
pub(super) struct Engine {
    state: Mutex<State>,
    pub(super) signals: Arc<Signals>,
    progress: watch::Sender<Progress>,
    probe: Probe,
}

impl Engine {
    pub(super) fn new(state: State, probe: Probe) -> Self {
        let signals = Arc::clone(&state.signals);
        probe.ready();
        Self { state: Mutex::new(state), signals, progress: watch::Sender::default(), probe }
    }

    /// Held for moments only, never while something is awaited or the file is used.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for more that is not in the file yet.
    pub(super) async fn room(&self) -> Result<(), Error> {
        let mut progress = self.progress.subscribe();
        loop {
            self.usable()?;
            if self.lock().has_room() {
                return Ok(());
            }
            if progress.changed().await.is_err() {
                return Err(closed());
            }
        }
    }

    /// Waits until everything so far is in the file.
    pub(super) async fn flush(&self) -> Result<(), Error> {
        let target = {
            let mut state = self.lock();
            let pending = state.pending.operations() > 0;
            if pending {
                state.hurry();
            }
            state.taken + u64::from(pending)
        };
        let mut progress = self.progress.subscribe();
        let there = |progress: &Progress| progress.committed >= target;
        let reached = progress.wait_for(|progress| there(progress) || progress.trouble.is_some() || progress.ended);
        let reached = reached.await.map_err(|_| closed())?.clone();
        if there(&reached) { Ok(()) } else { Err(reached.trouble.map_or_else(closed, Error::unavailable)) }
    }

    /// Messages that are in the file, after everything so far was written.
    pub(super) async fn page(&self, table: &Arc<str>, after: Key) -> Result<Page, Error> {
        let (reply, answer) = oneshot::channel();
        self.usable()?;
        self.lock().read(Read::Page { table: Arc::clone(table), after, reply });
        let mut progress = self.progress.subscribe();
        let stuck = progress.wait_for(|progress| progress.trouble.is_some() || progress.ended);
        tokio::select! {
            biased;
            page = answer => page.map_err(|_| closed())?,
            stuck = stuck => Err(stuck.ok().and_then(|at| at.trouble.clone()).map_or_else(closed, Error::unavailable)),
        }
    }

    /// Whether it can be used now.
    pub(super) fn status(&self) -> Status {
        match self.usable() {
            Ok(()) => Status::Ready,
            Err(Error::Unavailable { reason, .. }) => Status::NotReady(reason),
            Err(error) => Status::NotReady(error.to_string()),
        }
    }

    /// An error when nothing can be published now.
    pub(super) fn usable(&self) -> Result<(), Error> {
        let progress = self.progress.borrow();
        match &progress.trouble {
            _ if progress.ended || self.lock().closing => Err(closed()),
            Some(trouble) => Err(Error::unavailable(trouble)),
            None => Ok(()),
        }
    }

    /// Asks the writer to end when everything is written.
    pub(super) fn begin_closing(&self) {
        let mut state = self.lock();
        state.closing = true;
        state.hurry();
        state.wake_all();
    }

    /// Waits until the writer is gone and the file is closed.
    pub(super) async fn closed(&self) {
        // An error means that the writer is gone.
        drop(self.progress.subscribe().wait_for(|progress| progress.ended).await);
    }

    /// Batches up to this one are in the file.
    pub(super) fn committed(&self, number: u64) {
        self.progress.send_modify(|progress| progress.committed = number);
    }

    /// The file can't be written.
    pub(super) fn failed(&self, reason: &str) {
        let reason = reason.to_owned();
        if self.progress.borrow().trouble.as_ref() != Some(&reason) {
            tracing::error!(reason, "the embedded broker can't write; it tries again");
        }
        self.probe.not_ready(reason.as_str());
        self.progress.send_modify(|progress| progress.trouble = Some(reason));
    }

    /// The file could be written.
    pub(super) fn recovered(&self) {
        if self.progress.send_if_modified(|progress| progress.trouble.take().is_some()) {
            tracing::info!("the embedded broker can write again");
            self.probe.ready();
        }
    }

    /// The writer is gone.
    pub(super) fn ended(&self) {
        self.probe.not_ready(CLOSED);
        self.lock().closing = true;
        self.progress.send_modify(|progress| progress.ended = true);
        self.lock().wake_all();
    }
}

const CLOSED: &str = "the embedded broker is closed";

fn closed() -> Error {
    Error::unavailable(CLOSED)
}
