//! Live deliveries beside backfills to another webhook.

use crate::checks::Checks;
use crate::figures::{self, Latency};
use crate::load::{Entrance, FIRST_ID, contributions};
use crate::past;
use crate::runs::steady;
use crate::sink::Sink;
use anyhow::{Context, Result, ensure};
use clap::Args;
use runtime::task::Tasks;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::receiver::{Answer, Receiver};
use tests::backfills::{shown, told};
use tests::installation::Installation;

/// How much there is to do.
#[derive(Debug, Args)]
pub(crate) struct Sizes {
    /// Seconds of each measurement of live deliveries
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// Measurements without a backfill, and as many beside one, in turns
    #[arg(long, default_value_t = 4)]
    rounds: u32,
    /// Events of the past; enough for a backfill at full speed to last for all of them
    #[arg(long, default_value_t = 150_000)]
    events: u32,
}

const LIVE_ENTITY: u64 = 77;
/// Live events a second.
const PER_S: u32 = 200;
/// How much later the slowest percent of live deliveries may be beside a backfill.
const RATIO: f64 = 2.0;
/// Seconds of live deliveries that nobody measures: before a backfill begins, and when it was paused a moment ago.
const SETTLING: u32 = 1;
const ENDED: &str = "the backfill ended within the measurement: give it more --events";
/// Requests that a hanging receiver holds when it counts as hanging: the webhook's places.
const HANGING: usize = 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// Live events at a steady rate.
struct Live {
    entrance: Entrance,
    sink: Sink,
    /// Its first line item.
    first: u64,
    /// Events so far.
    sent: u32,
}

/// Measures both installations and checks them.
pub(crate) async fn run(sizes: &Sizes) -> Result<()> {
    let mut checks = Checks::default();
    println!("{:<34}{:>26}{:>8}{:>24}", "", "live p50/p95/p99 ms", "ratio", "backfill deliveries/s");
    let installation = Installation::distributed().await?;
    let (amqp, prefix) = installation.amqp();
    let entrance = Entrance::amqp(&amqp, format!("{prefix}contributions"), "contribution".into()).await?;
    measure("one process a role", &installation, entrance, sizes, &mut checks).await?;
    drop(installation);
    let installation = Installation::embedded().await?;
    let entrance = Entrance::into(&installation)?;
    measure("embedded", &installation, entrance, sizes, &mut checks).await?;
    checks.verdict()
}

async fn measure(
    name: &str,
    installation: &Installation,
    entrance: Entrance,
    sizes: &Sizes,
    checks: &mut Checks,
) -> Result<()> {
    let tasks = Tasks::new();
    let mut live = Live::start(installation, entrance, sizes, &tasks).await?;
    let past = FIRST_ID..FIRST_ID + u64::from(sizes.events);
    past::fill(installation, past.clone()).await?;
    let sink = Sink::start(&tasks, past.start, usize::try_from(sizes.events)?).await?;
    live.seconds(SETTLING).await?;
    let backfill = past::begin(installation, &sink.url()).await?;
    let (mut quiet, mut beside, mut delivered, mut took) = (Vec::new(), Vec::new(), 0, Duration::ZERO);
    // In turns: what else the machine does meanwhile concerns both alike.
    for _ in 0..sizes.rounds {
        told(installation, &backfill, "pause").await.context(ENDED)?;
        live.seconds(SETTLING).await?;
        quiet.extend(live.seconds(sizes.seconds).await?);
        told(installation, &backfill, "resume").await?;
        let (before, began) = (sink.count(), Instant::now());
        beside.extend(live.seconds(sizes.seconds).await?);
        delivered += sink.count() - before;
        took += began.elapsed();
    }
    told(installation, &backfill, "cancel").await.context(ENDED)?;
    installation.idle().await?;
    let quiet = Latency::of(quiet.into_iter()).context("nothing arrived")?;
    println!("{:<34}{:>26}", format!("{name}, no backfill"), figures::show(Some(&quiet)));
    let rate = f64::from(u32::try_from(delivered)?) / took.as_secs_f64();
    compare(name, "a backfill at full speed", &quiet, beside, rate, checks)?;

    let hanging = Receiver::counting().await?;
    hanging.set_default(Answer::hang());
    let backfill = past::begin(installation, &hanging.url("/")).await?;
    hanging.wait_for_within(HANGING, PATIENCE).await?;
    let beside = live.seconds(sizes.seconds * sizes.rounds).await?;
    let status = shown(installation, &backfill).await?;
    ensure!(status.get("status").and_then(Value::as_str) == Some("running"), "the backfill does not hang: {status}");
    compare(name, "a backfill whose receiver hangs", &quiet, beside, 0.0, checks)?;
    live.entrance.close().await?;
    tasks.stop().cancel();
    Ok(())
}

fn compare(
    name: &str,
    what: &str,
    quiet: &Latency,
    beside: Vec<(Instant, Instant)>,
    rate: f64,
    checks: &mut Checks,
) -> Result<()> {
    let beside = Latency::of(beside.into_iter()).context("nothing arrived")?;
    let ratio = beside.p99 / quiet.p99;
    println!("{:<34}{:>26}{ratio:>8.2}{rate:>24.0}", format!("  {what}"), figures::show(Some(&beside)));
    checks.expect(ratio <= RATIO, format!("{name}: p99 beside {what} is {ratio:.2} times that without, of {RATIO}"));
    Ok(())
}

impl Live {
    async fn start(installation: &Installation, entrance: Entrance, sizes: &Sizes, tasks: &Tasks) -> Result<Self> {
        // Without, beside one at full speed, beside one that hangs; and what settles before and between them.
        let seconds = sizes.rounds * (3 * sizes.seconds + SETTLING) + SETTLING;
        let events = usize::try_from(PER_S * seconds)?;
        let first = FIRST_ID + u64::from(sizes.events);
        let sink = Sink::start(tasks, first, events).await?;
        installation.webhook(LIVE_ENTITY, "default", &sink.url(), json!({"in_flight": 20})).await?;
        Ok(Self { entrance, sink, first, sent: 0 })
    }

    /// When each event of so many seconds was handed over and came.
    async fn seconds(&mut self, seconds: u32) -> Result<Vec<(Instant, Instant)>> {
        let first = self.first + u64::from(self.sent);
        let documents = contributions(first..first + u64::from(PER_S * seconds), |_| LIVE_ENTITY);
        let number = usize::try_from(self.sent)?;
        self.sent += PER_S * seconds;
        steady(&self.entrance, &self.sink, &documents, PER_S, number, 1).await
    }
}
