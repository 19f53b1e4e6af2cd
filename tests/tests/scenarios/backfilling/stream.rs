//! A stream of events for many entities, whose webhooks are activated somewhere within it.

use super::super::lineitem;
use super::{activate, becomes, count, once, request, told};
use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use testkit::builders::{message, unique};
use testkit::receiver::{Receiver, Request};
use tests::installation::{Entrance, Installation, PATIENCE, Webhook};
use tokio::sync::watch;

const ENTITIES: RangeInclusive<u64> = 1..=50;
const EVENTS: usize = 20_000;
/// Documents of the largest post.
const LARGEST: usize = 400;
/// Posts under way at a time.
const AT_ONCE: usize = 4;

/// One event of the stream.
#[derive(Clone, Copy)]
struct Sent {
    entity: u64,
    lineitem: u64,
}

/// What chance decides: `TEST_SEED`, which a failure names, decides it again.
struct Plan {
    posts: Vec<Vec<Sent>>,
    /// For each entity, how many events are accepted before its webhook is activated.
    activations: Vec<usize>,
}

impl Plan {
    fn roll(seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut events = ENTITIES.cycle().map(|entity| Sent { entity, lineitem: unique() }).take(EVENTS);
        let mut posts = Vec::new();
        loop {
            let post: Vec<Sent> = events.by_ref().take(dice.random_range(1..=LARGEST)).collect();
            if post.is_empty() {
                break;
            }
            posts.push(post);
        }
        Self { posts, activations: ENTITIES.map(|_| dice.random_range(0..EVENTS)).collect() }
    }

    /// The line items of an entity.
    fn of(&self, entity: u64) -> Vec<u64> {
        self.posts.iter().flatten().filter(|sent| sent.entity == entity).map(|sent| sent.lineitem).collect()
    }
}

pub(crate) async fn each_event_comes_once_whenever_its_webhook_is_activated(pipeline: Installation) -> Result<()> {
    let seed = testkit::seed()?;
    meet(&pipeline, &Plan::roll(seed)).await.with_context(|| format!("TEST_SEED={seed}"))
}

async fn meet(pipeline: &Installation, plan: &Plan) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhooks = try_join_all(ENTITIES.map(|entity| listener(pipeline, &receiver, entity))).await?;
    let (accepted, _) = watch::channel(0);
    let entrance = pipeline.entrance();
    let activating = try_join_all(webhooks.iter().zip(&plan.activations).map(|(webhook, behind)| {
        let mut accepted = accepted.subscribe();
        async move {
            accepted.wait_for(|accepted| accepted >= behind).await?;
            activate(pipeline, webhook).await
        }
    }));
    tokio::try_join!(publish(&entrance, plan, &accepted), activating)?;

    let backfills = try_join_all(webhooks.iter().map(|webhook| async {
        let backfill = request(pipeline, webhook).await?;
        told(pipeline, &backfill, "run").await?;
        anyhow::Ok(backfill)
    }));
    let mut from_backfill = 0;
    for backfill in backfills.await? {
        let done = becomes(pipeline, &backfill, "completed").await?;
        ensure!(count(&done, "sent") == count(&done, "done"), "{done}");
        from_backfill += count(&done, "done");
    }
    receiver.wait_for_within(EVENTS, PATIENCE).await?;
    pipeline.idle().await?;
    let from_live = receiver.count().saturating_sub(from_backfill);
    ensure!(from_live > 0 && from_backfill > 0, "{from_live} came live, {from_backfill} with backfills");
    account(plan, &receiver.received())
}

/// A webhook that is not active yet, told from the others by its path.
async fn listener(pipeline: &Installation, receiver: &Receiver, entity: u64) -> Result<Webhook> {
    let more = json!({"activate": false, "in_flight": 50});
    pipeline.webhook(entity, "default", &receiver.url(&path(entity)), more).await
}

fn path(entity: u64) -> String {
    format!("/{entity}")
}

async fn publish(entrance: &Entrance, plan: &Plan, accepted: &watch::Sender<usize>) -> Result<()> {
    let posts = stream::iter(&plan.posts).map(|post| async move {
        let documents: Vec<_> = post
            .iter()
            .map(|sent| message("contribution").entity(sent.entity).lineitem(sent.lineitem).to_vec())
            .collect();
        let answer = entrance.post(&documents).await?;
        ensure!(answer.status() == 202, "ingest answered {}", answer.status());
        accepted.send_modify(|accepted| *accepted += post.len());
        Ok(())
    });
    posts.buffer_unordered(AT_ONCE).try_collect().await
}

/// Each webhook got every event of its entity, and each once.
fn account(plan: &Plan, requests: &[Request]) -> Result<()> {
    let mut got: BTreeMap<&str, BTreeMap<u64, usize>> = BTreeMap::new();
    for request in requests {
        *got.entry(&request.path).or_default().entry(lineitem(request)?).or_default() += 1;
    }
    for entity in ENTITIES {
        let (got, expected) = (got.remove(path(entity).as_str()).unwrap_or_default(), once(&plan.of(entity)));
        let lost = expected.keys().filter(|id| !got.contains_key(id)).count();
        let again = got.values().filter(|times| **times > 1).count();
        ensure!(got == expected, "entity {entity}: {lost} of {} lost, {again} came again", expected.len());
    }
    ensure!(got.is_empty(), "something went where nobody listens: {:?}", got.keys());
    Ok(())
}
