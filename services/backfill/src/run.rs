//! One backfill, from where it stands to its end.

use crate::history::{Chunk, History, Selected};
use crate::notices;
use crate::runner::Runner;
use broker::{Outgoing, Queue};
use bytes::Bytes;
use contract::backfill::{Backfill, Fingerprint, Refusal, Status};
use contract::delivery::Routed;
use contract::envelope::{self, Header, Line};
use contract::id::{DeliveryId, WebhookId};
use contract::lane::Lane;
use contract::limits;
use runtime::clock;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use store::backfills::{ChangeError, More};
use store::{Admission, Begun};
use tokio_util::sync::CancellationToken;

/// How often what people want is looked at.
const MOMENT: Duration = Duration::from_millis(limits::BACKFILL_MOMENT_MS);

/// A backfill that this process runs.
pub(crate) struct Run<'a> {
    runner: &'a Runner,
    backfill: Backfill,
    renewed: Instant,
    /// Deliveries that are still to be begun before what is outstanding is known to have been published: whoever ran
    /// it before may have ended in between.
    in_doubt: usize,
}

/// Why a run breaks off; it is taken up again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the broker is away")]
    Broker(#[from] broker::Error),
    #[error("the store is away")]
    Store(#[from] store::Error),
    #[error("it can't be written down")]
    Change(#[from] ChangeError<Refusal>),
    #[error("an event can't be written")]
    Envelope(#[from] envelope::Error),
    #[error("another process has its lease")]
    Lease,
}

/// Whether a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    On,
    /// Nothing is begun for now.
    Wait,
    /// Somebody paused or ended it, or this process stops.
    Leave,
}

impl<'a> Run<'a> {
    pub(crate) fn new(runner: &'a Runner, backfill: Backfill) -> Self {
        Self { runner, backfill, renewed: Instant::now(), in_doubt: 0 }
    }

    /// The lock that keeps one runner for the backfills of a webhook.
    pub(crate) fn lease(webhook: &WebhookId) -> String {
        format!("backfill:{webhook}")
    }

    /// Runs until the backfill has ended, or somebody or something stops it.
    pub(crate) async fn complete(mut self, stop: &CancellationToken) {
        tracing::info!(backfill = %self.backfill.id, webhook = %self.backfill.webhook, "a backfill runs");
        let id = self.backfill.id.clone();
        match self.go(stop).await {
            Ok(status) => tracing::info!(backfill = %id, status = status.name(), "a backfill rests"),
            Err(error) => tracing::warn!(backfill = %id, %error, "a backfill broke off; it goes on later"),
        }
    }

    async fn go(&mut self, stop: &CancellationToken) -> Result<Status, Fault> {
        if self.backfill.cursor.is_none() {
            notices::began(&self.runner.store, &self.backfill).await?;
        }
        if self.runner.store.backfills().window().outstanding(&self.backfill.id).await? > 0 {
            self.in_doubt = limits::BACKFILL_IN_DOUBT;
        }
        let mut history = History::open(&self.runner.broker, &self.backfill).await?;
        loop {
            match self.next(stop).await? {
                Next::On => {}
                Next::Wait => {
                    tokio::time::sleep(MOMENT).await;
                    continue;
                }
                Next::Leave => return Ok(self.backfill.status),
            }
            let Chunk { events, cursor, is_last } = history.chunk(&self.backfill).await?;
            if !self.send(events, stop).await? {
                return Ok(self.backfill.status);
            }
            if let Some(cursor) = cursor.filter(|cursor| self.backfill.cursor.as_ref() != Some(cursor)) {
                self.change(|backfill| backfill.advance(cursor.clone())).await?;
            }
            if is_last {
                return self.finish(stop).await;
            }
        }
    }

    /// Publishes events as the window takes them. False: it is to be left.
    async fn send(&mut self, events: Vec<Selected>, stop: &CancellationToken) -> Result<bool, Fault> {
        let mut here = HashSet::new();
        let mut left: Vec<Selected> =
            events.into_iter().filter(|selected| here.insert(selected.event.id.clone())).collect();
        while !left.is_empty() {
            match self.next(stop).await? {
                Next::On => left = self.begin(left).await?,
                Next::Wait => {}
                Next::Leave => return Ok(false),
            }
            if !left.is_empty() {
                tokio::time::sleep(MOMENT).await;
            }
        }
        Ok(true)
    }

    /// Publishes what there is room for, and gives the rest.
    async fn begin(&mut self, events: Vec<Selected>) -> Result<Vec<Selected>, Fault> {
        let Backfill { id, webhook, .. } = &self.backfill;
        let backfills = self.runner.store.backfills();
        let asked: Vec<_> = events
            .iter()
            .map(|Selected { event, .. }| (DeliveryId::derive(&event.id, webhook), Fingerprint::of(&event.id)))
            .collect();
        let begun = backfills.window().begin(id, &asked, limits::BACKFILL_OUTSTANDING).await?;
        let Some(Begun { admissions, .. }) = begun else { return Ok(events) };
        let (mut lines, mut left, mut repeated) = (Vec::new(), Vec::new(), 0);
        for (selected, admission) in events.into_iter().zip(admissions) {
            match admission {
                Admission::New => lines.push(line(&self.backfill, selected)?),
                Admission::Outstanding if self.in_doubt > 0 => lines.push(line(&self.backfill, selected)?),
                Admission::Outstanding => {}
                Admission::Repeated => repeated += 1,
                Admission::NoRoom => left.push(selected),
            }
        }
        self.in_doubt = self.in_doubt.saturating_sub(lines.len());
        let batches = envelope::batches(lines, limits::BATCH_LINES, limits::BATCH_BYTES).into_iter();
        let outgoing = batches.map(|body| Outgoing::new(Queue::Router(Lane::Backfill), body)).collect();
        self.runner.broker.publisher().publish_all(outgoing).await?;
        if repeated > 0 {
            backfills.count_more(id, More { repeated, ..More::default() }).await?;
        }
        Ok(left)
    }

    /// The source is at its end: waits for what is outstanding, and ends.
    async fn finish(&mut self, stop: &CancellationToken) -> Result<Status, Fault> {
        while self.runner.store.backfills().window().outstanding(&self.backfill.id).await? > 0 {
            if self.next(stop).await? == Next::Leave {
                return Ok(self.backfill.status);
            }
            tokio::time::sleep(MOMENT).await;
        }
        self.change(|backfill| backfill.go_on(clock::now()).or(Ok(()))).await?;
        self.change(|backfill| backfill.complete(clock::now())).await?;
        let counts = self.runner.store.backfills().counts(&self.backfill.id).await?;
        notices::ended(&self.runner.store, &self.backfill, counts).await?;
        Ok(self.backfill.status)
    }

    /// What people want, whether live deliveries are late, and whether the lease is still ours.
    async fn next(&mut self, stop: &CancellationToken) -> Result<Next, Fault> {
        if stop.is_cancelled() {
            return Ok(Next::Leave);
        }
        self.keep_lease().await?;
        let Some(now) = self.runner.store.backfills().get(&self.backfill.id).await? else { return Ok(Next::Leave) };
        self.backfill = now;
        let late = self.runner.store.pulse().read().await?;
        let bound = self.runner.config.live_age;
        match (self.backfill.status, late) {
            (Status::Running, Some(late)) if late > bound => {
                let reason = format!("live deliveries reach the sender {} s late", late.as_secs());
                self.change(|backfill| backfill.give_way(&reason, clock::now())).await?;
                Ok(Next::Wait)
            }
            (Status::Running, _) => Ok(Next::On),
            (Status::Yielding, Some(late)) if late > bound / 2 => Ok(Next::Wait),
            (Status::Yielding, _) => {
                self.change(|backfill| backfill.go_on(clock::now())).await?;
                Ok(Next::On)
            }
            _ => Ok(Next::Leave),
        }
    }

    async fn keep_lease(&mut self) -> Result<(), Fault> {
        if self.renewed.elapsed() < Duration::from_millis(limits::BACKFILL_RENEW_MS) {
            return Ok(());
        }
        let for_ = Duration::from_secs(limits::BACKFILL_LEASE_S);
        if !self.runner.store.leases().renew(&Self::lease(&self.backfill.webhook), for_).await? {
            return Err(Fault::Lease);
        }
        self.renewed = Instant::now();
        Ok(())
    }

    async fn change(&mut self, change: impl FnMut(&mut Backfill) -> Result<(), Refusal> + Send) -> Result<(), Fault> {
        self.backfill = self.runner.store.backfills().change(&self.backfill.id, change).await?;
        Ok(())
    }
}

fn line(backfill: &Backfill, selected: Selected) -> Result<Bytes, envelope::Error> {
    let Selected { event, trace } = selected;
    let header = Header::new(event.id.as_str(), trace, Lane::Backfill, clock::now());
    let header = Header { backfill: Some(backfill.id.clone()), ..header };
    let length = event.body.get().len();
    Line::new(header, Routed { event, webhook: Some(backfill.webhook.clone()) }).encode(length)
}
