//! Counts what belongs to a backfill, beside its run, so that people know how much is left.

use crate::run::{Fault, open};
use crate::runner::Runner;
use contract::backfill::Backfill;
use contract::limits;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Counts, unless that was done before. What can't be counted is not: the run goes on without a total.
pub(crate) async fn count(runner: &Runner, backfill: Backfill, stop: &CancellationToken) {
    if let Err(error) = go(runner, &backfill, stop).await {
        tracing::debug!(backfill = %backfill.id, %error, "a backfill is not counted");
    }
}

async fn go(runner: &Runner, backfill: &Backfill, stop: &CancellationToken) -> Result<(), Fault> {
    let backfills = runner.store.backfills();
    let _turn = runner.counting.lock().await;
    let has_ended =
        async || Ok::<_, Fault>(backfills.get(&backfill.id).await?.is_none_or(|now| now.status.has_ended()));
    if backfills.counts(&backfill.id).await?.total.is_some() || has_ended().await? {
        return Ok(());
    }
    // From its beginning, wherever the run is by now.
    let whole = Backfill { cursor: None, ..backfill.clone() };
    let mut history = open(&runner.broker, &whole).await?;
    let (selection, mut total) = (whole.selection(), 0);
    while !stop.is_cancelled() {
        let chunk = history.chunk(whole.entity, |event| selection.takes(event).is_ok()).await?;
        total += chunk.events.len() as u64;
        if chunk.is_last {
            return Ok(backfills.set_total(&backfill.id, total).await?);
        }
        // Its run needs the reading more.
        tokio::time::sleep(Duration::from_millis(limits::BACKFILL_COUNT_REST_MS)).await;
        if has_ended().await? {
            break;
        }
    }
    Ok(())
}
