//! Done marks and test deliveries.

use super::{Rig, message, planned};
use contract::attempt::Outcome as Ended;
use contract::webhook::Status;
use stage::{Handler, Outcome};
use testkit::receiver::{Answer, Receiver};

async fn rig() -> (Rig, Receiver) {
    (Rig::new().await, Receiver::start().await.expect("listens"))
}

#[tokio::test]
async fn a_line_that_arrived_is_not_sent_again_when_its_message_is_handed_out_again() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    let (first, second) = (planned(&webhook, 1), planned(&webhook, 2));
    let failing = second.delivery.id.to_string();
    receiver.set_responder(move |request| (request.webhook_id() == Some(&failing)).then(|| Answer::status(500)));

    let outcomes = rig.handle_message(&message(&[(&first, 0), (&second, 0)], false)).await;
    assert!(matches!(outcomes.as_slice(), [Outcome::Forward(_), Outcome::Retry { .. }]), "{outcomes:?}");
    let again = message(&[(&first, 0), (&second, 0)], true);
    let outcomes = rig.handle_message(&again).await;
    assert!(matches!(outcomes.as_slice(), [Outcome::Skip("already_delivered"), Outcome::Retry { .. }]), "{outcomes:?}");
    assert_eq!(receiver.counts()[first.delivery.id.as_str()], 1);
    assert_eq!(receiver.counts()[second.delivery.id.as_str()], 2);

    let prepared = rig.sender.prepare(std::slice::from_ref(&again), &rig.split(&again)).await.expect("prepares");
    rig.sender.acknowledged(&prepared).await;
    let left = rig.store.done_marks().marked(&again.id).await.expect("the store is there");
    assert!(left.contains(&first.delivery.id), "the broker may still hand it out if it is killed right now");
    rig.end().await;
}

#[tokio::test]
async fn what_arrived_before_its_neighbours_410_is_not_kept_as_undelivered() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    let (first, second) = (planned(&webhook, 1), planned(&webhook, 2));
    let gone = second.delivery.id.to_string();
    receiver.set_responder(move |request| (request.webhook_id() == Some(&gone)).then(|| Answer::status(410)));
    rig.handle_message(&message(&[(&first, 0), (&second, 0)], false)).await;
    let outcomes = rig.handle_message(&message(&[(&first, 0), (&second, 0)], true)).await;
    assert!(
        matches!(outcomes.as_slice(), [Outcome::Skip("already_delivered"), Outcome::Undelivered { .. }]),
        "{outcomes:?}"
    );
    assert_eq!(receiver.count(), 2);
    rig.end().await;
}

#[tokio::test]
async fn a_message_of_one_line_needs_no_mark() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    let message = message(&[(&planned(&webhook, 1), 0)], false);
    rig.handle_message(&message).await;
    assert!(rig.store.done_marks().marked(&message.id).await.expect("the store is there").is_empty());
    rig.end().await;
}

#[tokio::test]
async fn a_test_is_sent_once_whatever_the_webhooks_status() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |webhook, _| webhook.deactivate(None)).await;
    let mut test = planned(&webhook, 1);
    test.delivery.test = true;
    assert!(matches!(rig.handle(&test).await, Outcome::Forward(made) if made.is_empty()));

    receiver.set_default(Answer::status(410).body("no such list"));
    assert!(matches!(rig.handle(&test).await, Outcome::Skip("test_failed")));
    receiver.set_default(Answer::status(500).body("no such list"));
    assert!(matches!(rig.handle(&test).await, Outcome::Skip("test_failed")));

    let attempts = rig.attempts(&webhook).await;
    let ended: Vec<_> = attempts.iter().map(|attempt| (attempt.outcome, attempt.status, attempt.test)).collect();
    assert_eq!(
        ended,
        [
            (Ended::Delivered, Some(200), true),
            (Ended::Undelivered, Some(410), true),
            (Ended::Undelivered, Some(500), true)
        ]
    );
    assert_eq!(attempts[2].answer.as_deref(), Some("no such list"));
    assert_eq!(receiver.count(), 3);
    rig.end().await;
}

#[tokio::test]
async fn a_test_that_meets_410_leaves_the_webhook_as_it_is() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    receiver.set_default(Answer::status(410));
    let mut test = planned(&webhook, 1);
    test.delivery.test = true;
    rig.handle(&test).await;
    assert_eq!(rig.reread(&webhook).await.status, Status::Active);
    rig.end().await;
}
