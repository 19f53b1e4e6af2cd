//! Past events from files, which a command sends to a backfill.

use super::{lineitems, text};
use anyhow::{Context, Result, ensure};
use imports::sample::{Gift, Gifts, export};
use imports::{Options, Reader, Record, Source};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use testkit::builders::{message, unique};
use testkit::receiver::Receiver;
use tests::installation::{Installation, Told, Webhook};

const ENTITY: u64 = 4_411;
/// Before every event of the builders and of the samples.
const FROM: &str = "2018-01-01";

async fn active(pipeline: &Installation, receiver: &Receiver, entity: u64, rate: u32) -> Result<Webhook> {
    pipeline.webhook(entity, "default", &receiver.url("/"), json!({"rate_per_s": rate, "in_flight": 50})).await
}

async fn request(pipeline: &Installation, webhook: &Webhook) -> Result<String> {
    let asked = pipeline.command(&["backfill", "request", &webhook.id, "--from", FROM], b"").await?;
    Ok(text(&asked.json()?, "id").to_owned())
}

/// Messages of contributions, and their line items.
fn messages(count: usize) -> (Vec<u8>, Vec<u64>) {
    let ids: Vec<u64> = (0..count).map(|_| unique()).collect();
    let lines = ids.iter().map(|id| message("contribution").entity(ENTITY).lineitem(*id).to_vec());
    (lines.collect::<Vec<_>>().join(&b'\n'), ids)
}

fn write(pipeline: &Installation, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = pipeline.folder().join(name);
    std::fs::write(&path, bytes)?;
    Ok(path)
}

fn name(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8")
}

fn all(receiver: &Receiver) -> Result<Vec<u64>> {
    let mut ids = lineitems(&receiver.received())?;
    ids.sort_unstable();
    Ok(ids)
}

fn sorted(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids
}

fn number(document: &Value, name: &str) -> u64 {
    document.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX)
}

pub(crate) async fn an_export_is_previewed_and_sent_once(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let gifts: Vec<Gift> = Gifts::new(7, 100).take(1_000).collect();
    let mut file = Vec::new();
    export(&mut file, &gifts)?;
    let path = write(&pipeline, "paid.csv", &file)?;
    // Each line item that the webhook hears of, read from the same file by the crate whose own tests say what is right.
    let entity = gifts.first().context("gifts")?.entity;
    let webhook = active(&pipeline, &receiver, entity, 10_000).await?;
    let (expected, bad) = read(&path, entity, pipeline.folder())?;
    ensure!(bad > 0 && !expected.is_empty(), "{bad} bad rows, {} good", expected.len());

    let backfill = request(&pipeline, &webhook).await?;
    let preview = pipeline.command(&["backfill", "preview", &backfill, name(&path)?], b"").await?;
    ensure!(preview.code == Some(1), "rows can't be read: {preview:?}");
    assert_eq!(number(&preview.json()?, "bad_rows"), bad);
    let strict = pipeline.command(&["backfill", "run", &backfill, name(&path)?, "--strict"], b"").await?;
    ensure!(strict.code == Some(1) && receiver.count() == 0, "nothing is sent: {strict:?}");

    let run = pipeline.command(&["backfill", "run", &backfill, name(&path)?], b"").await?;
    ensure!(run.code == Some(1), "{run:?}");
    let last: Value = serde_json::from_str(run.out.lines().last().context("progress")?)?;
    assert_eq!((text(&last, "status"), number(&last, "rejected")), ("completed", bad), "{last}");
    receiver.wait_for(expected.len()).await?;
    pipeline.idle().await?;
    assert_eq!(all(&receiver)?, expected.iter().copied().collect::<Vec<_>>());
    let rejected = std::fs::read_to_string(pipeline.folder().join("paid.csv.rejected.txt"))?;
    assert_eq!(rejected.lines().count() as u64, bad);

    // The same file, as a stream and for another backfill.
    let again = request(&pipeline, &webhook).await?;
    let run = pipeline.command(&["backfill", "run", &again, "-"], &file).await?;
    let last: Value = serde_json::from_str(run.out.lines().last().context("progress")?)?;
    assert_eq!((text(&last, "status"), number(&last, "sent")), ("completed", 0), "{last}");
    assert_eq!(all(&receiver)?, expected.into_iter().collect::<Vec<_>>(), "nothing comes twice");
    Ok(())
}

/// The contributions of an export, and its bad rows.
fn read(path: &Path, entity: u64, scratch: &Path) -> Result<(BTreeSet<u64>, u64)> {
    let mut options = Options::new(runtime::clock::now(), scratch);
    options.entity = Some(contract::id::EntityId(entity));
    let (mut ids, mut bad) = (BTreeSet::new(), 0);
    for record in Reader::new(vec![Source::file(path)], options) {
        match record? {
            Record::Row(row) => {
                let contributions = row.items.iter().filter(|item| item.event.kind.name() == "contribution");
                ids.extend(contributions.map(|item| item.event.lineitem));
            }
            Record::Bad(_) => bad += 1,
        }
    }
    Ok((ids, bad))
}

pub(crate) async fn a_command_that_is_killed_goes_on(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = active(&pipeline, &receiver, ENTITY, 300).await?;
    let backfill = request(&pipeline, &webhook).await?;
    let (file, ids) = messages(3_000);
    let path = write(&pipeline, "messages.ndjson", &file)?;
    let run = ["backfill", "run", &backfill, name(&path)?];

    let first = pipeline.begin_command(&run)?;
    let shown = format!("/backfills/{backfill}");
    pipeline.wait_api(&shown, |now| number(now, "done") > 200 && number(now, "done") < 3_000).await?;
    let second = pipeline.command(&run, b"").await?;
    ensure!(second.code == Some(1) && second.err.contains("another runner"), "one runner at a time: {second:?}");
    drop(first);

    // Its lease ends, and somebody else takes it up.
    let deadline = tokio::time::Instant::now() + tests::installation::PATIENCE;
    let third = loop {
        let third = pipeline.command(&run, b"").await?;
        if third.code == Some(0) || tokio::time::Instant::now() > deadline {
            break third;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    };
    ensure!(third.code == Some(0), "{third:?}");
    pipeline.idle().await?;
    let arrived = all(&receiver)?;
    assert_eq!(arrived.iter().copied().collect::<BTreeSet<_>>(), ids.iter().copied().collect(), "nothing is lost");
    let repeated = arrived.len() - ids.len();
    assert!(repeated <= 50, "only what was in flight may come twice: {repeated}");
    Ok(())
}

pub(crate) async fn a_command_waits_while_its_backfill_is_paused(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = active(&pipeline, &receiver, ENTITY, 400).await?;
    let backfill = request(&pipeline, &webhook).await?;
    let (file, ids) = messages(3_000);
    let path = write(&pipeline, "messages.ndjson", &file)?;
    let mut running = pipeline.begin_command(&["backfill", "run", &backfill, name(&path)?])?;
    let shown = format!("/backfills/{backfill}");
    pipeline.wait_api(&shown, |now| number(now, "done") > 100).await?;
    pipeline.command(&["backfill", "pause", &backfill], b"").await?.json()?;
    let rest = pipeline.wait_api(&shown, |now| text(now, "status") == "paused").await?;
    let sent = number(&rest, "sent");
    ensure!(sent < 3_000, "it was paused in the middle: {rest}");
    let arrived = receiver.count();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let (more, now) = (receiver.count() - arrived, pipeline.api("GET", &shown, None).await?);
    ensure!(number(&now, "sent") == sent, "nothing is begun while it is paused: {now}");
    ensure!(more <= 400, "within a second nothing goes out any more: {more} came");
    pipeline.command(&["backfill", "resume", &backfill], b"").await?.json()?;
    pipeline.wait_api(&shown, |now| text(now, "status") == "completed").await?;
    assert_eq!(running.wait()?, Some(0), "the command goes on to its end");
    assert_eq!(all(&receiver)?, sorted(ids));
    Ok(())
}

pub(crate) async fn the_history_is_counted_exported_and_sent_elsewhere(pipeline: Installation) -> Result<()> {
    let (file, ids) = messages(300);
    let lines: Vec<_> = file.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    pipeline.publish(&lines).await?;
    pipeline.publish(&[message("refund").entity(ENTITY).to_vec(), message("contribution").entity(9).to_vec()]).await?;
    let which = ["--entity", "4411", "--from", "2024-01-01", "--kind", "contribution"];
    let ask = async |what: &str| -> Result<Told> {
        pipeline.command(&[&["history", what][..], &which[..]].concat(), b"").await
    };
    let counted = ask("count").await?.json()?;
    assert_eq!(number(&counted, "events"), 300, "{counted}");
    let exported = ask("export").await?;
    assert_eq!((exported.code, exported.out.lines().count()), (Some(0), 300), "{}", exported.err);

    let receiver = Receiver::start().await?;
    let webhook = active(&pipeline, &receiver, ENTITY, 10_000).await?;
    let backfill = request(&pipeline, &webhook).await?;
    let preview = pipeline.command(&["backfill", "preview", &backfill], b"").await?.json()?;
    assert_eq!(number(&preview, "events"), 301, "{preview}");
    let dry = ["backfill", "run", &backfill, "-", "--dry-run"];
    let dry = pipeline.command(&dry, exported.out.as_bytes()).await?.json()?;
    assert_eq!((number(&dry, "events"), receiver.count()), (300, 0), "{dry}");
    let run = pipeline.command(&["backfill", "run", &backfill, "-"], exported.out.as_bytes()).await?;
    ensure!(run.code == Some(0), "{run:?}");
    receiver.wait_for(300).await?;
    assert_eq!(all(&receiver)?, sorted(ids));
    Ok(())
}
