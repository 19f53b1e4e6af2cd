//! What the sender does with one delivery.

use crate::Config;
use crate::auth::Party;
use crate::away::Away;
use crate::backfills::{Backfills, Standing};
use crate::client::Client;
use crate::conclude::later;
use crate::execute::{Executor, Job, Ran, Ready};
use crate::gate::{Entry, Gate};
use crate::memory::Memory;
use crate::record::Records;
use crate::spent::Spent;
use crate::telemetry;
use contract::backfill::Settled;
use contract::delivery::Planned;
use contract::envelope;
use contract::id::DeliveryId;
use contract::limits;
use contract::retry::Roll;
use contract::webhook::Status;
use runtime::clock;
use stage::{Enveloped, Handler, Outcome, Poison, Taken, Unavailable, envelopes};
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::{Ends, Store};
use tokio::time::Instant;

/// What a skip of a delivery that the receiver has already is called.
pub(crate) const ARRIVED_BEFORE: &str = "already_delivered";
const INACTIVE: &str = "the webhook is inactive";
pub(crate) const REMOVED: &str = "the webhook does not exist any more";
/// How long a delivery of a paused backfill waits before it is looked at again.
const PAUSED: Duration = Duration::from_millis(limits::BACKFILL_PAUSED_MS);
const DAMAGED: &str = "what is stored of the webhook can't be read";

/// Executes plans.
pub struct Sender {
    pub(crate) executor: Executor,
    pub(crate) store: Store,
    pub(crate) records: Records,
    backfills: Backfills,
    /// Deliveries that were sent back to the formatter a moment ago.
    pub(crate) sent_back: Mutex<HashSet<DeliveryId>>,
    /// Acknowledged messages whose done marks are still there.
    spent: Spent,
}

/// What is known about a message before its lines are handled.
#[derive(Debug, Default)]
pub struct Message {
    pub(crate) id: String,
    /// More than one line: one that is delivered must not be sent again because another one is not.
    pub(crate) shared: bool,
    /// It was handed out before; what came of that is unknown.
    pub(crate) redelivered: bool,
    /// Delivered when the message was handed out before.
    done: HashSet<DeliveryId>,
    pub(crate) marked: AtomicBool,
    /// Deliveries of backfills that ended.
    ends: Ends,
}

/// Why there is no outcome yet.
pub(crate) enum Trouble {
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
        let (id, redelivered) = (message.id.clone(), message.redelivered);
        let marked = AtomicBool::new(!done.is_empty());
        Ok(Message { id, shared, redelivered, marked, done, ends: Ends::default() })
    }

    async fn handle(&self, message: &Message, item: &Self::Item) -> Result<Outcome, Unavailable> {
        let outcome = match self.decide(message, item).await {
            Ok(outcome) => outcome,
            Err(Trouble::Away(unavailable)) => return Err(unavailable),
            Err(Trouble::NotSent(why)) => self.not_sent(item, why).await?,
            Err(Trouble::Broken(error)) => Outcome::Park(error.to_string()),
        };
        let arrived = matches!(outcome, Outcome::Skip(ARRIVED_BEFORE)).then_some(Settled::Done);
        message.ends.note(&item.header, item.body.delivery.id.clone(), arrived.or_else(|| outcome.end()));
        Ok(outcome)
    }

    async fn confirmed(&self, message: &Message, _decided: &[&Self::Item]) {
        message.ends.tell(self.store.backfills()).await;
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
    /// A sender with the slots and the memory that are configured.
    pub(crate) fn new(client: Client, store: Store, config: &Config) -> Self {
        let away = Away::default();
        let gate = Gate::new(config.concurrency, store.limits().clone(), away.clone());
        let memory = Memory::new(&store, store.ledger().keeping(config.ledger));
        let executor = Executor::new(client, &store, memory, gate);
        let records = Records::new(store.attempts().clone(), away);
        let backfills = Backfills::new(&store);
        Self { executor, store, records, backfills, sent_back: Mutex::default(), spent: Spent::default() }
    }

    /// The checks, in their order: done mark, webhook, what the plan needs, rate, place in flight. All of it can be
    /// repeated up to the request.
    async fn decide(&self, message: &Message, item: &Enveloped<Planned>) -> Result<Outcome, Trouble> {
        let Planned { delivery, plan, .. } = &item.body;
        // Before the status: a neighbour's 410 must not make an undelivered one of what has arrived.
        if message.done.contains(&delivery.id) {
            telemetry::repeat_avoided();
            return Ok(Outcome::Skip(ARRIVED_BEFORE));
        }
        match self.backfills.standing(&item.header).await? {
            Standing::Goes => self.backfills.came(&item.header, clock::now()).await,
            Standing::Waits => return Ok(Outcome::Defer { after: PAUSED, why: "backfill_paused", body: None }),
            Standing::Drops => return Ok(Outcome::Skip("backfill_cancelled")),
        }
        let webhook = self.webhook(&item.body).await?.ok_or(Trouble::NotSent(REMOVED))?;
        if webhook.status != Status::Active && !delivery.test {
            return Err(Trouble::NotSent(INACTIVE));
        }
        if plan.config_version < webhook.version && !delivery.test {
            return self.send_back(message, item);
        }
        if plan.steps.is_empty() {
            return Ok(Outcome::Park("the plan has no steps".to_owned()));
        }
        let values = match self.executor.prepare(&item.body, message.redelivered, clock::now()).await? {
            Ready::Go(values) => values,
            Ready::Already => return self.already(item).await,
            Ready::Skip(why) => return self.skip(item, why).await,
            Ready::NotYet => return self.not_yet(item).await,
        };
        let place = match self.executor.gate.enter(&webhook, roll()).await {
            Entry::Go(place) => place,
            Entry::Later { after, why } => return Ok(Outcome::Defer { after, why, body: None }),
        };
        let Some(secrets) = self.secrets(&webhook).await? else {
            let why = "credentials_changing";
            return Ok(Outcome::Defer { after: Duration::from_secs(1), why, body: None });
        };
        let party = Party { webhook: &webhook, connection: webhook.speaks(), secrets: &secrets };
        let job = Job { planned: &item.body, party, lane: item.header.lane, redelivered: message.redelivered };
        let ran = self.executor.run(&job, values).await?;
        drop(place);
        match ran {
            Ran::Attempted(attempted) => Ok(self.conclude(message, item, &webhook, &attempted).await),
            Ran::Later { after, why, progress } => Ok(later(item, after, why, &progress)),
        }
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
}

pub(crate) fn roll() -> Roll {
    Roll::new(rand::random())
}
