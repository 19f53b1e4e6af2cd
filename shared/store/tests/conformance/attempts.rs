use crate::place::{Place, attempt, id};
use contract::attempt::{Attempt, Outcome};
use contract::limits;
use store::Store;

async fn record(store: &Store, numbers: std::ops::Range<u32>, outcome: Outcome) {
    for number in numbers {
        store.attempts().record(&attempt(&id(1), number, outcome)).await.expect("recorded");
    }
}

fn reasons(attempts: &[Attempt]) -> Vec<&str> {
    attempts.iter().map(|attempt| attempt.reason.as_str()).collect()
}

pub(crate) async fn attempts_are_listed_in_order_and_followed_by_a_cursor(place: &mut Place) {
    let log = place.store.attempts();
    let empty = log.list(&id(1), None, 10).await.expect("listed");
    assert_eq!((empty.attempts.len(), empty.cursor), (0, None));
    let outcomes = [Outcome::Delivered, Outcome::Retrying, Outcome::Undelivered, Outcome::Skipped];
    for (number, outcome) in (1..).zip(outcomes) {
        log.record(&attempt(&id(1), number, outcome)).await.expect("recorded");
    }
    log.record(&attempt(&id(2), 9, Outcome::Delivered)).await.expect("recorded");

    let first = log.list(&id(1), None, 3).await.expect("listed");
    let mut expected = attempt(&id(1), 1, Outcome::Delivered);
    expected.answer = None;
    assert_eq!(first.attempts[0], expected, "the answer of what succeeded is not kept");
    assert_eq!(first.attempts[1], attempt(&id(1), 2, Outcome::Retrying));
    assert_eq!(reasons(&first.attempts), ["attempt 1", "attempt 2", "attempt 3"]);
    let cursor = first.cursor.map(|cursor| cursor.to_string().parse().expect("a cursor"));
    let rest = log.list(&id(1), cursor, 3).await.expect("listed");
    assert_eq!(reasons(&rest.attempts), ["attempt 4"]);
    let end = log.list(&id(1), rest.cursor, 3).await.expect("listed");
    assert_eq!((end.attempts.len(), end.cursor), (0, rest.cursor));
    log.record(&attempt(&id(1), 5, Outcome::Delivered)).await.expect("recorded");
    assert_eq!(reasons(&log.list(&id(1), end.cursor, 3).await.expect("listed").attempts), ["attempt 5"]);
}

pub(crate) async fn the_log_keeps_the_latest_attempts(place: &mut Place) {
    let all = 1_300;
    record(&place.store, 0..all, Outcome::Delivered).await;
    let page = place.store.attempts().list(&id(1), None, 10_000).await.expect("listed");
    let kept = page.attempts.len();
    assert!((limits::ATTEMPTS_KEPT..=limits::ATTEMPTS_KEPT + 100).contains(&kept), "{kept}");
    assert_eq!(page.attempts.last().map(|attempt| attempt.reason.clone()), Some(format!("attempt {}", all - 1)));
}

pub(crate) async fn answers_are_kept_for_the_latest_failures_only(place: &mut Place) {
    record(&place.store, 0..80, Outcome::Retrying).await;
    record(&place.store, 80..120, Outcome::Delivered).await;
    let page = place.store.attempts().list(&id(1), None, 1_000).await.expect("listed");
    assert_eq!(page.attempts.len(), 120);
    let with_answer: Vec<&Attempt> = page.attempts.iter().filter(|attempt| attempt.answer.is_some()).collect();
    assert_eq!(with_answer.len(), limits::ANSWERS_KEPT);
    assert_eq!(with_answer[0].answer.as_deref(), Some("answer 30"));
    assert_eq!(with_answer[0].reason, "attempt 30");

    let mut test = attempt(&id(1), 120, Outcome::Delivered);
    test.test = true;
    place.store.attempts().record(&test).await.expect("recorded");
    let found = place.store.attempts().find(&id(1), &test.delivery).await.expect("read");
    assert!(test.answer.is_some() && found[0].answer == test.answer, "who tests wants to see what came back");
}

pub(crate) async fn reasons_and_answers_are_cut_to_their_limits(place: &mut Place) {
    let mut long = attempt(&id(1), 1, Outcome::Undelivered);
    long.reason = "é".repeat(limits::REASON_KEPT_BYTES);
    long.answer = Some("x".repeat(limits::ANSWER_KEPT_BYTES + 1));
    place.store.attempts().record(&long).await.expect("recorded");
    let page = place.store.attempts().list(&id(1), None, 1).await.expect("listed");
    assert_eq!(page.attempts[0].reason.len(), limits::REASON_KEPT_BYTES);
    assert_eq!(page.attempts[0].answer.as_ref().map(String::len), Some(limits::ANSWER_KEPT_BYTES));
}

pub(crate) async fn the_attempts_at_one_delivery_are_found(place: &mut Place) {
    let log = place.store.attempts();
    let mut again = attempt(&id(1), 3, Outcome::Undelivered);
    again.number = 2;
    record(&place.store, 0..5, Outcome::Retrying).await;
    log.record(&again).await.expect("recorded");
    let found = log.find(&id(1), &again.delivery).await.expect("read");
    assert_eq!(found, [attempt(&id(1), 3, Outcome::Retrying), again.clone()]);
    assert_eq!(log.find(&id(2), &again.delivery).await.expect("read"), []);
}
