//! Backfills: the past events of webhooks, requested, run and watched.

use super::Functions;
use super::checks::Checks;
use crate::problem::Problem;
use crate::views::{
    BackfillFilter, BackfillList, BackfillView, Cancellation, JournalEntry, NewBackfill, StartedBackfill,
};
use contract::backfill::{Backfill, Counts, Refusal, Source, Status};
use contract::body::eastern_midnight;
use contract::event::Kind;
use contract::id::{BackfillId, WebhookId};
use contract::limits;
use contract::webhook::Webhook;
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::clock;
use store::backfills::{AddError, ChangeError, Filter};

/// Who asks over the API: there are no accounts yet.
pub(super) const WHO: &str = "API";
/// Of connections that take no past events.
pub(super) const NO_USE: &str = "what the webhook speaks is of no use for past events";

impl Functions {
    /// All backfills that pass the filter, newest first.
    pub async fn backfills(&self, filter: &BackfillFilter) -> Result<BackfillList, Problem> {
        let mut checks = Checks::default();
        let webhook = filter.webhook.as_ref().and_then(|id| match WebhookId::parse(id) {
            Ok(id) => Some(id),
            Err(error) => {
                checks.wrong("webhook", error.to_string());
                None
            }
        });
        let status = filter.status.as_ref().and_then(|word| checks.word::<Status>("status", word));
        checks.finish()?;
        let filter = Filter { webhook, status };
        let mut backfills = Vec::new();
        for found in self.store.backfills().list(&filter, None, limits::BACKFILL_PAGE).await? {
            backfills.push(self.backfill_view(&found).await?);
        }
        Ok(BackfillList { backfills })
    }

    /// One backfill.
    pub async fn backfill(&self, id: &BackfillId) -> Result<BackfillView, Problem> {
        let found = self.store.backfills().get(id).await?.ok_or_else(|| Problem::not_found("backfill"))?;
        self.backfill_view(&found).await
    }

    /// Requests the past events of a webhook. They can be sent at once if it is active.
    pub async fn request_backfill(&self, webhook: &WebhookId, new: &NewBackfill) -> Result<BackfillView, Problem> {
        let webhook = self.find_webhook(webhook).await?;
        if !webhook.speaks().is_some_and(|connection| connection.backfill) {
            return Err(Problem::conflict(NO_USE));
        }
        self.add_backfill(&webhook, asked(&new.from)?).await
    }

    /// Sets another start date, as long as the backfill has not run.
    pub async fn move_backfill(&self, id: &BackfillId, new: &NewBackfill) -> Result<BackfillView, Problem> {
        let from = asked(&new.from)?;
        self.change_backfill(id, |backfill| backfill.set_from(from, WHO, clock::now())).await
    }

    /// A backfill of a webhook for which past events are of use, from a day that [`start_date`] took.
    pub(super) async fn add_backfill(&self, webhook: &Webhook, from: Timestamp) -> Result<BackfillView, Problem> {
        let (id, now) = (BackfillId::of_bits(uuid::Uuid::now_v7().as_u128()), clock::now());
        let asked = Backfill::request(id, (webhook.id.clone(), webhook.entity), from, WHO, now);
        let mut backfill = asked.map_err(refused)?;
        if let Some(until) = activation(webhook) {
            backfill.make_ready(until, WHO, now).map_err(refused)?;
        }
        match self.store.backfills().add(&backfill).await {
            Ok(()) => {}
            Err(AddError::Store(error)) => return Err(error.into()),
            Err(error @ AddError::Exists) => return Err(Problem::conflict(error.to_string())),
        }
        tracing::info!(backfill = %backfill.id, webhook = %webhook.id, "a backfill was requested");
        if backfill.until.is_none() {
            // An activation in between did not find it.
            self.make_backfills_ready(&self.find_webhook(&webhook.id).await?).await?;
        }
        self.backfill(&backfill.id).await
    }

    /// Sends what the history holds, or has the caller send what files hold.
    pub async fn run_backfill(&self, id: &BackfillId, how: &StartedBackfill) -> Result<BackfillView, Problem> {
        let mut checks = Checks::default();
        let kinds = how.kinds.iter().filter_map(|word| checks.word::<Kind>("kinds", word)).collect::<Vec<_>>();
        checks.finish()?;
        if !how.files.is_empty() {
            return self.run_from_files(id, &kinds, how).await;
        }
        self.change_backfill(id, |backfill| backfill.start(Source::History, &kinds, WHO, clock::now())).await
    }

    /// Pauses a backfill, within a second.
    pub async fn pause_backfill(&self, id: &BackfillId) -> Result<BackfillView, Problem> {
        self.change_backfill(id, |backfill| backfill.pause(WHO, clock::now())).await
    }

    /// Lets a paused backfill go on.
    pub async fn resume_backfill(&self, id: &BackfillId) -> Result<BackfillView, Problem> {
        self.change_backfill(id, |backfill| backfill.resume(WHO, clock::now())).await
    }

    /// Ends a backfill for good. What waits to be sent is not sent.
    pub async fn cancel_backfill(&self, id: &BackfillId, how: &Cancellation) -> Result<BackfillView, Problem> {
        let reason = how.reason.as_deref();
        self.change_backfill(id, |backfill| backfill.cancel(reason, WHO, clock::now())).await?;
        self.store.backfills().window().drop_all(id).await?;
        self.backfill(id).await
    }

    /// A webhook was activated: what was requested for it can be sent now, up to this activation.
    pub(super) async fn make_backfills_ready(&self, webhook: &Webhook) -> Result<(), Problem> {
        let Some(until) = activation(webhook) else { return Ok(()) };
        for status in [Status::Requested, Status::Ready] {
            let filter = Filter { webhook: Some(webhook.id.clone()), status: Some(status) };
            for waiting in self.store.backfills().list(&filter, None, limits::BACKFILL_PAGE).await? {
                self.change_backfill(&waiting.id, |backfill| backfill.make_ready(until, WHO, clock::now())).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn change_backfill(
        &self,
        id: &BackfillId,
        change: impl FnMut(&mut Backfill) -> Result<(), Refusal> + Send,
    ) -> Result<BackfillView, Problem> {
        let changed = match self.store.backfills().change(id, change).await {
            Ok(changed) => changed,
            Err(ChangeError::NotFound) => return Err(Problem::not_found("backfill")),
            Err(ChangeError::Store(error)) => return Err(error.into()),
            Err(ChangeError::Refused(refusal)) => return Err(refused(refusal)),
        };
        tracing::info!(backfill = %id, status = changed.status.name(), "a backfill was changed");
        self.backfill_view(&changed).await
    }

    async fn backfill_view(&self, backfill: &Backfill) -> Result<BackfillView, Problem> {
        let counts = self.store.backfills().counts(&backfill.id).await?;
        let outstanding = self.store.backfills().window().outstanding(&backfill.id).await?;
        Ok(view(backfill, counts, outstanding))
    }
}

/// A start date as a person writes it: 00:00 US Eastern of that day.
pub(super) fn start_date(checks: &mut Checks, field: &str, day: &str) -> Option<Timestamp> {
    let Some(from) = day.parse::<Date>().ok().and_then(eastern_midnight) else {
        checks.wrong(field, "must be a day such as 2024-01-01");
        return None;
    };
    if from > clock::now() {
        checks.wrong(field, Refusal::Future.to_string());
    }
    Some(from)
}

fn asked(day: &str) -> Result<Timestamp, Problem> {
    let mut checks = Checks::default();
    let from = start_date(&mut checks, "from", day);
    checks.finish()?;
    from.ok_or_else(|| Problem::invalid(Vec::new()))
}

/// When the webhook was activated, if it is active.
fn activation(webhook: &Webhook) -> Option<Timestamp> {
    webhook.activated_at.filter(|_| webhook.status == contract::webhook::Status::Active)
}

fn refused(refusal: Refusal) -> Problem {
    Problem::conflict(refusal.to_string())
}

fn view(backfill: &Backfill, counts: Counts, outstanding: u64) -> BackfillView {
    let entry = |entry: &contract::backfill::Entry| JournalEntry {
        at: entry.at,
        who: entry.who.clone(),
        what: entry.what.clone(),
    };
    BackfillView {
        id: backfill.id.to_string(),
        webhook: backfill.webhook.to_string(),
        entity: backfill.entity.0,
        from: backfill.from,
        until: backfill.until,
        status: backfill.status.name().to_owned(),
        reason: backfill.reason.clone(),
        kinds: backfill.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
        files: match &backfill.source {
            Source::History => Vec::new(),
            Source::Files { names } => names.clone(),
        },
        total: counts.total,
        sent: counts.sent,
        done: counts.done,
        failed: counts.failed,
        skipped: counts.skipped,
        repeated: counts.repeated,
        rejected: counts.rejected,
        outstanding,
        created_at: backfill.created_at,
        started_at: backfill.started_at,
        ended_at: backfill.ended_at,
        journal: backfill.journal.entries().iter().map(entry).collect(),
    }
}
