//! How many events a second are read from the embedded history, and how many of the bytes that lie there.
//!
//! `cargo run --release -p feed --example history_speed [EVENTS]`, 500,000 by default, of 50 entities in batches as
//! ingest publishes them. Beside it, in the same run: the same events read as lines that are already in memory.
#![expect(clippy::print_stdout, reason = "a program of the terminal whose output is its result")]

use broker::{BackendConfig, Broker, Config, Outgoing, Queue};
use bytes::Bytes;
use contract::delivery::Routed;
use contract::envelope::{self, Header, Line};
use contract::event::{Event, Kind};
use contract::id::EntityId;
use contract::lane::Lane;
use contract::{limits, upstream};
use feed::History;
use jiff::Timestamp;
use runtime::clock;
use runtime::health::Health;
use runtime::task::Tasks;
use std::error::Error;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

const ENTITIES: u64 = 50;

#[tokio::main]
async fn main() -> Outcome<()> {
    let events = std::env::args().nth(1).map_or(Ok(500_000), |text| text.replace('_', "").parse::<u64>())?;
    let folder = tempfile::tempdir()?;
    let config = Config {
        backend: BackendConfig::Embedded { dir: folder.path().to_owned() },
        queue_prefix: String::new(),
        connection_name: "history_speed".to_owned(),
        history_age: Duration::from_hours(1_000),
        history_bytes: 1 << 40,
    };
    let (tasks, health) = (Tasks::new(), Health::default());
    let broker = Broker::open(config, &tasks, &health).await?;
    let (from, mut bytes) = (clock::now(), 0);
    let mut in_memory: Vec<Bytes> = Vec::new();
    for begin in (0..events).step_by(5_000) {
        let lines = (begin..events.min(begin + 5_000)).map(line).collect::<Outcome<Vec<_>>>()?;
        bytes += lines.iter().map(Bytes::len).sum::<usize>();
        let batches: Vec<_> = envelope::batches(lines, limits::BATCH_LINES, limits::BATCH_BYTES).into_iter().collect();
        if begin < 50_000 {
            in_memory.extend(batches.iter().cloned());
        }
        broker
            .publisher()
            .publish_all(batches.into_iter().map(|body| Outgoing::new(Queue::History, body)).collect())
            .await?;
    }

    let all = read(&broker, from, |_| true).await?;
    let refunds = read(&broker, from, |event| event.kind == Kind::Refund).await?;
    let began = Instant::now();
    let lines = in_memory.iter().flat_map(envelope::lines);
    let plain = lines.filter(|line| Line::<Routed>::decode(line).is_ok()).count();
    let plain_rate = rate(plain as u64, began.elapsed());
    println!("{events} events, {} MB", bytes / 1_000_000);
    for (what, (found, took)) in [("one entity of 50", all), ("one entity's refunds", refunds)] {
        let per_s = rate(events, took);
        println!(
            "{what}: {found} found, {per_s:.0} events/s gone through, {:.2} of lines in memory",
            per_s / plain_rate
        );
    }
    println!("lines in memory, each read whole: {plain_rate:.0} events/s");
    broker.close().await;
    Ok(())
}

/// Reads one entity's events until all of them were gone through.
async fn read(broker: &Broker, from: Timestamp, wanted: impl Fn(&Event) -> bool) -> Outcome<(usize, Duration)> {
    let last = clock::now();
    // Something behind the end, so that the end is seen at once.
    broker.publisher().publish(Outgoing::new(Queue::History, line(0)?)).await?;
    let began = Instant::now();
    let mut history = History::open(broker, from, last).await?;
    let mut found = 0;
    loop {
        let chunk = history.chunk(EntityId(1), &wanted).await?;
        found += chunk.events.len();
        if chunk.is_last {
            return Ok((found, began.elapsed()));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a measurement")]
fn rate(events: u64, took: Duration) -> f64 {
    events as f64 / took.as_secs_f64()
}

fn line(number: u64) -> Outcome<Bytes> {
    let kind = if (number / ENTITIES).is_multiple_of(10) { "refund" } else { "contribution" };
    let message = testkit::builders::message(kind).entity(number % ENTITIES).lineitem(number + 1).to_vec();
    let mut events = upstream::native(&message, clock::now()).map_err(|_| "a sound message")?;
    let event = events.pop().ok_or("an event")?;
    let header = Header::new(event.id.as_str(), String::new(), Lane::Live, event.received_at);
    Ok(Line::new(header, Routed { event, webhook: None }).encode(4_096)?)
}
