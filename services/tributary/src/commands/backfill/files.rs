//! Sends a backfill the events of files: this command is its runner. What was sent is remembered with the webhook, so
//! that after an interruption the same command goes on and repeats nothing.

use super::preview::Preview;
use super::progress::Meter;
use super::spool::{self, Bad, Found, Spool};
use super::{Run, path};
use crate::client::Client;
use crate::failure::{Failure, chain};
use crate::output::Output;
use contract::backfill::{End, Selection};
use contract::event::Kind;
use contract::id::EntityId;
use contract::limits;
use dashboard::views::{BackfillView, FinishedSource, Runner, StartedBackfill, TakenEvents};
use imports::Source;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;
use runtime::clock;
use runtime::exit::Exit;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often the window is asked for room, and how often a backfill that waits is looked at.
const MOMENT: Duration = Duration::from_millis(limits::BACKFILL_MOMENT_MS);
const WAITING: Duration = Duration::from_millis(500);
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How long an instance that can't be reached is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

fn sources(files: &[String]) -> Result<Vec<Source>, Failure> {
    if files.iter().filter(|file| *file == "-").count() > 1 {
        return Err(Failure::usage("standard input (-) can be read once"));
    }
    let source = |file: &String| match file.as_str() {
        "-" => Source::stream("standard input", io::stdin()),
        file => Source::file(file),
    };
    Ok(files.iter().map(source).collect())
}

/// Puts the events of files that belong to the backfill in order.
pub(super) async fn read(
    files: &[String],
    kinds: &[Kind],
    view: &BackfillView,
    bad: Bad,
) -> Result<(Spool, Found), Failure> {
    let sources = sources(files)?;
    let (entity, from, kinds) = (EntityId(view.entity), view.from, kinds.to_vec());
    // One that is not ready yet ends when its webhook is activated, which is not before now.
    let until = view.until.unwrap_or_else(clock::now);
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    let reading = tokio::task::spawn_blocking(move || {
        let selection = Selection { entity, kinds: &kinds, from, until: Some(until), end: End::Happened };
        let read = spool::read(sources, &selection, &bad, |rows| bar.set_message(format!("{rows} rows read")));
        bar.finish_and_clear();
        read
    });
    let read = reading.await.map_err(|error| Failure::of("reading the files", &error))?;
    read.map_err(|error| Failure::new(chain(&error)))
}

/// Reads the files, and sends what belongs to the backfill.
pub(super) async fn run(args: &Run, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let view: BackfillView = client.get(&path("backfills", &args.id, "")?, &()).await?;
    let bad = if args.dry {
        Bad::Tell
    } else {
        Bad::Keep { stream: PathBuf::from(format!("{}.rejected", view.id)), replace: args.replace_rejected }
    };
    let (spool, found) = read(&args.files, &args.kinds, &view, bad).await?;
    tell_bad(&found, *output);
    let is_flawless = found.is_flawless();
    if args.dry {
        let rate = super::rate(&view, client).await?;
        output.answer(&Preview::of_files(&found, rate), Preview::text)?;
        return Ok(if is_flawless { Exit::Success } else { Exit::Failure });
    }
    if args.strict && !is_flawless {
        return Err(Failure::new("nothing was sent: with --strict every row must be good"));
    }
    let started = StartedBackfill {
        kinds: super::names(&args.kinds),
        files: args
            .files
            .iter()
            .map(|file| if file == "-" { "standard input".to_owned() } else { file.clone() })
            .collect(),
        runner: Some(format!("{:032x}", rand::random::<u128>())),
        total: Some(spool.len() as u64),
        rejected: Some(found.bad),
    };
    let _: BackfillView = client.send(Method::POST, &path("backfills", &args.id, "/run")?, Some(&started)).await?;
    let runner = started.runner.unwrap_or_default();
    let ended =
        Sending { client, output, id: &args.id, runner, meter: Meter::default(), told: None }.all(spool).await?;
    output.note(&super::whole(&ended))?;
    let is_well = ended.status == "completed" && is_flawless;
    Ok(if is_well { Exit::Success } else { Exit::Failure })
}

/// Says which rows were left out, and where they are.
pub(super) fn tell_bad(found: &Found, output: Output) {
    for told in &found.told {
        output.remark(told);
    }
    let untold = found.bad.saturating_sub(found.told.len() as u64);
    if untold > 0 {
        output.remark(&format!("and {untold} more bad rows"));
    }
    for broken in &found.broken {
        output.remark(broken);
    }
    for written in &found.written {
        let (rows, reasons) = (written.rows.display(), written.reasons.display());
        output.remark(&format!("{} bad rows are in {rows}, and why in {reasons}", written.count));
    }
}

struct Sending<'a> {
    client: &'a Client,
    output: &'a Output,
    id: &'a str,
    runner: String,
    meter: Meter,
    told: Option<Instant>,
}

impl Sending<'_> {
    /// Sends everything, waits until it has arrived, and gives the backfill as it ended.
    async fn all(mut self, mut spool: Spool) -> Result<BackfillView, Failure> {
        let failed = |error: io::Error| Failure::of("the temporary file", &error);
        loop {
            let mut lines = spool.chunk(limits::BACKFILL_CHUNK, limits::BACKFILL_UPLOAD_BYTES).map_err(failed)?;
            if lines.is_empty() {
                break;
            }
            while !lines.is_empty() {
                let taken = self.take(&lines).await?;
                let mut at = 0..;
                lines.retain(|_| at.next().is_some_and(|at: u64| taken.left.binary_search(&at).is_ok()));
                self.tell(false).await?;
                match taken.status.as_str() {
                    "running" if lines.is_empty() => {}
                    "running" => tokio::time::sleep(MOMENT).await,
                    "paused" | "yielding" => self.wait().await?,
                    _ => return self.look().await,
                }
            }
        }
        loop {
            let ended = self.finish().await?;
            self.tell(ended.ended_at.is_some()).await?;
            if ended.ended_at.is_some() {
                return Ok(ended);
            }
            tokio::time::sleep(WAITING).await;
        }
    }

    /// Waits while the backfill is paused, by a person or by itself, and stays its runner.
    async fn wait(&mut self) -> Result<(), Failure> {
        while matches!(self.take(&[]).await?.status.as_str(), "paused" | "yielding") {
            self.tell(false).await?;
            tokio::time::sleep(WAITING).await;
        }
        Ok(())
    }

    async fn take(&self, lines: &[Vec<u8>]) -> Result<TakenEvents, Failure> {
        let path = path("backfills", self.id, "/events")?;
        let runner = Runner { runner: self.runner.clone() };
        self.patiently(|| self.client.upload(&path, &runner, lines.concat())).await
    }

    async fn finish(&self) -> Result<BackfillView, Failure> {
        let path = path("backfills", self.id, "/finish")?;
        let source = FinishedSource { runner: self.runner.clone() };
        self.patiently(|| self.client.send(Method::POST, &path, Some(&source))).await
    }

    async fn look(&self) -> Result<BackfillView, Failure> {
        let path = path("backfills", self.id, "")?;
        self.patiently(|| self.client.get(&path, &())).await
    }

    /// Calls again while the instance is away: it may be restarting.
    async fn patiently<T, F: Future<Output = Result<T, Failure>>>(&self, call: impl Fn() -> F) -> Result<T, Failure> {
        let since = Instant::now();
        loop {
            let failure = match call().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if failure.exit != Exit::Unavailable || since.elapsed() > PATIENCE {
                let message = format!("{}; the same command goes on where this one stopped", failure.message);
                return Err(Failure { message, ..failure });
            }
            tokio::time::sleep(TELL_EVERY).await;
        }
    }

    /// Tells how it gets on, once a second.
    async fn tell(&mut self, is_last: bool) -> Result<(), Failure> {
        if !is_last && self.told.is_some_and(|at| at.elapsed() < TELL_EVERY) {
            return Ok(());
        }
        self.told = Some(Instant::now());
        let view = self.look().await?;
        self.output.entry(&self.meter.read(&view, clock::now()), super::progress::Line::text)
    }
}
