//! What becomes of a delivery.

use super::{Rig, message, planned};
use broker::Queue;
use contract::attempt::Outcome as Ended;
use contract::delivery::Delivery;
use contract::lane::Lane;
use contract::webhook::Status;
use stage::{Handler, Made, Outcome};
use std::time::Duration;
use testkit::receiver::{Answer, Receiver};

async fn rig() -> (Rig, Receiver) {
    (Rig::new().await, Receiver::start().await.expect("listens"))
}

#[tokio::test]
async fn an_arrival_is_recorded_and_nothing_comes_of_it() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    let outcome = rig.handle(&planned(&webhook, 1)).await;
    assert!(matches!(&outcome, Outcome::Forward(made) if made.is_empty()), "{outcome:?}");
    let attempts = rig.attempts(&webhook).await;
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].outcome, attempts[0].number, attempts[0].status), (Ended::Delivered, 1, Some(200)));
    assert_eq!((attempts[0].lineitem, &attempts[0].answer, attempts[0].next_at), (1, &None, None));
    rig.end().await;
}

#[tokio::test]
async fn a_failure_waits_on_the_schedule_and_keeps_its_redacted_answer() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    receiver.set_default(Answer::status(500).body("bad password 'correct horse' for m@example.org"));
    for (attempt, least) in [(0, 5), (1, 30), (2, 300), (7, 36_000)] {
        let outcome = rig.handle_attempt(&planned(&webhook, 1), attempt).await;
        let Outcome::Retry { after, why, .. } = outcome else { panic!("{outcome:?}") };
        let least = Duration::from_secs(least);
        assert!(after >= least && after <= least.mul_f64(1.2), "{after:?} after attempt {attempt}");
        assert_eq!(why, "answered 500: the receiver has a problem of its own");
    }
    let attempts = rig.attempts(&webhook).await;
    assert_eq!(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2, 3, 8]);
    assert_eq!(attempts[0].outcome, Ended::Retrying);
    assert!(attempts[0].next_at.is_some_and(|next| next > attempts[0].at));
    assert_eq!(attempts[0].answer.as_deref(), Some("bad password '[redacted]' for [redacted]"));
    rig.end().await;
}

#[tokio::test]
async fn the_ninth_failure_is_the_last() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    receiver.set_default(Answer::status(503).header("retry-after", "1"));
    let planned = planned(&webhook, 1);
    let outcome = rig.handle_attempt(&planned, 8).await;
    let Outcome::Undelivered { webhook: to, line, why } = outcome else { panic!("{outcome:?}") };
    assert_eq!((to, why.as_str()), (webhook.id.clone(), "answered 503: the receiver is not available for now"));
    let line = contract::envelope::Line::<Delivery>::decode(&line).expect("a delivery, to be rendered anew");
    assert_eq!((line.header.attempt, line.header.id.as_str()), (0, planned.delivery.id.as_str()));
    let kept = line.body;
    assert_eq!(kept.id, planned.delivery.id);
    assert_eq!(rig.attempts(&webhook).await[0].outcome, Ended::Undelivered);
    rig.end().await;
}

#[tokio::test]
async fn retry_after_lengthens_the_wait_of_429_and_503_only() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    for (status, header, least) in [(429, "600", 600), (503, "600", 600), (500, "600", 5), (429, "1", 60)] {
        receiver.answer_next(Answer::status(status).header("retry-after", header));
        let outcome = rig.handle(&planned(&webhook, 1)).await;
        let Outcome::Retry { after, .. } = outcome else { panic!("{outcome:?}") };
        let least = Duration::from_secs(least);
        assert!(after >= least && after <= least.mul_f64(1.2), "{after:?} after {status} with {header}");
    }
    rig.end().await;
}

#[tokio::test]
async fn a_time_out_is_not_repeated_within_a_minute() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    receiver.set_default(Answer::hang());
    let outcome = rig.handle(&planned(&webhook, 1)).await;
    let Outcome::Retry { after, why, .. } = outcome else { panic!("{outcome:?}") };
    assert!(after >= Duration::from_secs(60), "{after:?}");
    assert_eq!(why, "timed out: no answer in time");
    rig.end().await;
}

#[tokio::test]
async fn gone_makes_the_webhook_inactive() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    receiver.set_default(Answer::status(410));
    let outcome = rig.handle(&planned(&webhook, 1)).await;
    assert!(matches!(outcome, Outcome::Undelivered { .. }), "{outcome:?}");
    let now = rig.reread(&webhook).await;
    assert_eq!((now.status, now.status_reason.as_deref()), (Status::Inactive, Some("the endpoint answered 410 Gone")));

    let outcome = rig.handle(&planned(&webhook, 2)).await;
    let Outcome::Undelivered { why, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(why, "the webhook is inactive");
    assert_eq!(receiver.count(), 1, "nothing more is sent");
    let attempts = rig.attempts(&webhook).await;
    assert_eq!((attempts[1].number, attempts[1].outcome), (0, Ended::Undelivered));
    rig.end().await;
}

#[tokio::test]
async fn a_webhook_that_is_not_known_keeps_the_delivery_for_people() {
    let (rig, receiver) = rig().await;
    let mut webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    webhook.id = "wh_removed".parse().expect("valid");
    let outcome = rig.handle(&planned(&webhook, 1)).await;
    assert!(matches!(outcome, Outcome::Undelivered { .. }), "{outcome:?}");
    assert_eq!(receiver.count(), 0);
    rig.end().await;
}

#[tokio::test]
async fn an_outdated_plan_is_made_anew_and_does_not_go_round_in_circles() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    let old = planned(&webhook, 1);
    let change = |webhook: &mut contract::webhook::Webhook| {
        webhook.options.declined = true;
        Ok::<(), std::convert::Infallible>(())
    };
    rig.store.webhooks().change(&webhook.id, change).await.expect("changes");

    let outcome = rig.handle_attempt(&old, 3).await;
    let Outcome::Forward(made) = outcome else { panic!("{outcome:?}") };
    let [Made::Line(queue, line)] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!(*queue, Queue::Formatter(Lane::Live));
    let line = contract::envelope::Line::<Delivery>::decode(line).expect("an envelope");
    assert_eq!(line.header.attempt, 3, "the tries made still count");
    assert_eq!(line.body.id, old.delivery.id);

    let outcome = rig.handle_attempt(&old, 3).await;
    assert!(matches!(outcome, Outcome::Defer { why: "plan_outdated", .. }), "{outcome:?}");
    let outcome = rig.handle_attempt(&old, 3).await;
    assert!(matches!(outcome, Outcome::Forward(made) if made.len() == 1));
    assert_eq!(receiver.count(), 0);
    rig.end().await;
}

#[tokio::test]
async fn a_plan_that_is_newer_than_the_cache_is_sent() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    let mut newer = planned(&webhook, 1);
    newer.plan.config_version += 1;
    assert!(matches!(rig.handle(&newer).await, Outcome::Forward(made) if made.is_empty()));
    assert_eq!(receiver.count(), 1);
    rig.end().await;
}

#[tokio::test]
async fn without_the_store_known_webhooks_are_sent_to_and_nothing_is_lost() {
    let (rig, receiver) = rig().await;
    let active = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    let inactive = rig.webhook("b", &receiver.url("/"), |webhook, _| webhook.deactivate(None)).await;
    rig.handle(&planned(&active, 1)).await;
    rig.handle(&planned(&inactive, 1)).await;
    rig.store.close().await;

    for number in 2..12 {
        let outcome = rig.handle(&planned(&active, number)).await;
        assert!(matches!(&outcome, Outcome::Forward(made) if made.is_empty()), "{outcome:?}");
    }
    assert_eq!(receiver.counts().values().copied().collect::<Vec<_>>(), [1; 11], "each once");
    let message = message(&[(&planned(&inactive, 2), 0)], false);
    let prepared = rig.sender.prepare(std::slice::from_ref(&message), &rig.split(&message)).await.expect("prepares");
    let outcome = rig.sender.handle(&prepared, &rig.split(&message)[0]).await;
    assert!(outcome.is_err_and(|unavailable| unavailable.what == "store"), "its record has to wait for the store");
    rig.end().await;
}
