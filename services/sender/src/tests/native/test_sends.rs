//! Test sends.

use super::*;
use contract::plan::After;
use testkit::receiver::Answer;

#[tokio::test]
async fn a_test_leaves_nothing_in_the_ledger_and_its_refund_knows_what_it_made() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let mut test = delivery(&webhook, van_steps());
    test.delivery.test = true;
    receiver.answer_next(Answer::status(200).body(r#"{"vanId":1}"#));
    receiver.answer_next(Answer::status(201).body("23453"));
    assert!(delivered(&rig.handle(&test).await));
    assert_eq!(remembered(&rig, &webhook).await, Remembered::default());

    let id = Reference::Line("contribution_id".to_owned());
    let path = vec![Part::Text("/contributions/".to_owned()), Part::Ref(id.clone())];
    let step = Step { to: To::Path(path), ..Step::new("cancel", Method::Put, Body::None) };
    let plan = Plan { after: Some(After::Line), requires: vec![id], ..Plan::new(webhook.version, vec![step]) };
    let real = refund(&webhook, plan);
    assert!(matches!(rig.handle(&real).await, Outcome::Retry { .. }), "a real refund knows nothing of it");
    let mut test = real;
    test.delivery.test = true;
    assert!(delivered(&rig.handle(&test).await));
    assert_eq!(asked(&receiver), [PERSON, CONTRIBUTION, "PUT /v4/contributions/23453"]);
    rig.end().await;
}

#[tokio::test]
async fn a_test_of_something_that_needs_another_fails_at_once() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let step = post("cancel", "/cancel", Part::text("{}"));
    let mut test = refund(&webhook, Plan { after: Some(After::Line), ..Plan::new(webhook.version, vec![step]) });
    test.delivery.test = true;
    assert!(matches!(rig.handle(&test).await, Outcome::Skip("test_failed")));
    let attempt = rig.attempts(&webhook).await.pop().expect("recorded");
    assert!(attempt.test && attempt.reason.starts_with("original_not_delivered: "), "{}", attempt.reason);
    rig.end().await;
}

#[tokio::test]
async fn a_test_shows_its_request_and_answer_without_credentials() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let mut test = delivery(&webhook, vec![post("pay", "/pay", Part::text(r#"{"a":1}"#))]);
    test.delivery.test = true;
    receiver.answer_next(Answer::status(200).body("welcome QXBwOkZJQ1RJT05BTHwx"));
    assert!(delivered(&rig.handle(&test).await));
    let attempt = rig.attempts(&webhook).await.pop().expect("recorded");
    let request = attempt.request.expect("shown");
    let url = receiver.url("/v4/pay");
    assert!(request.starts_with(&format!("POST {url}\n")) && request.ends_with("\n\n{\"a\":1}"), "{request}");
    assert!(request.contains("authorization: [redacted]\n"), "{request}");
    assert_eq!(attempt.answer.as_deref(), Some("welcome [redacted]"));
    rig.end().await;
}
