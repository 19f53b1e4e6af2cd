//! What a native format reads: the event's body, typed, and what was filled in at the webhook.

use crate::format::Refusal;
use crate::value::Cents;
use crate::view::{Body, Time};
use contract::catalogue::Connection;
use contract::event::{Event, Kind};
use contract::plan::{OnUnclear, Plan, Step};
use contract::webhook::Webhook;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// An event for a webhook.
pub(crate) struct Input<'a> {
    pub(crate) event: &'a Event,
    pub(crate) body: Body<'a>,
    pub(crate) webhook: &'a Webhook,
    pub(crate) connection: &'a Connection,
    /// Sent by the test button.
    pub(crate) test: bool,
}

/// What an event is to a format: a later payment of a series is told from the first (`formats/plans.md` §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A one-time gift or the first payment of a series.
    Contribution,
    /// A later payment of a series.
    Instalment,
    /// A payment was given back.
    Refund,
    /// A series was cancelled.
    Cancellation,
}

impl<'a> Input<'a> {
    pub(crate) fn read(
        event: &'a Event,
        webhook: &'a Webhook,
        connection: &'a Connection,
        test: bool,
    ) -> Result<Self, Refusal> {
        let body = Body::read(event.body.get()).map_err(|_| Refusal::Invalid("its body is not canonical"))?;
        Ok(Self { event, body, webhook, connection, test })
    }

    pub(crate) fn occasion(&self) -> Occasion {
        match self.event.kind {
            Kind::Cancellation => Occasion::Cancellation,
            Kind::Refund => Occasion::Refund,
            Kind::Contribution if self.body.lineitem().sequence > 0 => Occasion::Instalment,
            Kind::Contribution => Occasion::Contribution,
        }
    }

    /// A plan of these steps, with what the plans of all native formats have in common. The ledger hears of payments
    /// only: a refund or a cancellation that was delivered says nothing about them (`formats/plans.md` §6).
    pub(crate) fn plan(&self, steps: Vec<Step>) -> Plan {
        let send_again = self.setting("after_unclear") == Some("send_again");
        Plan {
            series: self.series_if_recurring(),
            on_unclear: if send_again { OnUnclear::Retry } else { self.connection.on_unclear },
            notes_delivery: self.event.kind == Kind::Contribution,
            ..Plan::new(self.webhook.version, steps)
        }
    }

    /// `key`: `tributary-612004411`
    pub(crate) fn key(&self) -> String {
        format!("tributary-{}", self.body.lineitem().lineitem_id)
    }

    /// `contribution.orderNumber`, which every event has.
    pub(crate) fn order(&self) -> &str {
        self.body.contribution.order_number.get().unwrap_or_default()
    }

    /// `series`: `AB300000118-48213`
    pub(crate) fn series(&self) -> String {
        format!("{}-{}", self.order(), self.body.lineitem().entity_id)
    }

    /// `series`, if the contribution recurs.
    pub(crate) fn series_if_recurring(&self) -> Option<String> {
        self.recurring().then(|| self.series())
    }

    /// Whether it is about a series.
    pub(crate) fn recurring(&self) -> bool {
        self.body.contribution.is_recurring || self.event.kind == Kind::Cancellation
    }

    /// `payment_no`: `1`
    pub(crate) fn payment_no(&self) -> u64 {
        self.body.lineitem().sequence.saturating_add(1)
    }

    pub(crate) fn amount(&self) -> Cents {
        self.body.lineitem().amount.into()
    }

    /// When the money was paid, or given back.
    pub(crate) fn moved_at(&self) -> Time<'a> {
        let lineitem = self.body.lineitem();
        let refunded_at = lineitem.refunded_at.filter(|_| self.event.kind == Kind::Refund);
        refunded_at.unwrap_or(lineitem.paid_at)
    }

    /// The end of so many seconds after a time; none of a test, whose event has made-up times.
    pub(crate) fn expires(&self, after: Time<'_>, seconds: i64) -> Option<Timestamp> {
        after.at.checked_add(SignedDuration::from_secs(seconds)).ok().filter(|_| !self.test)
    }

    /// `monthly` or `weekly`; none for one-time gifts.
    pub(crate) fn period(&self) -> Option<&str> {
        self.body.contribution.recurring_period.get().filter(|_| self.recurring())
    }

    /// A setting that is text.
    pub(crate) fn setting(&self, id: &str) -> Option<&str> {
        self.webhook.settings.text(self.connection, id)
    }

    /// Whether a box is ticked.
    pub(crate) fn ticked(&self, id: &str) -> bool {
        self.webhook.settings.flag(self.connection, id)
    }

    /// The entries of a list, a table or a map.
    pub(crate) fn entries(&self, id: &str) -> &[Value] {
        self.webhook.settings.list(self.connection, id)
    }
}
