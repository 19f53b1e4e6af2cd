//! The pulse: how late live deliveries are, so that backfills can give way.

use crate::backend::Backend;
use crate::error::Error;
use contract::limits;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

const EVERY: Duration = Duration::from_millis(limits::PULSE_MS);

/// How late live deliveries are. Cheap to clone; the clones are one process's.
#[derive(Clone)]
pub struct Pulse {
    backend: Arc<dyn Backend>,
    untold: Arc<Mutex<Untold>>,
}

/// What this process has not told the others yet.
#[derive(Default)]
struct Untold {
    largest: Duration,
    told_at: Option<Instant>,
}

impl Pulse {
    pub(crate) fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, untold: Arc::default() }
    }

    /// A live delivery was first handled at this age. Called for each of them: the store is told at most once every
    /// [`limits::PULSE_MS`], of the largest age since.
    pub async fn late(&self, age: Duration) -> Result<(), Error> {
        match self.due(age, Instant::now()) {
            Some(age) => self.backend.tell_age(u64::try_from(age.as_millis()).unwrap_or(u64::MAX)).await,
            None => Ok(()),
        }
    }

    /// The largest age that any process told within the last [`limits::PULSE_S`], or up to a second more. None when
    /// none did: nothing live was handled.
    pub async fn read(&self) -> Result<Option<Duration>, Error> {
        Ok(self.backend.largest_age().await?.map(Duration::from_millis))
    }

    /// The age to tell now, if it is time to.
    fn due(&self, age: Duration, now: Instant) -> Option<Duration> {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.largest = untold.largest.max(age);
        if untold.told_at.is_some_and(|told_at| now.duration_since(told_at) < EVERY) {
            return None;
        }
        untold.told_at = Some(now);
        Some(std::mem::take(&mut untold.largest))
    }
}
