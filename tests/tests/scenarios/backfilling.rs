//! Past events, through the same path as live ones.

use super::{lineitems, text};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::builders::{message, unique};
use testkit::receiver::Receiver;
use tests::installation::{Installation, Webhook};

const ENTITY: u64 = 4_411;
/// Before every event of the builders.
const FROM: &str = "2024-01-01";

/// Publishes so many contributions of the entity and, between them, of another one. Gives the line items of the
/// first.
async fn publish(pipeline: &Installation, count: usize) -> Result<Vec<u64>> {
    let ids: Vec<u64> = (0..count).map(|_| unique()).collect();
    let documents: Vec<_> = ids
        .iter()
        .flat_map(|id| [message("contribution").entity(ENTITY).lineitem(*id), message("contribution").entity(9)])
        .map(|message| message.to_vec())
        .collect();
    pipeline.publish(&documents).await?;
    Ok(ids)
}

/// A webhook that is not active yet.
async fn draft(pipeline: &Installation, receiver: &Receiver, rate: f64) -> Result<Webhook> {
    pipeline.webhook(ENTITY, "default", &receiver.url("/"), json!({"activate": false, "rate_per_s": rate})).await
}

async fn activate(pipeline: &Installation, webhook: &Webhook) -> Result<()> {
    pipeline.api("POST", &format!("/webhooks/{}/activate", webhook.id), None).await.map(drop)
}

async fn request(pipeline: &Installation, webhook: &Webhook) -> Result<String> {
    let path = format!("/webhooks/{}/backfills", webhook.id);
    let asked = pipeline.api("POST", &path, Some(&json!({"from": FROM}))).await?;
    Ok(text(&asked, "id").to_owned())
}

async fn told(pipeline: &Installation, backfill: &str, what: &str) -> Result<Value> {
    pipeline.api("POST", &format!("/backfills/{backfill}/{what}"), Some(&json!({}))).await
}

/// Waits until a backfill has this status.
async fn becomes(pipeline: &Installation, backfill: &str, status: &str) -> Result<Value> {
    pipeline.wait_api(&format!("/backfills/{backfill}"), |now| text(now, "status") == status).await
}

fn count(backfill: &Value, what: &str) -> usize {
    backfill.get(what).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX)
}

/// How often each line item arrived.
fn times(receiver: &Receiver) -> Result<BTreeMap<u64, usize>> {
    let mut times = BTreeMap::new();
    for id in lineitems(&receiver.received())? {
        *times.entry(id).or_default() += 1;
    }
    Ok(times)
}

fn once(ids: &[u64]) -> BTreeMap<u64, usize> {
    ids.iter().map(|id| (*id, 1)).collect()
}

pub(crate) async fn live_and_backfill_meet_and_each_event_comes_once(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = draft(&pipeline, &receiver, 10_000.0).await?;
    let backfill = request(&pipeline, &webhook).await?;
    let mut ids = publish(&pipeline, 200).await?;
    let refused = told(&pipeline, &backfill, "run").await;
    assert!(refused.is_err_and(|error| error.to_string().contains("409")), "the webhook is not active yet");

    // In the middle of a stream.
    let entrance = pipeline.entrance();
    let more: Vec<u64> = (0..400).map(|_| unique()).collect();
    let documents: Vec<_> =
        more.iter().map(|id| message("contribution").entity(ENTITY).lineitem(*id).to_vec()).collect();
    let publishing = async {
        for part in documents.chunks(10) {
            let answer = entrance.post(part).await?;
            anyhow::ensure!(answer.status() == 202, "ingest answered {}", answer.status());
        }
        anyhow::Ok(())
    };
    let (published, activated) = tokio::join!(publishing, activate(&pipeline, &webhook));
    published.and(activated)?;
    ids.extend(more);
    ids.extend(publish(&pipeline, 50).await?);

    let running = told(&pipeline, &backfill, "run").await?;
    assert_eq!(text(&running, "status"), "running");
    let done = becomes(&pipeline, &backfill, "completed").await?;
    pipeline.idle().await?;
    receiver.wait_for(ids.len()).await?;
    assert_eq!(times(&receiver)?, once(&ids));
    assert!(count(&done, "done") >= 200, "{done}");
    assert_eq!((count(&done, "sent"), count(&done, "outstanding")), (count(&done, "done"), 0), "{done}");

    let again = request(&pipeline, &webhook).await?;
    told(&pipeline, &again, "run").await?;
    let again = becomes(&pipeline, &again, "completed").await?;
    assert_eq!((count(&again, "sent"), count(&again, "repeated")), (0, count(&done, "done")), "{again}");
    assert_eq!(times(&receiver)?, once(&ids), "running again repeats nothing");
    Ok(())
}

pub(crate) async fn a_backfill_is_paused_resumed_and_cancelled(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    // So slow that nearly all of it waits.
    let webhook = draft(&pipeline, &receiver, 2.0).await?;
    let ids = publish(&pipeline, 40).await?;
    activate(&pipeline, &webhook).await?;
    let backfill = request(&pipeline, &webhook).await?;
    told(&pipeline, &backfill, "run").await?;
    let all_sent = |now: &Value| count(now, "sent") == ids.len();
    pipeline.wait_api(&format!("/backfills/{backfill}"), all_sent).await?;
    let paused = told(&pipeline, &backfill, "pause").await?;
    assert_eq!(text(&paused, "status"), "paused");
    let fast = json!({"rate_per_s": 10_000});
    pipeline.api("PATCH", &format!("/webhooks/{}", webhook.id), Some(&fast)).await?;
    told(&pipeline, &backfill, "resume").await?;
    becomes(&pipeline, &backfill, "completed").await?;
    assert_eq!(times(&receiver)?, once(&ids));
    let refused = told(&pipeline, &backfill, "resume").await;
    assert!(refused.is_err(), "what has ended is not taken up again");

    let silent = Receiver::start().await?;
    let other = draft(&pipeline, &silent, 2.0).await?;
    activate(&pipeline, &other).await?;
    let backfill = request(&pipeline, &other).await?;
    told(&pipeline, &backfill, "run").await?;
    pipeline.wait_api(&format!("/backfills/{backfill}"), all_sent).await?;
    let cancelled = told(&pipeline, &backfill, "cancel").await?;
    assert_eq!((text(&cancelled, "status"), count(&cancelled, "outstanding")), ("cancelled", 0));
    pipeline.idle().await?;
    assert!(silent.count() < ids.len() / 2, "{} of {} went out", silent.count(), ids.len());
    Ok(())
}

pub(crate) async fn a_backfill_survives_its_runner(mut pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = draft(&pipeline, &receiver, 400.0).await?;
    let ids = publish(&pipeline, 600).await?;
    activate(&pipeline, &webhook).await?;
    let backfill = request(&pipeline, &webhook).await?;
    told(&pipeline, &backfill, "run").await?;
    let path = format!("/backfills/{backfill}");
    pipeline.wait_api(&path, |now| count(now, "done") > 20).await?;
    let role = if pipeline.is_embedded() { "all" } else { "backfill" };
    pipeline.kill(role);
    pipeline.start(role).await?;
    becomes(&pipeline, &backfill, "completed").await?;
    pipeline.idle().await?;
    let times = times(&receiver)?;
    assert_eq!(times.keys().copied().collect::<Vec<_>>(), once(&ids).into_keys().collect::<Vec<_>>(), "all arrived");
    Ok(())
}

pub(crate) async fn a_backfill_of_a_webhook_that_is_switched_off_sends_no_more(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = draft(&pipeline, &receiver, 2.0).await?;
    let ids = publish(&pipeline, 60).await?;
    activate(&pipeline, &webhook).await?;
    let backfill = request(&pipeline, &webhook).await?;
    told(&pipeline, &backfill, "run").await?;
    pipeline.wait_api(&format!("/backfills/{backfill}"), |now| count(now, "sent") == ids.len()).await?;
    pipeline.api("POST", &format!("/webhooks/{}/deactivate", webhook.id), None).await?;
    let done = becomes(&pipeline, &backfill, "completed").await?;
    assert_eq!(count(&done, "done") + count(&done, "failed") + count(&done, "skipped"), ids.len(), "{done}");
    assert!(count(&done, "failed") > 0 && receiver.count() < ids.len(), "{done}");
    Ok(())
}
