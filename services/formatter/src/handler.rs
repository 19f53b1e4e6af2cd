//! What the formatter does with one delivery.

use crate::format::{Refusal, plan};
use broker::{Queue, Sending};
use contract::attempt::{self, Attempt};
use contract::delivery::{Delivery, PlannedOf};
use contract::envelope::{self, Header, Line};
use contract::lane::Lane;
use contract::plan::{NoPlan, Plan};
use runtime::clock;
use stage::{Enveloped, Handler, Item, Made, Outcome, Poison, Taken, Unavailable, envelopes};
use store::{Attempts, Backfills, Directory, Ends, Store};

/// Makes plans.
pub struct Formatter {
    directory: Directory,
    attempts: Attempts,
    backfills: Backfills,
}

impl Formatter {
    /// A formatter that looks webhooks up here and notes there what it makes no plan for.
    pub fn new(store: &Store) -> Self {
        let (directory, attempts) = (store.directory().clone(), store.attempts().clone());
        Self { directory, attempts, backfills: store.backfills().clone() }
    }

    /// Records that nothing is sent, so that people can see why.
    async fn skip(&self, delivery: &Delivery, why: NoPlan) -> Result<Outcome, Unavailable> {
        match self.attempts.record(&skipped(delivery, why)).await {
            Ok(()) => Ok(Outcome::Skip(why.name())),
            Err(error) if error.is_unavailable() => Err(Unavailable::new("store", error)),
            Err(error) => Ok(Outcome::Park(error.to_string())),
        }
    }
}

impl Handler for Formatter {
    const NAME: &'static str = "formatter";
    type Item = Enveloped<Delivery>;
    type Prepared = Ends;

    fn split(&self, message: &Taken) -> Vec<Result<Self::Item, Poison>> {
        envelopes(message)
    }

    async fn prepare(&self, _messages: &[Taken], _items: &[Self::Item]) -> Result<Ends, Unavailable> {
        Ok(Ends::default())
    }

    async fn handle(&self, ends: &Ends, item: &Self::Item) -> Result<Outcome, Unavailable> {
        let outcome = self.format(item).await?;
        ends.note(&item.header, item.body.id.clone(), outcome.end());
        Ok(outcome)
    }

    async fn confirmed(&self, ends: &Ends, _decided: &[&Self::Item]) {
        ends.tell(&self.backfills).await;
    }
}

impl Formatter {
    async fn format(&self, item: &Enveloped<Delivery>) -> Result<Outcome, Unavailable> {
        let delivery = &item.body;
        let webhook = match self.directory.webhook(&delivery.webhook).await {
            Ok(Some(webhook)) => webhook,
            // The router knew it, so this copy's cache is behind or someone removed it by hand: kept, not dropped.
            Ok(None) => {
                let (webhook, line) = (delivery.webhook.clone(), item.original().clone());
                return Ok(Outcome::Undelivered { webhook, line, why: "the webhook is not known".to_owned() });
            }
            Err(error) if error.is_unavailable() => return Err(Unavailable::new("store", error)),
            Err(error) => return Ok(Outcome::Park(error.to_string())),
        };
        match plan(&delivery.event, &webhook, delivery.test) {
            Ok(plan) => {
                let made = forward(&item.header, delivery, &plan);
                Ok(made.map_or_else(|error| Outcome::Park(error.to_string()), |made| Outcome::Forward(vec![made])))
            }
            Err(Refusal::Skip(why)) => self.skip(delivery, why).await,
            Err(refusal @ Refusal::Invalid(_)) => {
                let (webhook, line) = (delivery.webhook.clone(), item.original().clone());
                Ok(Outcome::Undelivered { webhook, line, why: refusal.to_string() })
            }
        }
    }
}

/// A delivery that was tried before and is rendered anew stays behind first attempts.
fn forward(header: &Header, delivery: &Delivery, plan: &Plan) -> Result<Made, envelope::Error> {
    let way = match header.lane {
        Lane::Live if header.attempt == 0 => Sending::Live,
        Lane::Live => Sending::Retry,
        Lane::Backfill => Sending::Backfill,
    };
    let length = delivery.event.body.get().len();
    Made::line(Queue::Sender(way), &Line::new(header.clone(), PlannedOf { delivery, plan }), length)
}

fn skipped(delivery: &Delivery, why: NoPlan) -> Attempt {
    Attempt {
        at: clock::now(),
        webhook: delivery.webhook.clone(),
        delivery: delivery.id.clone(),
        event: delivery.event.id.clone(),
        kind: delivery.event.kind,
        lineitem: delivery.event.lineitem,
        number: 0,
        outcome: attempt::Outcome::Skipped,
        reason: why.text().to_owned(),
        status: None,
        duration_ms: 0,
        next_at: None,
        request: None,
        answer: None,
        test: delivery.test,
    }
}
