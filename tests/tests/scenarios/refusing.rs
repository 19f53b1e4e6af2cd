//! What is not accepted, and how it is said.

use super::{lineitems, text};
use anyhow::Result;
use serde_json::{Value, json};
use testkit::builders::message;
use testkit::receiver::Receiver;
use tests::installation::Installation;

pub(crate) async fn bad_lines_are_named_and_good_ones_delivered(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    pipeline.webhook(1, "default", &receiver.url("/"), json!({})).await?;
    let good = |id| message("contribution").lineitems(&[(1, id)]).to_vec();
    let bad_amount =
        message("contribution").lineitems(&[(1, 102)]).field("lineitems.0.amount", json!("27.505")).to_vec();
    let answer = pipeline.post(&[good(101), bad_amount, b"{\"type\":".to_vec(), good(103)]).await?;
    assert_eq!(answer.status(), 422);
    assert_eq!(answer.headers().get("content-type").and_then(|v| v.to_str().ok()), Some("application/problem+json"));
    let problem: Value = answer.json().await?;
    let errors = problem.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
    let named: Vec<_> = errors.iter().map(|e| (e.get("line").and_then(Value::as_u64), text(e, "path"))).collect();
    assert!(named.contains(&(Some(2), "$.data.lineitems[0].amount")), "{named:?}");
    assert!(named.iter().any(|(line, _)| *line == Some(3)), "{named:?}");

    receiver.wait_for(2).await?;
    pipeline.idle().await?;
    assert_eq!(lineitems(&receiver.received())?, [101, 103]);
    let rejected = pipeline.wait_api("/queues", |answer| ready(answer, "ingest.rejected") == Some(2)).await?;
    assert_eq!(ready(&rejected, "parked"), Some(0));
    Ok(())
}

pub(crate) async fn limits_are_answered_not_crashed_into(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    pipeline.webhook(1, "default", &receiver.url("/"), json!({})).await?;
    let items: Vec<(u64, u64)> = (0..501).map(|n| (1, 200_000 + n)).collect();
    let many = message("contribution").lineitems(&items).to_vec();
    assert_eq!(pipeline.post(&[many]).await?.status(), 422, "501 line items");
    let large = message("contribution").field("contribution.note", json!("x".repeat(1024 * 1024))).to_vec();
    let status = pipeline.post(&[large]).await?.status();
    assert!(status == 413 || status == 422, "a message over 1 MiB got {status}");
    let lines = vec![b"{}".to_vec(); 10_001];
    assert_eq!(pipeline.post(&lines).await?.status(), 413, "10,001 lines");
    assert_eq!(pipeline.post(&[]).await?.status(), 400, "nothing");
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert_eq!(pipeline.post(&[deep]).await?.status(), 422, "nested too deeply");

    let most: Vec<(u64, u64)> = (0..500).map(|n| (1, 300_000 + n)).collect();
    pipeline.publish(&[message("contribution").lineitems(&most).to_vec()]).await?;
    receiver.wait_for(500).await?;
    pipeline.idle().await?;
    assert_eq!(receiver.received().len(), 500);
    Ok(())
}

pub(crate) async fn a_poison_line_is_parked_alone(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    pipeline.webhook(1, "default", &receiver.url("/"), json!({})).await?;
    let good = |id| message("contribution").lineitems(&[(1, id)]).to_vec();
    pipeline.inject("router.live", &[good(1), b"not an envelope".to_vec()]).await?;
    pipeline.publish(&[good(401), good(402)]).await?;

    receiver.wait_for(2).await?;
    let parked = pipeline.wait_api("/parked", |answer| messages(answer).len() == 2).await?;
    for message in messages(&parked) {
        assert_eq!(text(&message, "stage"), "router");
        assert_eq!(text(&message, "origin"), "router.live");
    }
    pipeline.idle().await?;
    assert_eq!(lineitems(&receiver.received())?, [401, 402]);
    Ok(())
}

fn messages(answer: &Value) -> Vec<Value> {
    answer.get("messages").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn ready(answer: &Value, queue: &str) -> Option<u64> {
    let queues = answer.get("queues")?.as_array()?;
    queues.iter().find(|q| text(q, "queue") == queue)?.get("ready")?.as_u64()
}
