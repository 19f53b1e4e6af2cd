//! The sender against real sockets and the embedded store.

mod credentials;
mod deliveries;
mod exchanges;
mod guarding;
mod native;
mod outcomes;
mod pacing;
mod role;
mod tls;

use crate::Config;
use crate::client::{Client, Patience};
use crate::guard::{Guard, LookedUp, Lookup, SystemLookup};
use crate::handler::Sender;
use broker::{BackendConfig, Broker};
use contract::attempt::Attempt;
use contract::delivery::{Delivery, Planned};
use contract::envelope::{Header, Line};
use contract::event::{Event, Kind, Status as Paid};
use contract::id::{EntityId, EventId, WebhookId};
use contract::lane::Lane;
use contract::plan::{Body, Method, Plan, Progress, Step};
use contract::signature::SigningSecret;
use contract::webhook::{Endpoint, Options, Type, Webhook};
use jiff::Timestamp;
use runtime::clock;
use runtime::health::Health;
use runtime::task::Tasks;
use serde_json::value::RawValue;
use stage::{Enveloped, Handler, Outcome, Taken};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use store::{Authorization, SecretKeys, Secrets, SigningKey, Store};
use tempfile::TempDir;

/// Numbers and order as upstream wrote them: a request must carry exactly these bytes.
const BODY: &str = r#"{"lineitems":[{"lineitemId":612004411,"amount":"27.50"}],"donor":{"firstname":"Marisol","email":"m@example.org"},"x":1.10}"#;
const SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A sender with a store of its own.
struct Rig {
    sender: Sender,
    store: Store,
    tasks: Tasks,
    dir: TempDir,
}

impl Rig {
    async fn new() -> Self {
        Self::with(client(&["127.0.0.1/32"], Arc::new(SystemLookup::new(4))), 64).await
    }

    async fn with(client: Client, concurrency: usize) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let tasks = Tasks::new();
        let store = store(&dir, &tasks).await;
        let sender = Sender::new(client, store.clone(), &Config { concurrency, ..Config::default() });
        Self { sender, store, tasks, dir }
    }

    /// The same state, seen by a sender that has other keys.
    async fn with_keys(self, keys: SecretKeys) -> Self {
        let Self { sender, store, tasks, dir } = self;
        store.close().await;
        drop((store, sender));
        Self::open(dir, tasks, keys).await
    }

    /// Puts these bytes in the place of the webhook's sealed secrets, or removes them.
    async fn damage(self, webhook: &Webhook, sealed: Option<&[u8]>) -> Self {
        let Self { sender, store, tasks, dir } = self;
        store.close().await;
        drop((store, sender));
        let file = redb::Database::open(dir.path().join("store.redb")).expect("the store let go of it");
        let transaction = file.begin_write().expect("begins");
        {
            let table = redb::TableDefinition::<&str, (u64, &[u8])>::new("secrets");
            let mut secrets = transaction.open_table(table).expect("opens");
            match sealed {
                Some(sealed) => drop(secrets.insert(webhook.id.as_str(), (9, sealed)).expect("writes")),
                None => drop(secrets.remove(webhook.id.as_str()).expect("removes")),
            }
        }
        transaction.commit().expect("commits");
        drop(file);
        let keys = SecretKeys::in_folder(dir.path()).expect("a key");
        Self::open(dir, tasks, keys).await
    }

    /// The same state after the store was closed.
    async fn reopened(self) -> Self {
        let Self { sender, store, tasks, dir } = self;
        drop((store, sender));
        let keys = SecretKeys::in_folder(dir.path()).expect("a key");
        Self::open(dir, tasks, keys).await
    }

    async fn open(dir: TempDir, tasks: Tasks, keys: SecretKeys) -> Self {
        let store = store_with(&dir, &tasks, keys).await;
        let sender =
            Sender::new(client(&["127.0.0.1/32"], Arc::new(SystemLookup::new(4))), store.clone(), &Config::default());
        Self { sender, store, tasks, dir }
    }

    /// An active webhook with this endpoint.
    async fn webhook(&self, name: &str, url: &str, set: impl FnOnce(&mut Webhook, &mut Secrets)) -> Webhook {
        add_webhook(&self.store, name, url, set).await
    }

    async fn handle(&self, planned: &Planned) -> Outcome {
        self.handle_attempt(planned, 0).await
    }

    async fn handle_attempt(&self, planned: &Planned, attempt: u32) -> Outcome {
        let mut outcomes = self.handle_message(&message(&[(planned, attempt)], false)).await;
        outcomes.pop().expect("one line")
    }

    /// Handles a message as the stage does, up to the settling.
    async fn handle_message(&self, message: &Taken) -> Vec<Outcome> {
        let items = self.split(message);
        let prepared = self.sender.prepare(std::slice::from_ref(message), &items).await.expect("prepares");
        let mut outcomes = Vec::new();
        for item in &items {
            outcomes.push(self.sender.handle(&prepared, item).await.expect("the store is there"));
        }
        outcomes
    }

    fn split(&self, message: &Taken) -> Vec<Enveloped<Planned>> {
        self.sender.split(message).into_iter().map(|item| item.expect("decodes")).collect()
    }

    async fn attempts(&self, webhook: &Webhook) -> Vec<Attempt> {
        self.store.attempts().list(&webhook.id, None, 1_000).await.expect("the store is there").attempts
    }

    async fn reread(&self, webhook: &Webhook) -> Webhook {
        self.store.webhooks().get(&webhook.id).await.expect("the store is there").expect("it exists")
    }

    async fn end(self) {
        self.store.close().await;
        self.tasks.stop().cancel();
        self.tasks.finished().await;
    }
}

async fn store(dir: &TempDir, tasks: &Tasks) -> Store {
    store_with(dir, tasks, SecretKeys::in_folder(dir.path()).expect("a key")).await
}

async fn store_with(dir: &TempDir, tasks: &Tasks, secret_key: SecretKeys) -> Store {
    let backend = store::BackendConfig::Embedded { dir: dir.path().to_owned() };
    let config = store::Config { backend, key_prefix: String::new(), secret_key };
    Store::open(config, tasks, &Health::default()).await.expect("opens")
}

async fn broker(dir: &TempDir, tasks: &Tasks) -> Broker {
    let config = broker::Config {
        backend: BackendConfig::Embedded { dir: dir.path().to_owned() },
        queue_prefix: String::new(),
        connection_name: "sender".to_owned(),
        history_age: Duration::from_secs(3_600),
        history_bytes: 1 << 20,
    };
    Broker::open(config, tasks, &Health::default()).await.expect("opens")
}

async fn add_webhook(store: &Store, name: &str, url: &str, set: impl FnOnce(&mut Webhook, &mut Secrets)) -> Webhook {
    let now = clock::now();
    let mut webhook = Webhook {
        id: WebhookId::parse(&format!("wh_{name}")).expect("valid"),
        version: 1,
        entity: EntityId(7),
        kind: Type::DEFAULT,
        connection: None,
        settings: contract::catalogue::Settings::default(),
        endpoint: Endpoint::parse(url).expect("a URL"),
        status: contract::webhook::Status::Draft,
        status_reason: None,
        options: Options { rate_per_s: contract::webhook::Rate::per_s(1_000), ..Options::default() },
        created_at: now,
        updated_at: now,
        activated_at: None,
    };
    webhook.activate(now);
    let mut secrets = Secrets {
        authorization: Authorization::Basic { username: "ana".to_owned(), password: "correct horse".into() },
        headers: Vec::new(),
        signing: vec![SigningKey {
            secret: SigningSecret::parse(SIGNING).expect("valid"),
            private: None,
            made_at: now,
            replaced_at: None,
        }],
        origin: Some(webhook.endpoint.origin()),
        ..Secrets::default()
    };
    set(&mut webhook, &mut secrets);
    store.webhooks().add(&webhook, &secrets).await.expect("adds");
    webhook
}

/// Short times, and room for slow machines.
fn patience() -> Patience {
    Patience { connect: Duration::from_millis(1_000), total: Duration::from_millis(1_500) }
}

fn client(allowed: &[&str], lookup: Arc<dyn Lookup>) -> Client {
    let allowed: Vec<ipnet::IpNet> = allowed.iter().map(|net| net.parse().expect("a network")).collect();
    Client::new(Guard::new(&allowed, lookup), patience(), None).expect("builds")
}

/// Answers every lookup with the next of these, the last one again and again.
struct Scripted(std::sync::Mutex<Vec<Vec<IpAddr>>>);

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect();
        Arc::new(Self(std::sync::Mutex::new(answers.iter().rev().map(parse).collect())))
    }
}

impl Lookup for Scripted {
    fn lookup(&self, _name: &str) -> LookedUp {
        let mut answers = self.0.lock().expect("no test panics in here");
        let answer = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() };
        Box::pin(async move { Ok(answer.unwrap_or_default()) })
    }
}

/// The `number`th event, planned for the webhook as it is.
fn planned(webhook: &Webhook, number: u64) -> Planned {
    let event = Event {
        id: EventId::derive(&["contribution", &number.to_string()]),
        kind: Kind::Contribution,
        entity: webhook.entity,
        lineitem: number,
        status: Some(Paid::Approved),
        received_at: clock::now(),
        occurred_at: None,
        managing_entity: None,
        upstream_id: None,
        body: raw(BODY),
        tracking: None,
    };
    let step = Step::new("deliver", Method::Post, Body::Event);
    let plan = Plan { signed: true, ..Plan::new(webhook.version, vec![step]) };
    Planned { delivery: Delivery::new(event, webhook.id.clone()), plan, progress: Progress::default() }
}

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).expect("JSON")
}

/// A message with these lines, each with the attempts it has behind it.
fn message(lines: &[(&Planned, u32)], redelivered: bool) -> Taken {
    let lines: Vec<String> = lines.iter().map(|(planned, attempt)| line(planned, *attempt)).collect();
    Taken { id: "message-1".to_owned(), redelivered, body: lines.join("\n").into() }
}

fn line(planned: &Planned, attempt: u32) -> String {
    let first_at: Timestamp = clock::now();
    let mut header = Header::new(planned.delivery.id.as_str(), "00-1-1-01".to_owned(), Lane::Live, first_at);
    header.attempt = attempt;
    let line = Line::new(header, planned).encode(0).expect("encodes");
    String::from_utf8(line.to_vec()).expect("JSON is text")
}
