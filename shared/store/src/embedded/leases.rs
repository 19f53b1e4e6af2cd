//! Leases in memory: one process needs no more, and those of a process that ended are nobody's.

use super::Embedded;
use crate::backend::LeaseRows;
use crate::error::Error;
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The holder of each lease, and when it ends by itself.
#[derive(Default)]
pub(crate) struct Holders(Mutex<HashMap<String, (String, Instant)>>);

#[async_trait]
impl LeaseRows for Embedded {
    async fn take_lease(&self, name: &str, holder: &str, lasting: Duration) -> Result<bool, Error> {
        let now = Instant::now();
        let mut holders = self.holders.0.lock().unwrap_or_else(PoisonError::into_inner);
        holders.retain(|_, (_, end)| *end > now);
        if holders.contains_key(name) {
            return Ok(false);
        }
        holders.insert(name.to_owned(), (holder.to_owned(), now + lasting));
        Ok(true)
    }

    async fn renew_lease(&self, name: &str, holder: &str, lasting: Duration) -> Result<bool, Error> {
        let now = Instant::now();
        let mut holders = self.holders.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = holders.get_mut(name).filter(|(current, end)| current == holder && *end > now);
        Ok(held.map(|(_, end)| *end = now + lasting).is_some())
    }

    async fn release_lease(&self, name: &str, holder: &str) -> Result<(), Error> {
        let mut holders = self.holders.0.lock().unwrap_or_else(PoisonError::into_inner);
        if holders.get(name).is_some_and(|(current, _)| current == holder) {
            holders.remove(name);
        }
        Ok(())
    }
}
