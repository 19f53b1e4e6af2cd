//! Deliveries of backfills that came to an end within one unit of a stage.

use crate::backfills::Backfills;
use contract::backfill::Settled;
use contract::envelope::Header;
use contract::id::{BackfillId, DeliveryId};
use contract::limits;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Collects ends while a unit is handled, and tells the windows when everything that it led to is confirmed.
#[derive(Debug, Default)]
pub struct Ends(Mutex<Vec<(BackfillId, DeliveryId, Settled)>>);

impl Ends {
    /// A delivery came to this end, if it did. Those that belong to no backfill are nobody's concern.
    pub fn note(&self, header: &Header, delivery: DeliveryId, settled: Option<Settled>) {
        if let (Some(backfill), Some(settled)) = (&header.backfill, settled) {
            let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            ends.push((backfill.clone(), delivery, settled));
        }
    }

    /// Tells the windows of all that was noted; what was told before counts no second time. A store that stays away
    /// leaves deliveries in their windows, which the runner gives up in the end.
    pub async fn tell(&self, backfills: &Backfills) {
        for (backfill, ends) in self.grouped() {
            let mut wait = Duration::from_millis(limits::BACKFILL_TELL_MIN_MS);
            while let Err(error) = backfills.window().settle_all(&backfill, &ends).await {
                if wait > Duration::from_millis(limits::BACKFILL_TELL_MAX_MS) {
                    tracing::warn!(%backfill, %error, deliveries = ends.len(), "a backfill was not told of ends");
                    break;
                }
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
        }
    }

    fn grouped(&self) -> HashMap<BackfillId, Vec<(DeliveryId, Settled)>> {
        let mut grouped: HashMap<_, Vec<_>> = HashMap::new();
        for (backfill, delivery, settled) in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            grouped.entry(backfill).or_default().push((delivery, settled));
        }
        grouped
    }
}
