//! A message without a queue is reported, and no other message in its place.

use crate::place::{Place, settle};
use broker::{Error, Outgoing, Queue};
use bytes::Bytes;
use contract::id::WebhookId;
use contract::lane::Lane;
use contract::limits;
use lapin::options::QueueDeleteOptions;
use std::collections::BTreeSet;

const MISSING: Queue = Queue::Formatter(Lane::Live);
const PRESENT: Queue = Queue::Router(Lane::Live);

async fn delete(url: &str, queue: &str) {
    let connection = lapin::Connection::connect(url, lapin::ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
    connection.close(200, "done".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_unroutable_message_is_reported_and_no_other() {
    const EACH: usize = 1_500;
    let isolated = testkit::isolated().await.unwrap();
    let place = Place::open(&isolated.amqp_url, &isolated.queue_prefix).await;
    delete(&isolated.amqp_url, &format!("{}{}", isolated.queue_prefix, MISSING.name())).await;
    // Each its own call, so that all of them share the windows in every order.
    let calls = (0..2 * EACH).map(|n| {
        let publisher = place.broker.publisher();
        let queue = if n % 2 == 0 { PRESENT } else { MISSING };
        async move { (n, publisher.publish(Outgoing::new(queue, Bytes::from(n.to_string()))).await) }
    });
    let mut reported = 0;
    for (n, result) in futures_util::future::join_all(calls).await {
        match result {
            Ok(()) => assert_eq!(n % 2, 0, "{n} has no queue"),
            Err(Error::Unroutable { queue }) => {
                assert_eq!((n % 2, queue), (1, MISSING.name()), "{n} has a queue");
                reported += 1;
            }
            Err(error) => panic!("{n}: {error}"),
        }
    }
    assert_eq!(reported, EACH);
    let mut consumer = place.broker.consume(&PRESENT, 100).await.unwrap();
    let mut arrived = BTreeSet::new();
    while arrived.len() < EACH {
        let body: usize = settle(&mut consumer).await.parse().unwrap();
        assert!(body.is_multiple_of(2) && arrived.insert(body), "{body}");
    }
    drop(consumer);
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_unroutable_message_fails_its_call_and_leaves_the_others_alone() {
    let isolated = testkit::isolated().await.unwrap();
    let place = Place::open(&isolated.amqp_url, &isolated.queue_prefix).await;
    delete(&isolated.amqp_url, &format!("{}{}", isolated.queue_prefix, MISSING.name())).await;
    let batch = |missing: Option<usize>| {
        let queue = move |n| if missing == Some(n) { MISSING } else { PRESENT };
        // More than fits into the window at once.
        (0..limits::CONFIRM_WINDOW + 50).map(|n| Outgoing::new(queue(n), Bytes::from_static(b"x"))).collect::<Vec<_>>()
    };
    let publisher = place.broker.publisher();
    let calls = (0..20).map(|n| publisher.publish_all(batch((n % 2 == 1).then_some(n * 15))));
    for (n, result) in futures_util::future::join_all(calls).await.into_iter().enumerate() {
        match result {
            Ok(()) => assert_eq!(n % 2, 0, "call {n} holds a message without a queue"),
            Err(Error::Unroutable { .. }) => assert_eq!(n % 2, 1, "call {n}"),
            Err(error) => panic!("call {n}: {error}"),
        }
    }
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undelivered_queue_that_someone_deleted_is_made_again() {
    let isolated = testkit::isolated().await.unwrap();
    let place = Place::open(&isolated.amqp_url, &isolated.queue_prefix).await;
    let queue = Queue::Undelivered(WebhookId::parse("wh_deleted").unwrap());
    place.publish(&queue, "lost with its queue".into()).await;
    delete(&isolated.amqp_url, &format!("{}{}", isolated.queue_prefix, queue.name())).await;
    place.broker.publisher().publish(Outgoing::new(queue.clone(), Bytes::from_static(b"kept"))).await.unwrap();
    let stored = place.broker.browse(&queue, 10).await.unwrap();
    assert_eq!(stored.iter().map(|stored| &*stored.body).collect::<Vec<_>>(), [b"kept"]);
    place.close().await;
}
