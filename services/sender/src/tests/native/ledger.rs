//! What is remembered of a target, and what waits for it.

use super::*;
use crate::tests::message;
use contract::attempt::Outcome as Ended;
use contract::plan::{After, OnMissing, Remember};
use testkit::receiver::Answer;

fn refund_plan(webhook: &Webhook) -> Plan {
    let id = || Reference::Line("contribution_id".to_owned());
    let path = vec![Part::Text("/contributions/".to_owned()), Part::Ref(id()), Part::Text("/adjustments".to_owned())];
    let step = Step { to: To::Path(path), ..Step::new("adjustment", Method::Post, Body::Json(Part::text("{}"))) };
    Plan { after: Some(After::Line), requires: vec![id()], ..Plan::new(webhook.version, vec![step]) }
}

#[tokio::test]
async fn a_refund_waits_for_its_contribution_without_a_request() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let refund = refund(&webhook, refund_plan(&webhook));
    let (why, _) = again(rig.handle(&refund).await, &refund);
    assert!(why.starts_with("original_not_delivered: "), "{why}");
    assert_eq!(receiver.count(), 0);

    receiver.answer_next(Answer::status(200).body(r#"{"vanId":1}"#));
    receiver.answer_next(Answer::status(201).body("23453"));
    assert!(delivered(&rig.handle(&delivery(&webhook, van_steps())).await));
    assert!(delivered(&rig.handle_attempt(&refund, 1).await));
    assert_eq!(asked(&receiver), [PERSON, CONTRIBUTION, "POST /v4/contributions/23453/adjustments"]);
    let attempts = rig.attempts(&webhook).await;
    let first = (&attempts[0].outcome, attempts[0].number, attempts[0].next_at.is_some());
    assert_eq!(first, (&Ended::Retrying, 0, true), "people see that it waits, and until when");
    rig.end().await;
}

#[tokio::test]
async fn a_refund_of_what_never_came_ends_undelivered_or_as_a_skip() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let waits = refund(&webhook, refund_plan(&webhook));
    let (_, why) = undelivered(rig.handle_attempt(&waits, 8).await);
    assert!(why.starts_with("original_not_delivered: "), "{why}");

    let skips = refund(&webhook, Plan { on_missing: OnMissing::Skip, ..refund_plan(&webhook) });
    assert!(matches!(rig.handle(&skips).await, Outcome::Skip("original_not_delivered")));
    let ended: Vec<_> = rig.attempts(&webhook).await.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(ended, [Ended::Undelivered, Ended::Skipped]);
    assert_eq!(receiver.count(), 0);
    rig.end().await;
}

#[tokio::test]
async fn a_cancellation_waits_for_any_payment_of_its_series() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let step = post("cancel", "/cancel", Part::text("{}"));
    let plan =
        Plan { after: Some(After::Series), series: Some("AB1-7".to_owned()), ..Plan::new(webhook.version, vec![step]) };
    let mut cancellation = refund(&webhook, plan);
    cancellation.delivery.event.lineitem = 9;
    assert!(matches!(rig.handle(&cancellation).await, Outcome::Retry { .. }));
    assert!(delivered(&rig.handle(&delivery(&webhook, vec![post("pay", "/pay", Part::text("{}"))])).await));
    assert!(delivered(&rig.handle_attempt(&cancellation, 1).await));
    assert_eq!(asked(&receiver), ["POST /v4/pay", "POST /v4/cancel"]);
    rig.end().await;
}

#[tokio::test]
async fn what_a_step_captured_is_remembered_although_the_next_one_fails() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let key = || Reference::Resource("page:spring".to_owned());
    let page = Step {
        when: vec![Condition::Absent(key())],
        capture: vec![Capture::json("page:spring", "/id").required().scope(Scope::Resource)],
        ..post("page", "/pages", Part::text("{}"))
    };
    let path = vec![Part::Text("/pages/".to_owned()), Part::Ref(key())];
    let donation = Step { to: To::Path(path), ..post("donation", "", Part::text("{}")) };
    let remember = vec![Remember { scope: Scope::Series, name: "amount".to_owned(), value: "15.00".to_owned() }];
    let mut planned = delivery(&webhook, vec![page, donation]);
    planned.plan.remember = remember;
    receiver.answer_next(Answer::status(200).body(r#"{"id":"0ab1"}"#));
    receiver.answer_next(Answer::status(422));
    rig.handle(&planned).await;
    let known = remembered(&rig, &webhook).await;
    assert_eq!(known.resource["page:spring"], "0ab1");
    assert!(known.series.is_empty() && known.line.is_empty(), "it was not delivered");

    assert!(delivered(&rig.handle(&planned).await), "another delivery finds the page");
    assert_eq!(asked(&receiver), ["POST /v4/pages", "POST /v4/pages/0ab1", "POST /v4/pages/0ab1"]);
    assert_eq!(remembered(&rig, &webhook).await.series["amount"], "15.00");
    rig.end().await;
}

#[tokio::test]
async fn a_plan_that_was_delivered_and_not_acknowledged_is_not_sent_again() {
    let (rig, receiver) = rig().await;
    let webhook = holding(&rig, &receiver).await;
    let planned = delivery(&webhook, vec![post("donation", "/donations", Part::text("{}"))]);
    assert!(delivered(&rig.handle(&planned).await));
    // Killed here: the broker hands the message out again.
    let outcomes = rig.handle_message(&message(&[(&planned, 0)], true)).await;
    assert!(matches!(outcomes.as_slice(), [Outcome::Skip("already_delivered")]), "{outcomes:?}");
    assert_eq!(receiver.count(), 1);
    let last = rig.attempts(&webhook).await.pop().expect("recorded");
    assert_eq!((last.outcome, last.reason.as_str(), last.number), (Ended::Delivered, "already delivered", 0));

    let mut replayed = planned.clone();
    replayed.delivery.recheck = true;
    assert!(delivered(&rig.handle(&replayed).await), "what staff send again is sent again");
    assert_eq!(receiver.count(), 2);
    rig.end().await;
}

#[tokio::test]
async fn what_the_ledger_did_not_take_is_written_before_the_plan_goes_on() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let first = delivery(&webhook, van_steps());
    receiver.answer_next(Answer::status(200).body(r#"{"vanId":10005165}"#));
    receiver.gate();
    let closed = async {
        receiver.wait_for(1).await.expect("the first step comes");
        rig.store.close().await;
        receiver.release();
    };
    let (outcome, ()) = tokio::join!(rig.handle(&first), closed);
    let Outcome::Defer { why: "store", body, .. } = outcome else { panic!("{outcome:?}") };
    let second = carried(body, &first);
    assert_eq!((second.progress.step, second.progress.owed), (2, true), "the person is not asked for again");

    let rig = rig.reopened().await;
    receiver.answer_next(Answer::status(503));
    let (_, third) = again(rig.handle(&second).await, &second);
    assert!(!third.progress.owed);
    assert_eq!(remembered(&rig, &webhook).await.line["van_id"], 10_005_165);
    assert_eq!(asked(&receiver), [PERSON, CONTRIBUTION]);
    rig.end().await;
}

#[tokio::test]
async fn a_delivery_that_could_not_be_noted_is_noted_later_and_not_repeated() {
    let (rig, receiver) = rig().await;
    let webhook = holding(&rig, &receiver).await;
    let first = delivery(&webhook, vec![post("donation", "/donations", Part::text("{}"))]);
    receiver.gate();
    let closed = async {
        receiver.wait_for(1).await.expect("it comes");
        rig.store.close().await;
        receiver.release();
    };
    let (outcome, ()) = tokio::join!(rig.handle(&first), closed);
    let Outcome::Defer { why: "store", body, .. } = outcome else { panic!("{outcome:?}") };
    let second = carried(body, &first);
    let rig = rig.reopened().await;
    assert!(delivered(&rig.handle(&second).await));
    assert_eq!(receiver.count(), 1);
    assert!(remembered(&rig, &webhook).await.line.contains_key("delivered_at"));
    rig.end().await;
}

#[tokio::test]
async fn plans_of_actblues_own_bodies_ask_no_ledger() {
    let (rig, receiver) = rig().await;
    let webhook = rig.webhook("a", &receiver.url("/"), |_, _| {}).await;
    rig.handle(&planned(&webhook, 1)).await;
    rig.store.close().await;
    assert!(delivered(&rig.handle(&planned(&webhook, 2)).await), "it goes on without the store");
    rig.end().await;
}
