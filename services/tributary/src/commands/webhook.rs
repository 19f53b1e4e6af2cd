//! `tributary webhook`

mod args;

use args::List;
pub(crate) use args::Webhook;

use super::{attempts, path};
use crate::client::{Client, NOTHING};
use crate::failure::Failure;
use crate::output::{Output, Table};
use dashboard::views::{AttemptView, RotatedSecret, Rotation, TestResult, WebhookFilter, WebhookList, WebhookView};
use reqwest::Method;
use runtime::exit::Exit;

pub(crate) async fn run(webhook: Webhook, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match webhook {
        Webhook::Add(new) => {
            let added: WebhookView = client.send(Method::POST, "/api/v1/webhooks", Some(&new.into_document()?)).await?;
            output.answer(&added, whole)?;
        }
        Webhook::List(List { entity, status }) => {
            let list: WebhookList = client.get("/api/v1/webhooks", &WebhookFilter { entity, status }).await?;
            output.answer(&list, table)?;
        }
        Webhook::Show { id } => {
            let webhook: WebhookView = client.get(&path("webhooks", &id, "")?, &()).await?;
            output.answer(&webhook, whole)?;
        }
        Webhook::Edit(edit) => {
            let path = path("webhooks", &edit.id, "")?;
            let changed: WebhookView = client.send(Method::PATCH, &path, Some(&edit.into_document()?)).await?;
            output.answer(&changed, whole)?;
        }
        Webhook::Activate { id } => switch(client, output, &id, "/activate").await?,
        Webhook::Deactivate { id } => switch(client, output, &id, "/deactivate").await?,
        Webhook::Test { id } => return test(client, output, &id).await,
        Webhook::Secret(args::Secret::Rotate { id, now }) => {
            let path = path("webhooks", &id, "/secret/rotate")?;
            let rotated: RotatedSecret = client.send(Method::POST, &path, Some(&Rotation { now })).await?;
            output.answer(&rotated, rotation)?;
        }
    }
    Ok(Exit::Success)
}

async fn switch(client: &Client, output: &Output, id: &str, how: &str) -> Result<(), Failure> {
    let webhook: WebhookView = client.send(Method::POST, &path("webhooks", id, how)?, NOTHING).await?;
    output.answer(&webhook, whole)
}

/// Success only when the receiver took every event.
async fn test(client: &Client, output: &Output, id: &str) -> Result<Exit, Failure> {
    let result: TestResult = client.send(Method::POST, &path("webhooks", id, "/test")?, NOTHING).await?;
    output.answer(&result, |result| {
        let sent = result.attempts.iter().flat_map(shown);
        let not_sent = result.not_tried.iter().map(|kind| format!("{}: not sent: {}", kind.kind, kind.reason));
        let lines: Vec<_> = sent.chain(not_sent).chain(result.test_note.clone()).collect();
        lines.join("\n")
    })?;
    Ok(if result.delivered { Exit::Success } else { Exit::Failure })
}

/// A line for the attempt, then what was sent and what came back.
fn shown(attempt: &AttemptView) -> Vec<String> {
    let indented = |text: &String| text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n");
    let parts = [("  request", &attempt.request), ("  answer", &attempt.answer)];
    let parts = parts.into_iter().filter_map(|(name, text)| Some(format!("{name}\n{}", indented(text.as_ref()?))));
    std::iter::once(attempts::line(attempt)).chain(parts).collect()
}

fn table(list: &WebhookList) -> String {
    let row = |webhook: &WebhookView| {
        [
            webhook.id.clone(),
            webhook.entity.to_string(),
            webhook.kind.clone(),
            webhook.status.clone(),
            webhook.nickname.clone().unwrap_or_default(),
            webhook.endpoint.clone(),
        ]
    };
    let rows = list.webhooks.iter().map(row).collect();
    Table { heading: ["ID", "ENTITY", "TYPE", "STATUS", "NICKNAME", "ENDPOINT"], rows }.render("no webhooks")
}

fn whole(webhook: &WebhookView) -> String {
    let mut lines = vec![
        ("id", webhook.id.clone()),
        ("entity", webhook.entity.to_string()),
        ("type", webhook.kind.clone()),
        ("connection", webhook.connection.clone().unwrap_or_default()),
        ("endpoint", webhook.endpoint.clone()),
        ("status", webhook.status.clone()),
    ];
    let optional = [
        ("reason", webhook.status_reason.clone()),
        ("nickname", webhook.nickname.clone()),
        ("contact email", webhook.contact_email.clone()),
        ("backfill", webhook.backfill.clone()),
        ("active since", webhook.activated_at.map(|at| at.to_string())),
        ("credentials", webhook.credentials.as_ref().map(|set| set.authorization.clone())),
        ("secrets", webhook.credentials.as_ref().map(|set| set.fields.join(", ")).filter(|ids| !ids.is_empty())),
        ("headers", webhook.credentials.as_ref().map(|set| set.headers.join(", ")).filter(|names| !names.is_empty())),
    ];
    lines.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    lines.push(("rate", format!("{} requests a second, {} in flight", webhook.rate_per_s, webhook.in_flight)));
    lines.push(("signing", webhook.signing.clone()));
    lines.extend(webhook.public_key.clone().map(|key| ("public key", key)));
    for (field, value) in &webhook.settings {
        lines.push((field, value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    lines.extend(webhook.warnings.iter().map(|warning| ("warning", warning.clone())));
    if let Some(secret) = &webhook.signing_secret {
        lines.push(("signing secret", format!("{secret}  (shown only this once: give it to the receiver)")));
    }
    let lines: Vec<_> = lines.into_iter().map(|(name, value)| format!("{name:<15} {value}")).collect();
    lines.join("\n")
}

fn rotation(rotated: &RotatedSecret) -> String {
    let old = match rotated.old_until {
        Some(until) => format!("the old one signs beside it until {until}"),
        None => "the old one signs no more".to_owned(),
    };
    format!("{}  (shown only this once: give it to the receiver)\n{old}", rotated.signing_secret)
}
