//! Backfills of files: the command that reads the files is the runner, and this is where it sends what it reads.

use super::Functions;
use super::checks::Checks;
use crate::problem::{FieldError, Problem};
use crate::views::{BackfillView, FinishedSource, StartedBackfill, TakenEvents};
use contract::backfill::{Backfill, Source};
use contract::event::Kind;
use contract::id::{BackfillId, EventId, WebhookId};
use contract::trace::Traceparent;
use contract::{limits, upstream};
use feed::{Doubt, Feed, Selected, Standing};
use runtime::clock;
use std::collections::HashMap;
use std::time::Duration;
use store::backfills::More;

const LEASE: Duration = Duration::from_secs(limits::BACKFILL_LEASE_S);

impl Functions {
    /// Starts a backfill of files, or takes one up whose runner is gone. From then on the runner that was named is
    /// the only one of its webhook, as long as it is heard of.
    pub(super) async fn run_from_files(
        &self,
        id: &BackfillId,
        kinds: &[Kind],
        how: &StartedBackfill,
    ) -> Result<BackfillView, Problem> {
        let mut checks = Checks::default();
        let source = Source::files(how.files.clone());
        if let Err(error) = &source {
            checks.wrong("files", error.to_string());
        }
        let runner = how.runner.as_deref().and_then(|runner| checked(runner).ok());
        if runner.is_none() {
            checks.wrong("runner", "must be 16 to 64 letters and digits that no other runner has");
        }
        checks.finish()?;
        let (Ok(source), Some(runner)) = (source, runner) else { return Err(Problem::invalid(Vec::new())) };
        let found = self.store.backfills().get(id).await?.ok_or_else(|| Problem::not_found("backfill"))?;
        self.hold(&found.webhook, runner).await?;
        let counts = self.store.backfills().counts(id).await?;
        let of_files = matches!(found.source, Source::Files { .. });
        let is_new = !(found.status.is_under_way() && of_files);
        if is_new {
            let started = self.change_backfill(id, |backfill| {
                backfill.start(source.clone(), kinds, super::backfills::WHO, clock::now())
            });
            if let Err(problem) = started.await {
                self.let_go(&found.webhook, runner).await;
                return Err(problem);
            }
            self.feed.began(&found).await?;
            let more = More { rejected: how.rejected.unwrap_or_default(), ..More::default() };
            self.store.backfills().count_more(id, more).await?;
        }
        if let Some(total) = how.total {
            // What an earlier runner got through comes by again, and counts as repeated then.
            self.store.backfills().set_total(id, total + counts.through()).await?;
        }
        self.backfill(id).await
    }

    /// Takes events of a backfill's files, one message a line as ingest takes them: those for which there is room.
    pub async fn take_events(&self, id: &BackfillId, runner: &str, body: &[u8]) -> Result<TakenEvents, Problem> {
        let (backfill, standing) = self.of_files(id, runner).await?;
        let events = read(body)?;
        let mut taken = TakenEvents { status: backfill.status.name().to_owned(), ..TakenEvents::default() };
        let Standing::Goes(pace) = standing else {
            taken.left = (0..).take(events.len()).collect();
            return Ok(taken);
        };
        let mut lines: HashMap<EventId, u64> = HashMap::new();
        let mut inside = Vec::new();
        for (line, events) in (0..).zip(events) {
            for event in events {
                if backfill.selects(&event).is_err() {
                    taken.outside += 1;
                    continue;
                }
                lines.insert(event.id.clone(), line);
                inside.push(Selected { event, trace: trace() });
            }
        }
        // What is in the window already is in doubt: the runner sends nothing twice unless a call of it, or of the
        // one before it, got no answer.
        let begun = self.feed.begin(&backfill, pace, inside, &mut Doubt::Of(usize::MAX)).await?;
        taken.left = begun.left.iter().filter_map(|left| lines.get(&left.event.id).copied()).collect();
        taken.left.sort_unstable();
        taken.left.dedup();
        taken.published = begun.published as u64;
        taken.repeated = begun.repeated as u64;
        Ok(taken)
    }

    /// The files are at their end: ends the backfill once nothing of it is outstanding. Asked again and again.
    pub async fn finish_source(&self, id: &BackfillId, source: &FinishedSource) -> Result<BackfillView, Problem> {
        let found = self.store.backfills().get(id).await?.ok_or_else(|| Problem::not_found("backfill"))?;
        if found.status.has_ended() {
            return self.backfill(id).await;
        }
        let (backfill, standing) = self.of_files(id, &source.runner).await?;
        if standing != Standing::Rests && self.feed.outstanding(id).await? == 0 {
            self.feed.complete(id).await?;
            self.let_go(&backfill.webhook, &source.runner).await;
        }
        self.backfill(id).await
    }

    /// The backfill and how it stands, if it is one of files and this is its runner.
    async fn of_files(&self, id: &BackfillId, runner: &str) -> Result<(Backfill, Standing), Problem> {
        let runner = checked(runner)?;
        let (backfill, standing) = self.feed.stand(id).await?.ok_or_else(|| Problem::not_found("backfill"))?;
        if backfill.started_at.is_none() || !matches!(backfill.source, Source::Files { .. }) {
            return Err(Problem::conflict("the backfill was not started from files"));
        }
        if !backfill.status.has_ended() {
            self.hold(&backfill.webhook, runner).await?;
        }
        Ok((backfill, standing))
    }

    async fn hold(&self, webhook: &WebhookId, runner: &str) -> Result<(), Problem> {
        match self.store.leases().hold(&Feed::lease(webhook), runner, LEASE).await? {
            true => Ok(()),
            false => Err(Problem::conflict(
                "another runner is at a backfill of this webhook; one that has ended is forgotten within 30 s",
            )),
        }
    }

    /// The lease of a runner that has ended. It ends by itself, too.
    async fn let_go(&self, webhook: &WebhookId, runner: &str) {
        if let Err(error) = self.store.leases().let_go(&Feed::lease(webhook), runner).await {
            tracing::debug!(%error, "the lease of a backfill ends by itself");
        }
    }
}

fn checked(runner: &str) -> Result<&str, Problem> {
    let is_well = (16..=64).contains(&runner.len()) && runner.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_well {
        return Ok(runner);
    }
    Err(Problem::invalid(vec![FieldError::new("runner", "must be 16 to 64 letters and digits")]))
}

/// The events of each line. A runner has read them before, so one line that can't be read refuses all.
fn read(body: &[u8]) -> Result<Vec<Vec<contract::event::Event>>, Problem> {
    let now = clock::now();
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let mut read = Vec::new();
    for (at, line) in (1..).zip(lines) {
        if at > limits::BACKFILL_CHUNK {
            let detail = format!("at most {} lines are taken at once", limits::BACKFILL_CHUNK);
            return Err(Problem::invalid(vec![FieldError::new("", detail)]));
        }
        let events = upstream::native(line, now).map_err(|rejection| {
            let reason = rejection.reasons.first();
            let expected = reason.map_or("a message", |reason| reason.expected.as_ref());
            let path = reason.map_or("", |reason| reason.path.as_ref());
            Problem::invalid(vec![FieldError::new(format!("line {at}: {path}"), format!("must be {expected}"))])
        })?;
        read.push(events);
    }
    Ok(read)
}

/// A trace for what no request of upstream brought.
fn trace() -> String {
    Traceparent::new(rand::random(), rand::random()).to_string()
}
