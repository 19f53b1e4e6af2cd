//! What can happen to a backfill. Each method refuses what does not fit its status, and leaves it as it was then.

use super::journal::{ITSELF, cut};
use super::{Backfill, Cursor, Journal, Source, Status};
use crate::body::eastern;
use crate::event::Kind;
use crate::id::{BackfillId, EntityId, WebhookId};
use crate::limits;
use jiff::Timestamp;

/// Why something can't happen to a backfill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The start date lies in the future.
    #[error("the start date must not be after today")]
    Future,
    /// It can't be started before its webhook is active.
    #[error("the webhook is not active yet")]
    NotReady,
    /// It has not been started.
    #[error("the backfill has not been started")]
    NotStarted,
    /// It was started, which settled its span.
    #[error("the start date can't be changed once the backfill has run: request another one")]
    Started,
    /// It runs.
    #[error("the backfill is running")]
    Running,
    /// It is paused, by a person or by itself.
    #[error("the backfill is paused")]
    Paused,
    /// A person paused it, so it does not go on by itself.
    #[error("a person paused the backfill")]
    PausedByPerson,
    /// It has this status for good.
    #[error("the backfill is {} and can't be taken up again: request another one", .0.name())]
    Ended(Status),
}

impl Backfill {
    /// A backfill of this webhook, which `who` requests at `now`, of events from `from` on.
    pub fn request(
        id: BackfillId,
        (webhook, entity): (WebhookId, EntityId),
        from: Timestamp,
        who: &str,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if from > now {
            return Err(Refusal::Future);
        }
        let mut journal = Journal::default();
        journal.write(now, who, &format!("requested from {}", eastern(from)));
        Ok(Self {
            id,
            version: 1,
            webhook,
            entity,
            from,
            until: None,
            status: Status::Requested,
            reason: None,
            kinds: Vec::new(),
            source: Source::History,
            cursor: None,
            in_order: false,
            created_at: now,
            updated_at: now,
            started_at: None,
            ended_at: None,
            journal,
        })
    }

    /// Its webhook was activated at `until`, or activated again before it was started: the latest activation ends
    /// the span.
    pub fn make_ready(&mut self, until: Timestamp, who: &str, now: Timestamp) -> Result<(), Refusal> {
        self.not_started()?;
        self.until = Some(until);
        self.become_status(Status::Ready, None);
        self.journal.write(now, who, &format!("ready: the webhook was activated at {}", eastern(until)));
        Ok(())
    }

    /// Sets another start date, as long as it has not run.
    pub fn set_from(&mut self, from: Timestamp, who: &str, now: Timestamp) -> Result<(), Refusal> {
        self.not_started()?;
        if from > now {
            return Err(Refusal::Future);
        }
        self.from = from;
        self.journal.write(now, who, &format!("start date set to {}", eastern(from)));
        Ok(())
    }

    /// Begins to send what `source` holds, of these kinds or, when none is named, of all.
    pub fn start(&mut self, source: Source, kinds: &[Kind], who: &str, now: Timestamp) -> Result<(), Refusal> {
        match self.status {
            Status::Ready => {}
            Status::Requested => return Err(Refusal::NotReady),
            Status::Running => return Err(Refusal::Running),
            Status::Paused | Status::Yielding => return Err(Refusal::Paused),
            Status::Completed | Status::Failed | Status::Cancelled => return Err(Refusal::Ended(self.status)),
        }
        let what = match &source {
            Source::History => "started from the history".to_owned(),
            Source::Files { names } => format!("started from {}", names.join(", ")),
        };
        self.source = source;
        self.kinds = Kind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect();
        self.started_at = Some(now);
        self.become_status(Status::Running, None);
        self.journal.write(now, who, &what);
        Ok(())
    }

    /// Everything before `cursor` was published. A runner says so behind a chunk that was confirmed, also when the
    /// backfill was paused meanwhile. The journal does not tell of it.
    pub fn advance(&mut self, cursor: Cursor) -> Result<(), Refusal> {
        self.under_way()?;
        self.cursor = Some(cursor);
        Ok(())
    }

    /// A runner takes it up. From here on a crash leaves in doubt whether what is outstanding was published.
    pub const fn take_up(&mut self) {
        self.in_order = false;
    }

    /// Its runner leaves it, and all that is outstanding was published.
    pub const fn leave(&mut self) {
        self.in_order = true;
    }

    /// A person pauses it, also while it yields.
    pub fn pause(&mut self, who: &str, now: Timestamp) -> Result<(), Refusal> {
        self.under_way()?;
        if self.status == Status::Paused {
            return Err(Refusal::Paused);
        }
        self.become_status(Status::Paused, None);
        self.journal.write(now, who, "paused");
        Ok(())
    }

    /// A person lets it go on, whoever paused it.
    pub fn resume(&mut self, who: &str, now: Timestamp) -> Result<(), Refusal> {
        self.under_way()?;
        if self.status == Status::Running {
            return Err(Refusal::Running);
        }
        self.become_status(Status::Running, None);
        self.journal.write(now, who, "resumed");
        Ok(())
    }

    /// It pauses by itself, because of `reason`: live deliveries go first.
    pub fn give_way(&mut self, reason: &str, now: Timestamp) -> Result<(), Refusal> {
        self.running()?;
        self.become_status(Status::Yielding, Some(reason));
        self.journal.write(now, ITSELF, &format!("paused by itself: {reason}"));
        Ok(())
    }

    /// It goes on by itself, unless a person paused it.
    pub fn go_on(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.under_way()?;
        match self.status {
            Status::Yielding => {}
            Status::Paused => return Err(Refusal::PausedByPerson),
            _ => return Err(Refusal::Running),
        }
        self.become_status(Status::Running, None);
        self.journal.write(now, ITSELF, "went on by itself");
        Ok(())
    }

    /// The source is at its end, and nothing of it is outstanding.
    pub fn complete(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.running()?;
        self.end(Status::Completed, None, now);
        self.journal.write(now, ITSELF, "completed");
        Ok(())
    }

    /// It can't go on, because of `reason`; `who` found that out.
    pub fn fail(&mut self, reason: &str, who: &str, now: Timestamp) -> Result<(), Refusal> {
        self.under_way()?;
        self.end(Status::Failed, Some(reason), now);
        self.journal.write(now, who, &format!("failed: {reason}"));
        Ok(())
    }

    /// A person ends it, whether it was started or not. `reason` is for people.
    pub fn cancel(&mut self, reason: Option<&str>, who: &str, now: Timestamp) -> Result<(), Refusal> {
        self.not_ended()?;
        self.end(Status::Cancelled, reason, now);
        let what = reason.map_or("cancelled".to_owned(), |reason| format!("cancelled: {reason}"));
        self.journal.write(now, who, &what);
        Ok(())
    }

    fn become_status(&mut self, status: Status, reason: Option<&str>) {
        self.status = status;
        self.reason = reason.map(|reason| cut(reason, limits::BACKFILL_REASON_BYTES));
    }

    fn end(&mut self, status: Status, reason: Option<&str>, now: Timestamp) {
        self.become_status(status, reason);
        self.ended_at = Some(now);
    }

    const fn not_ended(&self) -> Result<(), Refusal> {
        if self.status.has_ended() { Err(Refusal::Ended(self.status)) } else { Ok(()) }
    }

    fn not_started(&self) -> Result<(), Refusal> {
        self.not_ended()?;
        if self.status.is_under_way() { Err(Refusal::Started) } else { Ok(()) }
    }

    fn under_way(&self) -> Result<(), Refusal> {
        self.not_ended()?;
        if self.status.is_under_way() { Ok(()) } else { Err(Refusal::NotStarted) }
    }

    fn running(&self) -> Result<(), Refusal> {
        self.under_way()?;
        if self.status == Status::Running { Ok(()) } else { Err(Refusal::Paused) }
    }
}
