//! `tributary backfill`

mod files;
mod preview;
mod progress;
mod spool;

use super::{history, path};
use crate::client::{Client, NOTHING};
use crate::failure::Failure;
use crate::output::{Output, Table};
use clap::{Args, Subcommand};
use contract::event::Kind;
use dashboard::views::{
    BackfillFilter, BackfillList, BackfillView, Cancellation, NewBackfill, PreviewFilter, StartedBackfill, WebhookView,
};
use preview::Preview as Counted;
use progress::{Line, Meter};
use reqwest::Method;
use runtime::clock;
use runtime::exit::Exit;
use spool::Bad;
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
    /// Count what a backfill would send, by kind and month, and send nothing
    Preview(Preview),
    /// Send what the history or files hold from the start date until the webhook's activation
    Run(Run),
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

/// `tributary backfill preview`
#[derive(Debug, Args)]
pub struct Preview {
    /// The backfill's id, bf_ and letters and digits
    id: String,
    /// Exports or NDJSON, plain, gzip or zstd; - is standard input. The history is counted without any
    #[arg(value_name = "FILE|-")]
    files: Vec<String>,
    /// Only events of these kinds: contribution, refund or cancellation
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<Kind>,
}

/// `tributary backfill run`
#[derive(Debug, Args)]
#[command(after_help = RUN_HELP)]
pub struct Run {
    /// The backfill's id, bf_ and letters and digits
    id: String,
    /// Exports or NDJSON, plain, gzip or zstd; - is standard input. The history is sent without any
    #[arg(value_name = "FILE|-")]
    files: Vec<String>,
    /// Only events of these kinds: contribution, refund or cancellation
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// Count what would be sent, and send nothing
    #[arg(long = "dry-run")]
    dry: bool,
    /// Send nothing if any row can't be read
    #[arg(long, requires = "files")]
    strict: bool,
    /// Replace files with bad rows that an earlier run left
    #[arg(long, requires = "files")]
    replace_rejected: bool,
}

const RUN_HELP: &str = "\
The history is sent by the role backfill: this command starts it and ends, and show --follow tells how it gets on.
Files are sent by this command, oldest event first. When it is interrupted the same command goes on, and what arrived
is not sent again.

Rows that can't be read are left out, told, and written to FILE.rejected beside the file (standard input: ID.rejected
in the current folder), with the reasons in FILE.rejected.txt. The exit code is 1 then.";

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
        Backfill::Preview(args) => return preview(&args, client, output).await,
        Backfill::Run(args) if args.files.is_empty() && args.dry => {
            let args = Preview { id: args.id, files: Vec::new(), kinds: args.kinds };
            return preview(&args, client, output).await;
        }
        Backfill::Run(args) if args.files.is_empty() => {
            let path = path("backfills", &args.id, "/run")?;
            let started = StartedBackfill { kinds: names(&args.kinds), ..StartedBackfill::default() };
            let running: BackfillView = client.send(Method::POST, &path, Some(&started)).await?;
            output.answer(&running, whole)?;
        }
        Backfill::Run(args) => return files::run(&args, client, output).await,
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

/// Success unless rows can't be read.
async fn preview(args: &Preview, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let view: BackfillView = client.get(&path("backfills", &args.id, "")?, &()).await?;
    let rate = rate(&view, client).await?;
    if !args.files.is_empty() {
        let (_, found) = files::read(&args.files, &args.kinds, &view, Bad::Tell).await?;
        files::tell_bad(&found, *output);
        output.answer(&Counted::of_files(&found, rate), Counted::text)?;
        return Ok(if found.is_flawless() { Exit::Success } else { Exit::Failure });
    }
    let kinds = Some(names(&args.kinds).join(",")).filter(|kinds| !kinds.is_empty());
    let path = path("backfills", &args.id, "/preview")?;
    let counted = history::count(client, &path, &PreviewFilter { kinds }).await?;
    output.answer(&Counted::of_history(&counted, rate), Counted::text)?;
    Ok(Exit::Success)
}

/// Deliveries a second that the webhook of a backfill allows.
async fn rate(backfill: &BackfillView, client: &Client) -> Result<f64, Failure> {
    let webhook: WebhookView = client.get(&path("webhooks", &backfill.webhook, "")?, &()).await?;
    Ok(f64::from(webhook.rate_per_s.per_1000_s()) / 1_000.0)
}

fn names(kinds: &[Kind]) -> Vec<String> {
    kinds.iter().map(|kind| kind.name().to_owned()).collect()
}

/// Success unless it has failed.
async fn show(id: &str, follow: bool, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let path = path("backfills", id, "")?;
    let mut meter = Meter::default();
    loop {
        let now: BackfillView = client.get(&path, &()).await?;
        match follow {
            true => output.entry(&meter.read(&now, clock::now()), Line::text)?,
            false => output.answer(&now, whole)?,
        }
        if !follow || now.ended_at.is_some() {
            return Ok(if now.status == "failed" { Exit::Failure } else { Exit::Success });
        }
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
    lines.extend(backfill.files.iter().map(|file| ("file", file.clone())));
    lines.extend(backfill.total.map(|total| ("total", total.to_string())));
    lines.push(("sent", backfill.sent.to_string()));
    lines.push(("done", backfill.done.to_string()));
    lines.push(("failed", backfill.failed.to_string()));
    lines.push(("skipped", backfill.skipped.to_string()));
    lines.push(("repeated", backfill.repeated.to_string()));
    if backfill.rejected > 0 {
        lines.push(("bad rows", backfill.rejected.to_string()));
    }
    lines.push(("outstanding", backfill.outstanding.to_string()));
    lines.extend(
        backfill.journal.iter().map(|entry| ("journal", format!("{} {}: {}", entry.at, entry.who, entry.what))),
    );
    let lines: Vec<_> = lines.into_iter().map(|(name, value)| format!("{name:<15} {value}")).collect();
    lines.join("\n")
}
