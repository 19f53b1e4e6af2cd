//! Queues for people: notes, reviews, depths.

use crate::place::{Place, settle, text};
use broker::{Note, Outgoing, Queue, Status, Tally, Verdict};
use bytes::Bytes;
use contract::id::WebhookId;
use contract::lane::Lane;
use jiff::Timestamp;

fn note(reason: &str) -> Note {
    Note {
        stage: "router".into(),
        reason: reason.into(),
        origin: "router.live".into(),
        at: "2026-11-02T19:05:09.123456789Z".parse::<Timestamp>().unwrap(),
    }
}

pub(crate) async fn a_note_stays_with_its_message(place: &Place) {
    let bytes = Bytes::from_static(b"\x00\xff not json");
    let noted = note("ligne 3 : numéro attendu, reçu \"ü\"\nand a second line");
    let message = Outgoing::noted(Queue::Parked, bytes.clone(), noted.clone());
    place.broker.publisher().publish(message).await.unwrap();
    place.publish(&Queue::Parked, &["without a note"]).await;
    let stored = place.broker.browse(&Queue::Parked, 10).await.unwrap();
    assert_eq!((&stored[0].body, stored[0].note.as_ref()), (&bytes, Some(&noted)));
    assert_eq!((text(&stored[1].body), stored[1].note.as_ref()), ("without a note".into(), None));
    assert_ne!(stored[0].id, stored[1].id);
}

pub(crate) async fn a_review_keeps_drops_and_replaces(place: &Place) {
    let router = Queue::Router(Lane::Live);
    place.publish(&Queue::Parked, &["keep 1", "drop", "replace", "keep 2", "replace", "keep 3"]).await;
    let tally = place
        .broker
        .review(&Queue::Parked, 100, |stored| match &*text(&stored.body) {
            "drop" => Verdict::Drop,
            "replace" => Verdict::Replace(vec![
                Outgoing::new(router.clone(), Bytes::from_static(b"first")),
                Outgoing::new(router.clone(), Bytes::from_static(b"second")),
            ]),
            _ => Verdict::Keep,
        })
        .await
        .unwrap();
    assert_eq!(tally, Tally { kept: 3, dropped: 1, replaced: 2 });
    assert_eq!(place.browse(&Queue::Parked).await, ["keep 1", "keep 2", "keep 3"]);
    let mut consumer = place.consume(&router, 10).await;
    for expected in ["first", "second", "first", "second"] {
        assert_eq!(settle(&mut consumer).await, expected);
    }
    place.wait_for_depth(&Queue::Parked, 3).await;
}

pub(crate) async fn a_review_stops_at_its_limit(place: &Place) {
    place.publish(&Queue::IngestRejected, &["1", "2", "3", "4"]).await;
    let tally = place.broker.review(&Queue::IngestRejected, 2, |_| Verdict::Drop).await.unwrap();
    assert_eq!(tally, Tally { dropped: 2, ..Tally::default() });
    assert_eq!(place.browse(&Queue::IngestRejected).await, ["3", "4"]);
    assert_eq!(place.broker.browse(&Queue::IngestRejected, 1).await.unwrap().len(), 1);
    assert_eq!(place.browse(&Queue::IngestRejected).await, ["3", "4"]);
    // What is published while people look is not looked at.
    let publisher = place.broker.publisher();
    let replaced = place
        .broker
        .review(&Queue::IngestRejected, 100, |stored| {
            Verdict::Replace(vec![Outgoing::new(Queue::IngestRejected, stored.body.clone())])
        })
        .await
        .unwrap();
    assert_eq!(replaced, Tally { replaced: 2, ..Tally::default() });
    publisher.publish(Outgoing::new(Queue::IngestRejected, Bytes::from_static(b"5"))).await.unwrap();
    assert_eq!(place.browse(&Queue::IngestRejected).await, ["3", "4", "5"]);
}

pub(crate) async fn looking_uses_nothing_up(place: &Place) {
    let webhook = Queue::Undelivered(WebhookId::parse("wh_looked").unwrap());
    for queue in [Queue::Parked, Queue::IngestRejected, webhook] {
        place.publish(&queue, &["1", "2", "3"]).await;
        let ids = |stored: Vec<broker::Stored>| stored.into_iter().map(|stored| stored.id).collect::<Vec<_>>();
        let first = ids(place.broker.browse(&queue, 10).await.unwrap());
        for look in 0..30 {
            assert_eq!(place.browse(&queue).await, ["1", "2", "3"], "look {look} at {queue:?}");
        }
        assert_eq!(ids(place.broker.browse(&queue, 10).await.unwrap()), first);
        place.wait_for_depth(&queue, 3).await;
    }
}

pub(crate) async fn an_undelivered_queue_is_made_on_first_use(place: &Place) {
    let queues = ["wh_one", "wh_two"].map(|id| Queue::Undelivered(WebhookId::parse(id).unwrap()));
    for queue in &queues {
        assert_eq!(place.browse(queue).await, Vec::<String>::new());
    }
    let depths = place.broker.depths(&queues).await.unwrap();
    assert_eq!(depths.iter().map(|depth| (depth.ready, depth.consumers)).collect::<Vec<_>>(), [(0, 0), (0, 0)]);
    place.publish(&queues[1], &["kept"]).await;
    place.publish(&queues[1], &["kept too"]).await;
    place.wait_for_depth(&queues[1], 2).await;
    assert_eq!(place.browse(&queues[1]).await, ["kept", "kept too"]);
    assert_eq!(place.browse(&queues[0]).await, Vec::<String>::new());
}

pub(crate) async fn depths_count_what_waits(place: &Place) {
    let (router, formatter) = (Queue::Router(Lane::Live), Queue::Formatter(Lane::Backfill));
    place.publish(&router, &["1", "2", "3"]).await;
    place.wait_for_depth(&router, 3).await;
    let mut consumer = place.consume(&router, 1).await;
    let held = crate::place::take(&mut consumer).await;
    place.wait_for_depth(&router, 2).await;
    let depths = place.broker.depths(&[formatter.clone(), router.clone()]).await.unwrap();
    assert_eq!((&depths[0].queue, depths[0].ready, depths[0].consumers), (&formatter, 0, 0));
    assert_eq!((&depths[1].queue, depths[1].consumers), (&router, 1));
    held.ack().await.unwrap();
    let all = place.broker.depths(&Queue::all()).await.unwrap();
    assert_eq!(all.len(), Queue::all().len());
}

pub(crate) async fn an_open_broker_is_ready(place: &Place) {
    assert_eq!(place.broker.status(), Status::Ready);
    assert_eq!(place.health.not_ready(), []);
}
