//! Faults, judged by counting: whatever is killed, every accepted event is delivered, and repeats are at most
//! what was in flight.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::builders::message;
use testkit::rabbitmq::RabbitMq;
use testkit::receiver::{Receiver, Request};
use testkit::redis::Redis;
use tests::installation::{Installation, ROLES};

const EVENTS: u64 = 5_000;
const CHUNK: usize = 100;
/// Items in the hands of one gathering stage: two units of a batch each.
const GATHERED: usize = 2 * contract::limits::BATCH_LINES;
/// Items in the hands of the sender.
const SENDING: usize = contract::limits::SENDER_CONCURRENCY;
/// Everything in flight between the entrance and the receiver.
const ALL: usize = 3 * GATHERED + SENDING + CHUNK;

fn documents() -> Vec<Vec<u8>> {
    (1..=EVENTS).map(|id| message("contribution").lineitems(&[(1, id)]).to_vec()).collect()
}

/// Publishes everything, again and again where it was not accepted.
async fn publish(pipeline: &Installation, documents: &[Vec<u8>]) -> Result<()> {
    for chunk in documents.chunks(CHUNK) {
        let accepted = async {
            let mut pause = tokio::time::interval(Duration::from_millis(200));
            loop {
                match pipeline.post(chunk).await {
                    Ok(answer) if answer.status() == 202 => return Ok(()),
                    Ok(answer) if answer.status() == 503 => {}
                    Ok(answer) => anyhow::bail!("ingest answered {}: {}", answer.status(), answer.text().await?),
                    // Ingest is down: that is the fault.
                    Err(_) => {}
                }
                pause.tick().await;
            }
        };
        let accepted = tokio::time::timeout(Duration::from_secs(120), accepted).await;
        accepted.with_context(|| format!("nothing was accepted any more; ingest says:\n{}", pipeline.log("ingest")))??;
    }
    Ok(())
}

/// Every event arrived, nothing else did, and at most `allowed` requests were repeats.
fn account(requests: &[Request], allowed: usize) -> Result<()> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for request in requests {
        let body: serde_json::Value = serde_json::from_slice(&request.body)?;
        let id = body.pointer("/lineitems/0/lineitemId").and_then(serde_json::Value::as_u64).context("no id")?;
        *counts.entry(id).or_default() += 1;
    }
    let lost: Vec<u64> = (1..=EVENTS).filter(|id| !counts.contains_key(id)).collect();
    ensure!(lost.is_empty(), "{} of {EVENTS} lost, the first is {:?}", lost.len(), lost.first());
    ensure!(counts.len() == usize::try_from(EVENTS)?, "something arrived that nobody published");
    let repeats = requests.len() - counts.len();
    ensure!(repeats <= allowed, "{repeats} repeats, at most {allowed} were in flight");
    Ok(())
}

async fn receiver_and_webhook(pipeline: &Installation) -> Result<Receiver> {
    let receiver = Receiver::start().await?;
    pipeline.webhook(1, "default", &receiver.url("/"), json!({"in_flight": 100})).await?;
    Ok(receiver)
}

/// Every event arrived at least once.
fn all_arrived(requests: &[Request]) -> bool {
    let ids: std::collections::BTreeSet<_> = requests.iter().filter_map(Request::webhook_id).collect();
    ids.len() as u64 >= EVENTS
}

/// Publishes, kills each of `roles` in turn while deliveries arrive, and counts.
async fn kill_roles(mut pipeline: Installation, roles: &[&str], allowed: usize) -> Result<()> {
    let receiver = receiver_and_webhook(&pipeline).await?;
    let documents = documents();
    let per_round = documents.len() / roles.len();
    for (round, role) in roles.iter().enumerate() {
        let last = round + 1 == roles.len();
        let share = documents.get(round * per_round..if last { documents.len() } else { (round + 1) * per_round });
        let seen = receiver.received().len();
        publish(&pipeline, share.context("a share of the documents")?).await?;
        receiver.wait_for(seen + 1).await?;
        pipeline.kill(role);
        pipeline.start(role).await?;
    }
    receiver.wait_until(all_arrived).await?;
    pipeline.idle().await?;
    account(&receiver.received(), allowed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_embedded_process_loses_nothing() -> Result<()> {
    kill_roles(Installation::embedded().await?, &["all", "all", "all"], 3 * ALL).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_each_role_loses_nothing() -> Result<()> {
    let pipeline = Installation::distributed().await?;
    kill_roles(pipeline, &ROLES[..4], 3 * GATHERED + SENDING + CHUNK).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_rabbitmq_loses_nothing() -> Result<()> {
    let (rabbit, redis) = tokio::try_join!(RabbitMq::start_private(), Redis::start_private())?;
    let pipeline = Installation::distributed_on(&rabbit.url(), &redis.url()).await?;
    let receiver = receiver_and_webhook(&pipeline).await?;
    let documents = documents();
    let killing = async {
        receiver.wait_for(500).await?;
        let mut rabbit = rabbit;
        rabbit.kill9();
        rabbit.start_again().await
    };
    let (published, rabbit) = tokio::join!(publish(&pipeline, &documents), killing);
    let _rabbit = rabbit?;
    published?;
    receiver.wait_until(all_arrived).await?;
    pipeline.idle().await?;
    account(&receiver.received(), ALL)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_redis_loses_nothing() -> Result<()> {
    let (rabbit, redis) = tokio::try_join!(RabbitMq::start_private(), Redis::start_private())?;
    let pipeline = Installation::distributed_on(&rabbit.url(), &redis.url()).await?;
    let receiver = receiver_and_webhook(&pipeline).await?;
    let documents = documents();
    let killing = async {
        receiver.wait_for(500).await?;
        let mut redis = redis;
        redis.kill9();
        redis.start_again().await
    };
    let (published, redis) = tokio::join!(publish(&pipeline, &documents), killing);
    let _redis = redis?;
    published?;
    receiver.wait_until(all_arrived).await?;
    pipeline.idle().await?;
    account(&receiver.received(), ALL)
}
