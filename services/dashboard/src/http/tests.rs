mod forms;
mod secrecy;
mod testing;
mod types;

use super::Tokens;
use super::routes::{router, targets};
use crate::functions::Functions;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use broker::{Broker, Note, Outgoing, Queue};
use bytes::Bytes;
use contract::attempt::{Attempt, Outcome};
use contract::backfill::{Notice, Status, What};
use contract::delivery::Delivery;
use contract::envelope::{Header, Line};
use contract::event::{Event, Kind};
use contract::id::{EntityId, EventId, WebhookId};
use contract::lane::Lane;
use runtime::health::Health;
use runtime::task::Tasks;
use serde_json::{Value, json};
use std::time::Duration;
use store::{SecretKeys, Store};
use tower::ServiceExt;

const TOKEN: &str = "a-token-for-tests";

/// The API over an embedded broker and store.
struct Desk {
    router: Router,
    functions: Functions,
    broker: Broker,
    store: Store,
    tasks: Tasks,
    _folder: tempfile::TempDir,
}

impl Desk {
    async fn open() -> Self {
        Self::allowing(&[]).await
    }

    /// With endpoints inside these networks.
    async fn allowing(networks: &[&str]) -> Self {
        let allowed: Vec<_> = networks.iter().map(|network| network.parse().unwrap()).collect();
        let folder = tempfile::tempdir().unwrap();
        let (tasks, health, dir) = (Tasks::new(), Health::default(), folder.path().to_owned());
        let config = broker::Config {
            backend: broker::BackendConfig::Embedded { dir: dir.clone() },
            queue_prefix: String::new(),
            connection_name: "test".to_owned(),
            history_age: Duration::from_hours(1),
            history_bytes: 1 << 30,
        };
        let broker = Broker::open(config, &tasks, &health).await.unwrap();
        let config = store::Config {
            secret_key: SecretKeys::in_folder(&dir).unwrap(),
            backend: store::BackendConfig::Embedded { dir },
            key_prefix: String::new(),
        };
        let store = Store::open(config, &tasks, &health).await.unwrap();
        let functions = Functions::new(store.clone(), broker.clone(), &allowed, Duration::from_secs(5));
        let router = router(functions.clone(), Tokens::new(vec![TOKEN.into()]));
        Self { router, functions, broker, store, tasks, _folder: folder }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request =
            Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask("POST", path, body).await;
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    /// Adds an active webhook and gives its id.
    async fn webhook(&self) -> WebhookId {
        let new = json!({"entity": 4411, "type": "default", "endpoint": "https://crm.example.org/h", "activate": true});
        let added = self.post("/api/v1/webhooks", new).await;
        WebhookId::parse(added["id"].as_str().unwrap()).unwrap()
    }

    async fn waiting(&self, queue: Queue) -> u64 {
        self.broker.depths(&[queue]).await.unwrap()[0].ready
    }

    async fn put_aside(&self, queue: Queue, body: Bytes, reason: &str, origin: &str) {
        let at = runtime::clock::now();
        let note = Note { stage: "router".into(), reason: reason.into(), origin: origin.into(), at };
        self.broker.publisher().publish(Outgoing::noted(queue, body, note)).await.unwrap();
    }
}

fn event(kind: Kind, lineitem: u64) -> Event {
    Event {
        id: EventId::derive(&[kind.name(), &lineitem.to_string()]),
        kind,
        entity: EntityId(4411),
        lineitem,
        status: None,
        received_at: runtime::clock::now(),
        occurred_at: None,
        managing_entity: None,
        upstream_id: None,
        body: serde_json::value::to_raw_value(&json!({"lineitems": []})).unwrap(),
        tracking: None,
    }
}

fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_route_needs_a_token_and_the_document_needs_none() {
    let desk = Desk::open().await;
    for (method, path) in targets() {
        for given in [None, Some("Bearer wrong"), Some(TOKEN), Some("Basic YTpi")] {
            let mut request = Request::builder().method(method.as_str()).uri(path.replace("{id}", "wh_1"));
            if let Some(given) = given {
                request = request.header(header::AUTHORIZATION, given);
            }
            let response = desk.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path} {given:?}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        }
    }
    let request = Request::get("/api/openapi.json").body(Body::empty()).unwrap();
    assert_eq!(desk.router.clone().oneshot(request).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn all_mistakes_are_told_at_once_by_field() {
    let desk = Desk::open().await;
    let wrong = json!({
        "entity": 4411, "type": "fax", "endpoint": "http://10.0.0.1/", "contact_email": "nobody", "rate_per_s": 0,
        "signing": "maybe", "nickname": " ",
        "credentials": {"headers": [{"name": "Host", "value": "x"}]},
    });
    let (status, problem) = desk.ask("POST", "/api/v1/webhooks", wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut found = fields(&problem);
    found.sort_unstable();
    let expected =
        ["contact_email", "credentials.headers[0].name", "endpoint", "nickname", "rate_per_s", "signing", "type"];
    assert_eq!(found, expected);

    let (status, problem) = desk.ask("POST", "/api/v1/webhooks", json!({"entity": 1, "typ": "default"})).await;
    assert_eq!((status, fields(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["typ"]));
    let (status, _) = desk.ask("GET", "/api/v1/webhooks?sort=up", Value::Null).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, problem) = desk.ask("GET", "/api/v1/webhooks?status=asleep", Value::Null).await;
    assert_eq!((status, fields(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["status"]));
    let long = json!({ "nickname": "x".repeat(contract::limits::API_REQUEST_BYTES) });
    let (status, _) = desk.ask("POST", "/api/v1/webhooks", long).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    for path in
        ["/api/v1/webhooks/nonsense", "/api/v1/webhooks/wh_0", "/api/v1/entities/1", "/api/v1/x", "/api/v1/parked/1"]
    {
        let (status, problem) = desk.ask("GET", path, Value::Null).await;
        assert_eq!((status, &problem["status"]), (StatusCode::NOT_FOUND, &json!(404)), "{path}");
    }
    let (status, _) = desk.ask("PUT", "/api/v1/webhooks", Value::Null).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_change_keeps_what_is_absent_and_clears_what_is_null() {
    let desk = Desk::open().await;
    let id = desk.webhook().await;
    let path = format!("/api/v1/webhooks/{id}");
    let change = json!({"nickname": "one", "contact_email": "ana@example.org", "rate_per_s": 20,
        "credentials": {"authorization": {"scheme": "bearer", "token": "t"}}});
    let (status, changed) = desk.ask("PATCH", &path, change).await;
    assert_eq!((status, &changed["credentials"]["authorization"]), (StatusCode::OK, &json!("bearer")));
    let (_, changed) = desk.ask("PATCH", &path, json!({"nickname": null})).await;
    assert_eq!((changed.get("nickname"), &changed["contact_email"]), (None, &json!("ana@example.org")));
    assert_eq!((&changed["rate_per_s"], &changed["status"]), (&json!(20), &json!("active")));
    let header = json!({"credentials": {"headers": [{"name": "Authorization", "value": "x"}]}});
    let (status, problem) = desk.ask("PATCH", &path, header).await;
    assert_eq!((status, fields(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["credentials.headers"]));
    let (status, _) = desk.ask("PATCH", "/api/v1/webhooks/wh_0", json!({"declined": true})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_webhook_is_active_from_the_moment_that_it_is_stored_so() {
    let desk = Desk::open().await;
    let id = desk.webhook().await;
    let path = format!("/api/v1/webhooks/{id}");
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    for _ in 0..100 {
        desk.post(&format!("{path}/deactivate"), Value::Null).await;
        let activate = format!("{path}/activate");
        let mut activating = std::pin::pin!(desk.post(&activate, Value::Null));
        assert!(futures_util::poll!(&mut activating).is_pending());
        let (_, changed) = desk.ask("PATCH", &path, json!({"rate_per_s": 3, "nickname": "between"})).await;
        let active = activating.await;
        // Its first try reads the webhook and then, nearly always, loses against the change.
        if active["version"].as_u64() > changed["version"].as_u64() {
            assert!(time(&active["activated_at"]) >= time(&changed["updated_at"]), "{active} after {changed}");
            return;
        }
        desk.ask("PATCH", &path, json!({"nickname": null})).await;
    }
    panic!("the change never came in between");
}

#[tokio::test]
async fn an_entity_is_what_was_put_last() {
    let desk = Desk::open().await;
    let (status, _) = desk.ask("PUT", "/api/v1/entities/4411", json!({"name": "Harbor"})).await;
    assert_eq!(status, StatusCode::OK);
    let (_, put) = desk.ask("PUT", "/api/v1/entities/4411", json!({"name": "Bay", "committee_name": "Bay PAC"})).await;
    assert_eq!(desk.get("/api/v1/entities/4411").await, put);
    let (status, problem) = desk.ask("PUT", "/api/v1/entities/4411", json!({"name": ""})).await;
    assert_eq!((status, fields(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["name"]));
}

/// A first attempt that arrived.
fn attempt_of(delivery: &Delivery) -> Attempt {
    Attempt {
        at: runtime::clock::now(),
        webhook: delivery.webhook.clone(),
        delivery: delivery.id.clone(),
        event: delivery.event.id.clone(),
        kind: delivery.event.kind,
        lineitem: delivery.event.lineitem,
        number: 1,
        outcome: Outcome::Delivered,
        reason: "200 OK".to_owned(),
        status: Some(200),
        duration_ms: 3,
        next_at: None,
        request: None,
        answer: None,
        test: delivery.test,
    }
}

#[tokio::test]
async fn attempts_are_followed_by_their_cursor() {
    let desk = Desk::open().await;
    let id = desk.webhook().await;
    let path = format!("/api/v1/webhooks/{id}/attempts");
    for lineitem in 1..=3 {
        let delivery = Delivery::new(event(Kind::Contribution, lineitem), id.clone());
        desk.store.attempts().record(&attempt_of(&delivery)).await.unwrap();
    }
    let first = desk.get(&format!("{path}?limit=2")).await;
    assert_eq!(first["attempts"].as_array().unwrap().len(), 2);
    let next = first["next"].as_str().unwrap();
    let rest = desk.get(&format!("{path}?after={next}")).await;
    assert_eq!((rest["attempts"].as_array().unwrap().len(), &rest["attempts"][0]["lineitem"]), (1, &json!(3)));
    let end = desk.get(&format!("{path}?after={}", rest["next"].as_str().unwrap())).await;
    assert_eq!((&end["attempts"], &end["next"]), (&json!([]), &rest["next"]));
    let (status, problem) = desk.ask("GET", &format!("{path}?after=x"), Value::Null).await;
    assert_eq!((status, fields(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["after"]));
}

#[tokio::test]
async fn an_active_webhook_is_left_as_it_is_and_a_late_activation_counts_later() {
    let desk = Desk::open().await;
    let id = desk.webhook().await;
    let path = format!("/api/v1/webhooks/{id}/activate");
    let once = desk.post(&path, Value::Null).await["activated_at"].clone();
    let again = tokio::time::timeout(Duration::from_secs(10), desk.post(&path, Value::Null)).await;
    assert_eq!(again.expect("an answer")["activated_at"], once);

    let late = once.as_str().and_then(|at| at.parse().ok());
    let postponed = desk.functions.activate_after(&id, late).await.expect("active");
    assert!(postponed.activated_at > late, "{postponed:?} {late:?}");
}

#[tokio::test]
async fn a_backfill_of_files_is_fed_by_its_runner_alone() {
    let desk = Desk::open().await;
    let id = desk.webhook().await;
    let asked = desk.post(&format!("/api/v1/webhooks/{id}/backfills"), json!({"from": "2020-01-01"})).await;
    let path = format!("/api/v1/backfills/{}", asked["id"].as_str().unwrap());
    let (status, problem) = desk.ask("POST", &format!("{path}/run"), json!({"files": ["a.csv"], "runner": "x"})).await;
    assert_eq!((status, fields(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["runner"]));
    let mine = "0123456789abcdef";
    let started = json!({"files": ["a.csv"], "runner": mine, "total": 3, "rejected": 2});
    let running = desk.post(&format!("{path}/run"), started.clone()).await;
    assert_eq!(
        (&running["status"], &running["total"], &running["rejected"]),
        (&json!("running"), &json!(3), &json!(2))
    );

    let feed = async |runner: &str, lines: String| {
        let request = Request::builder().method("POST").uri(format!("{path}/events?runner={runner}"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {TOKEN}")).body(Body::from(lines)).unwrap();
        let response = desk.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice::<Value>(&bytes).unwrap())
    };
    let line = |entity: u64, lineitem: u64, paid: &str| {
        json!({"type": "contribution", "data": {
            "donor": {}, "form": {},
            "contribution": {"createdAt": paid, "orderNumber": "AB1", "status": "approved"},
            "lineitems": [{"sequence": 0, "entityId": entity, "amount": "1.0", "paidAt": paid, "lineitemId": lineitem}],
        }})
        .to_string()
    };
    let good = "2024-01-01T00:00:00Z";
    let lines = [line(4411, 1, good), line(9, 2, good), line(4411, 3, "2019-01-01T00:00:00Z")].join("\n");
    let (status, taken) = feed(mine, lines.clone()).await;
    let expected = json!({"status": "running", "published": 1, "repeated": 0, "outside": 2, "left": []});
    assert_eq!((status, taken), (StatusCode::OK, expected));
    assert_eq!(desk.waiting(Queue::Router(Lane::Backfill)).await, 1);
    let (status, _) = feed("fedcba9876543210", lines).await;
    assert_eq!(status, StatusCode::CONFLICT, "another runner");
    let (status, problem) = feed(mine, format!("{}\n{{", line(4411, 4, good))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(fields(&problem)[0].starts_with("line 2"), "{problem}");
    let (status, _) = feed(mine, vec![line(4411, 5, good); 501].join("\n")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "more lines than are taken");

    let finish = json!({"runner": mine});
    let waiting = desk.post(&format!("{path}/finish"), finish.clone()).await;
    assert_eq!((&waiting["status"], &waiting["outstanding"]), (&json!("running"), &json!(1)));
    desk.store.pulse().late(Duration::from_secs(60)).await.unwrap();
    let (_, taken) = feed(mine, line(4411, 6, good)).await;
    assert_eq!((&taken["status"], &taken["left"]), (&json!("yielding"), &json!([0])));
    let reason = desk.get(&path).await["reason"].clone();
    assert_eq!(reason, "live deliveries reach the sender 60 s late", "it says why it waits");
    desk.post(&format!("{path}/pause"), Value::Null).await;
    let (_, taken) = feed(mine, line(4411, 6, good)).await;
    assert_eq!((&taken["status"], &taken["left"]), (&json!("paused"), &json!([0])));
    let (status, _) = desk.ask("PATCH", &path, json!({"from": "2021-01-01"})).await;
    assert_eq!(status, StatusCode::CONFLICT, "once it has run its start date is settled");
    desk.post(&format!("{path}/cancel"), json!({})).await;
    assert_eq!(desk.post(&format!("{path}/finish"), finish).await["status"], "cancelled");
}

#[tokio::test]
async fn the_contact_is_told_when_sending_begins_and_how_it_ended() {
    let desk = Desk::open().await;
    let new = json!({"entity": 4411, "type": "default", "endpoint": "https://crm.example.org/h", "activate": true,
        "contact_email": "ada@example.org", "backfill_from": "2024-01-01"});
    let added = desk.post("/api/v1/webhooks", new).await;
    let path = format!("/api/v1/backfills/{}", added["backfill"].as_str().unwrap());
    let runner = "0123456789abcdef";
    desk.post(&format!("{path}/run"), json!({"files": ["a.csv"], "runner": runner, "rejected": 2})).await;
    let told = desk.store.notices().list(None, 10).await.unwrap();
    assert!(matches!(&told[..], [Notice { what: What::BackfillBegan { .. }, .. }]), "{told:?}");
    assert_eq!(desk.post(&format!("{path}/finish"), json!({"runner": runner})).await["status"], "completed");
    let told = desk.store.notices().list(None, 10).await.unwrap();
    let [Notice { to, what: What::BackfillEnded { status, counts, .. }, .. }, _] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!((to.as_str(), *status, counts.rejected), ("ada@example.org", Status::Completed, 2));
}

#[tokio::test]
async fn a_start_date_comes_with_a_webhook_and_can_be_moved_before_it_runs() {
    let desk = Desk::open().await;
    let new = |day: &str| json!({"entity": 4411, "type": "default", "endpoint": "https://crm.example.org/h", "backfill_from": day});
    let (status, problem) = desk.ask("POST", "/api/v1/webhooks", new("soon")).await;
    assert_eq!((status, fields(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["backfill_from"]));
    let (_, problem) = desk.ask("POST", "/api/v1/webhooks", new("2999-01-01")).await;
    assert_eq!(fields(&problem), ["backfill_from"]);
    let added = desk.post("/api/v1/webhooks", new("2024-01-01")).await;
    let path = format!("/api/v1/backfills/{}", added["backfill"].as_str().unwrap());
    let backfill = desk.get(&path).await;
    assert_eq!((&backfill["status"], &backfill["from"]), (&json!("requested"), &json!("2024-01-01T05:00:00Z")));
    let (status, moved) = desk.ask("PATCH", &path, json!({"from": "2023-07-01"})).await;
    assert_eq!((status, &moved["from"]), (StatusCode::OK, &json!("2023-07-01T04:00:00Z")));
    desk.post(&format!("/api/v1/webhooks/{}/activate", added["id"].as_str().unwrap()), Value::Null).await;
    let ready = desk.get("/api/v1/backfills?status=ready").await;
    assert_eq!(ready["backfills"][0]["id"], added["backfill"], "staff see what is to be run");
}

#[tokio::test]
async fn undelivered_deliveries_are_replayed_from_the_start() {
    let desk = Desk::open().await;
    let id = desk.webhook().await;
    for (kind, lineitem) in [(Kind::Contribution, 1), (Kind::Refund, 2), (Kind::Contribution, 3)] {
        let delivery = Delivery::new(event(kind, lineitem), id.clone());
        let mut header = Header::new(delivery.id.as_str(), "t".to_owned(), Lane::Backfill, runtime::clock::now());
        header.attempt = 9;
        let line = Line::new(header, &delivery).encode(0).unwrap();
        desk.put_aside(Queue::Undelivered(id.clone()), line, "500 Internal Server Error", "sender.retry").await;
    }
    let path = format!("/api/v1/webhooks/{id}/undelivered");
    let list = desk.get(&format!("{path}?kind=contribution")).await;
    assert_eq!(list["undelivered"].as_array().unwrap().len(), 2);
    assert_eq!(list["undelivered"][0]["reason"], "500 Internal Server Error");
    assert_eq!(desk.get(&format!("{path}?since=2999-01-01T00:00:00Z")).await["undelivered"], json!([]));
    let queues = desk.get("/api/v1/queues").await;
    let held = queues["queues"].as_array().unwrap().iter().find(|queue| queue["queue"] == format!("undelivered.{id}"));
    assert_eq!(held.unwrap()["ready"], 3);

    let counts = desk.get(&format!("{path}/count?reason=INTERNAL&since=2020-01-01T00:00:00Z")).await;
    let group = |kind, count| json!({"kind": kind, "reason": "500 Internal Server Error", "count": count});
    assert_eq!(counts, json!({"undelivered": 3, "groups": [group("contribution", 2), group("refund", 1)]}));
    for none in ["reason=timeout", "until=2020-01-01T00:00:00Z"] {
        assert_eq!(desk.get(&format!("{path}/count?{none}")).await["undelivered"], 0, "{none}");
    }

    let replayed = desk.post(&format!("{path}/replay"), json!({"kind": "contribution"})).await;
    assert_eq!(replayed, json!({"replayed": 2, "kept": 1}));
    let mut consumer = desk.broker.consume(&Queue::Formatter(Lane::Backfill), 8).await.unwrap();
    let message = consumer.next().await.unwrap();
    let line = Line::<Delivery>::decode(&message.body).unwrap();
    assert_eq!((line.header.attempt, line.header.lane), (0, Lane::Backfill));
    assert_eq!(line.body.id, Delivery::new(event(Kind::Contribution, 1), id.clone()).id);
    message.ack().await.unwrap();

    desk.post(&format!("/api/v1/webhooks/{id}/deactivate"), Value::Null).await;
    let (status, _) = desk.ask("POST", &format!("{path}/replay"), Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT, "nothing that is replayed to an inactive webhook would arrive");
    let (status, problem) = desk.ask("GET", &format!("{path}?kind=gift&since=today"), Value::Null).await;
    assert_eq!((status, fields(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["kind", "since"]));
}

#[tokio::test]
async fn a_parked_message_is_shown_replayed_and_dropped() {
    let desk = Desk::open().await;
    desk.put_aside(Queue::Parked, Bytes::from_static(b"\xff\x00"), "not an envelope", "router.live").await;
    desk.put_aside(Queue::Parked, Bytes::from_static(b"text"), "lost", "nowhere").await;
    desk.put_aside(Queue::IngestRejected, Bytes::from_static(b"{}"), "$.type", "ingest").await;
    assert_eq!(desk.get("/api/v1/rejected").await["messages"][0]["reason"], "$.type");
    let list = desk.get("/api/v1/parked").await;
    assert_eq!(list["messages"].as_array().unwrap().len(), 2);
    let paths = [0, 1].map(|at| format!("/api/v1/parked/{}", list["messages"][at]["id"].as_str().unwrap()));
    assert_eq!(desk.get(&paths[0]).await["body_base64"], "/wA=");
    assert_eq!(desk.get(&paths[1]).await["body"], "text");

    let (status, _) = desk.ask("POST", &format!("{}/replay", paths[0]), Value::Null).await;
    assert_eq!((status, desk.waiting(Queue::Router(Lane::Live)).await), (StatusCode::NO_CONTENT, 1));
    let (status, _) = desk.ask("POST", &format!("{}/replay", paths[1]), Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT, "it came from no queue");
    let (status, _) = desk.ask("DELETE", &paths[1], Value::Null).await;
    assert_eq!((status, desk.waiting(Queue::Parked).await), (StatusCode::NO_CONTENT, 0));
    let (status, _) = desk.ask("DELETE", &paths[1], Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
