//! The state in one file, `store.redb`, for one process.
//!
//! All writes go through one writer, which commits everything that waits in one transaction (group
//! commit). Reads see what is committed.

mod attempts;
mod backfills;
mod dedup;
mod done_marks;
mod entities;
mod file;
mod leases;
mod ledger;
mod notices;
mod pulse;
mod rates;
mod sent;
mod webhooks;
mod window;
mod writer;

use crate::backend::Backend;
use crate::error::{Cause, OpenError};
use crate::sealing::make_folder;
use async_trait::async_trait;
use dedup::Uncommitted;
use file::File;
use leases::Holders;
use pulse::Told;
use rates::Meters;
use runtime::health::Probe;
use runtime::task::{OnPanic, Tasks};
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};
use writer::Writer;

pub(crate) struct Embedded {
    file: Arc<File>,
    writer: Writer,
    marks: Arc<Uncommitted>,
    meters: Meters,
    holders: Holders,
    told: Told,
    tasks: Tasks,
    closing: CancellationToken,
    /// Ends the writer when the last clone of the store is gone.
    _end: DropGuard,
}

impl Embedded {
    pub(crate) async fn open(dir: &Path, tasks: &Tasks, probe: Probe) -> Result<Self, OpenError> {
        let path = dir.join("store.redb");
        let folder = dir.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            make_folder(&folder).map_err(|error| OpenError::File { path: folder, source: Cause::new(error) })?;
            File::open(path)
        });
        let file = match opened.await {
            Ok(opened) => Arc::new(opened?),
            Err(error) => return Err(OpenError::File { path: dir.to_owned(), source: Cause::new(error) }),
        };
        let closing = CancellationToken::new();
        let (writer, work) = writer::new(Arc::clone(&file), probe, closing.clone());
        tasks.spawn("store writer", OnPanic::Stop, work);
        Ok(Self {
            file,
            writer,
            marks: Arc::new(Uncommitted::default()),
            meters: Meters::default(),
            holders: Holders::default(),
            told: Told::default(),
            tasks: tasks.clone(),
            closing: closing.clone(),
            _end: closing.drop_guard(),
        })
    }
}

#[async_trait]
impl Backend for Embedded {
    async fn close(&self) {
        self.closing.cancel();
        self.tasks.finished().await;
        self.file.close();
    }
}
