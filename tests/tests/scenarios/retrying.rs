//! What happens when the receiver does not take a delivery at once.

use super::{header, lineitem, lineitems, text};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::builders::message;
use testkit::receiver::{Answer, Receiver};
use tests::installation::Installation;

fn contributions(ids: impl Iterator<Item = u64>) -> Vec<Vec<u8>> {
    ids.map(|id| message("contribution").lineitems(&[(1, id)]).to_vec()).collect()
}

pub(crate) async fn a_receiver_that_was_down_gets_everything_once(pipeline: Installation) -> Result<()> {
    let mut receiver = Receiver::start().await?;
    let webhook = pipeline.webhook(1, "default", &receiver.url("/"), json!({"in_flight": 50})).await?;
    receiver.down().await;
    pipeline.publish(&contributions(1..=20)).await?;
    let attempts = format!("/webhooks/{}/attempts?limit=1000", webhook.id);
    pipeline.wait_api(&attempts, |page| outcomes(page, "retrying") >= 20).await?;
    receiver.up().await?;

    receiver.wait_for(20).await?;
    pipeline.idle().await?;
    assert_eq!(lineitems(&receiver.received())?, (1..=20).collect::<Vec<_>>());
    let page = pipeline.api("GET", &attempts, None).await?;
    assert_eq!(outcomes(&page, "delivered"), 20);
    Ok(())
}

pub(crate) async fn gone_makes_the_webhook_inactive_and_keeps_the_delivery(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    receiver.set_default(Answer::status(410));
    let webhook = pipeline.webhook(1, "default", &receiver.url("/"), json!({})).await?;
    pipeline.publish(&contributions(1..=1)).await?;
    let shown = pipeline.wait_api(&format!("/webhooks/{}", webhook.id), |w| text(w, "status") == "inactive").await?;
    assert!(text(&shown, "status_reason").contains("410"), "{shown}");
    let kept = format!("/webhooks/{}/undelivered", webhook.id);
    pipeline.wait_api(&kept, |list| undelivered(list).len() == 1).await?;

    pipeline.publish(&contributions(2..=2)).await?;
    pipeline.idle().await?;
    assert_eq!(receiver.received().len(), 1, "an inactive webhook is not sent to");
    Ok(())
}

pub(crate) async fn retry_after_is_obeyed(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    receiver.answer_next(Answer::status(503).header("retry-after", "8"));
    pipeline.webhook(1, "default", &receiver.url("/"), json!({})).await?;
    pipeline.publish(&contributions(1..=1)).await?;

    receiver.wait_for(2).await?;
    let requests = receiver.received();
    let [first, second] = requests.as_slice() else { anyhow::bail!("{} requests", requests.len()) };
    let waited = second.at.duration_since(first.at);
    assert!(waited >= Duration::from_secs(8), "came again after {waited:?}");
    assert!(waited < Duration::from_secs(12), "came again only after {waited:?}");
    assert_eq!(header(first, "webhook-id"), header(second, "webhook-id"));
    assert_eq!(first.body, second.body);
    Ok(())
}

pub(crate) async fn undelivered_is_replayed_with_the_same_id(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    receiver.set_default(Answer::status(410));
    let webhook = pipeline.webhook(1, "default", &receiver.url("/"), json!({})).await?;
    pipeline.publish(&contributions(1..=1)).await?;
    let kept = format!("/webhooks/{}/undelivered", webhook.id);
    pipeline.wait_api(&kept, |list| undelivered(list).len() == 1).await?;

    receiver.set_default(Answer::status(200));
    pipeline.api("POST", &format!("/webhooks/{}/activate", webhook.id), None).await?;
    let replayed = pipeline.api("POST", &format!("{kept}/replay"), Some(&json!({}))).await?;
    assert_eq!(replayed.get("replayed"), Some(&json!(1)));
    receiver.wait_for(2).await?;
    pipeline.wait_api(&kept, |list| undelivered(list).is_empty()).await?;
    let ids: BTreeSet<_> = receiver.received().iter().map(|r| header(r, "webhook-id").map(str::to_owned)).collect();
    assert_eq!(ids.len(), 1);
    Ok(())
}

pub(crate) async fn a_rate_limit_holds(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    pipeline.webhook(1, "default", &receiver.url("/"), json!({"rate_per_s": 10})).await?;
    let began = Instant::now();
    pipeline.publish(&contributions(1..=40)).await?;
    receiver.wait_for(40).await?;
    let took = began.elapsed();
    pipeline.idle().await?;
    assert_eq!(lineitems(&receiver.received())?, (1..=40).collect::<Vec<_>>());
    // A burst of one second's worth may go at once.
    assert!(took >= Duration::from_millis(2_800), "40 deliveries at 10 a second took {took:?}");
    Ok(())
}

pub(crate) async fn a_hanging_endpoint_does_not_hold_up_others(pipeline: Installation) -> Result<()> {
    let (hanging, fast) = (Receiver::start().await?, Receiver::start().await?);
    hanging.set_default(Answer::hang());
    pipeline.webhook(1, "default", &hanging.url("/"), json!({})).await?;
    pipeline.webhook(2, "default", &fast.url("/"), json!({"in_flight": 50})).await?;
    pipeline.publish(&contributions(1..=500)).await?;
    hanging.wait_for(1).await?;
    let began = Instant::now();
    let documents: Vec<_> = (1001..=1100).map(|id| message("contribution").lineitems(&[(2, id)]).to_vec()).collect();
    pipeline.publish(&documents).await?;

    fast.wait_for(100).await?;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "100 deliveries beside a hanging endpoint took {took:?}");
    let first = fast.received().first().map(lineitem).context("nothing")??;
    assert!((1001..=1100).contains(&first));
    Ok(())
}

fn outcomes(page: &Value, outcome: &str) -> usize {
    let attempts = page.get("attempts").and_then(Value::as_array);
    attempts.map_or(0, |all| all.iter().filter(|attempt| text(attempt, "outcome") == outcome).count())
}

fn undelivered(list: &Value) -> Vec<Value> {
    list.get("undelivered").and_then(Value::as_array).cloned().unwrap_or_default()
}
