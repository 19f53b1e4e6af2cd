//! Several runners, or several backfills, of one webhook.

use super::{activate, becomes, count, draft, hurry, once, publish, request, times, told};
use anyhow::Result;
use contract::limits;
use std::time::{Duration, Instant};
use testkit::receiver::Receiver;
use tests::installation::Installation;

pub(crate) async fn two_backfills_of_a_webhook_send_each_event_once(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = draft(&pipeline, &receiver, 400.0).await?;
    let ids = publish(&pipeline, 600).await?;
    activate(&pipeline, &webhook).await?;
    let (one, two) = tokio::try_join!(request(&pipeline, &webhook), request(&pipeline, &webhook))?;
    tokio::try_join!(told(&pipeline, &one, "run"), told(&pipeline, &two, "run"))?;
    let (one, two) = tokio::try_join!(becomes(&pipeline, &one, "completed"), becomes(&pipeline, &two, "completed"))?;
    pipeline.idle().await?;
    assert_eq!(times(&receiver.received())?, once(&ids));
    let mut sent = [&one, &two].map(|backfill| (count(backfill, "sent"), count(backfill, "repeated")));
    sent.sort_unstable();
    assert_eq!(sent, [(0, ids.len()), (ids.len(), 0)], "the second waited until the first had ended");
    Ok(())
}

/// More than the window of the first runner holds: the rest only the second can send.
const EVENTS: usize = 4_000;
const _: () = assert!(EVENTS as u64 >= 2 * limits::BACKFILL_OUTSTANDING);
/// More than the lease, for a runner to look for work and do it.
const TAKEN_OVER: Duration = Duration::from_secs(limits::BACKFILL_LEASE_S + 10);

pub(crate) async fn a_second_runner_takes_over_from_the_first(mut pipeline: Installation) -> Result<()> {
    const SECOND: &str = "backfill#2";
    let receiver = Receiver::start().await?;
    let webhook = draft(&pipeline, &receiver, 400.0).await?;
    let ids = publish(&pipeline, EVENTS).await?;
    activate(&pipeline, &webhook).await?;
    let backfill = request(&pipeline, &webhook).await?;
    told(&pipeline, &backfill, "run").await?;
    let path = format!("/backfills/{backfill}");
    // From its first delivery on it has a runner, and the second can only wait.
    pipeline.wait_api(&path, |now| count(now, "done") > 0).await?;
    pipeline.start(SECOND).await?;
    pipeline.wait_api(&path, |now| count(now, "done") > 400).await?;
    assert!(times(&receiver.received())?.values().all(|times| *times == 1), "two runners sent the same");

    pipeline.kill("backfill");
    let killed = Instant::now();
    let left = count(&pipeline.api("GET", &path, None).await?, "sent");
    assert!(left < ids.len(), "the first left something to send");
    hurry(&pipeline, &webhook).await?;
    pipeline.wait_api(&path, |now| count(now, "sent") > left).await?;
    let took = killed.elapsed();
    assert!(took < TAKEN_OVER, "the second runner began after {took:?}");
    becomes(&pipeline, &backfill, "completed").await?;
    pipeline.idle().await?;
    // What was under way had arrived long before the lease ended.
    assert_eq!(times(&receiver.received())?, once(&ids));
    Ok(())
}
