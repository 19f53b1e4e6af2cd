//! What happens to a backfill while its events are sent, wherever they come from.

use crate::history::Selected;
use crate::notices;
use crate::pace::Pace;
use broker::{Broker, Outgoing, Queue};
use bytes::Bytes;
use contract::backfill::{Backfill, Fingerprint, Refusal, Status};
use contract::delivery::Routed;
use contract::envelope::{self, Header, Line};
use contract::id::{BackfillId, DeliveryId, WebhookId};
use contract::lane::Lane;
use contract::limits;
use runtime::clock;
use std::collections::HashSet;
use std::time::Duration;
use store::backfills::{ChangeError, More};
use store::{Admission, Store};

/// Sends the events of backfills. Cheap to clone.
#[derive(Clone)]
pub struct Feed {
    broker: Broker,
    store: Store,
    /// Backfills give way while live deliveries reach the sender later than this.
    live_age: Duration,
}

/// Why feeding breaks off; it can be taken up again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The broker is away.
    #[error("the broker is away")]
    Broker(#[from] broker::Error),
    /// The store is away.
    #[error("the store is away")]
    Store(#[from] store::Error),
    /// The backfill is not what it was.
    #[error("it can't be written down")]
    Change(#[from] ChangeError<Refusal>),
    /// An event can't be written.
    #[error("an event can't be written")]
    Envelope(#[from] envelope::Error),
}

/// Whether a backfill goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its events are sent, so fast.
    Goes(Pace),
    /// Nothing is begun for now: live deliveries are late.
    Waits,
    /// Somebody paused or ended it.
    Rests,
}

/// What is done about deliveries that are in the window already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// They are on their way.
    None,
    /// So many of them may never have been published, because whoever began them may have ended in between: they
    /// are published again, and count no second time.
    Of(usize),
}

/// What became of events.
#[derive(Debug, Default)]
pub struct Begun {
    /// How many were published.
    pub published: usize,
    /// How many an earlier backfill of the webhook, or this one, had sent.
    pub repeated: usize,
    /// Those for which there is no room yet, in their order.
    pub left: Vec<Selected>,
}

impl Feed {
    /// Feeds over these.
    pub const fn new(broker: Broker, store: Store, live_age: Duration) -> Self {
        Self { broker, store, live_age }
    }

    /// The lock that keeps one runner for the backfills of a webhook: two at a time could both send an event.
    pub fn lease(webhook: &WebhookId) -> String {
        format!("backfill:{webhook}")
    }

    /// How the backfill stands now. It gives way to late live deliveries here, and goes on when they are in time.
    /// None when there is no such backfill.
    pub async fn stand(&self, id: &BackfillId) -> Result<Option<(Backfill, Standing)>, Error> {
        let Some(now) = self.store.backfills().get(id).await? else { return Ok(None) };
        let late = self.store.pulse().read().await?;
        let standing = match (now.status, late) {
            (Status::Running, Some(late)) if late > self.live_age => {
                let reason = format!("live deliveries reach the sender {} s late", late.as_secs());
                let now = self.change(id, |backfill| backfill.give_way(&reason, clock::now())).await?;
                return Ok(Some((now, Standing::Waits)));
            }
            (Status::Running, _) => Standing::Goes(Pace::beside(late)),
            (Status::Yielding, Some(late)) if late > self.live_age / 2 => Standing::Waits,
            (Status::Yielding, _) => {
                let now = self.change(id, |backfill| backfill.go_on(clock::now())).await?;
                return Ok(Some((now, Standing::Goes(Pace::beside(late)))));
            }
            _ => Standing::Rests,
        };
        Ok(Some((now, standing)))
    }

    /// Publishes the events for which there is room, at this pace: never more than it says are outstanding. When the
    /// backfill does not run any more all are left. An event that comes twice counts once.
    pub async fn begin(
        &self,
        backfill: &Backfill,
        pace: Pace,
        events: Vec<Selected>,
        doubt: &mut Doubt,
    ) -> Result<Begun, Error> {
        let mut here = HashSet::new();
        let mut events: Vec<_> = events.into_iter().filter(|selected| here.insert(selected.event.id.clone())).collect();
        let mut begun = Begun::default();
        while !events.is_empty() && begun.left.is_empty() {
            let later = events.split_off(events.len().min(pace.at_once));
            let step = self.step(backfill, pace.outstanding, events, doubt).await?;
            begun.published += step.published;
            begun.repeated += step.repeated;
            begun.left.extend(step.left);
            events = later;
            // What was sent before holds up nobody.
            if step.published > 0 {
                tokio::time::sleep(pace.rest).await;
            }
        }
        begun.left.extend(events);
        Ok(begun)
    }

    /// Publishes what there is room for.
    async fn step(
        &self,
        backfill: &Backfill,
        outstanding: u64,
        events: Vec<Selected>,
        doubt: &mut Doubt,
    ) -> Result<Begun, Error> {
        let asked: Vec<_> = events
            .iter()
            .map(|Selected { event, .. }| {
                (DeliveryId::derive(&event.id, &backfill.webhook), Fingerprint::of(&event.id))
            })
            .collect();
        let backfills = self.store.backfills();
        let admitted = backfills.window().begin(&backfill.id, &asked, outstanding).await?;
        let Some(admitted) = admitted else { return Ok(Begun { left: events, ..Begun::default() }) };
        let (mut begun, mut lines) = (Begun::default(), Vec::new());
        for (selected, admission) in events.into_iter().zip(admitted.admissions) {
            match admission {
                Admission::New => lines.push(line(backfill, selected)?),
                Admission::Outstanding if doubt.take() => lines.push(line(backfill, selected)?),
                Admission::Outstanding => {}
                Admission::Repeated => begun.repeated += 1,
                Admission::NoRoom => begun.left.push(selected),
            }
        }
        begun.published = lines.len();
        let batches = envelope::batches(lines, limits::BATCH_LINES, limits::BATCH_BYTES).into_iter();
        let outgoing = batches.map(|body| Outgoing::new(Queue::Router(Lane::Backfill), body)).collect();
        self.broker.publisher().publish_all(outgoing).await?;
        if let Ok(repeated @ 1..) = u64::try_from(begun.repeated) {
            backfills.count_more(&backfill.id, More { repeated, ..More::default() }).await?;
        }
        Ok(begun)
    }

    /// Deliveries that are on their way.
    pub async fn outstanding(&self, id: &BackfillId) -> Result<u64, Error> {
        Ok(self.store.backfills().window().outstanding(id).await?)
    }

    /// The contact of its webhook is told that sending begins.
    pub async fn began(&self, backfill: &Backfill) -> Result<(), Error> {
        notices::began(&self.store, backfill).await
    }

    /// Ends a backfill whose source is at its end and of which nothing is outstanding, and has its contact told.
    pub async fn complete(&self, id: &BackfillId) -> Result<Backfill, Error> {
        // It may be giving way: nothing is left that would be in anybody's way.
        self.change(id, |backfill| backfill.go_on(clock::now()).or(Ok(()))).await?;
        let ended = self.change(id, |backfill| backfill.complete(clock::now())).await?;
        let counts = self.store.backfills().counts(id).await?;
        notices::ended(&self.store, &ended, counts).await?;
        Ok(ended)
    }

    /// Changes a backfill.
    pub async fn change(
        &self,
        id: &BackfillId,
        change: impl FnMut(&mut Backfill) -> Result<(), Refusal> + Send,
    ) -> Result<Backfill, Error> {
        Ok(self.store.backfills().change(id, change).await?)
    }
}

impl Doubt {
    /// Whether one that is in the window is published again.
    const fn take(&mut self) -> bool {
        match self {
            Self::None | Self::Of(0) => false,
            Self::Of(left) => {
                *left -= 1;
                true
            }
        }
    }
}

fn line(backfill: &Backfill, selected: Selected) -> Result<Bytes, envelope::Error> {
    let Selected { event, trace } = selected;
    let header = Header::new(event.id.as_str(), trace, Lane::Backfill, clock::now());
    let header = Header { backfill: Some(backfill.id.clone()), ..header };
    let length = event.body.get().len();
    Line::new(header, Routed { event, webhook: Some(backfill.webhook.clone()) }).encode(length)
}
