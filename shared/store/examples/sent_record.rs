//! What the record of sent events costs on either backend: memory or disk, and time.
//!
//! `cargo run --release -p store --example sent_record [EVENTS]`, one million of them by default. It starts a private
//! Redis, which has every write on disk before it answers, and an embedded store in a temporary folder.
#![expect(clippy::print_stdout, reason = "a program of the terminal whose output is its result")]

use contract::backfill::Settled;
use contract::backfill::{Backfill, Fingerprint, Source};
use contract::id::{BackfillId, DeliveryId, EntityId, EventId, WebhookId};
use contract::limits::{BACKFILL_CHUNK, BACKFILL_OUTSTANDING};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use runtime::health::Health;
use runtime::task::Tasks;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};
use store::{BackendConfig, Config, SecretKeys, Store};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Time that each kind of call took, of all chunks.
#[derive(Default)]
struct Times {
    begin: Duration,
    settle: Duration,
    look: Duration,
    /// Of single deliveries, [`AT_ONCE`] at once.
    singles: Duration,
}

/// Deliveries that a sender settles at the same time.
const AT_ONCE: usize = 64;

#[tokio::main]
async fn main() -> Outcome<()> {
    let events = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.replace('_', "").parse())?;
    println!("{events} events of one webhook, in chunks of {BACKFILL_CHUNK}");
    on_redis(events).await?;
    embedded(events).await
}

async fn on_redis(events: u128) -> Outcome<()> {
    let server = testkit::redis::Redis::start_private().await?;
    let store = open(BackendConfig::Redis { url: server.url().into() }).await?;
    let mut redis = redis::Client::open(server.url())?.get_multiplexed_async_connection().await?;
    let times = send(&store, events).await?;
    let key = format!("sent:{}", webhook());
    let mut usage = redis::cmd("MEMORY");
    usage.arg("USAGE").arg(key).arg("SAMPLES").arg(0);
    let bytes: u64 = usage.query_async(&mut redis).await?;
    report("redis, memory", bytes, events, &times);
    store.close().await;
    Ok(())
}

async fn embedded(events: u128) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let dir = folder.path().to_owned();
    let store = open(BackendConfig::Embedded { dir: dir.clone() }).await?;
    let empty = file_bytes(&dir)?;
    let times = send(&store, events).await?;
    store.close().await;
    drop(store);
    report("embedded, growth of the file", file_bytes(&dir)?.saturating_sub(empty), events, &times);
    Ok(())
}

async fn open(backend: BackendConfig) -> Outcome<Store> {
    let config = Config { backend, key_prefix: String::new(), secret_key: SecretKeys::none() };
    Ok(Store::open(config, &Tasks::new(), &Health::default()).await?)
}

fn webhook() -> WebhookId {
    WebhookId::of_bits(u128::MAX / 3)
}

/// Runs a backfill of so many events; each chunk is begun, settled as delivered, and looked up.
async fn send(store: &Store, events: u128) -> Outcome<Times> {
    let (of, at) = (BackfillId::of_bits(1), Timestamp::UNIX_EPOCH);
    let mut backfill = Backfill::request(of.clone(), (webhook(), EntityId(1)), at, "example", at)?;
    backfill.make_ready(at, "example", at)?;
    backfill.start(Source::History, &[], "example", at)?;
    store.backfills().add(&backfill).await?;
    let (window, mut times) = (store.backfills().window(), Times::default());
    let mut first = 0;
    while first < events {
        let chunk: Vec<_> = (first..events.min(first + BACKFILL_CHUNK as u128)).map(item).collect();
        first += chunk.len() as u128;
        let settled: Vec<_> = chunk.iter().map(|(delivery, _)| (delivery.clone(), Settled::Done)).collect();
        let prints: Vec<_> = chunk.iter().map(|(_, event)| *event).collect();
        let begin = Instant::now();
        window.begin(&of, &chunk, 2 * BACKFILL_CHUNK as u64).await?.ok_or("the backfill runs")?;
        times.begin += begin.elapsed();
        let begin = Instant::now();
        window.settle_all(&of, &settled).await?;
        times.settle += begin.elapsed();
        let begin = Instant::now();
        let found = store.backfills().sent().contains(&webhook(), &prints).await?;
        times.look += begin.elapsed();
        if found.contains(&false) {
            return Err("what was settled is recorded".into());
        }
    }
    let singles: Vec<_> = (events..events + u128::from(BACKFILL_OUTSTANDING)).map(item).collect();
    window.begin(&of, &singles, BACKFILL_OUTSTANDING).await?.ok_or("the backfill runs")?;
    let begin = Instant::now();
    let settling = singles.iter().map(|(delivery, _)| window.settle(&of, delivery, Settled::Done));
    let settled: Vec<bool> = stream::iter(settling).buffer_unordered(AT_ONCE).try_collect().await?;
    times.singles = begin.elapsed();
    let counts = store.backfills().counts(&of).await?;
    let all = events + u128::from(BACKFILL_OUTSTANDING);
    if u128::from(counts.done) == all && !settled.contains(&false) {
        Ok(times)
    } else {
        Err("each event is counted once".into())
    }
}

fn item(number: u128) -> (DeliveryId, Fingerprint) {
    let event = EventId::derive(&["contribution", &number.to_string()]);
    (DeliveryId::derive(&event, &webhook()), Fingerprint::of(&event))
}

fn file_bytes(dir: &Path) -> Outcome<u64> {
    Ok(std::fs::metadata(dir.join("store.redb"))?.len())
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn report(what: &str, bytes: u64, events: u128, times: &Times) {
    let each = bytes as f64 / (events + u128::from(BACKFILL_OUTSTANDING)) as f64;
    println!("{what}: {:.1} MiB, {each:.1} bytes an event, {each:.1} MB a million", bytes as f64 / 1_048_576.0);
    let per_chunk = |time: Duration| time.as_secs_f64() * 1_000.0 / (events as f64 / BACKFILL_CHUNK as f64);
    let Times { begin, settle, look, singles } = times;
    let [begin, settle, look] = [begin, settle, look].map(|time| per_chunk(*time));
    println!("  a chunk: begun in {begin:.2} ms, settled in {settle:.2} ms, looked up in {look:.2} ms");
    let per_s = BACKFILL_OUTSTANDING as f64 / singles.as_secs_f64();
    println!("  one by one, {AT_ONCE} at once: {per_s:.0} settled a second");
}
