//! A past to send: events in the history, and a backfill of them at full speed.

use crate::load::Entrance;
use anyhow::Result;
use serde_json::json;
use std::ops::Range;
use tests::backfills;
use tests::installation::Installation;

/// The entity whose past it is.
pub(crate) const ENTITY: u64 = 4_411;

/// Puts an event of each of these line items into the history, and waits until none is on its way: no webhook of the
/// entity is active yet.
pub(crate) async fn fill(installation: &Installation, ids: Range<u64>) -> Result<()> {
    Entrance::into(installation)?.pour_all(ids, |_| ENTITY).await?;
    installation.idle().await
}

/// Makes a webhook with this endpoint, and runs a backfill of all that is past for it. Gives the backfill's id.
pub(crate) async fn begin(installation: &Installation, endpoint: &str) -> Result<String> {
    let draft = json!({"activate": false, "in_flight": 20});
    let webhook = installation.webhook(ENTITY, "default", endpoint, draft).await?;
    backfills::activate(installation, &webhook).await?;
    let backfill = backfills::request(installation, &webhook).await?;
    backfills::told(installation, &backfill, "run").await?;
    Ok(backfill)
}
