use super::*;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use testkit::otlp;
use testkit::receiver::{Answer, Receiver};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNWANTED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

fn to(collector: &Receiver) -> (Spans, Exporter) {
    // A slash at the end is what a parsed URL without a path has.
    let target = Target { endpoint: &collector.url("/"), role: "router" };
    Spans::to(&target).expect("a good address")
}

fn hop(trace: Trace<'_>) -> Hop<'_> {
    let door = Door::Queue;
    Hop { stage: "router", trace, door, id: Some("evt_1"), began: Instant::now(), outcome: "forwarded", failed: false }
}

fn attempt(reason: &str) -> Attempt<'_> {
    Attempt {
        trace: PARENT,
        delivery: "dlv_1",
        webhook: "wh_1",
        number: 2,
        began: Timestamp::from_second(1_000).expect("in range"),
        took: Duration::from_millis(250),
        outcome: "retrying",
        status: Some(503),
        reason,
        failed: true,
    }
}

/// The spans of everything that came, when so many did.
async fn collected(collector: &Receiver, many: usize) -> Vec<otlp::Span> {
    let all = |requests: &[testkit::receiver::Request]| -> Vec<otlp::Span> {
        requests.iter().flat_map(|request| otlp::spans(&request.body).expect("OTLP")).collect()
    };
    let requests = collector.wait_until(|requests| all(requests).len() >= many).await.expect("spans come");
    all(&requests)
}

fn attributes(span: &otlp::Span) -> BTreeMap<&str, &str> {
    span.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn spans_reach_the_collector_as_protobuf() {
    let (collector, tasks) = (Receiver::start().await.expect("a receiver"), Tasks::new());
    let (spans, exporter) = to(&collector);
    spans.hop(&hop(Trace::Continued(PARENT)));
    spans.attempt(&attempt("answered 503: the receiver is not available for now"));
    tasks.spawn("export", OnPanic::Stop, exporter.run(tasks.stop().clone()));
    let found = collected(&collector, 2).await;

    let request = collector.received().remove(0);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/traces"));
    assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
    let [hop, attempt] = &found[..] else { panic!("two spans: {found:?}") };
    assert_eq!((hop.name.as_str(), hop.trace.as_str(), hop.parent.as_str(), hop.kind), ("router", TRACE, SPAN, 5));
    assert_eq!(attributes(hop), [("stage", "router"), ("outcome", "forwarded"), ("message.id", "evt_1")].into());
    assert!(!hop.failed && hop.began_ns <= hop.ended_ns && hop.began_ns > 0);
    let resource: Vec<_> = ["service.name", "tributary.role"].iter().map(|name| hop.resource[*name].as_str()).collect();
    assert_eq!(resource, ["tributary", "router"]);
    assert_eq!(hop.resource["service.instance.id"].len(), 32);

    assert_eq!((attempt.name.as_str(), attempt.trace.as_str(), attempt.parent.as_str()), ("attempt", TRACE, SPAN));
    let expected = [
        ("stage", "sender"),
        ("outcome", "retrying"),
        ("reason", "answered 503"),
        ("webhook.id", "wh_1"),
        ("delivery.id", "dlv_1"),
        ("delivery.tries", "2"),
        ("http.response.status_code", "503"),
    ];
    assert_eq!(attributes(attempt), expected.into());
    assert_eq!((attempt.kind, attempt.failed), (3, true));
    assert_eq!((attempt.began_ns, attempt.ended_ns), (1_000_000_000_000, 1_000_250_000_000));
    assert!(hop.id != attempt.id && hop.id != SPAN);
}

#[tokio::test]
async fn a_trace_begins_with_the_span_that_its_traceparent_names_and_only_when_it_is_wanted() {
    let (collector, tasks) = (Receiver::start().await.expect("a receiver"), Tasks::new());
    let (spans, exporter) = to(&collector);
    for nothing in [UNWANTED, "00-trace", ""] {
        spans.hop(&hop(Trace::Begun(nothing)));
        spans.hop(&hop(Trace::Continued(nothing)));
    }
    spans.hop(&Hop { door: Door::Http, failed: true, ..hop(Trace::Begun(PARENT)) });
    tasks.spawn("export", OnPanic::Stop, exporter.run(tasks.stop().clone()));
    let found = collected(&collector, 1).await;
    let [root] = &found[..] else { panic!("one span: {found:?}") };
    assert_eq!((root.id.as_str(), root.parent.as_str(), root.trace.as_str()), (SPAN, "", TRACE));
    assert_eq!((root.kind, root.failed), (2, true));
}

#[tokio::test]
async fn what_is_left_at_the_stop_is_exported_in_batches() {
    let (collector, tasks) = (Receiver::start().await.expect("a receiver"), Tasks::new());
    let (spans, exporter) = to(&collector);
    let many = limits::TRACE_BATCH_SPANS + 1;
    for _ in 0..many {
        spans.hop(&hop(Trace::Continued(PARENT)));
    }
    tasks.stop().cancel();
    tasks.spawn("export", OnPanic::Stop, exporter.run(tasks.stop().clone()));
    tasks.finished().await;
    assert_eq!(collected(&collector, many).await.len(), many);
    assert_eq!(collector.count(), 2);
    spans.hop(&hop(Trace::Continued(PARENT)));
    assert_eq!(spans.overflow(), 0, "after the stop a span is nothing that is lost");
}

#[tokio::test]
async fn recording_never_waits_and_what_does_not_fit_is_counted() {
    let collector = Receiver::start().await.expect("a receiver");
    let (spans, _exporter) = to(&collector);
    for _ in 0..limits::TRACE_QUEUE_SPANS + 3 {
        spans.hop(&hop(Trace::Continued(PARENT)));
    }
    assert_eq!(spans.overflow(), 3);
}

#[tokio::test]
async fn a_collector_that_is_away_or_refuses_holds_nobody_up() {
    let mut collector = Receiver::start().await.expect("a receiver");
    let (spans, exporter) = to(&collector);
    let tasks = Tasks::new();
    collector.answer_next(Answer::status(400));
    tasks.spawn("export", OnPanic::Stop, exporter.run(tasks.stop().clone()));
    spans.hop(&hop(Trace::Continued(PARENT)));
    collector.wait_for(1).await.expect("refused");
    collector.down().await;
    spans.hop(&hop(Trace::Continued(PARENT)));
    tasks.stop().cancel();
    tasks.finished().await;
    assert_eq!(collector.count(), 1, "what it refused is not repeated");
}

#[tokio::test]
async fn a_collector_that_never_answers_holds_the_stop_up_for_a_moment() {
    let collector = Receiver::start().await.expect("a receiver");
    let (spans, exporter) = to(&collector);
    let tasks = Tasks::new();
    collector.gate();
    spans.hop(&hop(Trace::Continued(PARENT)));
    tasks.spawn("export", OnPanic::Stop, exporter.run(tasks.stop().clone()));
    collector.wait_for(1).await.expect("the batch is under way");
    let stopped = Instant::now();
    tasks.stop().cancel();
    tasks.finished().await;
    let flush = Duration::from_millis(limits::TRACE_FLUSH_MS);
    let took = stopped.elapsed();
    assert!(took >= flush && took < Duration::from_millis(limits::CLOSE_GRACE_MS), "{took:?}");
}

#[tokio::test]
async fn a_process_exports_to_one_collector() {
    let (collector, tasks) = (Receiver::start().await.expect("a receiver"), Tasks::new());
    let address = collector.url("");
    hop(Trace::Continued(PARENT)).record();
    let target = Target { endpoint: &address, role: "all" };
    export(&target, &tasks).expect("the first");
    assert!(matches!(export(&target, &tasks), Err(Error::Already)));
    hop(Trace::Continued(PARENT)).record();
    attempt("timed out: no answer in time").record();
    let found = collected(&collector, 2).await;
    assert_eq!(found.len(), 2, "what came before is nobody's: {found:?}");
    assert_eq!(found[1].attributes["reason"], "timed out");
}
