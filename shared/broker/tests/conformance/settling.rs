//! Publishing, taking and settling.

use crate::place::{PATIENCE, Place, nothing, settle, take, text};
use broker::{Acknowledged, Outgoing, Queue, Sending};
use bytes::Bytes;
use contract::lane::Lane;
use contract::limits;
use std::collections::BTreeSet;
use tokio::time::timeout;

const ROUTER: Queue = Queue::Router(Lane::Live);

pub(crate) async fn a_published_message_arrives_and_an_acknowledged_one_is_gone(place: &Place) {
    let mut consumer = place.consume(&ROUTER, 10).await;
    place.publish(&ROUTER, &["one", "two"]).await;
    place.publish(&Queue::Router(Lane::Backfill), &["other queue"]).await;
    let first = take(&mut consumer).await;
    assert_eq!((text(&first.body), first.redelivered), ("one".into(), false));
    assert!(!first.id.is_empty());
    assert_eq!(first.ack().await.unwrap(), Acknowledged::Yes);
    assert_eq!(settle(&mut consumer).await, "two");
    place.broker.flush().await.unwrap();
    drop(consumer);
    let mut consumer = place.consume(&ROUTER, 10).await;
    nothing(&mut consumer).await;
}

pub(crate) async fn an_unsettled_message_comes_again(place: &Place) {
    place.publish(&ROUTER, &["one", "two", "three"]).await;
    let mut consumer = place.consume(&ROUTER, 10).await;
    let first = take(&mut consumer).await;
    let second = take(&mut consumer).await;
    assert_eq!(second.ack().await.unwrap(), Acknowledged::Yes);
    let id = first.id.clone();
    drop(consumer);
    drop(first);
    let mut consumer = place.consume(&ROUTER, 10).await;
    let mut again = Vec::new();
    for _ in 0..2 {
        let delivery = take(&mut consumer).await;
        again.push((text(&delivery.body), delivery.redelivered, delivery.id == id));
        delivery.ack().await.unwrap();
    }
    again.sort();
    assert_eq!(again[0], ("one".into(), true, true));
    assert_eq!((&*again[1].0, again[1].2), ("three", false));
    nothing(&mut consumer).await;
}

pub(crate) async fn a_released_message_comes_again(place: &Place) {
    place.publish(&ROUTER, &["one"]).await;
    let mut consumer = place.consume(&ROUTER, 10).await;
    let first = take(&mut consumer).await;
    let id = first.id.clone();
    first.release();
    let again = take(&mut consumer).await;
    assert_eq!((again.id.clone(), again.redelivered), (id, true));
    again.ack().await.unwrap();
    nothing(&mut consumer).await;
}

pub(crate) async fn no_more_than_the_prefetch_is_handed_out(place: &Place) {
    let bodies: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    place.publish(&ROUTER, &bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut consumer = place.consume(&ROUTER, 3).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(take(&mut consumer).await);
    }
    nothing(&mut consumer).await;
    assert!(consumer.try_next().is_none());
    held.pop().unwrap().ack().await.unwrap();
    held.push(take(&mut consumer).await);
    nothing(&mut consumer).await;
    for delivery in held {
        delivery.ack().await.unwrap();
    }
    for n in 4..10 {
        assert_eq!(settle(&mut consumer).await, n.to_string());
    }
}

pub(crate) async fn messages_keep_their_order(place: &Place) {
    let bodies: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
    place.publish(&ROUTER, &bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut consumer = place.consume(&ROUTER, 64).await;
    let mut arrived = Vec::new();
    while arrived.len() < bodies.len() {
        arrived.push(settle(&mut consumer).await);
        while let Some(delivery) = consumer.try_next() {
            arrived.push(text(&delivery.body));
            delivery.ack().await.unwrap();
        }
    }
    assert_eq!(arrived, bodies);
}

pub(crate) async fn a_large_message_arrives_whole(place: &Place) {
    let body: Bytes = (0..limits::UPSTREAM_MESSAGE_BYTES).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let publisher = place.broker.publisher();
    publisher.publish(Outgoing::new(Queue::Ingest, body.clone())).await.unwrap();
    publisher.publish(Outgoing::new(Queue::Ingest, Bytes::new())).await.unwrap();
    let mut consumer = place.consume(&Queue::Ingest, 10).await;
    for expected in [body, Bytes::new()] {
        let delivery = take(&mut consumer).await;
        assert!(delivery.body == expected, "{} of {} bytes, altered", delivery.body.len(), expected.len());
        delivery.ack().await.unwrap();
    }
}

pub(crate) async fn many_publishers_lose_and_repeat_nothing(place: &Place) {
    const PUBLISHERS: usize = 50;
    const EACH: usize = 100;
    let mut consumer = place.consume(&ROUTER, 200).await;
    let publishing = futures_util::future::join_all((0..PUBLISHERS).map(|publisher| {
        let broker = place.broker.clone();
        async move {
            for n in 0..EACH / 10 {
                let body = |i| Bytes::from(format!("{publisher}/{n}/{i}"));
                let messages = (0..10).map(|i| Outgoing::new(ROUTER, body(i))).collect();
                broker.publisher().publish_all(messages).await.unwrap();
            }
        }
    }));
    let consuming = async {
        let mut arrived = BTreeSet::new();
        while arrived.len() < PUBLISHERS * EACH {
            let delivery = take(&mut consumer).await;
            assert!(arrived.insert(text(&delivery.body)), "twice: {delivery:?}");
            delivery.ack().await.unwrap();
        }
        arrived
    };
    let (_, arrived) = tokio::join!(publishing, consuming);
    assert_eq!(arrived.len(), PUBLISHERS * EACH);
    nothing(&mut consumer).await;
}

pub(crate) async fn cancelling_hands_out_what_is_buffered_and_ends(place: &Place) {
    let bodies: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    place.publish(&ROUTER, &bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut consumer = place.consume(&ROUTER, 5).await;
    let mut handed_out = vec![take(&mut consumer).await];
    consumer.cancel().await;
    while let Some(delivery) = timeout(PATIENCE, consumer.next()).await.unwrap() {
        handed_out.push(delivery);
    }
    assert!(handed_out.len() <= 5, "{} with a prefetch of 5", handed_out.len());
    assert!(timeout(PATIENCE, consumer.next()).await.unwrap().is_none());
    let mut arrived: Vec<String> = handed_out.iter().map(|delivery| text(&delivery.body)).collect();
    for delivery in handed_out {
        assert_eq!(delivery.ack().await.unwrap(), Acknowledged::Yes);
    }
    let mut rest = place.consume(&ROUTER, 10).await;
    while arrived.len() < bodies.len() {
        arrived.push(settle(&mut rest).await);
    }
    arrived.sort();
    assert_eq!(arrived, bodies);
    nothing(&mut rest).await;
}

pub(crate) async fn two_consumers_share_a_queue(place: &Place) {
    let mut one = place.consume(&ROUTER, 1).await;
    let mut other = place.consume(&ROUTER, 1).await;
    place.publish(&ROUTER, &["a", "b"]).await;
    let (first, second) = tokio::join!(take(&mut one), take(&mut other));
    let mut bodies = [text(&first.body), text(&second.body)];
    bodies.sort();
    assert_eq!(bodies, ["a", "b"]);
    first.ack().await.unwrap();
    second.ack().await.unwrap();
}

pub(crate) async fn a_message_handed_out_too_often_is_parked_with_its_origin(place: &Place) {
    const RETRY: Queue = Queue::Sender(Sending::Retry);
    // Through a delay queue, whose own dead-lettering must not be taken for the reason.
    place.publish(&Queue::Delay(Lane::Live, contract::lane::Tier::S1), &["poison"]).await;
    let mut consumer = place.consume(&RETRY, 1).await;
    for handed_out in 0..=limits::DELIVERY_LIMIT {
        let delivery = take(&mut consumer).await;
        assert_eq!(delivery.redelivered, handed_out > 0);
        delivery.release();
    }
    place.wait_for_depth(&Queue::Parked, 1).await;
    nothing(&mut consumer).await;
    let parked = place.broker.browse(&Queue::Parked, 10).await.unwrap();
    let note = parked[0].note.as_ref().unwrap();
    assert_eq!((text(&parked[0].body), &*note.stage), ("poison".into(), "broker"));
    assert_eq!((&*note.reason, &*note.origin), ("delivery limit", "sender.retry"));
}
