//! A donor's messages, as upstream publishes them.

use super::events::{ENTITY, tracking};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::Value;
use std::time::Duration;
use testkit::builders::{Message, message, unique};

/// A first payment, in the platform's form and in cents.
pub(crate) const FIRST: (&str, u64) = ("27.5", 2_750);
/// A later payment.
pub(crate) const LATER: (&str, u64) = ("15.0", 1_500);

/// Someone who gives every month.
pub(crate) struct Donor {
    pub(crate) order: String,
    /// Line items of the payments, in their order.
    pub(crate) lines: [u64; 3],
    now: Timestamp,
}

impl Donor {
    /// A new series.
    pub(crate) fn new() -> Self {
        let order = format!("AB{}", unique());
        Self { order, lines: [unique(), unique(), unique()], now: runtime::clock::now() }
    }

    /// A payment: the first one, or a later one of the series.
    pub(crate) fn payment(&self, number: usize) -> Message {
        self.line("contribution", number).tracking(tracking())
    }

    /// The refund of that payment.
    pub(crate) fn refund(&self, number: usize) -> Message {
        let message = self.line("refund", number).field("lineitems.0.disbursedAt", Value::Null);
        message.field("lineitems.0.refundedAt", self.time(60))
    }

    /// The end of the series.
    pub(crate) fn cancellation(&self) -> Message {
        let message = self.line("cancellation", 2);
        message
            .without("contribution.status")
            .without("contribution.thanksUrl")
            .field("contribution.cancelledAt", self.time(30))
            .field("contribution.recurringType", "initially forever")
            .field("contribution.recurCompleted", 3)
            .field("contribution.recurPledged", Value::Null)
            .field("contribution.cancellationReason", "donor_request")
            .field("contribution.cancellationType", "Active")
    }

    fn line(&self, kind: &str, number: usize) -> Message {
        let (amount, _) = if number == 0 { FIRST } else { LATER };
        // Each payment ten minutes after the one before.
        let paid = self.time(3_600 - 600 * u64::try_from(number).unwrap_or_default());
        // A refund and a cancellation repeat what the payment said.
        message("contribution")
            .top("type", kind)
            .top("occurred_at", Value::Null)
            .entity(ENTITY)
            .order(&self.order)
            .lineitem(self.lines[number])
            .amount(amount)
            .field("contribution.createdAt", self.time(3_700))
            .field("lineitems.0.sequence", number)
            .field("lineitems.0.paidAt", paid)
    }

    /// So many seconds ago, in upstream's offset.
    fn time(&self, seconds_ago: u64) -> String {
        let time = self.now - Duration::from_secs(seconds_ago);
        time.to_zoned(Offset::constant(-5).to_time_zone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}
