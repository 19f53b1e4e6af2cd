//! One test's store, and what tests put into it.

use contract::attempt::{Attempt, Outcome};
use contract::event::Kind;
use contract::id::{DeliveryId, EntityId, EventId, WebhookId};
use contract::webhook::{Endpoint, Options, Status, Type, Webhook};
use jiff::Timestamp;
use runtime::health::Health;
use runtime::task::Tasks;
use std::future::Future;
use std::time::Duration;
use store::{BackendConfig, Config, SecretKeys, Store};
use tempfile::TempDir;
use testkit::Isolated;

pub(crate) const KEY: &str = "0101010101010101010101010101010101010101010101010101010101010101";
pub(crate) const OTHER_KEY: &str = "0202020202020202020202020202020202020202020202020202020202020202";

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A store that no other test sees.
pub(crate) struct Place {
    pub(crate) store: Store,
    server: Server,
}

pub(crate) enum Server {
    Redis(Isolated),
    File(TempDir),
}

impl Place {
    pub(crate) async fn on_redis() -> Self {
        Self::of(Server::Redis(testkit::isolated().await.expect("a Redis"))).await
    }

    pub(crate) async fn embedded() -> Self {
        Self::of(Server::File(tempfile::tempdir().expect("a folder"))).await
    }

    async fn of(server: Server) -> Self {
        Self { store: open(&server, keys(KEY)).await, server }
    }

    pub(crate) const fn server(&self) -> &Server {
        &self.server
    }

    /// The store as another process has it; the embedded file has one process, so there it is a clone.
    pub(crate) async fn elsewhere(&self) -> Store {
        match self.server {
            Server::Redis(_) => open(&self.server, keys(KEY)).await,
            Server::File(_) => self.store.clone(),
        }
    }

    /// Closes the store and opens it again with these keys.
    pub(crate) async fn reopen(&mut self, keys: SecretKeys) {
        self.store.close().await;
        self.store = open(&self.server, keys).await;
    }
}

/// These keys, separated by commas.
pub(crate) fn keys(text: &str) -> SecretKeys {
    SecretKeys::parse(&text.into()).expect("a key")
}

async fn open(server: &Server, secret_key: SecretKeys) -> Store {
    let (backend, key_prefix) = match server {
        Server::Redis(place) => {
            (BackendConfig::Redis { url: place.redis_url.clone().into() }, place.key_prefix.clone())
        }
        Server::File(dir) => (BackendConfig::Embedded { dir: dir.path().to_owned() }, String::new()),
    };
    let config = Config { backend, key_prefix, secret_key };
    let health = Health::default();
    let store = Store::open(config, &Tasks::new(), &health).await.expect("opens");
    until("the store is ready", async || health.not_ready().is_empty()).await;
    store
}

/// Waits for something that another task or the server does.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("never came true: {what}"));
}

pub(crate) fn id(number: u128) -> WebhookId {
    WebhookId::of_bits(number)
}

pub(crate) fn event(number: u128) -> EventId {
    EventId::of_bits(number)
}

pub(crate) fn webhook(number: u128, entity: u64) -> Webhook {
    let at: Timestamp = "2026-11-02T19:05:09Z".parse().expect("a time");
    Webhook {
        id: id(number),
        version: 1,
        entity: EntityId(entity),
        kind: Type::DEFAULT,
        connection: None,
        settings: contract::catalogue::Settings::default(),
        endpoint: Endpoint::parse("https://crm.example.org/hook?list=7").expect("an endpoint"),
        status: Status::Draft,
        status_reason: None,
        options: Options { nickname: Some("Spring – été".to_owned()), ..Options::default() },
        created_at: at,
        updated_at: at,
        activated_at: None,
    }
}

/// The `number`th attempt of a webhook, each at a delivery of its own.
pub(crate) fn attempt(webhook: &WebhookId, number: u32, outcome: Outcome) -> Attempt {
    let event = event(u128::from(number));
    Attempt {
        at: Timestamp::from_second(1_790_000_000 + i64::from(number)).expect("a time"),
        webhook: webhook.clone(),
        delivery: DeliveryId::derive(&event, webhook),
        event,
        kind: Kind::Contribution,
        lineitem: 612_004_411,
        number: 1,
        outcome,
        reason: format!("attempt {number}"),
        status: Some(200),
        duration_ms: 12,
        next_at: None,
        request: None,
        answer: Some(format!("answer {number}")),
        test: false,
    }
}
