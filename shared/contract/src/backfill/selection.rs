//! Which events belong to a backfill.

use super::{Backfill, Source};
use crate::body::parse_time;
use crate::event::{Event, Kind};
use crate::id::EntityId;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::borrow::Cow;

/// Why an event does not belong to a backfill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Another organisation received the money.
    Entity,
    /// The backfill is of other kinds.
    Kind,
    /// It happened before the start date.
    TooEarly,
    /// Live has it: it came at the activation or later.
    TooLate,
    /// Nothing says when it happened. No event that ingest or a reader of files made is like that.
    Timeless,
    /// The backfill has no end yet: its webhook was not activated.
    NotReady,
}

/// What belongs to a backfill, as it is when it is read from one kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection<'a> {
    /// Whose events.
    pub entity: EntityId,
    /// Of these kinds; none named means all.
    pub kinds: &'a [Kind],
    /// Those that happened at this instant or later.
    pub from: Timestamp,
    /// And before this one; none as long as the webhook was not activated.
    pub until: Option<Timestamp>,
    /// By which time of an event the span ends.
    pub end: End,
}

/// By which time of an event a span ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// When ingest received it: the history.
    Received,
    /// When it happened: files.
    Happened,
}

impl Reason {
    /// For counting and for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entity => "another entity's",
            Self::Kind => "of another kind",
            Self::TooEarly => "before the start date",
            Self::TooLate => "after the activation",
            Self::Timeless => "without a time",
            Self::NotReady => "not ready",
        }
    }
}

impl Selection<'_> {
    /// Whether the event is selected.
    ///
    /// The span begins by the event's own time ([`happened_at`]): `from ≤ time`. Where it ends depends on the source.
    ///
    /// - **History**: `received_at < until`, whatever the event's own time. Live takes an event exactly when
    ///   `received_at ≥ activated_at`, and `until` is that instant. So of the events from the start date on, each
    ///   comes either live or with the backfill, also one that arrived late or that upstream dated ahead.
    /// - **Files**: `time < until`. What is read from a file was never received by ingest; its `received_at` is when
    ///   it was read, which says nothing. An event that happened before the activation and reached ingest after it is
    ///   in a file and was live as well: it has the same delivery id both times, by which receivers know it.
    ///
    /// Afterwards nobody looks at `received_at` again: the router asks [`crate::matching::takes_selected`].
    pub fn takes(&self, event: &Event) -> Result<(), Reason> {
        let until = self.until.ok_or(Reason::NotReady)?;
        if event.entity != self.entity {
            return Err(Reason::Entity);
        }
        if !self.kinds.is_empty() && !self.kinds.contains(&event.kind) {
            return Err(Reason::Kind);
        }
        // Before the body is read: a reader of the history meets everything that came after the activation too.
        if self.end == End::Received && event.received_at >= until {
            return Err(Reason::TooLate);
        }
        let time = happened_at(event).ok_or(Reason::Timeless)?;
        if time < self.from {
            return Err(Reason::TooEarly);
        }
        if self.end == End::Happened && time >= until {
            return Err(Reason::TooLate);
        }
        Ok(())
    }
}

impl Backfill {
    /// What belongs to this backfill, from the source that it has.
    pub fn selection(&self) -> Selection<'_> {
        let end = if self.source == Source::History { End::Received } else { End::Happened };
        Selection { entity: self.entity, kinds: &self.kinds, from: self.from, until: self.until, end }
    }

    /// Whether the event belongs to this backfill.
    pub fn selects(&self, event: &Event) -> Result<(), Reason> {
        self.selection().takes(event)
    }

    /// Where a reader of the history begins, by `received_at`: an event is received after it happened, but for
    /// clocks that disagree.
    pub fn history_from(&self) -> Timestamp {
        let skew = SignedDuration::from_secs(crate::limits::BACKFILL_CLOCK_SKEW_S);
        self.from.saturating_sub(skew).unwrap_or(Timestamp::MIN)
    }
}

/// When the event happened, as its body says: `paidAt`, `refundedAt` or `cancelledAt`. If the body does not, what
/// upstream said of its message.
pub fn happened_at(event: &Event) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        contribution: Contribution<'a>,
        #[serde(borrow, default)]
        lineitems: Vec<Lineitem<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Contribution<'a> {
        #[serde(borrow)]
        cancelled_at: Option<Cow<'a, str>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Lineitem<'a> {
        #[serde(borrow)]
        paid_at: Option<Cow<'a, str>>,
        #[serde(borrow)]
        refunded_at: Option<Cow<'a, str>>,
    }
    let body: Option<Body<'_>> = serde_json::from_str(event.body.get()).ok();
    let text = body.and_then(|mut body| match event.kind {
        Kind::Contribution => body.lineitems.first_mut()?.paid_at.take(),
        Kind::Refund => body.lineitems.first_mut()?.refunded_at.take(),
        Kind::Cancellation => body.contribution.cancelled_at.take(),
    });
    text.and_then(|text| parse_time(&text)).or(event.occurred_at)
}
