//! Which events belong to a backfill.

use super::{Backfill, Source};
use crate::body::parse_time;
use crate::event::{Event, Kind};
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

impl Backfill {
    /// Whether the event belongs to this backfill.
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
    pub fn selects(&self, event: &Event) -> Result<(), Reason> {
        let until = self.until.ok_or(Reason::NotReady)?;
        if event.entity != self.entity {
            return Err(Reason::Entity);
        }
        if !self.kinds.is_empty() && !self.kinds.contains(&event.kind) {
            return Err(Reason::Kind);
        }
        // Before the body is read: a reader of the history meets everything that came after the activation too.
        if self.source == Source::History && event.received_at >= until {
            return Err(Reason::TooLate);
        }
        let time = happened_at(event).ok_or(Reason::Timeless)?;
        if time < self.from {
            return Err(Reason::TooEarly);
        }
        if self.source != Source::History && time >= until {
            return Err(Reason::TooLate);
        }
        Ok(())
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
