//! `tributary backfill`

use super::path;
use crate::client::{Client, NOTHING};
use crate::failure::Failure;
use crate::output::{Output, Table};
use clap::{Args, Subcommand};
use dashboard::views::{BackfillFilter, BackfillList, BackfillView, Cancellation, NewBackfill, StartedBackfill};
use reqwest::Method;
use runtime::exit::Exit;
use std::time::Duration;

/// How often `--follow` looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// `tributary backfill`
#[derive(Debug, Subcommand)]
pub enum Backfill {
    /// List backfills, newest first
    List {
        /// Those of this webhook
        #[arg(long, value_name = "ID")]
        webhook: Option<String>,
        /// Those with this status: requested, ready, running, paused, yielding, completed, failed or cancelled
        #[arg(long)]
        status: Option<String>,
    },
    /// Show a backfill, how it gets on and who did what
    Show {
        /// The backfill's id, bf_ and letters and digits
        id: String,
        /// Look every second until it has ended
        #[arg(long)]
        follow: bool,
    },
    /// Request the past events of a webhook
    Request(Request),
    /// Send what the history holds from the start date until the webhook's activation
    Run {
        /// The backfill's id, bf_ and letters and digits
        id: String,
        /// Only events of these kinds: contribution, refund or cancellation
        #[arg(long, value_name = "KIND", value_delimiter = ',')]
        kinds: Vec<String>,
    },
    /// Pause a backfill; what waits to be sent waits on
    Pause {
        /// The backfill's id, bf_ and letters and digits
        id: String,
    },
    /// Let a paused backfill go on
    Resume {
        /// The backfill's id, bf_ and letters and digits
        id: String,
    },
    /// End a backfill for good; what waits to be sent is not sent
    Cancel {
        /// The backfill's id, bf_ and letters and digits
        id: String,
        /// Why, for people
        #[arg(long)]
        reason: Option<String>,
    },
}

/// `tributary backfill request`
#[derive(Debug, Args)]
pub struct Request {
    /// The webhook's id, wh_ and letters and digits
    webhook: String,
    /// The first day, in US Eastern time
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: String,
}

pub(crate) async fn run(command: Backfill, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match command {
        Backfill::List { webhook, status } => {
            let list: BackfillList = client.get("/api/v1/backfills", &BackfillFilter { webhook, status }).await?;
            output.answer(&list, table)?;
        }
        Backfill::Show { id, follow } => return show(&id, follow, client, output).await,
        Backfill::Request(Request { webhook, from }) => {
            let path = path("webhooks", &webhook, "/backfills")?;
            let new: BackfillView = client.send(Method::POST, &path, Some(&NewBackfill { from })).await?;
            output.answer(&new, whole)?;
        }
        Backfill::Run { id, kinds } => {
            let path = path("backfills", &id, "/run")?;
            let running: BackfillView = client.send(Method::POST, &path, Some(&StartedBackfill { kinds })).await?;
            output.answer(&running, whole)?;
        }
        Backfill::Pause { id } => switch(client, output, &id, "/pause").await?,
        Backfill::Resume { id } => switch(client, output, &id, "/resume").await?,
        Backfill::Cancel { id, reason } => {
            let path = path("backfills", &id, "/cancel")?;
            let ended: BackfillView = client.send(Method::POST, &path, Some(&Cancellation { reason })).await?;
            output.answer(&ended, whole)?;
        }
    }
    Ok(Exit::Success)
}

async fn switch(client: &Client, output: &Output, id: &str, how: &str) -> Result<(), Failure> {
    let changed: BackfillView = client.send(Method::POST, &path("backfills", id, how)?, NOTHING).await?;
    output.answer(&changed, whole)
}

/// Success unless it has failed.
async fn show(id: &str, follow: bool, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let path = path("backfills", id, "")?;
    let mut before: Option<BackfillView> = None;
    loop {
        let now: BackfillView = client.get(&path, &()).await?;
        match follow {
            true => output.entry(&now, |now| line(now, before.as_ref()))?,
            false => output.answer(&now, whole)?,
        }
        if !follow || now.ended_at.is_some() {
            return Ok(if now.status == "failed" { Exit::Failure } else { Exit::Success });
        }
        before = Some(now);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn table(list: &BackfillList) -> String {
    let row = |backfill: &BackfillView| {
        [
            backfill.id.clone(),
            backfill.webhook.clone(),
            backfill.entity.to_string(),
            backfill.from.to_string(),
            backfill.status.clone(),
            backfill.done.to_string(),
        ]
    };
    let rows = list.backfills.iter().map(row).collect();
    Table { heading: ["ID", "WEBHOOK", "ENTITY", "FROM", "STATUS", "DONE"], rows }.render("no backfills")
}

/// One line, with what was settled since the one before.
fn line(now: &BackfillView, before: Option<&BackfillView>) -> String {
    let settled = |view: &BackfillView| view.done + view.failed + view.skipped;
    let rate = before.map_or(0, |before| settled(now).saturating_sub(settled(before)));
    format!(
        "{:<10}  sent {}  done {}  failed {}  skipped {}  outstanding {}  {rate}/s{}",
        now.status,
        now.sent,
        now.done,
        now.failed,
        now.skipped,
        now.outstanding,
        now.reason.as_ref().map(|reason| format!("  {reason}")).unwrap_or_default()
    )
}

fn whole(backfill: &BackfillView) -> String {
    let mut lines = vec![
        ("id", backfill.id.clone()),
        ("webhook", backfill.webhook.clone()),
        ("entity", backfill.entity.to_string()),
        ("from", backfill.from.to_string()),
    ];
    let optional = [("until", backfill.until.map(|at| at.to_string())), ("reason", backfill.reason.clone())];
    lines.push(("status", backfill.status.clone()));
    lines.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    lines.push(("sent", backfill.sent.to_string()));
    lines.push(("done", backfill.done.to_string()));
    lines.push(("failed", backfill.failed.to_string()));
    lines.push(("skipped", backfill.skipped.to_string()));
    lines.push(("repeated", backfill.repeated.to_string()));
    lines.push(("outstanding", backfill.outstanding.to_string()));
    lines.extend(
        backfill.journal.iter().map(|entry| ("journal", format!("{} {}: {}", entry.at, entry.who, entry.what))),
    );
    let lines: Vec<_> = lines.into_iter().map(|(name, value)| format!("{name:<15} {value}")).collect();
    lines.join("\n")
}
