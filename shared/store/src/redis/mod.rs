//! The state in Redis, shared by all processes.

mod attempts;
mod backfills;
mod batch;
mod changes;
mod dedup;
mod done_marks;
mod entities;
mod leases;
mod ledger;
mod link;
mod notices;
mod pulse;
mod rates;
mod scripts;
mod webhooks;
mod window;

use crate::backend::Backend;
use crate::directory::Shelves;
use crate::error::{Cause, OpenError};
use crate::keys::Keys;
use async_trait::async_trait;
use batch::Batch;
use link::Link;
use runtime::health::Probe;
use runtime::task::{OnPanic, Tasks};
use scripts::Scripts;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) struct Redis {
    link: Arc<Link>,
    batch: Batch,
    keys: Keys,
    scripts: Scripts,
    tasks: Tasks,
    closing: CancellationToken,
    /// Ends the tasks when the last clone of the store is gone.
    _end: DropGuard,
}

impl Redis {
    /// Connects in the background. Only a URL that can never work is an error.
    pub(crate) fn open(
        url: &SecretString,
        key_prefix: String,
        tasks: &Tasks,
        probe: Probe,
        shelves: Arc<Shelves>,
    ) -> Result<Self, OpenError> {
        let url = url.expose_secret();
        if url.starts_with("rediss:") {
            // Several libraries of a process may ask for it; who comes second finds it done.
            drop(rustls::crypto::ring::default_provider().install_default());
        }
        let client = ::redis::Client::open(url).map_err(|error| OpenError::Url(Cause::new(error)))?;
        let keys = Keys::new(key_prefix);
        let closing = CancellationToken::new();
        let link = Link::new(client.clone()).map_err(|error| OpenError::Url(Cause::new(error)))?;
        let link = Arc::new(link);
        let (batch, work) = batch::new(Arc::clone(&link), closing.clone());
        tasks.spawn("store writer", OnPanic::Stop, work);
        tasks.spawn("store probe", OnPanic::Stop, link::watch(Arc::clone(&link), probe, closing.clone()));
        let hear = changes::hear(client, keys.changes(), shelves, closing.clone());
        tasks.spawn("store changes", OnPanic::Stop, hear);
        Ok(Self {
            link,
            batch,
            keys,
            scripts: Scripts::new(),
            tasks: tasks.clone(),
            closing: closing.clone(),
            _end: closing.drop_guard(),
        })
    }
}

#[async_trait]
impl Backend for Redis {
    async fn close(&self) {
        self.closing.cancel();
        self.tasks.finished().await;
    }
}
