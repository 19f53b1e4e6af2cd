//! Rate limits per webhook across all copies of the sender (GCRA).

use crate::backend::{Backend, Claim};
use crate::error::Error;
use contract::id::WebhookId;
use contract::webhook::Rate;
use std::sync::Arc;
use std::time::Duration;

/// Rate limits. Cheap to clone.
#[derive(Clone)]
pub struct Limits(Arc<dyn Backend>);

/// The answer to a request for slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Slots that were taken: so many requests may be made now.
    pub granted: u32,
    /// Zero when all that was asked for was granted; else how long until the next slot.
    pub wait: Duration,
}

impl Limits {
    pub(crate) const fn new(backend: Arc<dyn Backend>) -> Self {
        Self(backend)
    }

    /// Asks for one slot of the webhook's rate: go when `wait` is zero, else ask again after it.
    ///
    /// `burst` slots can be taken at once after a pause; it is at least 1. When the store is away the caller goes
    /// on with its own limiter.
    pub async fn acquire(&self, id: &WebhookId, rate: Rate, burst: u32) -> Result<Grant, Error> {
        self.acquire_n(id, rate, burst, 1).await
    }

    /// Asks for up to `wanted` slots in one round trip; fewer may be granted.
    pub async fn acquire_n(&self, id: &WebhookId, rate: Rate, burst: u32, wanted: u32) -> Result<Grant, Error> {
        let (interval_us, burst) = (rate.interval_us(), u64::from(burst.max(1)));
        let claim = Claim { interval_us, burst, wanted: u64::from(wanted) };
        let (granted, wait_us) = self.0.claim(id, claim).await?;
        let granted = u32::try_from(granted).unwrap_or(wanted).min(wanted);
        let wait = if granted == wanted { Duration::ZERO } else { Duration::from_micros(wait_us.max(1)) };
        Ok(Grant { granted, wait })
    }
}
