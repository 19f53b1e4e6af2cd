use super::*;
use crate::testbed::{Testbed, decode};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use broker::Queue;
use contract::lane::Lane;
use serde_json::{Value, json};
use testkit::builders::message;
use tower::ServiceExt as _;

const TOKEN: &str = "Bearer token-of-upstream";

struct Site {
    bed: Testbed,
    routes: axum::Router,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Site {
    async fn open() -> Self {
        let bed = Testbed::open().await;
        let credentials =
            Credentials::new(vec!["token-of-upstream".into()], Some(("harbor".to_owned(), "password".into())));
        let routes = routes(bed.acceptance(), credentials);
        Self { bed, routes }
    }

    async fn send(&self, request: Request) -> Answer {
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, body: serde_json::from_slice(&body).unwrap() }
    }

    async fn post(&self, path: &str, authorization: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path).header("authorization", authorization);
        self.send(request.body(body.into()).unwrap()).await
    }

    async fn events(&self, body: impl Into<Body>) -> Answer {
        self.post("/v1/events", TOKEN, body).await
    }
}

impl Answer {
    fn accepted(&self, accepted: usize, duplicates: usize) {
        assert_eq!(self.status, StatusCode::ACCEPTED, "{}", self.body);
        let events = accepted + duplicates;
        assert_eq!(self.body, json!({"accepted": accepted, "duplicates": duplicates, "events": events}));
    }

    fn problem(&self, status: StatusCode, kind: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["type"], format!("urn:tributary:problem:{kind}"));
        assert_eq!(self.body["status"], status.as_u16());
        assert!(self.body["title"].is_string() && self.body["detail"].is_string(), "{}", self.body);
    }
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

#[tokio::test]
async fn a_document_is_on_its_way_to_the_router_and_in_history_when_it_is_accepted() {
    let site = Site::open().await;
    let document = message("contribution").lineitems(&[(48_213, 1), (4_411, 2)]);
    site.events(document.to_vec()).await.accepted(2, 0);
    let events = site.bed.routed().await;
    let found: Vec<_> = events.iter().map(|event| (event.entity.0, event.lineitem)).collect();
    assert_eq!(found, [(48_213, 1), (4_411, 2)]);
    let mut history = site.bed.broker.history(jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    let (_, kept) = history.next(Duration::from_secs(5)).await.unwrap().unwrap();
    let ids: Vec<_> = decode(&kept).into_iter().map(|line| line.header.id).collect();
    assert_eq!(ids, [events[0].id.as_str(), events[1].id.as_str()]);
    drop(history);
    site.bed.close().await;
}

#[tokio::test]
async fn a_document_may_be_spread_over_lines_and_many_may_stand_on_lines_of_their_own() {
    let site = Site::open().await;
    let pretty = serde_json::to_string_pretty(&message("refund").to_json()).unwrap();
    site.events(pretty).await.accepted(1, 0);
    let lines: Vec<Vec<u8>> = (0..1_200).map(|_| message("contribution").to_vec()).collect();
    site.events(lines.join(&b'\n')).await.accepted(1_200, 0);
    assert_eq!(site.bed.routed().await.len(), 1_201);
    site.bed.close().await;
}

#[tokio::test]
async fn a_repeat_is_counted_and_dropped_within_a_request_and_across_them() {
    let site = Site::open().await;
    let document = message("contribution").lineitems(&[(5, 1), (6, 2)]).to_vec();
    let twice = [document.clone(), document.clone()].join(&b'\n');
    site.events(twice).await.accepted(2, 2);
    site.events(document).await.accepted(0, 2);
    assert_eq!(site.bed.routed().await.len(), 2);
    site.bed.close().await;
}

#[tokio::test]
async fn bad_lines_are_named_and_put_aside_and_good_ones_are_accepted() {
    let site = Site::open().await;
    let good = message("contribution").lineitem(1).to_vec();
    let bad = message("contribution").lineitems(&[(5, 2), (6, 3)]).field("lineitems.1.amount", -3).to_vec();
    let body = [good, bad.clone(), b"nonsense".to_vec(), message("cancellation").to_vec()].join(&b'\n');
    let answer = site.events(body.clone()).await;
    answer.problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    let counts = ["accepted", "duplicates", "events", "rejected", "more"].map(|key| answer.body[key].as_u64().unwrap());
    assert_eq!(counts, [2, 0, 2, 2, 0]);
    assert_eq!(answer.body["errors"][0]["line"], 2);
    assert_eq!(answer.body["errors"][0]["path"], "$.data.lineitems[1].amount");
    assert!(answer.body["errors"][0]["expected"].as_str().unwrap().contains("two decimals"));
    assert_eq!((&answer.body["errors"][1]["line"], &answer.body["errors"][1]["path"]), (&json!(3), &json!("$")));
    let rejected = site.bed.rejected().await;
    assert_eq!(rejected.len(), 2);
    assert_eq!(rejected[0].0, bad);
    assert!(rejected[0].1.contains("$.data.lineitems[1].amount"), "{}", rejected[0].1);
    assert_eq!(rejected[1].0, "nonsense");
    assert_eq!(site.bed.routed().await.len(), 2);
    let again = site.events(body).await;
    assert_eq!((&again.body["accepted"], &again.body["duplicates"]), (&json!(0), &json!(2)));
    site.bed.close().await;
}

#[tokio::test]
async fn actblue_takes_a_bare_body_of_each_kind() {
    let site = Site::open().await;
    for kind in contract::event::Kind::ALL {
        let body = message(kind.name()).to_data().to_string();
        site.post("/v1/actblue", &basic("harbor:password"), body.clone()).await.accepted(1, 0);
        site.post("/v1/actblue", &basic("actblue:token-of-upstream"), body).await.accepted(0, 1);
        assert_eq!(site.bed.routed().await[0].kind, kind);
    }
    let wrapped = message("contribution").to_vec();
    let answer = site.post("/v1/actblue", &basic("harbor:password"), wrapped).await;
    answer.problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    assert_eq!(answer.body["errors"][0]["path"], "$.contribution");
    site.bed.close().await;
}

#[tokio::test]
async fn nobody_publishes_without_a_credential() {
    let site = Site::open().await;
    let body = message("contribution").to_vec();
    for wrong in ["", "Bearer", "Bearer wrong", "Basic aGFyYm9yOnBhc3N3b3Jk"] {
        let answer = site.post("/v1/events", wrong, body.clone()).await;
        answer.problem(StatusCode::UNAUTHORIZED, "unauthorized");
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"tributary\"");
    }
    for wrong in [TOKEN.to_owned(), basic("harbor:wrong"), basic("harbor:"), "Basic !".to_owned()] {
        let answer = site.post("/v1/actblue", &wrong, body.clone()).await;
        answer.problem(StatusCode::UNAUTHORIZED, "unauthorized");
        assert_eq!(answer.headers["www-authenticate"], "Basic realm=\"tributary\", charset=\"UTF-8\"");
    }
    assert!(site.bed.routed().await.is_empty());
    site.bed.close().await;
}

#[tokio::test]
async fn what_is_no_publishing_request_is_told_so() {
    let site = Site::open().await;
    let request = |method: Method, path: &str| Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let get = site.send(request(Method::GET, "/v1/events")).await;
    get.problem(StatusCode::METHOD_NOT_ALLOWED, "method");
    assert_eq!(get.headers["allow"], "POST");
    site.send(request(Method::DELETE, "/v1/actblue")).await.problem(StatusCode::METHOD_NOT_ALLOWED, "method");
    site.send(request(Method::POST, "/v1/event")).await.problem(StatusCode::NOT_FOUND, "not-found");
    site.events(" \n").await.problem(StatusCode::BAD_REQUEST, "empty");
    let broken = futures_util::stream::iter([Ok(Bytes::from("{")), Err(std::io::Error::other("cut"))]);
    site.events(Body::from_stream(broken)).await.problem(StatusCode::BAD_REQUEST, "broken");
    site.bed.close().await;
}

#[tokio::test]
async fn every_limit_is_told() {
    let site = Site::open().await;
    let told =
        |length: usize| Request::post("/v1/events").header("authorization", TOKEN).header("content-length", length);
    let answer = site.send(told(limits::NDJSON_REQUEST_BYTES + 1).body(Body::empty()).unwrap()).await;
    answer.problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large");
    // A length that is not told is found out.
    let chunks = futures_util::stream::iter([0; 3].map(|_| Ok::<_, std::io::Error>(vec![b' '; 512 * 1024])));
    let answer = site.post("/v1/actblue", &basic("harbor:password"), Body::from_stream(chunks)).await;
    answer.problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large");
    let answer = site.events("1\n".repeat(limits::NDJSON_LINES + 1)).await;
    answer.problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large");
    let large = message("contribution").field("contribution.note", "x".repeat(limits::UPSTREAM_MESSAGE_BYTES));
    let answer = site.events([large.to_vec(), message("contribution").to_vec()].join(&b'\n')).await;
    answer.problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    assert_eq!((&answer.body["errors"][0]["line"], &answer.body["accepted"]), (&json!(1), &json!(1)));
    let items: Vec<_> = (0..501).map(|id| (5, id)).collect();
    let answer = site.events(message("contribution").lineitems(&items).to_vec()).await;
    assert_eq!(answer.body["errors"][0]["path"], "$.data.lineitems");
    site.bed.close().await;
}

#[tokio::test]
async fn errors_beyond_the_limit_are_counted() {
    let site = Site::open().await;
    let answer = site.events("{}\n".repeat(limits::PROBLEM_ERRORS)).await;
    assert_eq!(answer.body["errors"].as_array().unwrap().len(), limits::PROBLEM_ERRORS);
    assert_eq!(answer.body["more"], limits::PROBLEM_ERRORS);
    assert_eq!(answer.body["rejected"], limits::PROBLEM_ERRORS);
    site.bed.close().await;
}

#[tokio::test]
async fn a_trace_is_carried_on_and_a_malformed_one_replaced() {
    let site = Site::open().await;
    let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for trace in [given, "nonsense"] {
        let request = Request::post("/v1/events").header("authorization", TOKEN).header("traceparent", trace);
        site.send(request.body(message("contribution").to_vec().into()).unwrap()).await.accepted(1, 0);
    }
    let lines = site.bed.lines(Queue::Router(Lane::Live)).await;
    assert_eq!(lines[0].header.trace, given);
    let replaced = contract::trace::Traceparent::parse(&lines[1].header.trace);
    assert!(replaced.is_some_and(|replaced| replaced.to_string() != given));
    site.bed.close().await;
}

#[tokio::test]
async fn while_broker_or_store_are_away_nothing_is_accepted_and_the_sender_is_told_when_to_try_again() {
    let document = message("contribution").to_vec();
    for broker_away in [true, false] {
        let site = Site::open().await;
        if broker_away {
            site.bed.broker.close().await;
        } else {
            site.bed.store.close().await;
        }
        let answer = site.events(document.clone()).await;
        answer.problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        assert_eq!(answer.headers["retry-after"], "5");
        site.bed.close().await;
    }
}
