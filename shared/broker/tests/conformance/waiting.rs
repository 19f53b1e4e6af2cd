//! Delay queues.

use crate::place::{Place, nothing, settle};
use broker::{Queue, Sending};
use contract::lane::{Lane, Tier};
use std::time::Duration;
use tokio::time::Instant;

pub(crate) async fn a_delayed_message_goes_on_after_its_time(place: &Place) {
    for (lane, sending) in [(Lane::Live, Sending::Retry), (Lane::Backfill, Sending::Backfill)] {
        let mut consumer = place.consume(&Queue::Sender(sending), 10).await;
        let published = Instant::now();
        place.publish(&Queue::Delay(lane, Tier::S1), &["later"]).await;
        assert_eq!(settle(&mut consumer).await, "later");
        let waited = published.elapsed();
        assert!(waited >= Tier::S1.wait(), "early: {waited:?}");
        assert!(waited <= Duration::from_millis(2_500), "late: {waited:?}");
    }
    let mut live = place.consume(&Queue::Sender(Sending::Live), 10).await;
    nothing(&mut live).await;
}

pub(crate) async fn a_longer_wait_does_not_hold_up_a_shorter_one(place: &Place) {
    let mut consumer = place.consume(&Queue::Sender(Sending::Retry), 10).await;
    place.publish(&Queue::Delay(Lane::Live, Tier::S5), &["five seconds"]).await;
    place.publish(&Queue::Delay(Lane::Live, Tier::S1), &["one second"]).await;
    assert_eq!(settle(&mut consumer).await, "one second");
    assert_eq!(settle(&mut consumer).await, "five seconds");
}
