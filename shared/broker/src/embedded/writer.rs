//! The thread that writes the log to the file and reads from it.

use super::disk::{Disk, Fault, Page};
use super::engine::Engine;
use super::log::Batch;
use super::state::{Read, State};
use crate::error::Error;
use contract::limits::{EMBEDDED_GATHER_MS, EMBEDDED_IDLE_CHECK_MS, EMBEDDED_RETRY_MAX_MS, EMBEDDED_RETRY_MIN_MS};
use runtime::clock;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Changes and reads that are done together: the reads see the changes.
struct Work {
    batch: Batch,
    reads: Vec<Read>,
    number: u64,
}

/// Starts the thread. It ends when the broker is closed and everything is written; should it panic, `stop` is
/// cancelled, because without it nothing is durable any more.
pub(super) fn start(
    engine: Arc<Engine>,
    disk: Disk,
    stop: CancellationToken,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let run = move || {
        let end = End { engine: Arc::clone(&engine), stop };
        run(&engine, disk);
        drop(end);
    };
    std::thread::Builder::new().name("broker writer".into()).spawn(run)
}

/// Tells everyone that the thread is gone, however it went.
struct End {
    engine: Arc<Engine>,
    stop: CancellationToken,
}

impl Drop for End {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the embedded broker's writer panicked");
            self.stop.cancel();
        }
        self.engine.ended();
    }
}

fn run(engine: &Engine, mut disk: Disk) {
    while let Some(work) = next(engine, &disk) {
        let Some(history) = write(engine, &mut disk, &work.batch) else { return };
        let pages: Vec<_> = work.reads.into_iter().map(|read| (disk.page(read.table(), read.after()), read)).collect();
        let fault = pages.iter().find_map(|(page, _)| page.as_ref().err().map(Fault::reason));
        let mut state = engine.lock();
        state.writing = (0, 0);
        state.history_is(history);
        for (page, read) in pages {
            answer(&mut state, read, page);
        }
        drop(state);
        engine.committed(work.number);
        if let Some(reason) = fault {
            engine.failed(&reason);
            disk.close();
            pause(engine, Duration::from_millis(EMBEDDED_RETRY_MAX_MS));
        }
    }
}

/// Waits for something to do. `None` when the broker is closed and nothing is left.
fn next(engine: &Engine, disk: &Disk) -> Option<Work> {
    let work = &engine.signals.work;
    let mut state = engine.lock();
    loop {
        let waiting = state.pending.operations() > 0 || !state.reads.is_empty();
        if state.closing && !waiting {
            return None;
        }
        if waiting {
            // What is done within this pause is not written at all.
            let quiet = |state: &mut State| !state.urgent && !state.closing;
            let pause = Duration::from_millis(EMBEDDED_GATHER_MS);
            let waited = work.wait_timeout_while(state, pause, quiet).unwrap_or_else(PoisonError::into_inner);
            return Some(take(waited.0));
        }
        let idle = Duration::from_millis(EMBEDDED_IDLE_CHECK_MS);
        state = work.wait_timeout(state, idle).unwrap_or_else(PoisonError::into_inner).0;
        if disk.has_old_history(clock::now()) {
            return Some(take(state));
        }
    }
}

fn take(mut state: MutexGuard<'_, State>) -> Work {
    state.urgent = false;
    state.taken += 1;
    state.writing = (state.pending.operations(), state.pending.bytes());
    let (batch, reads) = (std::mem::take(&mut state.pending), std::mem::take(&mut state.reads));
    Work { batch, reads, number: state.taken }
}

/// Writes a batch, for as long as it takes. `None` when the broker was closed while it could not be written.
fn write(engine: &Engine, disk: &mut Disk, batch: &Batch) -> Option<u64> {
    let mut wait = Duration::from_millis(EMBEDDED_RETRY_MIN_MS);
    loop {
        let fault = match disk.apply(batch, clock::now()) {
            Ok(history) => {
                engine.recovered();
                return Some(history);
            }
            Err(fault) => fault,
        };
        engine.failed(&fault.reason());
        if pause(engine, wait) {
            tracing::error!(reason = fault.reason(), "the embedded broker was closed before its log was written");
            return None;
        }
        wait = (wait * 2).min(Duration::from_millis(EMBEDDED_RETRY_MAX_MS));
    }
}

/// Waits, but not when the broker is being closed; says whether it is.
fn pause(engine: &Engine, wait: Duration) -> bool {
    let open = |state: &mut State| !state.closing;
    let waited = engine.signals.work.wait_timeout_while(engine.lock(), wait, open);
    waited.unwrap_or_else(PoisonError::into_inner).0.closing
}

fn answer(state: &mut State, read: Read, page: Result<Page, Fault>) {
    match (read, page) {
        (Read::Refill { table, .. }, Ok(page)) => state.refilled(&table, page),
        (Read::Refill { table, .. }, Err(_)) => state.not_refilled(&table),
        (Read::Page { reply, .. }, page) => {
            // Nobody waits any more: nothing to tell.
            drop(reply.send(page.map_err(|fault| Error::unavailable_for("the file can't be read", fault))));
        }
    }
}
