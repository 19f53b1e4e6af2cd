//! Past events, through the same path as live ones.

mod life;
mod meeting;
mod runners;
mod stream;

pub(crate) use life::*;
pub(crate) use meeting::*;
pub(crate) use runners::*;
pub(crate) use stream::*;

use super::{lineitems, text};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::builders::{message, unique};
use testkit::receiver::{Receiver, Request};
use tests::backfills::{self, activate, request, told};
use tests::installation::{Installation, Webhook};

const ENTITY: u64 = 4_411;

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

/// Lifts the limits of a webhook that was slow so that something could happen in the middle.
async fn hurry(pipeline: &Installation, webhook: &Webhook) -> Result<()> {
    let fast = json!({"rate_per_s": 10_000, "in_flight": 50});
    pipeline.api("PATCH", &format!("/webhooks/{}", webhook.id), Some(&fast)).await.map(drop)
}

/// Waits until a backfill has this status.
async fn becomes(pipeline: &Installation, backfill: &str, status: &str) -> Result<Value> {
    pipeline.wait_api(&format!("/backfills/{backfill}"), |now| text(now, "status") == status).await
}

fn count(backfill: &Value, what: &str) -> usize {
    backfills::count(backfill, what).and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX)
}

/// How often each line item arrived.
fn times(requests: &[Request]) -> Result<BTreeMap<u64, usize>> {
    let mut times = BTreeMap::new();
    for id in lineitems(requests)? {
        *times.entry(id).or_default() += 1;
    }
    Ok(times)
}

fn once(ids: &[u64]) -> BTreeMap<u64, usize> {
    ids.iter().map(|id| (*id, 1)).collect()
}
