//! Rate and deliveries in flight.

use super::{Rig, Scripted, message, planned};
use contract::webhook::Webhook;
use futures_util::future::join_all;
use stage::{Handler, Outcome};
use std::time::{Duration, Instant};
use store::Secrets;
use testkit::receiver::{Answer, Receiver};

/// Handles so many deliveries at the same time.
async fn burst(rig: &Rig, webhook: &Webhook, deliveries: u64) -> Vec<Outcome> {
    let deliveries: Vec<_> = (0..deliveries).map(|number| planned(webhook, number)).collect();
    join_all(deliveries.iter().map(|planned| rig.handle(planned))).await
}

fn gone_through(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Forward(_))).count()
}

#[tokio::test]
async fn no_more_than_the_rate_go_out_and_the_rest_gets_appointments() {
    let (rig, receiver) = (Rig::new().await, Receiver::start().await.expect("listens"));
    let webhook = rig
        .webhook("a", &receiver.url("/"), |webhook, _| webhook.options.rate_per_s = contract::webhook::Rate::per_s(5))
        .await;
    let began = Instant::now();
    let outcomes = burst(&rig, &webhook, 40).await;
    let sent = gone_through(&outcomes);
    // Five at once, and who would wait for less than a second waits.
    assert!((5..=10).contains(&sent), "{sent} went through");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(receiver.count(), sent);
    let mut waits: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Defer { after, why: "rate_limit", .. } => Some(after.as_secs_f64()),
            _ => None,
        })
        .collect();
    waits.sort_by(f64::total_cmp);
    assert_eq!(waits.len(), 40 - sent);
    assert!(waits[0] >= 1.0 && waits[waits.len() - 1] >= 5.0, "spread at five a second: {waits:?}");
    rig.end().await;
}

#[tokio::test]
async fn a_short_wait_for_the_rate_is_sat_out() {
    let client = super::client(&["127.0.0.1/32"], Scripted::new(&[&[]]));
    let (rig, receiver) = (Rig::with(client, 256).await, Receiver::start().await.expect("listens"));
    let set = |webhook: &mut Webhook, _: &mut Secrets| {
        webhook.options.rate_per_s = contract::webhook::Rate::per_s(50);
        webhook.options.in_flight = 1_000;
    };
    let webhook = rig.webhook("a", &receiver.url("/"), set).await;
    let outcomes = burst(&rig, &webhook, 56).await;
    assert_eq!(gone_through(&outcomes), 56, "fifty at once and six in the next tenth of a second");
    rig.end().await;
}

#[tokio::test]
async fn no_more_than_the_cap_are_in_flight_and_a_fast_endpoint_gets_all() {
    let (rig, receiver) = (Rig::new().await, Receiver::start().await.expect("listens"));
    let webhook = rig.webhook("a", &receiver.url("/"), |webhook, _| webhook.options.in_flight = 3).await;
    receiver.set_default(Answer::status(200).after(Duration::from_millis(5)));
    let outcomes = burst(&rig, &webhook, 8).await;
    assert_eq!(gone_through(&outcomes), 8);
    assert!(receiver.most_at_once() <= 3, "{} at once", receiver.most_at_once());
    rig.end().await;
}

#[tokio::test]
async fn an_endpoint_that_hangs_does_not_hold_more_than_its_share() {
    let (rig, receiver) = (Rig::new().await, Receiver::start().await.expect("listens"));
    let webhook = rig.webhook("a", &receiver.url("/"), |webhook, _| webhook.options.in_flight = 1_000).await;
    receiver.gate();
    let messages: Vec<_> = (0..64).map(|number| message(&[(&planned(&webhook, number), 0)], false)).collect();
    let handled = messages.iter().map(|message| rig.handle_message(message));
    let (outcomes, ()) = tokio::join!(join_all(handled), async {
        receiver.wait_for_within(16, Duration::from_secs(10)).await.expect("its places are used");
    });
    let outcomes: Vec<_> = outcomes.into_iter().flatten().collect();
    let deferred = outcomes.iter().filter(|o| matches!(o, Outcome::Defer { why: "in_flight", .. })).count();
    assert_eq!(receiver.most_at_once(), 16, "a quarter of 64 slots, whatever the webhook says");
    assert_eq!(deferred, 64 - 16, "the rest goes back within a second");
    rig.end().await;
}

#[tokio::test]
async fn a_place_comes_back_when_its_handling_is_dropped() {
    let (rig, receiver) = (Rig::new().await, Receiver::start().await.expect("listens"));
    let webhook = rig.webhook("a", &receiver.url("/"), |webhook, _| webhook.options.in_flight = 1).await;
    receiver.gate();
    let held = planned(&webhook, 1);
    {
        let message = message(&[(&held, 0)], false);
        let items = rig.split(&message);
        let prepared = rig.sender.prepare(std::slice::from_ref(&message), &items).await.expect("prepares");
        tokio::select! {
            outcome = rig.sender.handle(&prepared, &items[0]) => panic!("the receiver holds it: {outcome:?}"),
            arrived = receiver.wait_for(1) => drop(arrived.expect("it arrives")),
        }
    }
    receiver.release();
    let outcome = rig.handle(&planned(&webhook, 2)).await;
    assert!(matches!(&outcome, Outcome::Forward(made) if made.is_empty()), "{outcome:?}");
    rig.end().await;
}
