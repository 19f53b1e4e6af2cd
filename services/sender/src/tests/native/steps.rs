//! Steps in their order, and where a plan goes on.

use super::*;
use crate::tests::message;
use testkit::receiver::Answer;

#[tokio::test]
async fn a_retry_goes_on_at_the_step_that_failed_with_what_was_captured() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let first = delivery(&webhook, van_steps());
    receiver.answer_next(Answer::status(200).body(r#"{"vanId":10005165}"#));
    receiver.answer_next(Answer::status(503));
    let (why, second) = again(rig.handle(&first).await, &first);
    assert_eq!(why, "answered 503: the receiver is not available for now (step contribution)");
    assert_eq!((second.progress.step, second.progress.unclear), (2, false));
    assert_eq!(second.progress.captured["van_id"], 10_005_165);

    receiver.answer_next(Answer::status(201).body("23453"));
    assert!(delivered(&rig.handle_attempt(&second, 1).await));
    assert_eq!(asked(&receiver), [PERSON, CONTRIBUTION, CONTRIBUTION]);
    let bodies: Vec<_> = receiver.received()[1..].iter().map(|request| request.body.clone()).collect();
    assert_eq!(bodies, [r#"{"contact":{"vanId":10005165}}"#; 2], "a number stays a number");
    let known = remembered(&rig, &webhook).await;
    assert_eq!((&known.line["van_id"], &known.line["contribution_id"]), (&json!(10_005_165), &json!(23_453)));
    assert!(known.line.contains_key("delivered_at") && known.series.contains_key("delivered_at"));
    rig.end().await;
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_before_anything_is_sent_again() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let first = delivery(&webhook, van_steps());
    receiver.answer_next(Answer::status(200).body(r#"{"vanId":1}"#));
    receiver.answer_next(Answer::reset());
    let (why, second) = again(rig.handle(&first).await, &first);
    assert_eq!(why, "unclear: connection lost, it ended before an answer came (step contribution)");
    assert!(second.progress.unclear);

    receiver.answer_next(Answer::status(503));
    let (_, third) = again(rig.handle_attempt(&second, 1).await, &second);
    assert!(third.progress.unclear, "it is still to be looked up");
    receiver.answer_next(Answer::status(200).body(r#"{"contributionId":23453}"#));
    assert!(delivered(&rig.handle_attempt(&third, 2).await));
    assert_eq!(asked(&receiver), [PERSON, CONTRIBUTION, LOOKUP, LOOKUP]);
    let last = rig.attempts(&webhook).await.pop().expect("recorded");
    assert_eq!(last.outcome, contract::attempt::Outcome::Delivered);
    assert_eq!(remembered(&rig, &webhook).await.line["contribution_id"], 23_453);
    rig.end().await;
}

#[tokio::test]
async fn what_is_not_found_is_sent_again() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let mut planned = delivery(&webhook, van_steps());
    planned.progress.step = 2;
    planned.progress.unclear = true;
    planned.progress.captured.insert("van_id".to_owned(), json!(1));
    receiver.answer_next(Answer::status(404).body("{}"));
    receiver.answer_next(Answer::status(503));
    let (_, again) = again(rig.handle_attempt(&planned, 1).await, &planned);
    receiver.answer_next(Answer::status(201).body("23453"));
    assert!(delivered(&rig.handle_attempt(&again, 2).await));
    assert_eq!(asked(&receiver), [LOOKUP, CONTRIBUTION, CONTRIBUTION], "looked up once for one unclear answer");
    rig.end().await;
}

#[tokio::test]
async fn what_is_handed_out_again_or_sent_again_by_staff_is_looked_up_first() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    receiver.set_default(Answer::status(200).body(r#"{"contributionId":23453}"#));
    let outcomes = rig.handle_message(&message(&[(&delivery(&webhook, van_steps()), 0)], true)).await;
    assert!(outcomes.iter().all(delivered), "{outcomes:?}");
    let mut replayed = delivery(&webhook, van_steps());
    replayed.delivery.recheck = true;
    assert!(delivered(&rig.handle(&replayed).await));
    assert_eq!(asked(&receiver), [LOOKUP, LOOKUP]);
    let reasons: Vec<_> = rig.attempts(&webhook).await.into_iter().map(|attempt| attempt.reason).collect();
    assert_eq!(reasons, ["already delivered", "already delivered"]);
    rig.end().await;
}

#[tokio::test]
async fn a_plan_that_could_only_look_is_rejected_and_looks_again() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let order = || Reference::Line("order_id".to_owned());
    let find = Step {
        capture: vec![Capture::json("order_id", "/objects/0/id").scope(Scope::Line)],
        ..Step::new("find", Method::Get, Body::None)
    };
    let path = vec![Part::Text("/order/".to_owned()), Part::Ref(order()), Part::Text("/reverse/".to_owned())];
    let reverse = Step {
        when: vec![Condition::Present(order())],
        to: To::Path(path),
        ..Step::new("order", Method::Post, Body::None)
    };
    let first = refund(&webhook, Plan::new(webhook.version, vec![find, reverse]));
    receiver.answer_next(Answer::status(200).body(r#"{"objects":[]}"#));
    let (why, second) = again(rig.handle(&first).await, &first);
    assert!(why.starts_with("rejected: the target has no record"), "{why}");

    receiver.answer_next(Answer::status(200).body(r#"{"objects":[{"id":"a/b"}]}"#));
    assert!(delivered(&rig.handle_attempt(&second, 1).await));
    assert_eq!(asked(&receiver), ["GET /v4", "GET /v4", "POST /v4/order/a%2Fb/reverse/"]);
    rig.end().await;
}

#[tokio::test]
async fn a_captured_url_is_followed_on_the_endpoints_host_only() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let page =
        Step { capture: vec![Capture::json("url", "/url").required()], ..post("page", "/pages", Part::text("{}")) };
    let body = vec![Part::Text("{\"a\":".to_owned()), Part::Ref(capture("url")), Part::Text("}".to_owned())];
    let change =
        Step { to: To::Url(vec![Part::Ref(capture("url"))]), ..Step::new("change", Method::Put, Body::Json(body)) };
    let planned = delivery(&webhook, vec![page, change]);
    let own = receiver.url("/d/1?x=\"${capture.url}");
    receiver.answer_next(Answer::status(200).body(json!({ "url": own }).to_string()));
    assert!(delivered(&rig.handle(&planned).await));
    let last = receiver.received().pop().expect("received");
    assert_eq!((last.method.as_str(), last.path.as_str()), ("PUT", "/d/1?x=%22${capture.url}"));
    assert_eq!(last.json(), json!({ "a": own }), "the value itself, whatever is in it");

    receiver.answer_next(Answer::status(200).body(r#"{"url":"http://127.0.0.2/d/1"}"#));
    let (why, _) = again(rig.handle(&planned).await, &planned);
    assert!(why.starts_with("rejected: the URL of the request is not one of the endpoint's host"), "{why}");
    assert_eq!(receiver.count(), 3, "nothing went there");
    rig.end().await;
}

#[tokio::test]
async fn an_answer_without_what_the_plan_needs_is_rejected() {
    let (rig, receiver) = rig().await;
    let webhook = van(&rig, &receiver).await;
    let planned = delivery(&webhook, van_steps());
    let long = "9".repeat(contract::limits::CAPTURED_CHARS + 1);
    for body in ["{}".to_owned(), format!(r#"{{"vanId":"{long}"}}"#), "not JSON".to_owned(), "{".repeat(70_000)] {
        receiver.answer_next(Answer::status(200).body(body));
        let (why, next) = again(rig.handle(&planned).await, &planned);
        assert_eq!(why, "rejected: answered 200 without van_id; it needs attention (step person)");
        assert_eq!((next.progress.step, next.progress.unclear), (1, false));
    }
    assert!(remembered(&rig, &webhook).await.line.is_empty());
    rig.end().await;
}

#[tokio::test]
async fn a_backfill_carries_the_pairs_that_its_connection_wants() {
    let (rig, receiver) = rig().await;
    let set = |webhook: &mut Webhook, _: &mut Secrets| webhook.kind = "actionkit".parse().expect("a type");
    let webhook = rig.webhook("n", &receiver.url("/hook?a=b"), set).await;
    let Some(pair) = webhook.speaks().and_then(|connection| connection.backfill_query.first()) else {
        panic!("this preset has a query for backfills")
    };
    let mut item = message(&[(&planned(&webhook, 1), 0)], false);
    assert!(rig.handle_message(&item).await.iter().all(delivered));
    let text =
        String::from_utf8(item.body.to_vec()).expect("JSON").replace("\"lane\":\"live\"", "\"lane\":\"backfill\"");
    item.body = text.into();
    assert!(rig.handle_message(&item).await.iter().all(delivered));
    assert_eq!(asked(&receiver), ["POST /hook?a=b".to_owned(), format!("POST /hook?a=b&{}={}", pair.0, pair.1)]);
    rig.end().await;
}
