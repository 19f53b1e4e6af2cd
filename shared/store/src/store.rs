//! The facade.

use crate::backend::Backend;
use crate::cache::Hearing;
use crate::config::{BackendConfig, Config};
use crate::directory::Shelves;
use crate::error::OpenError;
use crate::{Attempts, Backfills, Credentials, Dedup, Directory, DoneMarks, Entities, Leases, Ledger, Limits};
use crate::{Notices, Pulse, Webhooks};
use crate::{embedded, redis};
use runtime::health::Health;
use runtime::task::Tasks;
use std::sync::Arc;

/// The state of one installation. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Parts>);

struct Parts {
    backend: Arc<dyn Backend>,
    webhooks: Webhooks,
    entities: Entities,
    credentials: Credentials,
    dedup: Dedup,
    limits: Limits,
    attempts: Attempts,
    done_marks: DoneMarks,
    ledger: Ledger,
    leases: Leases,
    backfills: Backfills,
    notices: Notices,
    pulse: Pulse,
    directory: Directory,
}

impl Store {
    /// Opens the store.
    ///
    /// An unreachable Redis is no error: the probe `store` says so, calls return
    /// [`crate::Error::Unavailable`], and it is tried again for ever. The store's own tasks outlive the
    /// stop of `tasks`, because stages still write while they drain: call [`Store::close`] after them. A
    /// panic in one of them stops `tasks`.
    pub async fn open(config: Config, tasks: &Tasks, health: &Health) -> Result<Self, OpenError> {
        let hearing = match config.backend {
            BackendConfig::Redis { .. } => Hearing::unproven(),
            BackendConfig::Embedded { .. } => Hearing::always(),
        };
        let shelves = Arc::new(Shelves::new(hearing));
        let probe = health.probe("store");
        let own = Tasks::new();
        let backend: Arc<dyn Backend> = match config.backend {
            BackendConfig::Redis { url } => {
                Arc::new(redis::Redis::open(&url, config.key_prefix, &own, probe, Arc::clone(&shelves))?)
            }
            BackendConfig::Embedded { dir } => Arc::new(embedded::Embedded::open(&dir, &own, probe).await?),
        };
        stop_when_broken(tasks, &own);
        let keys = Arc::new(config.secret_key);
        let webhooks = Webhooks::new(Arc::clone(&backend), Arc::clone(&keys), Arc::clone(&shelves));
        let entities = Entities::new(Arc::clone(&backend), Arc::clone(&shelves));
        let credentials = Credentials::new(Arc::clone(&backend), keys, Arc::clone(&shelves));
        let directory = Directory::new(shelves, webhooks.clone(), entities.clone(), credentials.clone());
        Ok(Self(Arc::new(Parts {
            webhooks,
            entities,
            credentials,
            directory,
            dedup: Dedup::new(Arc::clone(&backend)),
            limits: Limits::new(Arc::clone(&backend)),
            attempts: Attempts::new(Arc::clone(&backend)),
            done_marks: DoneMarks::new(Arc::clone(&backend)),
            ledger: Ledger::new(Arc::clone(&backend)),
            leases: Leases::new(Arc::clone(&backend)),
            backfills: Backfills::new(Arc::clone(&backend)),
            notices: Notices::new(Arc::clone(&backend)),
            pulse: Pulse::new(Arc::clone(&backend)),
            backend,
        })))
    }

    /// The webhooks, uncached: for the staff and for changes.
    pub fn webhooks(&self) -> &Webhooks {
        &self.0.webhooks
    }

    /// The organisations, uncached.
    pub fn entities(&self) -> &Entities {
        &self.0.entities
    }

    /// Credentials and signing secrets, uncached: for changes.
    pub fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    /// Which events were seen within the window.
    pub fn dedup(&self) -> &Dedup {
        &self.0.dedup
    }

    /// Rate limits across all copies of the sender.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The attempt log.
    pub fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    /// Which lines of an unacknowledged message are delivered already.
    pub fn done_marks(&self) -> &DoneMarks {
        &self.0.done_marks
    }

    /// What targets returned, for later events.
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// What only one of all copies may do at a time.
    pub fn leases(&self) -> &Leases {
        &self.0.leases
    }

    /// The backfills, their windows and what they sent.
    pub fn backfills(&self) -> &Backfills {
        &self.0.backfills
    }

    /// What the contacts of webhooks are to be told.
    pub fn notices(&self) -> &Notices {
        &self.0.notices
    }

    /// How late live deliveries are.
    pub fn pulse(&self) -> &Pulse {
        &self.0.pulse
    }

    /// Cached reads for the router and the sender.
    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// Writes what waits and ends the store's tasks; calls after it return
    /// [`crate::Error::Unavailable`]. Dropping every clone does the same without waiting for it.
    pub async fn close(&self) {
        self.0.backend.close().await;
    }
}

/// Without its tasks the store can't keep its promises, so their panic stops the process in order.
fn stop_when_broken(tasks: &Tasks, own: &Tasks) {
    let (process, own) = (tasks.stop().clone(), own.stop().clone());
    tasks.spawn("store watch", runtime::task::OnPanic::Log, async move {
        tokio::select! {
            () = process.cancelled() => {}
            () = own.cancelled() => process.cancel(),
        }
    });
}
