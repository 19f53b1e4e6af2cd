//! The runs: the same bodies, the same sink, one system after the other.

use crate::figures::{Cost, Latency, Report, Run, Soak};
use crate::load::{Entrance, FIRST_ID, contributions};
use crate::relay;
use crate::sink::Sink;
use anyhow::{Context, Result};
use runtime::task::Tasks;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tests::installation::{Installation, ROLES};
use tests::process::{Process, Usage};

/// How much each run does.
pub(crate) struct Sizes {
    /// Events at saturation.
    pub(crate) events: u32,
    /// Seconds at a steady rate.
    pub(crate) seconds: u32,
    /// Events of the long run; 0 for none.
    pub(crate) soak: u32,
    /// Only the relay and the pipeline with one webhook an event.
    pub(crate) quick: bool,
}

/// Entities that the events are spread over, each with its own webhooks.
const ENTITIES: u64 = 50;
const PATIENCE: Duration = Duration::from_secs(300);

/// Whose line item this is.
fn entity(lineitem: u64) -> u64 {
    1 + lineitem % ENTITIES
}

/// Runs everything, or what was asked for.
pub(crate) async fn all(sizes: &Sizes) -> Result<Report> {
    let mut idle_mib = BTreeMap::new();
    let mut runs = vec![bare_relay(sizes).await?, pipeline(sizes, 1, &mut idle_mib).await?];
    if sizes.quick {
        return Ok(Report { runs, idle_mib, soak: None });
    }
    runs.push(pipeline(sizes, 10, &mut idle_mib).await?);
    runs.push(embedded(sizes, &mut idle_mib).await?);
    let soak = if sizes.soak > 0 { Some(soak(sizes.soak).await?) } else { None };
    Ok(Report { runs, idle_mib, soak })
}

/// What is sent in one run: first all at once, then at two steady rates.
struct Script {
    saturation: Vec<Vec<u8>>,
    at_200: Vec<Vec<u8>>,
    at_1000: Vec<Vec<u8>>,
}

impl Script {
    fn new(sizes: &Sizes) -> Self {
        let mut id = FIRST_ID;
        let mut make = |count: u32| -> Vec<Vec<u8>> {
            let ids = id..id + u64::from(count);
            id = ids.end;
            contributions(ids, entity)
        };
        Self { saturation: make(sizes.events), at_200: make(200 * sizes.seconds), at_1000: make(1_000 * sizes.seconds) }
    }

    fn len(&self) -> usize {
        self.saturation.len() + self.at_200.len() + self.at_1000.len()
    }

    /// The two steady rates. `fan` requests come of one event.
    async fn steady(&self, entrance: &Entrance, sink: &Sink, fan: u64) -> Result<[Option<Latency>; 2]> {
        let mut found = [None, None];
        let mut first = self.saturation.len();
        for (slot, documents, per_s) in [(0, &self.at_200, 200), (1, &self.at_1000, 1_000)] {
            let pairs = steady(entrance, sink, documents, per_s, first, fan).await?;
            if let Some(place) = found.get_mut(slot) {
                *place = Latency::of(pairs.into_iter());
            }
            first += documents.len();
        }
        Ok(found)
    }
}

/// Publishes these documents at a steady rate, waits for them, and gives when each was handed over and came. Their
/// line items are those from number `first` of the sink on, and nothing else comes to it meanwhile; `fan` requests
/// come of one event.
pub(crate) async fn steady(
    entrance: &Entrance,
    sink: &Sink,
    documents: &[Vec<u8>],
    per_s: u32,
    first: usize,
    fan: u64,
) -> Result<Vec<(Instant, Instant)>> {
    let handed = entrance.drip(documents, per_s).await?;
    sink.wait_for((first + documents.len()) as u64 * fan, PATIENCE).await?;
    Ok((first..).zip(handed).filter_map(|(index, handed)| Some((handed, sink.arrival(index)?))).collect())
}

async fn bare_relay(sizes: &Sizes) -> Result<Run> {
    let script = Script::new(sizes);
    let tasks = Tasks::new();
    let sink = Sink::start(&tasks, FIRST_ID, script.len()).await?;
    let place = testkit::isolated().await?;
    relay::declare(&place.amqp_url, &place.queue_prefix).await?;
    let entrance = Entrance::amqp(&place.amqp_url, String::new(), relay::queue(&place.queue_prefix, 0)).await?;
    entrance.pour(&script.saturation).await?;

    let folder = tempfile::tempdir()?;
    let program = std::env::current_exe()?;
    let arguments = ["relay", &place.amqp_url, &place.queue_prefix, &sink.url()];
    let process = Process::start("relay", &program, &arguments, &[], folder.path())?;
    let before = process.usage()?;
    sink.wait_for(script.saturation.len() as u64, PATIENCE).await?;
    let events_per_s = rate(&sink, script.saturation.len()).context("nothing arrived")?;
    let processes = vec![Cost::of(&process.usage()?, &before, sink.count())];
    let [at_200, at_1000] = script.steady(&entrance, &sink, 1).await?;
    drop(process);
    entrance.close().await?;
    relay::remove(&place.amqp_url, &place.queue_prefix).await?;
    tasks.stop().cancel();
    Ok(Run {
        name: "bare relay, one by one".into(),
        events_per_s,
        deliveries_per_s: events_per_s,
        at_200,
        at_1000,
        processes,
    })
}

async fn pipeline(sizes: &Sizes, fan: u32, idle: &mut BTreeMap<String, f64>) -> Result<Run> {
    let script = Script::new(sizes);
    let tasks = Tasks::new();
    let sink = Sink::start(&tasks, FIRST_ID, script.len()).await?;
    let mut installation = Installation::distributed_but_stopped().await?;
    installation.start("dashboard").await?;
    webhooks(&installation, &sink, fan).await?;
    let (amqp, prefix) = installation.amqp();
    let entrance = Entrance::amqp(&amqp, format!("{prefix}contributions"), "contribution".into()).await?;
    entrance.pour(&script.saturation).await?;

    // Last first: the sender waits for work before the work begins.
    for role in ROLES.into_iter().filter(|role| *role != "dashboard").rev() {
        installation.start(role).await?;
        idle.entry(role.to_owned()).or_insert(installation.role(role)?.usage()?.resident_mib);
    }
    idle.entry("dashboard".to_owned()).or_insert(installation.role("dashboard")?.usage()?.resident_mib);
    let before = usages(&installation)?;
    let name = format!("pipeline, {fan} webhook{} an event", if fan == 1 { "" } else { "s" });
    finish(name, &script, &sink, &entrance, &installation, &before, fan).await
}

async fn embedded(sizes: &Sizes, idle: &mut BTreeMap<String, f64>) -> Result<Run> {
    let script = Script::new(sizes);
    let tasks = Tasks::new();
    let sink = Sink::start(&tasks, FIRST_ID, script.len()).await?;
    let installation = Installation::embedded().await?;
    webhooks(&installation, &sink, 1).await?;
    let before = usages(&installation)?;
    idle.extend(before.iter().map(|usage| (usage.name.clone(), usage.resident_mib)));
    let entrance = Entrance::into(&installation)?;
    entrance.pour(&script.saturation).await?;
    finish("embedded".into(), &script, &sink, &entrance, &installation, &before, 1).await
}

async fn finish(
    name: String,
    script: &Script,
    sink: &Sink,
    entrance: &Entrance,
    installation: &Installation,
    before: &[Usage],
    fan: u32,
) -> Result<Run> {
    sink.wait_for(script.saturation.len() as u64 * u64::from(fan), PATIENCE).await?;
    let events_per_s = rate(sink, script.saturation.len()).context("nothing arrived")?;
    let processes =
        usages(installation)?.iter().zip(before).map(|(after, before)| Cost::of(after, before, sink.count())).collect();
    let [at_200, at_1000] = if fan == 1 { script.steady(entrance, sink, u64::from(fan)).await? } else { [None, None] };
    let deliveries_per_s = events_per_s * f64::from(fan);
    Ok(Run { name, events_per_s, deliveries_per_s, at_200, at_1000, processes })
}

/// A long run through the embedded pipeline: its memory after each quarter.
async fn soak(events: u32) -> Result<Soak> {
    let tasks = Tasks::new();
    let sink = Sink::start(&tasks, FIRST_ID, 0).await?;
    let installation = Installation::embedded().await?;
    webhooks(&installation, &sink, 1).await?;
    let entrance = Entrance::into(&installation)?;
    let mut resident_mib = Vec::new();
    for quarter in 0..4_u64 {
        let each = u64::from(events / 4);
        entrance.pour_all(FIRST_ID + quarter * each..FIRST_ID + (quarter + 1) * each, entity).await?;
        sink.wait_for((quarter + 1) * each, PATIENCE).await?;
        resident_mib.extend(usages(&installation)?.iter().map(|usage| usage.resident_mib));
    }
    Ok(Soak { events, resident_mib })
}

async fn webhooks(installation: &Installation, sink: &Sink, fan: u32) -> Result<()> {
    for entity in 1..=ENTITIES {
        for _ in 0..fan {
            installation.webhook(entity, "default", &sink.url(), json!({"in_flight": 20})).await?;
        }
    }
    Ok(())
}

pub(crate) fn usages(installation: &Installation) -> Result<Vec<Usage>> {
    installation.roles().map(Process::usage).collect()
}

/// Events a second between the first and the last arrival of the first `count` events.
pub(crate) fn rate(sink: &Sink, count: usize) -> Option<f64> {
    let arrivals: Vec<Instant> = (0..count).filter_map(|index| sink.arrival(index)).collect();
    let took = arrivals.iter().max()?.duration_since(*arrivals.iter().min()?);
    #[expect(clippy::cast_precision_loss, reason = "a run has far fewer than 2^52 events")]
    let events = arrivals.len() as f64;
    Some(events / took.as_secs_f64())
}
