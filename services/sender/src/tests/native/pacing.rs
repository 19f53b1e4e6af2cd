//! Steps at the webhook's rate.

use super::*;
use contract::webhook::Rate;
use std::time::Duration;
use testkit::receiver::Answer;

#[tokio::test]
async fn every_step_takes_its_turn_and_a_long_wait_keeps_what_was_done() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let slow = |webhook: &mut Webhook| {
        webhook.options.rate_per_s = "0.5".parse::<Rate>().expect("a rate");
        Ok::<(), std::convert::Infallible>(())
    };
    let webhook = rig.store.webhooks().change(&webhook.id, slow).await.expect("changes");
    let first = delivery(&webhook, van_steps());
    receiver.answer_next(Answer::status(200).body(r#"{"vanId":1}"#));
    let outcome = rig.handle(&first).await;
    let Outcome::Defer { after, why: "rate_limit", body } = outcome else { panic!("{outcome:?}") };
    assert!(after >= Duration::from_secs(1), "{after:?}");
    let second = carried(body, &first);
    assert_eq!((second.progress.step, asked(&receiver).len()), (2, 1));
    assert!(rig.attempts(&webhook).await.is_empty(), "a wait is no attempt");
    rig.end().await;
}

#[tokio::test]
async fn an_exhausted_quota_pauses_the_webhook() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let one = |number| {
        let plan = Plan::new(webhook.version, vec![post("pay", "/pay", Part::text("{}"))]);
        Planned { plan, ..planned(&webhook, number) }
    };
    let exhausted = Answer::status(200).header("ratelimit-remaining", "0").header("ratelimit-reset", "7");
    receiver.answer_next(exhausted);
    assert!(delivered(&rig.handle(&one(1)).await));
    let outcome = rig.handle(&one(2)).await;
    let Outcome::Defer { after, why: "rate_limit", .. } = outcome else { panic!("{outcome:?}") };
    assert!(after > Duration::from_secs(5) && after < Duration::from_secs(9), "{after:?}");
    assert_eq!(receiver.count(), 1);
    rig.end().await;
}
