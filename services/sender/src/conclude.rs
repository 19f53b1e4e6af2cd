//! What becomes of a delivery: what is written down, and whether and how it comes again.

use crate::execute::Attempted;
use crate::execute::verdict::{ALREADY, Class};
use crate::handler::{ARRIVED_BEFORE, Message, Sender, Trouble, roll};
use crate::{record, telemetry};
use contract::attempt::{Attempt, Outcome as Ended};
use contract::delivery::{Delivery, Planned, ProgressedOf};
use contract::envelope::Line;
use contract::plan::{NoPlan, Progress};
use contract::retry;
use contract::webhook::{Status, Webhook};
use runtime::clock;
use serde_json::value::{RawValue, to_raw_value};
use stage::{Enveloped, Outcome, Unavailable};
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;
use store::ChangeError;

const GONE: &str = "the endpoint answered 410 Gone";
const TEST_FAILED: &str = "test_failed";
/// What stands before the colon is the reason's word in `formats/plans.md` §5.
const NOT_YET: &str = "original_not_delivered: the contribution was not delivered to this destination yet";

impl Sender {
    /// Nothing is sent, and nothing will be until someone replays it.
    pub(crate) async fn not_sent(
        &self,
        item: &Enveloped<Planned>,
        reason: &'static str,
    ) -> Result<Outcome, Unavailable> {
        let delivery = &item.body.delivery;
        let attempt = record::nothing_sent(delivery, clock::now(), reason);
        self.records.instead_of_a_request(&attempt, &item.header.trace).await?;
        if delivery.test {
            return Ok(Outcome::Skip(TEST_FAILED));
        }
        Ok(undelivered(item, reason))
    }

    /// An earlier handling of the same message has delivered it.
    pub(crate) async fn already(&self, item: &Enveloped<Planned>) -> Result<Outcome, Trouble> {
        let nothing = record::nothing_sent(&item.body.delivery, clock::now(), ALREADY);
        self.account(item, &Attempt { outcome: Ended::Delivered, ..nothing }).await?;
        telemetry::repeat_avoided();
        Ok(Outcome::Skip(ARRIVED_BEFORE))
    }

    /// It is not sent, on purpose.
    pub(crate) async fn skip(&self, item: &Enveloped<Planned>, why: NoPlan) -> Result<Outcome, Trouble> {
        let nothing = record::nothing_sent(&item.body.delivery, clock::now(), why.text());
        self.account(item, &Attempt { outcome: Ended::Skipped, ..nothing }).await?;
        Ok(Outcome::Skip(why.name()))
    }

    /// What it is about was not delivered yet: it waits on the schedule, and no request is made.
    pub(crate) async fn not_yet(&self, item: &Enveloped<Planned>) -> Result<Outcome, Trouble> {
        let (now, number) = (clock::now(), item.header.attempt.saturating_add(1));
        let again = retry::next(number, retry::Class::Ordinary, None, roll());
        let nothing = record::nothing_sent(&item.body.delivery, now, NOT_YET);
        let again = again.filter(|_| !item.body.delivery.test);
        let Some(after) = again else {
            self.account(item, &nothing).await?;
            let test = item.body.delivery.test;
            return Ok(if test { Outcome::Skip(TEST_FAILED) } else { undelivered(item, NOT_YET) });
        };
        let next_at = now.checked_add(after).ok();
        self.account(item, &Attempt { outcome: Ended::Retrying, next_at, ..nothing }).await?;
        Ok(Outcome::Retry { after, why: NOT_YET.to_owned(), body: None })
    }

    async fn account(&self, item: &Enveloped<Planned>, attempt: &Attempt) -> Result<(), Trouble> {
        let written = self.records.instead_of_a_request(attempt, &item.header.trace).await;
        written.map_err(Trouble::Away)
    }

    /// A request was made. From here on nothing may lead to making it again at once.
    pub(crate) async fn conclude(
        &self,
        message: &Message,
        item: &Enveloped<Planned>,
        webhook: &Webhook,
        attempted: &Attempted,
    ) -> Outcome {
        let delivery = &item.body.delivery;
        let number = item.header.attempt.saturating_add(1);
        let (ended, again) = match attempted.verdict.class {
            Class::Delivered => (Ended::Delivered, None),
            Class::Gone | Class::Held => (Ended::Undelivered, None),
            Class::Failed(_) if delivery.test => (Ended::Undelivered, None),
            Class::Failed(again) => match retry::next(number, again.class, again.hint, roll()) {
                Some(after) => (Ended::Retrying, Some(after)),
                None => (Ended::Undelivered, None),
            },
        };
        if ended == Ended::Delivered {
            self.mark(message, delivery).await;
            telemetry::delivered(item.header.lane, item.header.first_at, clock::now());
        }
        if attempted.verdict.class == Class::Gone && !delivery.test {
            self.deactivate(webhook, delivery).await;
        }
        let attempt = record::sent(delivery, attempted, number, ended, again);
        self.records.after_a_request(&attempt, &item.header.trace).await;
        match (ended, again) {
            (Ended::Delivered, _) => Outcome::Forward(Vec::new()),
            (_, Some(after)) => match progressed(item, &attempted.progress) {
                Ok(body) => Outcome::Retry { after, why: attempted.verdict.reason.clone(), body },
                Err(error) => Outcome::Park(error.to_string()),
            },
            _ if delivery.test => Outcome::Skip(TEST_FAILED),
            _ => undelivered(item, &attempted.verdict.reason),
        }
    }

    /// Notes that this line is done, for the case that its message is handed out again.
    async fn mark(&self, message: &Message, delivery: &Delivery) {
        if message.shared {
            message.marked.store(true, Ordering::Relaxed);
            let mark = || self.store.done_marks().mark(&message.id, &delivery.id);
            self.records.try_write("done mark", &delivery.id, mark).await;
        }
    }

    /// Only the webhook that was sent to: somebody may have moved it or switched it on anew meanwhile.
    async fn deactivate(&self, sent_to: &Webhook, delivery: &Delivery) {
        let mut switched_off = false;
        let change = |webhook: &mut Webhook| {
            let same = webhook.endpoint == sent_to.endpoint && webhook.activated_at == sent_to.activated_at;
            switched_off = same && webhook.status == Status::Active;
            if switched_off {
                webhook.deactivate(Some(GONE));
            }
            Ok::<(), Infallible>(())
        };
        match self.store.webhooks().change(&sent_to.id, change).await {
            Ok(_) if switched_off => telemetry::gone(sent_to.id.as_str()),
            Ok(_) => {}
            // The next delivery meets the same 410.
            Err(ChangeError::Store(error)) => self.records.unwritten("deactivation", &delivery.id, &error),
            Err(error) => tracing::warn!(webhook.id = %sent_to.id, %error, "the webhook stays active after a 410"),
        }
    }
}

/// A plan that stopped between its steps goes on later, and no attempt is spent.
pub(crate) fn later(item: &Enveloped<Planned>, after: Duration, why: &'static str, progress: &Progress) -> Outcome {
    match progressed(item, progress) {
        Ok(body) => Outcome::Defer { after, why, body },
        Err(error) => Outcome::Park(error.to_string()),
    }
}

/// What the line carries from now on, if that is something else than before.
fn progressed(item: &Enveloped<Planned>, progress: &Progress) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    let Planned { delivery, plan, progress: before } = &item.body;
    match progress == before {
        true => Ok(None),
        false => to_raw_value(&ProgressedOf { delivery, plan, progress }).map(Some),
    }
}

/// Kept as a delivery, so that a replay is rendered anew and starts from its first try. Only people send it again,
/// and then it is looked up first.
fn undelivered(item: &Enveloped<Planned>, why: &str) -> Outcome {
    let delivery = Delivery { recheck: true, ..item.body.delivery.clone() };
    let mut header = item.header.for_id(delivery.id.as_str());
    header.why = Some(why.to_owned());
    // Its backfill has counted it. Whoever sends it again does not ask how that backfill ended.
    header.backfill = None;
    match Line::new(header, &delivery).encode(delivery.event.body.get().len()) {
        Ok(line) => Outcome::Undelivered { webhook: delivery.webhook, line, why: why.to_owned() },
        Err(error) => Outcome::Park(error.to_string()),
    }
}
