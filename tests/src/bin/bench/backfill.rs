//! One large backfill whose runner is killed on the way.

use crate::checks::Checks;
use crate::load::FIRST_ID;
use crate::past;
use crate::runs::{rate, usages};
use crate::sink::Sink;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use contract::limits;
use runtime::task::Tasks;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tests::backfills::{count, shown};
use tests::installation::Installation;
use tokio::time::{MissedTickBehavior, interval};

/// How much there is to do.
#[derive(Debug, Args)]
pub(crate) struct Sizes {
    /// Events of the past
    #[arg(long, default_value_t = 100_000)]
    events: u32,
    /// How often the runner is ended by `kill -9`, evenly spread
    #[arg(long, default_value_t = 3)]
    kills: u32,
}

/// The role that is killed.
const ROLE: &str = "backfill";
/// Between two looks at the processes and the queues.
const LOOK: Duration = Duration::from_secs(1);
/// A run in which nothing arrives for so long has failed. A killed runner's lease has to end first.
const STILL: Duration = Duration::from_secs(4 * limits::BACKFILL_LEASE_S);
/// Deliveries that a killed runner may repeat: a whole window, and the chunk that did not fit.
const REPEATS_A_KILL: u64 = limits::BACKFILL_OUTSTANDING + limits::BACKFILL_CHUNK as u64;
/// Growth that is no leak: allocators keep what they had.
const GROWTH: f64 = 1.25;
const GROWTH_MIB: f64 = 16.0;

/// One look.
struct Sample {
    status: String,
    /// Requests at the sink.
    arrived: u64,
    /// Deliveries of the backfill that are on their way.
    outstanding: u64,
    /// Messages that wait on the queues of the backfill lane; each holds at least one delivery.
    messages: u64,
    resident_mib: BTreeMap<String, f64>,
}

/// Memory of one role.
struct Memory {
    role: String,
    /// Median after warming up: of the second tenth of the run.
    early_mib: f64,
    /// Median of the last tenth.
    late_mib: f64,
}

/// Fills the history, runs the backfill, and checks what came of it.
pub(crate) async fn run(sizes: &Sizes) -> Result<()> {
    let tasks = Tasks::new();
    let events = u64::from(sizes.events);
    let sink = Sink::start(&tasks, FIRST_ID, usize::try_from(events)?).await?;
    let mut installation = Installation::distributed().await?;
    let began = Instant::now();
    past::fill(&installation, FIRST_ID..FIRST_ID + events).await?;
    println!("{events} events are past, after {:.0} s", began.elapsed().as_secs_f64());
    let backfill = past::begin(&installation, &sink.url()).await?;
    let samples = watch(&mut installation, &sink, &backfill, sizes).await?;
    installation.idle().await?;
    let ended = shown(&installation, &backfill).await?;
    tasks.stop().cancel();
    report(sizes, &sink, &samples, &ended)
}

/// Looks once a second until the backfill has ended; kills and starts its runner on the way.
async fn watch(installation: &mut Installation, sink: &Sink, backfill: &str, sizes: &Sizes) -> Result<Vec<Sample>> {
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut samples, mut killed, mut moved) = (Vec::<Sample>::new(), 0, Instant::now());
    loop {
        tick.tick().await;
        let sample = look(installation, sink, backfill).await?;
        if samples.last().is_none_or(|last| last.arrived < sample.arrived) {
            moved = Instant::now();
        }
        ensure!(moved.elapsed() < STILL, "{} arrived, and for {STILL:?} nothing more", sample.arrived);
        match sample.status.as_str() {
            "completed" => return Ok(samples),
            "running" | "yielding" => {}
            other => bail!("the backfill is {other}"),
        }
        if killed < sizes.kills
            && sample.arrived >= u64::from(sizes.events) * u64::from(killed + 1) / u64::from(sizes.kills + 1)
        {
            installation.kill(ROLE);
            installation.start(ROLE).await?;
            killed += 1;
            println!("{} arrived; the runner was killed and started again", sample.arrived);
        }
        samples.push(sample);
    }
}

async fn look(installation: &Installation, sink: &Sink, backfill: &str) -> Result<Sample> {
    let now = shown(installation, backfill).await?;
    let queues = installation.api("GET", "/queues", None).await?;
    let queues = queues.get("queues").and_then(Value::as_array).context("no queues")?;
    let of_lane = |queue: &&Value| queue.get("queue").and_then(Value::as_str).is_some_and(|name| name.contains(ROLE));
    let ready = |queue: &Value| queue.get("ready").and_then(Value::as_u64);
    Ok(Sample {
        status: now.get("status").and_then(Value::as_str).context("no status")?.to_owned(),
        arrived: sink.count(),
        outstanding: count(&now, "outstanding").context("no number of outstanding deliveries")?,
        messages: queues.iter().filter(of_lane).filter_map(ready).sum(),
        resident_mib: usages(installation)?.into_iter().map(|usage| (usage.name, usage.resident_mib)).collect(),
    })
}

fn report(sizes: &Sizes, sink: &Sink, samples: &[Sample], ended: &Value) -> Result<()> {
    let events = u64::from(sizes.events);
    let lost = events.saturating_sub(sink.distinct());
    let again = sink.count().saturating_sub(sink.distinct());
    let outstanding = samples.iter().map(|sample| sample.outstanding).max().unwrap_or_default();
    let messages = samples.iter().map(|sample| sample.messages).max().unwrap_or_default();
    let still = samples.windows(2).filter(|pair| matches!(pair, [a, b] if a.arrived == b.arrived)).count();
    let per_s = rate(sink, usize::try_from(events)?).unwrap_or_default();
    println!("\n{per_s:.0} deliveries/s from the first to the last, {still} s of it without any");
    println!("the backfill counted {:?} done, {:?} sent", count(ended, "done"), count(ended, "sent"));

    let mut checks = Checks::default();
    checks.expect(lost == 0, format!("{lost} of {events} line items lost"));
    let most = REPEATS_A_KILL * u64::from(sizes.kills);
    checks.expect(again <= most, format!("{again} requests came again; at most {most} may"));
    let most = limits::BACKFILL_OUTSTANDING;
    checks.expect(outstanding <= most, format!("{outstanding} deliveries outstanding at most, of {most}"));
    checks.expect(
        messages <= most,
        format!("{messages} messages of one delivery or more on the queues of backfills at most, of {most}"),
    );
    for Memory { role, early_mib, late_mib } in memory(samples) {
        let holds = late_mib <= early_mib * GROWTH + GROWTH_MIB;
        checks.expect(holds, format!("{role}: {early_mib:.1} MiB after warming up, {late_mib:.1} MiB at the end"));
    }
    checks.verdict()
}

/// Memory of every role.
fn memory(samples: &[Sample]) -> Vec<Memory> {
    let roles: BTreeSet<&String> = samples.iter().flat_map(|sample| sample.resident_mib.keys()).collect();
    let tenth = samples.len().div_ceil(10);
    let middle = |samples: &[Sample], role: &str| {
        let mut mib: Vec<f64> = samples.iter().filter_map(|sample| sample.resident_mib.get(role).copied()).collect();
        mib.sort_unstable_by(f64::total_cmp);
        mib.get(mib.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let early = samples.get(tenth..2 * tenth).unwrap_or(samples);
    let late = samples.get(samples.len() - tenth..).unwrap_or(samples);
    let of =
        |role: &String| Memory { role: role.clone(), early_mib: middle(early, role), late_mib: middle(late, role) };
    roles.into_iter().map(of).collect()
}
