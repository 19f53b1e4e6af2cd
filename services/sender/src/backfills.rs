//! What people want of the backfills whose deliveries come by, and how late live ones are.

use contract::backfill::Status;
use contract::envelope::Header;
use contract::id::BackfillId;
use contract::lane::Lane;
use contract::limits;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use store::{Error, Store};

/// The standings that were looked at a moment ago.
pub(crate) struct Backfills {
    store: Store,
    known: Mutex<HashMap<BackfillId, (Instant, Standing)>>,
}

/// What a delivery of a backfill does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It goes out.
    Goes,
    /// Its backfill is paused: it waits.
    Waits,
    /// Its backfill was cancelled.
    Drops,
}

impl Backfills {
    pub(crate) fn new(store: &Store) -> Self {
        Self { store: store.clone(), known: Mutex::default() }
    }

    /// What becomes of a delivery with this header. A backfill is looked at every half second at most.
    pub(crate) async fn standing(&self, header: &Header) -> Result<Standing, Error> {
        let Some(id) = &header.backfill else { return Ok(Standing::Goes) };
        let fresh = Duration::from_millis(limits::BACKFILL_STANDING_MS);
        let known = self.known().get(id).filter(|(at, _)| at.elapsed() < fresh).map(|(_, standing)| *standing);
        if let Some(standing) = known {
            return Ok(standing);
        }
        let standing = match self.store.backfills().get(id).await?.map(|backfill| backfill.status) {
            Some(Status::Cancelled | Status::Failed) | None => Standing::Drops,
            Some(Status::Paused) => Standing::Waits,
            Some(_) => Standing::Goes,
        };
        let mut known = self.known();
        if known.len() >= limits::BACKFILLS_KNOWN {
            known.clear();
        }
        known.insert(id.clone(), (Instant::now(), standing));
        Ok(standing)
    }

    /// Tells how late a live delivery is when it comes here first: what the pipeline, not its receiver, took.
    pub(crate) async fn came(&self, header: &Header, now: Timestamp) {
        if header.lane != Lane::Live || header.attempt > 0 || header.not_before.is_some() {
            return;
        }
        let age = Duration::try_from(now.duration_since(header.first_at)).unwrap_or_default();
        if let Err(error) = self.store.pulse().late(age).await {
            tracing::debug!(%error, "the age of live deliveries is not told");
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<BackfillId, (Instant, Standing)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
