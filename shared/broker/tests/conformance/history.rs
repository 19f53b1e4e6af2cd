//! Reading the stream of accepted events.

use crate::place::{PATIENCE, Place, QUIET, text};
use broker::{HistoryReader, Queue};
use jiff::Timestamp;
use runtime::clock;

/// A time after everything published so far and before everything published later.
async fn between() -> Timestamp {
    let before = clock::now().as_millisecond();
    while clock::now().as_millisecond() <= before + 1 {
        tokio::task::yield_now().await;
    }
    Timestamp::from_millisecond(before + 1).unwrap()
}

async fn read(reader: &mut HistoryReader, count: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    let mut last = Timestamp::UNIX_EPOCH;
    while bodies.len() < count {
        let (at, body) = reader.next(PATIENCE).await.unwrap().expect("a message in time");
        assert!(at >= last, "{at} after {last}");
        last = at;
        bodies.push(text(&body));
    }
    bodies
}

pub(crate) async fn history_is_read_from_a_time(place: &Place) {
    let start = clock::now() - jiff::SignedDuration::from_secs(1);
    place.publish(&Queue::History, &["1", "2"]).await;
    let middle = between().await;
    place.publish(&Queue::History, &["3"]).await;
    place.publish(&Queue::History, &["4"]).await;
    let mut all = place.broker.history(start).await.unwrap();
    assert_eq!(read(&mut all, 4).await, ["1", "2", "3", "4"]);
    assert_eq!(all.next(QUIET).await.unwrap(), None);
    let mut later = place.broker.history(middle).await.unwrap();
    assert_eq!(read(&mut later, 2).await, ["3", "4"]);
    assert_eq!(later.next(QUIET).await.unwrap(), None);
    // A reader that has caught up goes on with what comes.
    place.publish(&Queue::History, &["5"]).await;
    assert_eq!(read(&mut later, 1).await, ["5"]);
    let mut none = place.broker.history(between().await).await.unwrap();
    assert_eq!(none.next(QUIET).await.unwrap(), None);
}

pub(crate) async fn two_readers_do_not_disturb_each_other(place: &Place) {
    let bodies: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
    place.publish(&Queue::History, &bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let start = clock::now() - jiff::SignedDuration::from_secs(60);
    let mut one = place.broker.history(start).await.unwrap();
    let mut other = place.broker.history(start).await.unwrap();
    assert_eq!(read(&mut one, bodies.len()).await, bodies);
    assert_eq!(read(&mut other, bodies.len()).await, bodies);
}
