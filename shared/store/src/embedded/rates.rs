//! Rate limits in memory: one process needs no more, and a restart costs at most one burst.

use super::Embedded;
use crate::backend::{Claim, Rates};
use crate::error::Error;
use async_trait::async_trait;
use contract::id::WebhookId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// Webhooks whose meter is kept before those at rest are dropped.
const METERS_AT_REST: usize = 1_024;

/// When each webhook's next request conforms, in microseconds since the start.
pub(crate) struct Meters {
    start: Instant,
    meters: Mutex<Kept>,
}

struct Kept {
    next: HashMap<WebhookId, u64>,
    /// At so many, those at rest are dropped.
    crowd: usize,
}

impl Default for Meters {
    fn default() -> Self {
        let kept = Kept { next: HashMap::new(), crowd: METERS_AT_REST };
        Self { start: Instant::now(), meters: Mutex::new(kept) }
    }
}

impl Meters {
    fn claim(&self, id: &WebhookId, claim: Claim) -> (u64, u64) {
        let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut kept = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = kept.next.get_mut(id) {
            return take(now, next, claim);
        }
        if kept.next.len() >= kept.crowd {
            // A meter at rest says the same as none.
            kept.next.retain(|_, next| *next > now);
            kept.crowd = METERS_AT_REST.max(2 * kept.next.len());
        }
        take(now, kept.next.entry(id.clone()).or_insert(now), claim)
    }
}

#[async_trait]
impl Rates for Embedded {
    async fn claim(&self, id: &WebhookId, claim: Claim) -> Result<(u64, u64), Error> {
        Ok(self.meters.claim(id, claim))
    }
}

/// GCRA: a slot conforms while the steady schedule is at most `burst - 1` intervals ahead of `now`.
/// `next` is where the schedule stands. Gives the slots taken and the wait until the next one.
fn take(now: u64, next: &mut u64, claim: Claim) -> (u64, u64) {
    let slack = (claim.burst - 1).saturating_mul(claim.interval_us);
    let ahead = next.saturating_sub(now);
    let free = slack.checked_sub(ahead).map_or(0, |room| room / claim.interval_us + 1);
    let granted = free.min(claim.wanted);
    *next = now + ahead + granted * claim.interval_us;
    (granted, (ahead + granted * claim.interval_us).saturating_sub(slack))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_slot_an_interval() {
        let claim = Claim { interval_us: 100, burst: 3, wanted: 1 };
        let mut next = 0;
        for _ in 0..3 {
            assert_eq!(take(1_000, &mut next, claim).0, 1);
        }
        assert_eq!(take(1_000, &mut next, claim), (0, 100));
        assert_eq!(take(1_099, &mut next, claim), (0, 1));
        assert_eq!(take(1_100, &mut next, claim).0, 1);
        assert_eq!(take(1_100, &mut next, claim), (0, 100));
    }

    #[test]
    fn of_many_slots_those_that_conform_are_taken() {
        let mut next = 0;
        assert_eq!(take(1_000, &mut next, Claim { interval_us: 100, burst: 4, wanted: 10 }), (4, 100));
        assert_eq!(take(1_250, &mut next, Claim { interval_us: 100, burst: 4, wanted: 10 }), (2, 50));
    }
}
