//! Finds the backfills that are to run, and keeps one runner for each.

use crate::config::Config;
use crate::count::count;
use crate::run::Run;
use broker::Broker;
use contract::backfill::{Backfill, Source, Status};
use contract::id::BackfillId;
use contract::limits;
use feed::Feed;
use runtime::task::{OnPanic, Tasks};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;
use store::backfills::Filter;

/// All that a run needs.
pub(crate) struct Runner {
    pub(crate) broker: Broker,
    pub(crate) store: Store,
    pub(crate) feed: Feed,
    /// One backfill is counted at a time: each count reads as much as a run does.
    pub(crate) counting: tokio::sync::Mutex<()>,
    /// Those that this process runs.
    mine: Mutex<HashSet<BackfillId>>,
}

impl Runner {
    pub(crate) fn new(config: Config, broker: Broker, store: Store) -> Self {
        let feed = Feed::new(broker.clone(), store.clone(), config.live_age);
        Self { broker, store, feed, counting: tokio::sync::Mutex::default(), mine: Mutex::default() }
    }

    /// Looks for backfills to run until it is stopped.
    pub(crate) async fn run(self: &Arc<Self>, tasks: &Tasks) {
        let stop = tasks.stop().clone();
        while !stop.is_cancelled() {
            if let Err(error) = self.look(tasks).await {
                tracing::debug!(%error, "backfills to run can't be looked for");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(limits::BACKFILL_LOOK_MS)) => {}
            }
        }
    }

    async fn look(self: &Arc<Self>, tasks: &Tasks) -> Result<(), store::Error> {
        for status in [Status::Running, Status::Yielding] {
            let filter = Filter { webhook: None, status: Some(status) };
            for backfill in self.store.backfills().list(&filter, None, limits::BACKFILL_PAGE).await? {
                // The command that reads the files is the runner of those.
                if backfill.source == Source::History {
                    self.take_up(backfill, tasks).await?;
                }
            }
        }
        Ok(())
    }

    /// One runner for a webhook, in all processes: two backfills of it at a time could both send an event.
    async fn take_up(self: &Arc<Self>, backfill: Backfill, tasks: &Tasks) -> Result<(), store::Error> {
        let lease = Feed::lease(&backfill.webhook);
        let for_ = Duration::from_secs(limits::BACKFILL_LEASE_S);
        if self.mine().contains(&backfill.id) || !self.store.leases().take(&lease, for_).await? {
            return Ok(());
        }
        let mine = Mine::new(self, backfill.id.clone());
        let stop = tasks.stop().clone();
        let counting = (Arc::clone(self), backfill.clone(), stop.clone());
        tasks.spawn("backfill count", OnPanic::Log, async move {
            let (runner, backfill, stop) = counting;
            count(&runner, backfill, &stop).await;
        });
        // A panic is this backfill's alone: the lease ends, and somebody takes it up again.
        tasks.spawn("backfill", OnPanic::Log, async move {
            Run::new(&mine.runner, backfill).complete(&stop).await;
            if let Err(error) = mine.runner.store.leases().release(&lease).await {
                tracing::debug!(%error, "the lease of a backfill ends by itself");
            }
        });
        Ok(())
    }

    fn mine(&self) -> MutexGuard<'_, HashSet<BackfillId>> {
        self.mine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of those that this process runs, as long as it lives; also when its run panics.
struct Mine {
    runner: Arc<Runner>,
    id: BackfillId,
}

impl Mine {
    fn new(runner: &Arc<Runner>, id: BackfillId) -> Self {
        runner.mine().insert(id.clone());
        Self { runner: Arc::clone(runner), id }
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        self.runner.mine().remove(&self.id);
    }
}
