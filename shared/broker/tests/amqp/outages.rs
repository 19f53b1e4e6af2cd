//! Servers and connections that go away, and come back.

use crate::place::{PATIENCE, Place, settle, take};
use broker::{Acknowledged, Error, OpenError, Outgoing, Queue, Status};
use bytes::Bytes;
use contract::id::WebhookId;
use contract::lane::Lane;
use runtime::health::Health;
use runtime::task::Tasks;
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::proxy::Proxy;
use testkit::rabbitmq::RabbitMq;
use tokio::time::timeout;

const ROUTER: Queue = Queue::Router(Lane::Live);

/// Takes until every one of these has come.
async fn arrives(consumer: &mut broker::Consumer, mut expected: BTreeSet<String>) {
    while !expected.is_empty() {
        expected.remove(&settle(consumer).await);
    }
}

fn bodies(name: &str, count: usize) -> BTreeSet<String> {
    (0..count).map(|n| format!("{name} {n}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_and_is_used_again() {
    let mut server = RabbitMq::start_private().await.unwrap();
    let place = Place::open(&server.url(), "").await;
    let mut consumer = place.broker.consume(&ROUTER, 10).await.unwrap();
    for body in bodies("before", 50) {
        place.publish(&ROUTER, body).await;
    }
    let held = take(&mut consumer).await;
    server.kill9();
    place.wait_for(Some("")).await;
    assert!(matches!(place.broker.status(), Status::NotReady(_)));
    let refused = place.broker.publisher().publish(Outgoing::new(ROUTER, Bytes::from_static(b"refused"))).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    assert_eq!(held.ack().await.unwrap(), Acknowledged::Stale);
    // A consumer that was asked for during the outage waits for its end.
    let mut late = place.broker.consume(&Queue::Router(Lane::Backfill), 10).await.unwrap();

    let server = server.start_again().await.unwrap();
    place.wait_for(None).await;
    for body in bodies("after", 50) {
        place.publish(&ROUTER, body).await;
    }
    let expected = bodies("before", 50).into_iter().chain(bodies("after", 50)).collect();
    arrives(&mut consumer, expected).await;
    place.publish(&Queue::Router(Lane::Backfill), "late".into()).await;
    assert_eq!(settle(&mut late).await, "late");
    drop((consumer, late));
    place.close().await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_new_queues_confirmed_survives_their_server_being_killed() {
    let mut server = RabbitMq::start_private().await.unwrap();
    let place = Place::open(&server.url(), "").await;
    let queues = ["wh_1", "wh_2", "wh_3"].map(|id| Queue::Undelivered(WebhookId::parse(id).unwrap()));
    let messages = queues.iter().map(|queue| Outgoing::new(queue.clone(), Bytes::from_static(b"kept"))).collect();
    place.broker.publisher().publish_all(messages).await.unwrap();
    server.kill9();
    place.wait_for(Some("")).await;
    let server = server.start_again().await.unwrap();
    place.wait_for(None).await;
    for queue in &queues {
        assert_eq!(place.broker.browse(queue, 10).await.unwrap().len(), 1, "{queue:?}");
    }
    place.close().await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_lose_nothing_that_was_confirmed() {
    const CUTS: usize = 3;
    const EACH: usize = 400;
    let isolated = testkit::isolated().await.unwrap();
    let mut proxy = Proxy::before(&isolated.amqp_url).await.unwrap();
    let place = Place::open(proxy.url(), &isolated.queue_prefix).await;
    let mut consumer = place.broker.consume(&ROUTER, 20).await.unwrap();
    let (confirmed, mut confirms) = tokio::sync::mpsc::unbounded_channel();
    let publishing = async {
        for body in (0..CUTS).flat_map(|cut| bodies(&cut.to_string(), EACH)) {
            place.publish(&ROUTER, body).await;
            confirmed.send(()).unwrap();
        }
    };
    let cutting = async {
        for _ in 0..CUTS {
            for _ in 0..EACH / 2 {
                confirms.recv().await.unwrap();
            }
            proxy.cut().await;
            proxy.resume().await.unwrap();
        }
    };
    let expected = (0..CUTS).flat_map(|cut| bodies(&cut.to_string(), EACH)).collect();
    tokio::join!(publishing, cutting, arrives(&mut consumer, expected));
    place.wait_for(None).await;
    drop(consumer);
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_hears_nothing_is_given_up_and_built_anew() {
    let isolated = testkit::isolated().await.unwrap();
    let mut proxy = Proxy::before(&isolated.amqp_url).await.unwrap();
    let place = Place::open(proxy.url(), &isolated.queue_prefix).await;
    proxy.stall();
    let unheard = place.broker.publisher().publish(Outgoing::new(ROUTER, Bytes::from_static(b"unheard"))).await;
    assert!(matches!(unheard, Err(Error::Unavailable { .. })), "{unheard:?}");
    place.wait_for(Some("")).await;
    proxy.cut().await;
    proxy.resume().await.unwrap();
    place.wait_for(None).await;
    let mut consumer = place.broker.consume(&ROUTER, 1).await.unwrap();
    place.publish(&ROUTER, "heard".into()).await;
    arrives(&mut consumer, BTreeSet::from(["heard".to_owned()])).await;
    drop(consumer);
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_connection_shows_and_acknowledgements_still_go_through() {
    let server = RabbitMq::start_private().await.unwrap();
    let place = Place::open(&server.url(), "").await;
    place.publish(&ROUTER, "one".into()).await;
    let mut consumer = place.broker.consume(&ROUTER, 1).await.unwrap();
    let held = take(&mut consumer).await;
    server.control(&["set_vm_memory_high_watermark", "0"]).await.unwrap();
    // The broker blocks a connection when it publishes.
    let publisher = place.broker.publisher();
    let stuck = publisher.publish(Outgoing::new(ROUTER, Bytes::from_static(b"stuck")));
    let (stuck, ()) = tokio::join!(stuck, place.wait_for(Some("blocked by the broker")));
    assert!(matches!(stuck, Err(Error::Unavailable { .. })), "{stuck:?}");
    let Status::NotReady(reason) = place.broker.status() else { panic!("ready") };
    assert!(reason.contains("memory"), "{reason}");
    assert_eq!(timeout(PATIENCE, held.ack()).await.unwrap().unwrap(), Acknowledged::Yes);

    server.control(&["set_vm_memory_high_watermark", "0.4"]).await.unwrap();
    place.wait_for(None).await;
    place.publish(&ROUTER, "two".into()).await;
    arrives(&mut consumer, BTreeSet::from(["two".to_owned()])).await;
    drop(consumer);
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let isolated = testkit::isolated().await.unwrap();
    let mut proxy = Proxy::before(&isolated.amqp_url).await.unwrap();
    proxy.cut().await;
    let place = Place::open(proxy.url(), &isolated.queue_prefix).await;
    assert!(matches!(place.broker.status(), Status::NotReady(_)));
    assert!(matches!(place.broker.depths(&[ROUTER]).await, Err(Error::Unavailable { .. })));
    let mut consumer = place.broker.consume(&ROUTER, 1).await.unwrap();
    proxy.resume().await.unwrap();
    place.publish(&ROUTER, "at last".into()).await;
    assert_eq!(settle(&mut consumer).await, "at last");
    drop(consumer);
    place.close().await;
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_at_once() {
    for url in ["", "127.0.0.1:5672", "http://127.0.0.1:5672", "amqp://127.0.0.1:port"] {
        let config = broker::Config {
            backend: broker::BackendConfig::Amqp { url: url.to_owned().into() },
            queue_prefix: String::new(),
            connection_name: "test".into(),
            history_age: Duration::from_hours(1),
            history_bytes: 1,
        };
        let opened = broker::Broker::open(config, &Tasks::new(), &Health::default()).await;
        assert!(matches!(opened, Err(OpenError::Url(_))), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_that_can_not_be_declared_keeps_nobody_from_working() {
    let isolated = testkit::isolated().await.unwrap();
    // A queue of this name that belongs to another connection: every declaration of it is refused.
    let other = lapin::Connection::connect(&isolated.amqp_url, lapin::ConnectionProperties::default()).await.unwrap();
    let channel = other.create_channel().await.unwrap();
    let exclusive = lapin::options::QueueDeclareOptions { exclusive: true, ..Default::default() };
    let name = format!("{}{}", isolated.queue_prefix, Queue::History.name());
    channel.queue_declare(name.into(), exclusive, lapin::types::FieldTable::default()).await.unwrap();

    let place = Place::open(&isolated.amqp_url, &isolated.queue_prefix).await;
    place.wait_for(None).await;
    let mut consumer = place.broker.consume(&ROUTER, 1).await.unwrap();
    place.publish(&ROUTER, "works".into()).await;
    assert_eq!(settle(&mut consumer).await, "works");
    drop(consumer);
    place.close().await;
    other.close(200, "done".into()).await.unwrap();
}
