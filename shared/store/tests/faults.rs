//! What the store does while Redis is away, and what the embedded file holds after a crash.
#![expect(clippy::expect_used, clippy::panic, reason = "a helper of a test fails the test")]

use contract::attempt::{Attempt, Outcome};
use contract::event::Kind;
use contract::id::{DeliveryId, EntityId, EventId, WebhookId};
use contract::webhook::{Endpoint, Options, Status, Type, Webhook};
use jiff::Timestamp;
use runtime::health::Health;
use runtime::task::Tasks;
use std::convert::Infallible;
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};
use store::{BackendConfig, Config, Entry, Error, OpenError, Place, SecretKeys, Secrets, Store};
use testkit::proxy::Proxy;
use testkit::redis::Redis;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn open(backend: BackendConfig, health: &Health) -> Result<Store, OpenError> {
    let secret_key = SecretKeys::parse(&"01".repeat(32).into()).expect("a key");
    let config = Config { backend, key_prefix: "test:".to_owned(), secret_key };
    Store::open(config, &Tasks::new(), health).await
}

async fn on_redis(url: &str, health: &Health) -> Store {
    open(BackendConfig::Redis { url: url.into() }, health).await.expect("opens")
}

async fn embedded(dir: &Path) -> Result<Store, OpenError> {
    open(BackendConfig::Embedded { dir: dir.to_owned() }, &Health::default()).await
}

async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("never came true: {what}"));
}

fn id(number: u128) -> WebhookId {
    WebhookId::of_bits(number)
}

fn webhook(number: u128) -> Webhook {
    Webhook {
        id: id(number),
        version: 1,
        entity: EntityId(4411),
        kind: Type::DEFAULT,
        connection: None,
        settings: contract::catalogue::Settings::default(),
        endpoint: Endpoint::parse("https://crm.example.org/hook").expect("an endpoint"),
        status: Status::Draft,
        status_reason: None,
        options: Options::default(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        activated_at: None,
    }
}

fn attempt(outcome: Outcome) -> Attempt {
    let event = EventId::of_bits(1);
    Attempt {
        at: Timestamp::UNIX_EPOCH,
        webhook: id(1),
        delivery: DeliveryId::derive(&event, &id(1)),
        event,
        kind: Kind::Contribution,
        lineitem: 1,
        number: 0,
        outcome,
        reason: "not supported by this destination".to_owned(),
        status: None,
        duration_ms: 0,
        next_at: None,
        request: None,
        answer: None,
        test: false,
    }
}

/// A value for the ledger.
fn entry() -> Entry {
    Entry { at: Place::Line(1), name: "donation_id".to_owned(), value: 7.into() }
}

async fn away(store: &Store) -> bool {
    matches!(store.webhooks().get(&id(1)).await, Err(Error::Unavailable(_)))
}

#[tokio::test]
async fn without_redis_the_store_opens_and_works_as_soon_as_redis_is_there() {
    let mut server = Redis::start_private().await.expect("a Redis");
    server.kill9();
    let health = Health::default();
    let begin = Instant::now();
    let store = on_redis(&server.url(), &health).await;
    assert!(begin.elapsed() < Duration::from_secs(1), "opening waits for nobody");
    assert!(away(&store).await);
    until("the probe says why", async || health.not_ready().iter().any(|(_, why)| why.contains("refused"))).await;

    let _server = server.start_again().await.expect("a Redis");
    until("it is ready", async || health.not_ready().is_empty()).await;
    store.webhooks().add(&webhook(1), &Secrets::default()).await.expect("added");
    assert!(store.webhooks().get(&id(1)).await.expect("read").is_some());
}

#[tokio::test]
async fn while_redis_is_away_the_directory_serves_what_it_knows() {
    let mut server = Redis::start_private().await.expect("a Redis");
    let health = Health::default();
    let store = on_redis(&server.url(), &health).await;
    until("it is ready", async || health.not_ready().is_empty()).await;
    let mut active = webhook(1);
    active.activate(Timestamp::UNIX_EPOCH);
    store.webhooks().add(&active, &Secrets::generate(Timestamp::UNIX_EPOCH)).await.expect("added");
    let directory = store.directory();
    let known = directory.for_entity(EntityId(4411)).await.expect("read");
    assert_eq!(known.len(), 1);
    directory.webhook(&id(1)).await.expect("read");
    directory.secrets(&id(1)).await.expect("read");

    server.kill9();
    until("it is away", async || !health.not_ready().is_empty()).await;
    assert_eq!(directory.for_entity(EntityId(4411)).await.expect("stale"), known);
    assert!(directory.webhook(&id(1)).await.expect("stale").is_some());
    assert!(directory.secrets(&id(1)).await.expect("stale").is_some());
    let unknown = directory.for_entity(EntityId(7)).await.expect_err("not known");
    assert!(unknown.is_unavailable());
    assert!(store.attempts().record(&attempt(Outcome::Delivered)).await.expect_err("away").is_unavailable());
    assert!(
        store.limits().acquire(&id(1), contract::webhook::Rate::per_s(1), 1).await.expect_err("away").is_unavailable()
    );

    assert!(store.ledger().read(&id(1), 1, None, &[]).await.expect_err("away").is_unavailable());
    assert!(store.ledger().write(&id(1), &[entry()]).await.expect_err("away").is_unavailable());
    assert!(store.ledger().forget_resources(&id(1)).await.expect_err("away").is_unavailable());
    assert!(store.leases().take("lease", PATIENCE).await.expect_err("away").is_unavailable());

    let server = server.start_again().await.expect("a Redis");
    until("it is ready", async || health.not_ready().is_empty()).await;
    until("the rest is read", async || directory.for_entity(EntityId(7)).await.is_ok()).await;
    store.attempts().record(&attempt(Outcome::Delivered)).await.expect("recorded");

    // What another process changes now arrives although the announcements broke off.
    let elsewhere = on_redis(&server.url(), &Health::default()).await;
    let change = elsewhere
        .webhooks()
        .change(&id(1), |webhook| {
            webhook.deactivate(None);
            Ok::<(), Infallible>(())
        })
        .await;
    change.expect("changed");
    let changed = async || directory.webhook(&id(1)).await.expect("read").expect("there").status != Status::Active;
    until("the change arrives", changed).await;
}

#[tokio::test]
async fn behind_a_stalled_connection_nothing_that_would_skip_an_event_is_served() {
    let server = Redis::start_private().await.expect("a Redis");
    let proxy = Proxy::before(&server.url()).await.expect("a proxy");
    let health = Health::default();
    let (store, elsewhere) = (on_redis(proxy.url(), &health).await, on_redis(&server.url(), &Health::default()).await);
    until("it is ready", async || health.not_ready().is_empty()).await;
    let directory = store.directory();
    store.webhooks().add(&webhook(1), &Secrets::default()).await.expect("added");
    assert_eq!(directory.for_entity(EntityId(4411)).await.expect("a draft").len(), 1);
    assert_eq!(directory.for_entity(EntityId(7)).await.expect("none").len(), 0);
    assert_eq!(directory.entity_by_name("Harbor").await.expect("none"), None);

    proxy.stall();
    let activate = |webhook: &mut Webhook| {
        webhook.activate(Timestamp::UNIX_EPOCH);
        Ok::<(), Infallible>(())
    };
    elsewhere.webhooks().change(&id(1), activate).await.expect("changed");
    let begin = Instant::now();
    let unavailable = async |entity| directory.for_entity(EntityId(entity)).await.is_err_and(|e| e.is_unavailable());
    until("the draft is not believed", async || unavailable(4411).await).await;
    until("the absence is not believed", async || unavailable(7).await).await;
    let nobody = async || directory.entity_by_name("Harbor").await.is_err_and(|error| error.is_unavailable());
    until("the unknown name is not believed", nobody).await;
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_given_up_and_replaced() {
    let server = Redis::start_private().await.expect("a Redis");
    let mut proxy = Proxy::before(&server.url()).await.expect("a proxy");
    let health = Health::default();
    let store = on_redis(proxy.url(), &health).await;
    until("it is ready", async || health.not_ready().is_empty()).await;

    proxy.stall();
    let begin = Instant::now();
    assert!(away(&store).await);
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    until("the probe says so", async || !health.not_ready().is_empty()).await;
    proxy.cut().await;
    proxy.resume().await.expect("resumes");
    until("it is ready again", async || health.not_ready().is_empty()).await;
    assert!(!away(&store).await);
}

#[tokio::test]
async fn a_url_that_can_never_work_is_an_error_that_shows_no_password() {
    for url in ["", "localhost:6379", "http://localhost", "redis://user:sesame@:x"] {
        let Err(error) = open(BackendConfig::Redis { url: url.into() }, &Health::default()).await else {
            panic!("{url} opened");
        };
        assert!(matches!(error, OpenError::Url(_)), "{url}");
        assert!(!format!("{error} {error:?}").contains("sesame"), "{error:?}");
    }
}

#[tokio::test]
async fn the_file_of_another_process_is_refused_with_its_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = embedded(dir.path()).await.expect("opens");
    let Err(error) = embedded(dir.path()).await else { panic!("opened twice") };
    assert!(matches!(error, OpenError::Locked(_)), "{error:?}");
    assert!(error.to_string().contains("store.redb is in use by another process"), "{error}");
    first.close().await;
    assert!(embedded(dir.path()).await.is_ok());
    assert!(away(&first).await, "a closed store is away");
    assert!(first.ledger().read(&id(1), 1, None, &[]).await.expect_err("closed").is_unavailable());
    assert!(first.ledger().write(&id(1), &[entry()]).await.expect_err("closed").is_unavailable());
}

#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let _store = embedded(&dir.path().join("data")).await.expect("opens");
    let mode = |path: &str| std::fs::metadata(dir.path().join(path)).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/store.redb")), (0o700, 0o600));
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("store.redb"), vec![7; 10_000]).expect("written");
    let Err(error) = embedded(dir.path()).await else { panic!("opened") };
    assert!(matches!(error, OpenError::File { .. }), "{error:?}");
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_crash() {
    let (dir, copy) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let store = embedded(dir.path()).await.expect("opens");
    store.webhooks().add(&webhook(1), &Secrets::generate(Timestamp::UNIX_EPOCH)).await.expect("added");
    store.attempts().record(&attempt(Outcome::Skipped)).await.expect("recorded");
    store.dedup().mark(&[EventId::of_bits(1)], Duration::from_secs(3_600)).await.expect("marked");
    // Who waits for one of these waits for everything that was handed over before it.
    store.done_marks().mark("message", &DeliveryId::of_bits(1)).await.expect("marked");
    store.ledger().write(&id(1), &[entry()]).await.expect("written");

    // The file as a crash at this moment leaves it: nothing was closed.
    std::fs::copy(dir.path().join("store.redb"), copy.path().join("store.redb")).expect("copied");
    let found = embedded(copy.path()).await.expect("opens");
    assert_eq!(found.webhooks().get(&id(1)).await.expect("read"), Some(webhook(1)));
    assert_eq!(found.credentials().get(&id(1)).await.expect("read").expect("there").signing.len(), 1);
    assert_eq!(found.attempts().list(&id(1), None, 10).await.expect("read").attempts.len(), 1);
    assert_eq!(found.dedup().seen(&[EventId::of_bits(1)]).await.expect("read"), [true]);
    assert_eq!(found.done_marks().marked("message").await.expect("read").len(), 1);
    assert_eq!(found.ledger().read(&id(1), 1, None, &[]).await.expect("read").line["donation_id"], 7);
}

#[tokio::test]
async fn a_store_that_is_dropped_without_closing_writes_what_waits_and_lets_go_of_the_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = embedded(dir.path()).await.expect("opens");
    let attempts = store.attempts().clone();
    store.attempts().record(&attempt(Outcome::Delivered)).await.expect("queued");
    drop(store);
    attempts.record(&attempt(Outcome::Delivered)).await.expect("a clone of a part keeps the store open");
    drop(attempts);
    let store = embedded_when_free(dir.path()).await;
    assert_eq!(store.attempts().list(&id(1), None, 10).await.expect("read").attempts.len(), 2);
}

async fn embedded_when_free(dir: &Path) -> Store {
    let opened = tokio::time::timeout(PATIENCE, async {
        loop {
            match embedded(dir).await {
                Ok(store) => return store,
                Err(OpenError::Locked(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(error) => panic!("{error:?}"),
            }
        }
    });
    opened.await.expect("the file is never free")
}
