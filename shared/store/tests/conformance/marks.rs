//! The dedup window, rate limits and done marks.

use crate::place::{KEY, Place, event, id, keys, until};
use contract::id::{DeliveryId, EventId};
use contract::webhook::Rate;
use futures_util::future::join_all;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use store::Limits;

const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) async fn a_marked_event_is_seen_and_others_are_not(place: &mut Place) {
    let dedup = place.store.dedup();
    let events: Vec<EventId> = (0..64).map(event).collect();
    assert_eq!(dedup.seen(&events).await.expect("read"), [false; 64]);
    dedup.mark(&events[..32], HOUR).await.expect("marked");
    let half: Vec<bool> = (0..64).map(|number| number < 32).collect();
    assert_eq!(dedup.seen(&events).await.expect("read"), half, "at once");
    assert_eq!(dedup.seen(&[]).await.expect("read"), [false; 0]);
    dedup.mark(&[], HOUR).await.expect("nothing to do");
    place.reopen(keys(KEY)).await;
    assert_eq!(place.store.dedup().seen(&events).await.expect("read"), half, "after a restart");
}

pub(crate) async fn a_mark_ends_with_its_window(place: &mut Place) {
    let dedup = place.store.dedup();
    dedup.mark(&[event(1), event(2)], Duration::from_millis(500)).await.expect("marked");
    dedup.mark(&[event(2)], HOUR).await.expect("marked again, for longer");
    until("the mark ends", async || dedup.seen(&[event(1)]).await.expect("read") == [false]).await;
    assert_eq!(dedup.seen(&[event(1), event(2)]).await.expect("read"), [false, true]);
}

pub(crate) async fn many_callers_together_keep_to_the_rate(place: &mut Place) {
    const RATE_PER_S: u32 = 200;
    const BURST: u32 = 10;
    const TIME: Duration = Duration::from_secs(1);
    async fn take_for(limits: &Limits, begin: Instant) -> u32 {
        let mut taken = 0;
        while begin.elapsed() < TIME {
            let grant = limits.acquire(&id(1), Rate::per_s(RATE_PER_S), BURST).await.expect("answered");
            taken += grant.granted;
            // What a caller that is told to wait does.
            tokio::time::sleep(grant.wait).await;
        }
        taken
    }
    let begin = Instant::now();
    let other = place.elsewhere().await;
    let callers = (0..40).map(|n| take_for(if n % 2 == 0 { place.store.limits() } else { other.limits() }, begin));
    let taken: u32 = join_all(callers).await.into_iter().sum();
    let most = f64::from(BURST) + f64::from(RATE_PER_S) * begin.elapsed().as_secs_f64() + 1.0;
    assert!(f64::from(taken) <= most, "{taken} slots, at most {most} conform");
    assert!(taken >= RATE_PER_S / 2, "{taken} slots in a second, {RATE_PER_S} are free");
}

pub(crate) async fn slots_are_granted_up_to_the_burst_and_the_next_one_has_a_wait(place: &mut Place) {
    let limits = place.store.limits();
    let grant = limits.acquire_n(&id(1), Rate::per_s(1), 5, 3).await.expect("answered");
    assert_eq!((grant.granted, grant.wait), (3, Duration::ZERO));
    let grant = limits.acquire_n(&id(1), Rate::per_s(1), 5, 3).await.expect("answered");
    assert_eq!(grant.granted, 2);
    assert!(grant.wait > Duration::ZERO && grant.wait <= Duration::from_secs(1), "{grant:?}");
    let grant = limits.acquire(&id(1), Rate::per_s(1), 5).await.expect("answered");
    assert_eq!(grant.granted, 0);
    assert!(grant.wait > Duration::ZERO && grant.wait <= Duration::from_secs(1), "{grant:?}");
    assert_eq!(
        limits.acquire(&id(2), Rate::per_s(1), 5).await.expect("answered").granted,
        1,
        "each webhook has its own"
    );
}

pub(crate) async fn done_marks_belong_to_their_message_until_it_is_cleared(place: &mut Place) {
    let delivery = |number| DeliveryId::of_bits(number);
    let marks = place.store.done_marks();
    let marking = (0..200)
        .map(|number| async move { marks.mark(if number % 2 == 0 { "even" } else { "odd" }, &delivery(number)).await });
    for marked in join_all(marking).await {
        marked.expect("marked");
    }
    let evens: HashSet<DeliveryId> = (0..100).map(|number| delivery(2 * number)).collect();
    assert_eq!(marks.marked("even").await.expect("read"), evens);
    assert!(marks.marked("eve").await.expect("read").is_empty());
    marks.clear("even").await.expect("cleared");
    assert!(marks.marked("even").await.expect("read").is_empty());
    assert_eq!(marks.marked("odd").await.expect("read").len(), 100);
}
