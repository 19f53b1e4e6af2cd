//! Leases: what only one of all copies may do at a time.

use crate::backend::Backend;
use crate::error::Error;
use contract::limits;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Leases. Cheap to clone; the clones are one holder's.
#[derive(Clone)]
pub struct Leases {
    backend: Arc<dyn Backend>,
    held: Arc<Mutex<HashMap<String, Held>>>,
}

/// A lease that was given to this process.
struct Held {
    /// Tells it from every other lease of this name.
    holder: String,
    until: Instant,
}

impl Leases {
    pub(crate) fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, held: Arc::default() }
    }

    /// Takes the lease of this name: true for one caller at a time, among all tasks of all processes. It ends with
    /// [`Self::release`], or by itself after `for_`, which is at most [`limits::LEASE_S`]: choose it longer than the
    /// work can take, and bound the work, or [`Self::renew`] it while the work goes on.
    ///
    /// A call that failed may have taken the lease; then it is nobody's until it ends by itself.
    pub async fn take(&self, name: &str, for_: Duration) -> Result<bool, Error> {
        let begin = Instant::now();
        let lasting = lasting(for_);
        let holder = format!("{:032x}", rand::random::<u128>());
        if !self.backend.take_lease(name, &holder, lasting).await? {
            return Ok(false);
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, lease| lease.until > begin);
        held.insert(name.to_owned(), Held { holder, until: begin + lasting });
        Ok(true)
    }

    /// Makes the lease that [`Self::take`] gave to this process end `for_` from now instead, which is at most
    /// [`limits::LEASE_S`]. False when it is this process's no more: it ended by itself, or was released. Then who
    /// works under it stops, because another may have it.
    ///
    /// A call that failed may have prolonged it; until the time given before, the lease is this process's in any case.
    /// So who renews often enough can miss some renewals.
    pub async fn renew(&self, name: &str, for_: Duration) -> Result<bool, Error> {
        let begin = Instant::now();
        let lasting = lasting(for_);
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(|held| held.holder.clone());
        let Some(holder) = held else { return Ok(false) };
        let renewed = self.backend.renew_lease(name, &holder, lasting).await?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // Another task of this process may have released it, or taken it anew, meanwhile.
        if let Some(lease) = held.get_mut(name).filter(|lease| lease.holder == holder) {
            if renewed {
                lease.until = begin + lasting;
            } else {
                held.remove(name);
            }
        }
        Ok(renewed)
    }

    /// Takes the lease of this name for a holder who is not this process and names itself, or makes the holder's own
    /// end `for_` from now: false when another has it. Two who give the same word are one holder, so it has to be one
    /// that nobody else chooses.
    pub async fn hold(&self, name: &str, holder: &str, for_: Duration) -> Result<bool, Error> {
        let lasting = lasting(for_);
        let holder = foreign(holder);
        Ok(self.backend.renew_lease(name, &holder, lasting).await?
            || self.backend.take_lease(name, &holder, lasting).await?)
    }

    /// Ends the lease of a holder who is not this process, if the holder has it.
    pub async fn let_go(&self, name: &str, holder: &str) -> Result<(), Error> {
        self.backend.release_lease(name, &foreign(holder)).await
    }

    /// Ends the lease that [`Self::take`] gave to this process; only who took it calls this. One that has ended by
    /// itself is nobody's to end: if another process has it by now, it keeps it. Of several tasks of this process
    /// the last that took it counts.
    pub async fn release(&self, name: &str) -> Result<(), Error> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        match held {
            Some(Held { holder, .. }) => self.backend.release_lease(name, &holder).await,
            None => Ok(()),
        }
    }
}

/// Holders that name themselves can't meet those that a process made up.
fn foreign(holder: &str) -> String {
    format!("named:{holder}")
}

fn lasting(for_: Duration) -> Duration {
    for_.clamp(Duration::from_millis(1), Duration::from_secs(limits::LEASE_S))
}
