//! What answers of native targets lead to.

use super::*;
use contract::attempt::Outcome as Ended;
use contract::plan::{Check, OnUnclear, Operator};
use contract::webhook::Status;
use std::time::Duration;
use testkit::receiver::Answer;

fn donation() -> Step {
    let told = Rule::status(&[200]).and(Check::json("/identifiers", Operator::Present));
    Step { success: vec![told], ..post("donation", "/donations/", Part::text("{}")) }
}

fn held(webhook: &Webhook, step: Step) -> Planned {
    let mut planned = delivery(webhook, vec![step]);
    planned.plan.on_unclear = OnUnclear::Hold;
    planned
}

#[tokio::test]
async fn an_unclear_answer_is_held_where_a_repeat_would_do_harm() {
    let (rig, receiver) = rig().await;
    let webhook = holding(&rig, &receiver).await;
    for (answer, reason) in [
        (Answer::status(500), "unclear: answered 500, the receiver has a problem of its own"),
        (Answer::reset(), "unclear: connection lost, it ended before an answer came"),
        (Answer::hang(), "unclear: timed out, no answer in time"),
        (Answer::truncated(), "unclear: answered 200, and broke off before the end"),
    ] {
        receiver.answer_next(answer);
        let (kept, why) = undelivered(rig.handle(&held(&webhook, donation())).await);
        assert_eq!(why, reason);
        assert!(kept.recheck, "staff send it again, and then it is looked up");
    }
    assert!(rig.attempts(&webhook).await.iter().all(|attempt| attempt.outcome == Ended::Undelivered));
    assert_eq!(receiver.count(), 4);
    rig.end().await;
}

#[tokio::test]
async fn what_is_harmless_or_passing_is_retried_also_where_unclear_answers_are_held() {
    let (rig, receiver) = rig().await;
    let webhook = holding(&rig, &receiver).await;
    for status in [408, 425, 429, 502, 503, 202] {
        receiver.answer_next(Answer::status(status).header("retry-after", "600"));
        let outcome = rig.handle(&held(&webhook, donation())).await;
        let Outcome::Retry { after, why, body } = outcome else { panic!("{status}: {outcome:?}") };
        assert!(after >= Duration::from_secs(600) && why.starts_with(&format!("answered {status}")), "{why}");
        assert!(body.is_none(), "nothing has changed");
    }
    receiver.answer_next(Answer::status(500));
    let planned = held(&webhook, Step { repeatable: true, ..donation() });
    let (why, next) = again(rig.handle(&planned).await, &planned);
    assert_eq!(why, "answered 500: the receiver has a problem of its own");
    assert!(next.progress.unclear);
    rig.end().await;
}

#[tokio::test]
async fn a_refusal_is_retried_and_says_that_it_needs_attention() {
    let (rig, receiver) = rig().await;
    let webhook = holding(&rig, &receiver).await;
    for (answer, label) in [
        (Answer::status(422), "rejected"),
        (Answer::status(410), "rejected"),
        (Answer::redirect("https://elsewhere.example/"), "rejected"),
        (Answer::status(200).body("{}"), "rejected"),
        (Answer::status(401), "credentials problem"),
        (Answer::status(403), "credentials problem"),
    ] {
        receiver.answer_next(answer);
        let planned = held(&webhook, donation());
        let (why, _) = again(rig.handle(&planned).await, &planned);
        assert!(why.starts_with(&format!("{label}: ")) && why.ends_with("attention"), "{why}");
    }
    assert_eq!(receiver.count(), 6);
    assert_eq!(rig.reread(&webhook).await.status, Status::Active, "410 can concern one record");
    rig.end().await;
}

#[tokio::test]
async fn a_duplicate_is_already_delivered() {
    let (rig, receiver) = rig().await;
    let webhook = holding(&rig, &receiver).await;
    let exists = Check::json("/error", Operator::Matches("already exists".to_owned()));
    let duplicate = vec![Rule::status(&[409]), Rule::status(&[400]).and(exists)];
    let planned = held(&webhook, Step { duplicate, ..donation() });
    receiver.answer_next(Answer::status(409));
    assert!(delivered(&rig.handle(&planned).await));
    receiver.answer_next(Answer::status(400).body(r#"{"error":"It Already Exists."}"#));
    assert!(delivered(&rig.handle(&planned).await));
    let attempts = rig.attempts(&webhook).await;
    let told: Vec<_> = attempts.iter().map(|one| (one.outcome, one.reason.as_str(), one.status)).collect();
    let already = "already delivered";
    assert_eq!(told, [(Ended::Delivered, already, Some(409)), (Ended::Delivered, already, Some(400))]);
    assert!(remembered(&rig, &webhook).await.line.contains_key("delivered_at"), "its refund can go");
    rig.end().await;
}

#[tokio::test]
async fn what_came_too_late_is_a_recorded_skip() {
    let (rig, receiver) = rig().await;
    let webhook = holding(&rig, &receiver).await;
    let mut planned = held(&webhook, donation());
    planned.plan.expires_at = Some(runtime::clock::now());
    assert!(matches!(rig.handle(&planned).await, Outcome::Skip("too_old")));
    assert_eq!(receiver.count(), 0);
    let attempt = rig.attempts(&webhook).await.pop().expect("recorded");
    assert_eq!((attempt.outcome, attempt.number), (Ended::Skipped, 0));
    assert_eq!(attempt.reason, "the event is too old for this destination");
    rig.end().await;
}

#[tokio::test]
async fn what_a_target_echoes_is_kept_without_credentials_and_donor() {
    let (rig, receiver) = rig().await;
    let webhook = holding(&rig, &receiver).await;
    receiver.answer_next(Answer::status(400).body("API Key invalid or not present FICTIONAL: Marisol, m@example.org"));
    rig.handle(&held(&webhook, donation())).await;
    let attempt = rig.attempts(&webhook).await.pop().expect("recorded");
    assert_eq!(attempt.answer.as_deref(), Some("API Key invalid or not present [redacted]: [redacted], [redacted]"));
    assert_eq!(attempt.request, None, "only of tests");
    rig.end().await;
}

#[tokio::test]
async fn the_plan_made_anew_after_an_unclear_answer_looks_first() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let mut old = delivery(&webhook, van_steps());
    old.progress.unclear = true;
    let change = |webhook: &mut Webhook| {
        webhook.options.declined = true;
        Ok::<(), std::convert::Infallible>(())
    };
    rig.store.webhooks().change(&webhook.id, change).await.expect("changes");
    let outcome = rig.handle(&old).await;
    let Outcome::Forward(made) = outcome else { panic!("{outcome:?}") };
    let [stage::Made::Line(_, line)] = made.as_slice() else { panic!("{made:?}") };
    let line = contract::envelope::Line::<Delivery>::decode(line).expect("an envelope");
    assert!(line.body.recheck);
    rig.end().await;
}
