//! What the sender does with one delivery.

use crate::away::Away;
use crate::client::Client;
use crate::execute::{self, Attempted};
use crate::gate::{Entry, Gate};
use crate::record::{self, Records};
use crate::spent::Spent;
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
use tokio::time::Instant;

const INACTIVE: &str = "the webhook is inactive";
const REMOVED: &str = "the webhook does not exist any more";
const NO_SECRETS: &str = "the webhook's credentials are missing: set them again";
const DAMAGED: &str = "what is stored of the webhook can't be read";
const GONE: &str = "the endpoint answered 410 Gone";

/// Executes plans.
pub struct Sender {
    client: Client,
    store: Store,
    gate: Gate,
    records: Records,
    /// Deliveries that were sent back to the formatter a moment ago.
    sent_back: Mutex<HashSet<DeliveryId>>,
    /// Acknowledged messages whose done marks are still there.
    spent: Spent,
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

/// Why there is no outcome yet.
enum Trouble {
    /// Something that every delivery needs is away: all of it waits.
    Away(Unavailable),
    /// What is stored of this webhook can't be used: its deliveries are kept for replay.
    NotSent(&'static str),
    /// The line itself can't be handled.
    Broken(envelope::Error),
}

impl From<envelope::Error> for Trouble {
    fn from(error: envelope::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        match error {
            error @ store::Error::Unavailable(_) => Self::Away(Unavailable::new("store", error)),
            // This process lacks a key that others have: nothing is wrong with any delivery.
            error @ (store::Error::UnknownKey { .. } | store::Error::NoKey { .. }) => {
                Self::Away(Unavailable::new("secret_key", error))
            }
            error @ (store::Error::Corrupt { .. } | store::Error::TooLong { .. }) => {
                telemetry::unreadable(&error);
                Self::NotSent(DAMAGED)
            }
        }
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
            true => self.done(&message.id).await?,
            false => HashSet::new(),
        };
        Ok(Message { id: message.id.clone(), shared, marked: AtomicBool::new(!done.is_empty()), done })
    }

    async fn handle(&self, message: &Message, item: &Self::Item) -> Result<Outcome, Unavailable> {
        match self.decide(message, item).await {
            Ok(outcome) => Ok(outcome),
            Err(Trouble::Away(unavailable)) => Err(unavailable),
            Err(Trouble::NotSent(why)) => self.not_sent(item, why).await,
            Err(Trouble::Broken(error)) => Ok(Outcome::Park(error.to_string())),
        }
    }

    async fn acknowledged(&self, message: &Message) {
        if !message.marked.load(Ordering::Relaxed) {
            return;
        }
        for id in self.spent.add(message.id.clone(), Instant::now()) {
            // A mark that stays does nothing and expires.
            if let Err(error) = self.store.done_marks().clear(&id).await {
                tracing::debug!(message.id = id, %error, "the done marks stay until they expire");
            }
        }
    }
}

impl Sender {
    /// A sender with so many slots.
    pub(crate) fn new(client: Client, store: Store, concurrency: usize) -> Self {
        let away = Away::default();
        let gate = Gate::new(concurrency, store.limits().clone(), away.clone());
        let records = Records::new(store.attempts().clone(), away);
        Self { client, store, gate, records, sent_back: Mutex::default(), spent: Spent::default() }
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
        let webhook = self.webhook(&item.body).await?.ok_or(Trouble::NotSent(REMOVED))?;
        if webhook.status != Status::Active && !delivery.test {
            return Err(Trouble::NotSent(INACTIVE));
        }
        if plan.config_version < webhook.version && !delivery.test {
            return self.send_back(item);
        }
        let place = match self.gate.enter(&webhook, roll()).await {
            Entry::Go(place) => place,
            Entry::Later { after, why } => return Ok(Outcome::Defer { after, why }),
        };
        let Some(secrets) = self.secrets(&webhook).await? else {
            return Ok(Outcome::Defer { after: Duration::from_secs(1), why: "credentials_changing" });
        };
        let attempted = execute::execute(&self.client, &webhook, &secrets, &item.body, item.header.lane).await;
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

    /// The secrets for this webhook's endpoint. Webhook and secrets are changed together, but read and cached
    /// apart: after a change one can be newer than the other. None when they are of two origins, or when the webhook itself
    /// turns out to be an old one.
    async fn secrets(&self, webhook: &Webhook) -> Result<Option<Arc<Secrets>>, Trouble> {
        let cached = self.store.directory().secrets(&webhook.id).await?;
        if let Some(secrets) = cached.filter(|secrets| secrets.are_for(&webhook.endpoint)) {
            return Ok(Some(secrets));
        }
        let stored = self.store.webhooks().get(&webhook.id).await?.ok_or(Trouble::NotSent(REMOVED))?;
        let secrets = self.store.credentials().get(&webhook.id).await?.ok_or(Trouble::NotSent(NO_SECRETS))?;
        let current = stored.version == webhook.version && secrets.are_for(&stored.endpoint);
        Ok(current.then(|| Arc::new(secrets)))
    }

    /// What was delivered when the message was handed out before. Marks that can't be read cost a repeat.
    async fn done(&self, message: &str) -> Result<HashSet<DeliveryId>, Unavailable> {
        match self.store.done_marks().marked(message).await {
            Err(error) if error.is_unavailable() => Err(Unavailable::new("store", error)),
            Err(error) => {
                telemetry::unreadable(&error);
                Ok(HashSet::new())
            }
            Ok(done) => Ok(done),
        }
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
    async fn not_sent(&self, item: &Enveloped<Planned>, reason: &'static str) -> Result<Outcome, Unavailable> {
        let delivery = &item.body.delivery;
        let attempt = record::nothing_sent(delivery, clock::now(), reason);
        self.records.instead_of_a_request(&attempt, &item.header.trace).await?;
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
        let attempt = record::sent(delivery, attempted, number, ended, again);
        self.records.after_a_request(&attempt, &item.header.trace).await;
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

fn roll() -> Roll {
    Roll::new(rand::random())
}
