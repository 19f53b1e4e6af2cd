//! Backfills, as people ask for them over the API.

use crate::installation::{Installation, Webhook};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Before every event of the builders.
const FROM: &str = "2024-01-01";

/// Makes a webhook active; backfills end where that counts.
pub async fn activate(pipeline: &Installation, webhook: &Webhook) -> Result<()> {
    pipeline.api("POST", &format!("/webhooks/{}/activate", webhook.id), None).await.map(drop)
}

/// Requests all past events for a webhook. Gives the backfill's id.
pub async fn request(pipeline: &Installation, webhook: &Webhook) -> Result<String> {
    let path = format!("/webhooks/{}/backfills", webhook.id);
    let asked = pipeline.api("POST", &path, Some(&json!({"from": FROM}))).await?;
    asked.get("id").and_then(Value::as_str).map(str::to_owned).context("a backfill without id")
}

/// Tells a backfill to `run`, `pause`, `resume` or `cancel`.
pub async fn told(pipeline: &Installation, backfill: &str, what: &str) -> Result<Value> {
    pipeline.api("POST", &format!("/backfills/{backfill}/{what}"), Some(&json!({}))).await
}

/// How it gets on.
pub async fn shown(pipeline: &Installation, backfill: &str) -> Result<Value> {
    pipeline.api("GET", &format!("/backfills/{backfill}"), None).await
}

/// One of the numbers of a backfill: `sent`, `done`, `outstanding`, …
pub fn count(backfill: &Value, what: &str) -> Option<u64> {
    backfill.get(what).and_then(Value::as_u64)
}
