//! The way of one event as an OpenTelemetry collector sees it.

#[expect(dead_code, reason = "the tests of the commands use the rest")]
mod program;

use contract::event::Kind;
use contract::id::EntityId;
use program::Program;
use serde_json::json;
use std::collections::BTreeSet;
use testkit::otlp::{self, Span};
use testkit::receiver::{Answer, Receiver, Request};

const SPANS: [&str; 5] = ["attempt", "formatter", "ingest", "router", "sender"];
const SAID: [&str; 8] = [
    "delivery.id",
    "delivery.tries",
    "http.response.status_code",
    "message.id",
    "outcome",
    "reason",
    "stage",
    "webhook.id",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_hop_of_an_event_is_a_span_of_one_trace() {
    let (collector, receiver) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let mut program = Program::start_with(&[], &[("TELEMETRY__OTLP_ENDPOINT", &collector.url(""))]);
    let endpoint = receiver.url("/hook");
    let new = ["webhook", "add", "--entity", "48213", "--type", "default", "--endpoint", &endpoint, "--activate"];
    let webhook = program.ask(&new);
    let publish = |lineitem: u64| {
        let mut data = dashboard::sample::body(Kind::Contribution, EntityId(48_213));
        data["lineitems"][0]["lineitemId"] = lineitem.into();
        program.ask_with(&["publish", "-"], &json!({"type": "contribution", "data": data}).to_string());
    };
    publish(1);
    let delivery = receiver.wait_for(1).await.unwrap().remove(0).webhook_id().unwrap().to_owned();

    let spans = |requests: &[Request]| -> Vec<Span> {
        requests.iter().flat_map(|request| otlp::spans(&request.body).unwrap()).collect()
    };
    let complete = |requests: &[Request]| {
        let found = spans(requests);
        SPANS.iter().all(|name| found.iter().any(|span| span.name == *name))
    };
    let found = spans(&collector.wait_until(complete).await.unwrap());
    let [attempt, formatter, ingest, router, sender] =
        SPANS.map(|name| found.iter().find(|span| span.name == name).unwrap());
    assert_eq!(ingest.parent, "", "the trace begins at the entrance");
    for span in [router, formatter, sender, attempt] {
        assert_eq!((&span.trace, &span.parent), (&ingest.trace, &ingest.id), "{}", span.name);
        assert!(span.ended_ns >= span.began_ns && !span.failed, "{span:?}");
    }
    assert_eq!((ingest.attributes["outcome"].as_str(), ingest.kind), ("accepted", 2));
    assert_eq!(sender.attributes["message.id"], delivery);
    assert_eq!(attempt.attributes["delivery.id"], delivery);
    assert_eq!(attempt.attributes["webhook.id"], webhook["id"].as_str().unwrap());
    assert_eq!(attempt.attributes["http.response.status_code"], "200");
    assert_eq!((attempt.attributes["outcome"].as_str(), attempt.kind), ("delivered", 3));
    assert_eq!(ingest.resource["tributary.role"], "all");
    let said: BTreeSet<&str> = found.iter().flat_map(|span| span.attributes.keys().map(String::as_str)).collect();
    assert_eq!(said, SAID.into(), "nothing else is said of an event");

    collector.forget();
    receiver.set_default(Answer::status(500));
    publish(2);
    let found = spans(&collector.wait_until(complete).await.unwrap());
    let [attempt, _, again, _, sender] = SPANS.map(|name| found.iter().find(|span| span.name == name).unwrap());
    assert_ne!(again.trace, ingest.trace, "another request is another trace");
    assert_eq!((attempt.attributes["outcome"].as_str(), attempt.failed), ("retrying", true));
    assert_eq!(attempt.attributes["reason"], "answered 500");
    assert_eq!((sender.attributes["outcome"].as_str(), sender.failed), ("retried", false));
    assert_eq!(program.stop(), Some(0));
}
