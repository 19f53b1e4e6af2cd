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
use tests::installation::{Entrance, Installation, ROLES};

const EVENTS: u64 = 5_000;
const CHUNK: usize = 100;
/// Items that one gathering stage has published the successors of and not acknowledged: its units, each a batch.
const GATHERED: usize = stage::GATHERED_UNITS * contract::limits::BATCH_LINES;
/// What one kill can repeat: a chunk that was accepted and not answered, what router and formatter have in
/// hand, and what the sender has.
const IN_FLIGHT: usize = CHUNK + 2 * GATHERED + contract::limits::SENDER_CONCURRENCY;
const _: () = assert!(EVENTS > (2 * IN_FLIGHT) as u64, "a bound that every event twice would meet shows nothing");

fn documents() -> Vec<Vec<u8>> {
    (1..=EVENTS).map(|id| message("contribution").lineitems(&[(1, id)]).to_vec()).collect()
}

/// Publishes everything, again and again where it was not accepted.
async fn publish(entrance: &Entrance, documents: &[Vec<u8>]) -> Result<()> {
    for chunk in documents.chunks(CHUNK) {
        let accepted = async {
            let mut pause = tokio::time::interval(Duration::from_millis(200));
            loop {
                match entrance.post(chunk).await {
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
        accepted.context("nothing was accepted any more")??;
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

/// Kills each of `roles` in turn while messages are published and deliveries arrive, and counts.
async fn kill_roles(mut pipeline: Installation, roles: &[&str], allowed: usize) -> Result<()> {
    let receiver = receiver_and_webhook(&pipeline).await?;
    let (documents, entrance) = (documents(), pipeline.entrance());
    let killing = async {
        for (round, role) in (1..).zip(roles) {
            receiver.wait_for(usize::try_from(EVENTS)? * round / (roles.len() + 1)).await?;
            pipeline.kill(role);
            pipeline.start(role).await?;
        }
        anyhow::Ok(())
    };
    let (published, killed) = tokio::join!(publish(&entrance, &documents), killing);
    killed?;
    published?;
    receiver.wait_until(all_arrived).await?;
    pipeline.idle().await?;
    account(&receiver.received(), allowed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_embedded_process_loses_nothing() -> Result<()> {
    kill_roles(Installation::embedded().await?, &["all", "all"], 2 * IN_FLIGHT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_each_role_loses_nothing() -> Result<()> {
    let pipeline = Installation::distributed().await?;
    kill_roles(pipeline, &ROLES, IN_FLIGHT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_rabbitmq_loses_nothing() -> Result<()> {
    let (rabbit, redis) = tokio::try_join!(RabbitMq::start_private(), Redis::start_private())?;
    let pipeline = Installation::distributed_on(&rabbit.url(), &redis.url()).await?;
    let receiver = receiver_and_webhook(&pipeline).await?;
    let (documents, entrance) = (documents(), pipeline.entrance());
    let killing = async {
        receiver.wait_for(500).await?;
        let mut rabbit = rabbit;
        rabbit.kill9();
        rabbit.start_again().await
    };
    let (published, rabbit) = tokio::join!(publish(&entrance, &documents), killing);
    let _rabbit = rabbit?;
    published?;
    receiver.wait_until(all_arrived).await?;
    pipeline.idle().await?;
    account(&receiver.received(), IN_FLIGHT)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_redis_loses_nothing() -> Result<()> {
    let (rabbit, redis) = tokio::try_join!(RabbitMq::start_private(), Redis::start_private())?;
    let pipeline = Installation::distributed_on(&rabbit.url(), &redis.url()).await?;
    let receiver = receiver_and_webhook(&pipeline).await?;
    let (documents, entrance) = (documents(), pipeline.entrance());
    let killing = async {
        receiver.wait_for(500).await?;
        let mut redis = redis;
        redis.kill9();
        redis.start_again().await
    };
    let (published, redis) = tokio::join!(publish(&entrance, &documents), killing);
    let _redis = redis?;
    published?;
    receiver.wait_until(all_arrived).await?;
    pipeline.idle().await?;
    account(&receiver.received(), IN_FLIGHT)
}
