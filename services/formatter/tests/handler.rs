//! The formatter on an embedded broker and store.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use broker::{Broker, Outgoing, Queue, Sending};
use contract::attempt::Outcome;
use contract::delivery::{Delivery, Planned};
use contract::envelope::{self, Header, Line};
use contract::event::{Event, Kind, Status};
use contract::id::{EntityId, WebhookId};
use contract::lane::Lane;
use contract::upstream;
use contract::webhook::{self, Endpoint, Options, Type, Webhook};
use jiff::Timestamp;
use runtime::health::Health;
use runtime::task::{OnPanic, Tasks};
use std::time::Duration;
use store::{SecretKeys, Secrets, Store};
use tempfile::TempDir;

struct Running {
    broker: Broker,
    store: Store,
    tasks: Tasks,
    folder: TempDir,
}

impl Running {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (tasks, health, dir) = (Tasks::new(), Health::default(), folder.path().to_owned());
        let config = broker::Config {
            backend: broker::BackendConfig::Embedded { dir: dir.clone() },
            queue_prefix: String::new(),
            connection_name: "test".to_owned(),
            history_age: Duration::from_hours(1),
            history_bytes: 1 << 30,
        };
        let broker = Broker::open(config, &tasks, &health).await.unwrap();
        let secret_key = SecretKeys::in_folder(&dir).unwrap();
        let backend = store::BackendConfig::Embedded { dir };
        let config = store::Config { backend, key_prefix: String::new(), secret_key };
        let store = Store::open(config, &tasks, &health).await.unwrap();
        let (role, running) = (formatter::build(broker.clone(), &store, &health), tasks.clone());
        tasks.spawn("formatter", OnPanic::Stop, async move {
            role.run(&running).await;
        });
        Self { broker, store, tasks, folder }
    }

    async fn webhook(&self, id: &str, kind: Type) -> WebhookId {
        let id = WebhookId::parse(id).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let webhook = Webhook {
            id: id.clone(),
            version: 1,
            entity: EntityId(48_213),
            kind,
            connection: None,
            settings: contract::catalogue::Settings::default(),
            endpoint: Endpoint::parse("https://crm.example.org/hook").unwrap(),
            status: webhook::Status::Active,
            status_reason: None,
            options: Options::default(),
            created_at: now,
            updated_at: now,
            activated_at: Some(now),
        };
        self.store.webhooks().add(&webhook, &Secrets::default()).await.unwrap();
        id
    }

    /// Publishes deliveries in one message, as the router does. What comes of them comes together.
    async fn deliver(&self, events: Vec<(Event, &WebhookId)>, lane: Lane, attempt: u32) -> Vec<Delivery> {
        let (mut deliveries, mut lines) = (Vec::new(), Vec::new());
        for (event, webhook) in events {
            let delivery = Delivery::new(event, webhook.clone());
            let mut header = Header::new(delivery.id.as_str(), "trace".to_owned(), lane, Timestamp::UNIX_EPOCH);
            header.attempt = attempt;
            lines.push(Line::new(header, &delivery).encode(0).unwrap());
            deliveries.push(delivery);
        }
        let message = envelope::batches(lines, usize::MAX, usize::MAX).remove(0);
        self.broker.publisher().publish(Outgoing::new(Queue::Formatter(lane), message)).await.unwrap();
        deliveries
    }

    /// The next plan on its way to the sender.
    async fn planned(&self, way: Sending) -> (Header, Planned) {
        let mut consumer = self.broker.consume(&Queue::Sender(way), 1).await.unwrap();
        let message = consumer.next().await.unwrap();
        let line = Line::<Planned>::decode(&envelope::lines(&message.body).next().unwrap()).unwrap();
        message.ack().await.unwrap();
        consumer.cancel().await;
        (line.header, line.body)
    }

    async fn close(self) {
        self.tasks.stop().cancel();
        self.broker.close().await;
        self.store.close().await;
        self.tasks.finished().await;
        self.folder.close().unwrap();
    }
}

fn contribution() -> Event {
    let message = format!(r#"{{"type":"contribution","data":{}}}"#, include_str!("golden/contribution.json"));
    upstream::native(message.as_bytes(), Timestamp::UNIX_EPOCH).unwrap().remove(0)
}

#[tokio::test]
async fn a_delivery_becomes_a_plan_on_the_queue_of_its_lane() {
    let running = Running::start().await;
    let webhook = running.webhook("wh_1", Type::DEFAULT).await;
    let check = async |lane, attempt, way| {
        let delivery = running.deliver(vec![(contribution(), &webhook)], lane, attempt).await.remove(0);
        let (header, planned) = running.planned(way).await;
        assert_eq!((header.id.as_str(), header.attempt, header.lane), (delivery.id.as_str(), attempt, lane));
        let body = planned.delivery.event.body.get();
        assert_eq!(body, include_str!("golden/contribution.json").trim_end());
    };
    check(Lane::Live, 0, Sending::Live).await;
    check(Lane::Live, 3, Sending::Retry).await;
    check(Lane::Backfill, 0, Sending::Backfill).await;
    running.close().await;
}

#[tokio::test]
async fn what_a_webhook_does_not_take_is_recorded_and_not_sent() {
    let running = Running::start().await;
    let refunds = running.webhook("wh_1", Type::DEFAULT_REFUNDS).await;
    let all = running.webhook("wh_2", Type::DEFAULT).await;
    let other = running.webhook("wh_3", Type::DEFAULT).await;
    let declined = Event { status: Some(Status::Declined), ..contribution() };
    let events = vec![(contribution(), &refunds), (declined, &all), (contribution(), &other)];
    let mut deliveries = running.deliver(events, Lane::Live, 0).await;
    assert_eq!(running.planned(Sending::Live).await.1.delivery.id, deliveries.remove(2).id);
    let reasons = ["not supported by this destination", "the contribution is not approved"];
    for (delivery, reason) in deliveries.into_iter().zip(reasons) {
        let page = running.store.attempts().list(&delivery.webhook, None, 10).await.unwrap();
        assert_eq!(page.attempts.len(), 1);
        let attempt = &page.attempts[0];
        assert_eq!((attempt.outcome, attempt.number, attempt.kind), (Outcome::Skipped, 0, Kind::Contribution));
        assert_eq!((attempt.reason.as_str(), &attempt.delivery), (reason, &delivery.id));
    }
    running.close().await;
}
