//! The window: the deliveries of a backfill that are on their way, each counted once when it is settled.

use crate::backend::Backend;
use crate::error::Error;
use contract::backfill::{Fingerprint, Settled};
use contract::id::{BackfillId, DeliveryId};
use contract::limits::BACKFILL_CHUNK;
use std::sync::Arc;

/// The windows of all backfills. Cheap to clone.
#[derive(Clone)]
pub struct Window(Arc<dyn Backend>);

/// What a window made of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Admission {
    /// It is in the window now, and counted as sent: publish it.
    New,
    /// It was in the window before. It is the second time that the source has it, or a call or a runner that did not
    /// come to its end put it there; see [`Window::begin`].
    Outstanding,
    /// A backfill of this webhook has sent it.
    Repeated,
    /// The window is full: begin it again when something was settled.
    NoRoom,
}

/// What a window made of deliveries, and the room it has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// One for each delivery, in their order.
    pub admissions: Vec<Admission>,
    /// Deliveries that the window can still take.
    pub room: u64,
}

impl Window {
    pub(crate) const fn new(backend: Arc<dyn Backend>) -> Self {
        Self(backend)
    }

    /// Puts deliveries into the window before they are published: never more than `capacity` are outstanding, and
    /// none that the webhook's backfills have sent. None when the backfill is not running: paused, ended or unknown;
    /// then nothing was begun. Up to [`BACKFILL_CHUNK`] deliveries are one step and one round trip; more are several.
    ///
    /// The runner publishes what is new. What is outstanding already it publishes only behind a call that failed, or
    /// until it is past the deliveries that an earlier runner may have begun behind the stored cursor: those may
    /// never have been published. Elsewhere the delivery is on its way, and the source has it twice.
    pub async fn begin(
        &self,
        id: &BackfillId,
        deliveries: &[(DeliveryId, Fingerprint)],
        capacity: u64,
    ) -> Result<Option<Begun>, Error> {
        let (first, rest) = deliveries.split_at(deliveries.len().min(BACKFILL_CHUNK));
        let Some(mut begun) = self.0.begin(id, first, capacity).await? else { return Ok(None) };
        for chunk in rest.chunks(BACKFILL_CHUNK) {
            let Some(more) = self.0.begin(id, chunk, capacity).await? else {
                // It was paused or ended in between: what is not begun has no room.
                begun.admissions.resize(deliveries.len(), Admission::NoRoom);
                begun.room = 0;
                break;
            };
            begun.admissions.extend(more.admissions);
            begun.room = more.room;
        }
        Ok(Some(begun))
    }

    /// Takes a delivery out of the window and counts it. In the same step it enters the record of what the webhook's
    /// backfills sent, if it was delivered or skipped. True for the one call that took it out: a message that comes
    /// again is not counted again. False as well when the window was dropped.
    ///
    /// A call that failed may have counted; then the next one gives false.
    pub async fn settle(&self, id: &BackfillId, delivery: &DeliveryId, settled: Settled) -> Result<bool, Error> {
        let counted = self.settle_all(id, &[(delivery.clone(), settled)]).await?;
        Ok(counted.contains(&true))
    }

    /// Like [`Self::settle`], for several deliveries: up to [`BACKFILL_CHUNK`] are one round trip.
    pub async fn settle_all(&self, id: &BackfillId, deliveries: &[(DeliveryId, Settled)]) -> Result<Vec<bool>, Error> {
        let mut counted = Vec::with_capacity(deliveries.len());
        for chunk in deliveries.chunks(BACKFILL_CHUNK) {
            counted.extend(self.0.settle(id, chunk).await?);
        }
        Ok(counted)
    }

    /// Which of the deliveries are in the window. One that is not any more was settled, or its backfill was
    /// cancelled: it need not be sent.
    pub async fn holds(&self, id: &BackfillId, deliveries: &[DeliveryId]) -> Result<Vec<bool>, Error> {
        let mut held = Vec::with_capacity(deliveries.len());
        for chunk in deliveries.chunks(BACKFILL_CHUNK) {
            held.extend(self.0.held(id, chunk).await?);
        }
        Ok(held)
    }

    /// Deliveries in the window.
    pub async fn outstanding(&self, id: &BackfillId) -> Result<u64, Error> {
        self.0.outstanding(id).await
    }

    /// Empties the window of a backfill that was cancelled or failed: what is still on its way is settled as nothing,
    /// neither counted nor recorded. Gives how many that were.
    pub async fn drop_all(&self, id: &BackfillId) -> Result<u64, Error> {
        self.0.drop_window(id).await
    }
}
