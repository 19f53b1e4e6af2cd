//! One backfill of the history, from where it stands to its end.

use contract::backfill::{Backfill, Cursor, Refusal};
use contract::limits;
use feed::{Chunk, Doubt, Feed, History, Selected, Standing};
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

use crate::runner::Runner;

/// How often what people want is looked at.
const MOMENT: Duration = Duration::from_millis(limits::BACKFILL_MOMENT_MS);

/// A backfill that this process runs.
pub(crate) struct Run<'a> {
    runner: &'a Runner,
    backfill: Backfill,
    renewed: Instant,
    doubt: Doubt,
}

/// Why a run breaks off; it is taken up again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Feed(#[from] feed::Error),
    #[error("the history can't be read")]
    History(#[from] broker::Error),
    #[error("the store is away")]
    Store(#[from] store::Error),
    #[error("another process has its lease")]
    Lease,
}

impl<'a> Run<'a> {
    pub(crate) fn new(runner: &'a Runner, backfill: Backfill) -> Self {
        Self { runner, backfill, renewed: Instant::now(), doubt: Doubt::None }
    }

    /// Runs until the backfill has ended, or somebody or something stops it.
    pub(crate) async fn complete(mut self, stop: &CancellationToken) {
        tracing::info!(backfill = %self.backfill.id, webhook = %self.backfill.webhook, "a backfill runs");
        let id = self.backfill.id.clone();
        let went = match self.go(stop).await {
            Ok(()) => self.leave().await,
            fault => fault,
        };
        let status = self.backfill.status;
        match went {
            Ok(()) => tracing::info!(backfill = %id, status = status.name(), "a backfill rests"),
            Err(error) => tracing::warn!(backfill = %id, %error, "a backfill broke off; it goes on later"),
        }
    }

    /// Nothing that was begun is in doubt, whoever goes on from here, unless it was before.
    async fn leave(&mut self) -> Result<(), Fault> {
        if self.doubt != Doubt::None || self.backfill.status.has_ended() {
            return Ok(());
        }
        self.change(|backfill| {
            backfill.leave();
            Ok(())
        })
        .await
    }

    async fn go(&mut self, stop: &CancellationToken) -> Result<(), Fault> {
        if self.backfill.cursor.is_none() {
            self.feed().began(&self.backfill).await?;
        }
        if !self.backfill.in_order && self.feed().outstanding(&self.backfill.id).await? > 0 {
            self.doubt = Doubt::Of(limits::BACKFILL_IN_DOUBT);
        }
        self.change(|backfill| {
            backfill.take_up();
            Ok(())
        })
        .await?;
        let mut history = open(&self.runner.broker, &self.backfill).await?;
        loop {
            match self.next(stop).await? {
                Standing::Goes(_) => {}
                Standing::Waits => {
                    tokio::time::sleep(MOMENT).await;
                    continue;
                }
                Standing::Rests => return Ok(()),
            }
            let selection = self.backfill.selection();
            let chunk = history.chunk(self.backfill.entity, |event| selection.takes(event).is_ok()).await?;
            let Chunk { events, cursor, is_last } = chunk;
            if !self.send(events, stop).await? {
                return Ok(());
            }
            self.advance(cursor).await?;
            if is_last {
                return self.finish(stop).await;
            }
        }
    }

    /// Publishes events as the window takes them. False: it is to be left.
    async fn send(&mut self, mut left: Vec<Selected>, stop: &CancellationToken) -> Result<bool, Fault> {
        while !left.is_empty() {
            match self.next(stop).await? {
                Standing::Goes(pace) => {
                    left = self.runner.feed.begin(&self.backfill, pace, left, &mut self.doubt).await?.left;
                }
                Standing::Waits => {}
                Standing::Rests => return Ok(false),
            }
            if !left.is_empty() {
                tokio::time::sleep(MOMENT).await;
            }
        }
        Ok(true)
    }

    async fn advance(&mut self, cursor: Option<Cursor>) -> Result<(), Fault> {
        if let Some(cursor) = cursor.filter(|cursor| self.backfill.cursor.as_ref() != Some(cursor)) {
            self.change(|backfill| backfill.advance(cursor.clone())).await?;
        }
        Ok(())
    }

    /// The source is at its end: waits for what is outstanding, and ends.
    async fn finish(&mut self, stop: &CancellationToken) -> Result<(), Fault> {
        while self.feed().outstanding(&self.backfill.id).await? > 0 {
            if self.next(stop).await? == Standing::Rests {
                return Ok(());
            }
            tokio::time::sleep(MOMENT).await;
        }
        self.backfill = self.feed().complete(&self.backfill.id).await?;
        Ok(())
    }

    /// What people want, whether live deliveries are late, and whether the lease is still ours.
    async fn next(&mut self, stop: &CancellationToken) -> Result<Standing, Fault> {
        if stop.is_cancelled() {
            return Ok(Standing::Rests);
        }
        self.keep_lease().await?;
        let Some((now, standing)) = self.feed().stand(&self.backfill.id).await? else { return Ok(Standing::Rests) };
        self.backfill = now;
        Ok(standing)
    }

    async fn keep_lease(&mut self) -> Result<(), Fault> {
        if self.renewed.elapsed() < Duration::from_millis(limits::BACKFILL_RENEW_MS) {
            return Ok(());
        }
        let for_ = Duration::from_secs(limits::BACKFILL_LEASE_S);
        if !self.runner.store.leases().renew(&Feed::lease(&self.backfill.webhook), for_).await? {
            return Err(Fault::Lease);
        }
        self.renewed = Instant::now();
        Ok(())
    }

    async fn change(&mut self, change: impl FnMut(&mut Backfill) -> Result<(), Refusal> + Send) -> Result<(), Fault> {
        self.backfill = self.feed().change(&self.backfill.id, change).await?;
        Ok(())
    }

    const fn feed(&self) -> &Feed {
        &self.runner.feed
    }
}

/// The history from where a backfill stands. Several writers' clocks agree only so far, so that what stands behind
/// the cursor may be older than it: a little is read again, and what was sent of it is not sent again.
pub(crate) async fn open(broker: &broker::Broker, backfill: &Backfill) -> Result<History, broker::Error> {
    let lag = SignedDuration::from_secs(limits::BACKFILL_HISTORY_LAG_S);
    let from = match backfill.cursor.as_ref().and_then(|cursor| cursor.as_str().parse::<Timestamp>().ok()) {
        Some(cursor) => cursor.saturating_sub(lag).unwrap_or(Timestamp::MIN),
        None => backfill.history_from(),
    };
    let until = backfill.until.unwrap_or(from);
    History::open(broker, from, until.saturating_add(lag).unwrap_or(Timestamp::MAX)).await
}
