//! What the sender does with one delivery.

use crate::away::Away;
use crate::client::Client;
use crate::execute::{self, Attempted};
use crate::gate::{Entry, Gate};
use crate::record::{self, Records};
use crate::telemetry;
use crate::verdict::Class;
use broker::Queue;
use contract::attempt::Outcome as Ended;
use contract::delivery::{Delivery, Planned};
use contract::envelope::{self, Line};
use contract::id::DeliveryId;
use contract::limits;
use contract::retry::{self, Roll};
use contract::webhook::{Status, Webhook};
use runtime::clock;
use stage::{Enveloped, Handler, Made, Outcome, Poison, Taken, Unavailable, envelopes};
use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{ChangeError, Secrets, Store};

const INACTIVE: &str = "the webhook is inactive";
const REMOVED: &str = "the webhook does not exist any more";
const GONE: &str = "the endpoint answered 410 Gone";

/// Executes plans.
pub struct Sender {
    client: Client,
    store: Store,
    gate: Gate,
    records: Records,
    /// Deliveries that were sent back to the formatter a moment ago.
    sent_back: Mutex<HashSet<DeliveryId>>,
}

/// What is known about a message before its lines are handled.
#[derive(Debug, Default)]
pub struct Message {
    id: String,
    /// More than one line: one that is delivered must not be sent again because another one is not.
    shared: bool,
    /// Delivered when the message was handed out before.
    done: HashSet<DeliveryId>,
    marked: AtomicBool,
}

/// The store is away, or what it has can't be used.
enum Trouble {
    Away(Unavailable),
    Unusable(String),
}

impl From<envelope::Error> for Trouble {
    fn from(error: envelope::Error) -> Self {
        Self::Unusable(error.to_string())
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        if error.is_unavailable() { Self::Away(away(error)) } else { Self::Unusable(error.to_string()) }
    }
}

impl Handler for Sender {
    const NAME: &'static str = "sender";
    type Item = Enveloped<Planned>;
    type Prepared = Message;

    fn split(&self, message: &Taken) -> Vec<Result<Self::Item, Poison>> {
        envelopes(message)
    }

    /// Units of the sender are single messages.
    async fn prepare(&self, messages: &[Taken], _items: &[Self::Item]) -> Result<Message, Unavailable> {
        let Some(message) = messages.first() else { return Ok(Message::default()) };
        let shared = envelope::lines(&message.body).nth(1).is_some();
        let done = match message.redelivered && shared {
            true => self.store.done_marks().marked(&message.id).await.map_err(away)?,
            false => HashSet::new(),
        };
        Ok(Message { id: message.id.clone(), shared, marked: AtomicBool::new(!done.is_empty()), done })
    }

    async fn handle(&self, message: &Message, item: &Self::Item) -> Result<Outcome, Unavailable> {
        match self.decide(message, item).await {
            Ok(outcome) => Ok(outcome),
            Err(Trouble::Away(unavailable)) => Err(unavailable),
            Err(Trouble::Unusable(why)) => Ok(Outcome::Park(why)),
        }
    }

    async fn acknowledged(&self, message: &Message) {
        // A mark that stays does nothing and expires.
        if message.marked.load(Ordering::Relaxed)
            && let Err(error) = self.store.done_marks().clear(&message.id).await
        {
            tracing::debug!(message.id, %error, "the done marks stay until they expire");
        }
    }
}

impl Sender {
    /// A sender with so many slots.
    pub(crate) fn new(client: Client, store: Store, concurrency: usize) -> Self {
        let away = Away::default();
        let gate = Gate::new(concurrency, store.limits().clone(), away.clone());
        let records = Records::new(store.attempts().clone(), away);
        Self { client, store, gate, records, sent_back: Mutex::default() }
    }

    /// The checks, in their order: done mark, webhook, rate, place in flight. All of it can be repeated up to
    /// the request.
    async fn decide(&self, message: &Message, item: &Enveloped<Planned>) -> Result<Outcome, Trouble> {
        let Planned { delivery, plan } = &item.body;
        // Before the status: a neighbour's 410 must not make an undelivered one of what has arrived.
        if message.done.contains(&delivery.id) {
            telemetry::repeat_avoided();
            return Ok(Outcome::Skip("already_delivered"));
        }
        let Some(webhook) = self.webhook(&item.body).await? else {
            return self.not_sent(item, REMOVED).await;
        };
        if webhook.status != Status::Active && !delivery.test {
            return self.not_sent(item, INACTIVE).await;
        }
        if plan.config_version < webhook.version && !delivery.test {
            return self.send_back(item);
        }
        let place = match self.gate.enter(&webhook, roll()).await {
            Entry::Go(place) => place,
            Entry::Later { after, why } => return Ok(Outcome::Defer { after, why }),
        };
        let secrets = self.secrets(&webhook).await?;
        let attempted = execute::execute(&self.client, &webhook, &secrets, &item.body).await;
        drop(place);
        let Some(attempted) = attempted else { return Ok(Outcome::Park("the plan has no steps".to_owned())) };
        Ok(self.conclude(message, item, &webhook, &attempted).await)
    }

    /// The webhook as it is now, or as new as the plan is: the cache may not have heard of the change yet.
    async fn webhook(&self, planned: &Planned) -> Result<Option<Arc<Webhook>>, Trouble> {
        let id = &planned.delivery.webhook;
        let cached = self.store.directory().webhook(id).await?;
        match cached {
            Some(webhook) if webhook.version >= planned.plan.config_version => Ok(Some(webhook)),
            _ => Ok(self.store.webhooks().get(id).await?.map(Arc::new)),
        }
    }

    async fn secrets(&self, webhook: &Webhook) -> Result<Arc<Secrets>, Trouble> {
        Ok(self.store.directory().secrets(&webhook.id).await?.unwrap_or_default())
    }

    /// The plan is older than the webhook: the formatter makes it anew. When the formatter's cache is older
    /// still, the plan comes back unchanged, and has to wait a second before it goes round again.
    fn send_back(&self, item: &Enveloped<Planned>) -> Result<Outcome, Trouble> {
        let delivery = &item.body.delivery;
        let mut sent_back = self.sent_back.lock().unwrap_or_else(PoisonError::into_inner);
        if sent_back.remove(&delivery.id) {
            return Ok(Outcome::Defer { after: Duration::from_secs(1), why: "plan_outdated" });
        }
        if sent_back.len() >= limits::SENT_BACK_KEPT {
            sent_back.clear();
        }
        sent_back.insert(delivery.id.clone());
        drop(sent_back);
        let line = Line::new(item.header.clone(), delivery);
        let (queue, length) = (Queue::Formatter(item.header.lane), delivery.event.body.get().len());
        Ok(Outcome::Forward(vec![Made::line(queue, &line, length)?]))
    }

    /// Nothing is sent, and nothing will be until someone replays it.
    async fn not_sent(&self, item: &Enveloped<Planned>, reason: &'static str) -> Result<Outcome, Trouble> {
        let delivery = &item.body.delivery;
        let attempt = record::nothing_sent(delivery, clock::now(), reason);
        self.records.instead_of_a_request(&attempt).await.map_err(Trouble::Away)?;
        if delivery.test {
            return Ok(Outcome::Skip("test_failed"));
        }
        Ok(undelivered(item, reason))
    }

    /// A request was made. From here on nothing may lead to making it again at once.
    async fn conclude(
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
            Class::Gone => (Ended::Undelivered, None),
            Class::Failed { .. } if delivery.test => (Ended::Undelivered, None),
            Class::Failed { class, hint } => match retry::next(number, class, hint, roll()) {
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
        self.records.after_a_request(&record::sent(delivery, attempted, number, ended, again)).await;
        match (ended, again) {
            (Ended::Delivered, _) => Outcome::Forward(Vec::new()),
            (_, Some(after)) => Outcome::Retry { after, why: attempted.verdict.reason.clone() },
            _ if delivery.test => Outcome::Skip("test_failed"),
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

    async fn deactivate(&self, webhook: &Webhook, delivery: &Delivery) {
        let change = |webhook: &mut Webhook| {
            webhook.deactivate(Some(GONE));
            Ok::<(), Infallible>(())
        };
        match self.store.webhooks().change(&webhook.id, change).await {
            Ok(_) => telemetry::gone(webhook.id.as_str()),
            // The next delivery meets the same 410.
            Err(ChangeError::Store(error)) => self.records.unwritten("deactivation", &delivery.id, &error),
            Err(error) => tracing::warn!(webhook.id = %webhook.id, %error, "the webhook stays active after a 410"),
        }
    }
}

/// Kept as a delivery, so that a replay is rendered anew and starts from its first try.
fn undelivered(item: &Enveloped<Planned>, why: &str) -> Outcome {
    let delivery = &item.body.delivery;
    let mut header = item.header.for_id(delivery.id.as_str());
    header.why = Some(why.to_owned());
    match Line::new(header, delivery).encode(delivery.event.body.get().len()) {
        Ok(line) => Outcome::Undelivered { webhook: delivery.webhook.clone(), line, why: why.to_owned() },
        Err(error) => Outcome::Park(error.to_string()),
    }
}

fn away(error: store::Error) -> Unavailable {
    Unavailable::new("store", error)
}

fn roll() -> Roll {
    Roll::new(rand::random())
}
