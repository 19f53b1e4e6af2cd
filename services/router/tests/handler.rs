//! What the router makes of an event: a delivery for each webhook that takes it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

use broker::Queue;
use contract::delivery::{Delivery, Routed};
use contract::envelope::{Header, Line};
use contract::event::Event;
use contract::id::{EntityId, WebhookId};
use contract::lane::Lane;
use contract::upstream;
use contract::webhook::{Endpoint, Options, Status, Type, Webhook};
use jiff::Timestamp;
use router::Router;
use runtime::health::Health;
use runtime::task::Tasks;
use stage::{Enveloped, Handler, Made, Outcome, Taken};
use std::time::Duration;
use store::{BackendConfig, Config, Entity, SecretKeys, Secrets, Store};
use tempfile::TempDir;
use testkit::builders::{Message, message};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ENTITY: u64 = 4_411;
const MANAGER: u64 = 77;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

struct Place {
    store: Store,
    _folder: TempDir,
}

impl Place {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backend = BackendConfig::Embedded { dir: folder.path().to_owned() };
        Self { store: open(backend, "").await, _folder: folder }
    }

    /// A webhook that was activated at second 100.
    async fn webhook(&self, number: u128, entity: u64, set: impl FnOnce(&mut Webhook)) -> WebhookId {
        let webhook = webhook(number, entity, set);
        self.store.webhooks().add(&webhook, &Secrets::default()).await.unwrap();
        webhook.id
    }

    async fn route(&self, event: &Event, lane: Lane, only: Option<WebhookId>) -> Outcome {
        handle(&self.store, event, lane, only).await
    }
}

async fn open(backend: BackendConfig, key_prefix: &str) -> Store {
    let secret_key = SecretKeys::parse(&"01".repeat(32).into()).unwrap();
    let config = Config { backend, key_prefix: key_prefix.to_owned(), secret_key };
    Store::open(config, &Tasks::new(), &Health::default()).await.unwrap()
}

fn webhook(number: u128, entity: u64, set: impl FnOnce(&mut Webhook)) -> Webhook {
    let mut webhook = Webhook {
        id: WebhookId::of_bits(number),
        version: 1,
        entity: EntityId(entity),
        kind: Type::DEFAULT,
        connection: None,
        settings: contract::catalogue::Settings::default(),
        endpoint: Endpoint::parse("https://crm.example.org/hook").unwrap(),
        status: Status::Active,
        status_reason: None,
        options: Options::default(),
        created_at: at(1),
        updated_at: at(1),
        activated_at: Some(at(100)),
    };
    set(&mut webhook);
    webhook
}

fn event(message: &Message, received_at: i64) -> Event {
    upstream::native(&message.to_vec(), at(received_at)).unwrap().remove(0)
}

fn contribution() -> Message {
    message("contribution").entity(ENTITY)
}

/// What the handler makes of the event as it comes from ingest.
async fn handle(store: &Store, event: &Event, lane: Lane, only: Option<WebhookId>) -> Outcome {
    let header = Header::new(event.id.as_str(), "00-trace".to_owned(), lane, event.received_at);
    let body = Routed { event: event.clone(), webhook: only };
    let body = Line::new(header, body).encode(1_000).unwrap();
    let router = Router::new(store.directory().clone(), store.backfills().clone());
    let items: Vec<Enveloped<Routed>> =
        router.split(&Taken { id: "m".to_owned(), redelivered: false, body }).into_iter().map(Result::unwrap).collect();
    let ends = router.prepare(&[], &items).await.unwrap();
    router.handle(&ends, &items[0]).await.unwrap()
}

/// The webhooks that get a delivery, and on which lane.
fn forwarded(outcome: Outcome) -> Vec<(WebhookId, Lane)> {
    let Outcome::Forward(made) = outcome else { panic!("{outcome:?}") };
    let made = made.into_iter().map(|made| match made {
        Made::Line(Queue::Formatter(lane), line) => (Line::<Delivery>::decode(&line).unwrap(), lane),
        other => panic!("{other:?}"),
    });
    made.map(|(line, lane)| {
        assert_eq!((line.header.id.as_str(), line.header.lane), (line.body.id.as_str(), lane));
        (line.body.webhook, lane)
    })
    .collect()
}

#[tokio::test]
async fn every_webhook_that_takes_the_event_gets_a_delivery_and_no_other() {
    let place = Place::open().await;
    let one = place.webhook(1, ENTITY, |_| {}).await;
    let two = place.webhook(2, ENTITY, |_| {}).await;
    place.webhook(3, ENTITY, |webhook| webhook.kind = Type::DEFAULT_REFUNDS).await;
    place.webhook(4, ENTITY, |webhook| webhook.deactivate(None)).await;
    place.webhook(5, ENTITY + 1, |_| {}).await;
    let found = forwarded(place.route(&event(&contribution(), 100), Lane::Live, None).await);
    assert_eq!(found, [(one, Lane::Live), (two, Lane::Live)]);
}

#[tokio::test]
async fn an_event_that_nobody_takes_is_a_skip() {
    let place = Place::open().await;
    place.webhook(1, ENTITY, |webhook| webhook.kind = Type::DEFAULT_CANCELLATIONS).await;
    for entity in [ENTITY, ENTITY + 1] {
        let outcome = place.route(&event(&contribution().entity(entity), 100), Lane::Live, None).await;
        assert!(matches!(outcome, Outcome::Skip("no_match")), "{outcome:?}");
    }
}

#[tokio::test]
async fn who_manages_the_form_hears_of_it_when_it_asked_for_all_managed_pages() {
    let place = Place::open().await;
    let manager = Entity { id: EntityId(MANAGER), name: "Harbor Coalition".to_owned(), committee_name: None };
    place.store.entities().put(&manager).await.unwrap();
    let own = place.webhook(1, ENTITY, |_| {}).await;
    let asked = place.webhook(2, MANAGER, |webhook| webhook.options.all_managed_pages = true).await;
    place.webhook(3, MANAGER, |_| {}).await;
    let managed = contribution().field("form.managingEntityName", "Harbor Coalition");
    let found = forwarded(place.route(&event(&managed, 100), Lane::Live, None).await);
    assert_eq!(found, [(own.clone(), Lane::Live), (asked, Lane::Live)]);
    let elsewhere = contribution().field("form.managingEntityName", "Nobody");
    assert_eq!(forwarded(place.route(&event(&elsewhere, 100), Lane::Live, None).await), [(own, Lane::Live)]);
}

#[tokio::test]
async fn a_backfill_goes_to_the_webhook_that_it_is_for_and_meets_live_without_gap_or_repeat() {
    let place = Place::open().await;
    let (one, _two) = (place.webhook(1, ENTITY, |_| {}).await, place.webhook(2, ENTITY, |_| {}).await);
    let before = event(&contribution(), 99);
    let found = forwarded(place.route(&before, Lane::Backfill, Some(one.clone())).await);
    assert_eq!(found, [(one.clone(), Lane::Backfill)]);
    let skipped = [
        place.route(&before, Lane::Live, None).await,
        place.route(&event(&contribution(), 100), Lane::Backfill, Some(one)).await,
        place.route(&before, Lane::Backfill, Some(WebhookId::of_bits(9))).await,
    ];
    assert!(skipped.iter().all(|outcome| matches!(outcome, Outcome::Skip("no_match"))), "{skipped:?}");
    let nameless = place.route(&before, Lane::Backfill, None).await;
    assert!(matches!(&nameless, Outcome::Park(why) if why.starts_with("backfill")), "{nameless:?}");
}

#[tokio::test]
async fn a_row_that_can_not_be_read_parks_the_event_and_names_the_key_alone() {
    let isolated = testkit::isolated().await.unwrap();
    let backend = || BackendConfig::Redis { url: isolated.redis_url.clone().into() };
    let writer = open(backend(), &isolated.key_prefix).await;
    let webhook = webhook(1, ENTITY, |_| {});
    let added = async {
        while writer.webhooks().add(&webhook, &Secrets::default()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), added).await.expect("Redis is there");
    let key = format!("{}webhook:{}", isolated.key_prefix, webhook.id);
    assert_eq!(redis(&isolated.redis_url, &["HSET", &key, "row", "sesame"]).await, ":0\r\n", "the row's key moved");

    let reader = open(backend(), &isolated.key_prefix).await;
    let outcome = handle(&reader, &event(&contribution(), 100), Lane::Live, None).await;
    let Outcome::Park(why) = outcome else { panic!("{outcome:?}") };
    assert!(why.contains(&format!("webhook:{}", webhook.id)) && !why.contains("sesame"), "{why}");
}

/// One command to a Redis, and its answer as it came.
async fn redis(url: &str, words: &[&str]) -> String {
    let address = url.trim_start_matches("redis://").split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let words = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect::<Vec<_>>();
    let command = format!("*{}\r\n{}", words.len(), words.concat());
    stream.write_all(command.as_bytes()).await.unwrap();
    let mut answer = [0; 64];
    let length = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}
