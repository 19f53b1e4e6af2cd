//! One exchange: what a receiver sees, and what hostile ones get.

use super::{BODY, Rig, SIGNING, client, planned};
use crate::client::{Answer as Answered, Client, Request};
use crate::failure::Failure;
use crate::guard::SystemLookup;
use bytes::Bytes;
use contract::limits;
use runtime::task::{OnPanic, Tasks};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use store::Authorization;
use testkit::receiver::{Answer, Receiver};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn request(url: &str) -> Request {
    let url = url::Url::parse(url).expect("a URL");
    let (method, headers) = (reqwest::Method::POST, reqwest::header::HeaderMap::new());
    Request { method, url, headers, body: Bytes::from("{}"), decides: false, once: false }
}

fn local() -> Client {
    client(&["127.0.0.1/32"], Arc::new(SystemLookup::new(4)))
}

async fn exchange(answer: Answer) -> Result<Answered, Failure> {
    let receiver = Receiver::start().await.expect("listens");
    receiver.set_default(answer);
    local().send(&request(&receiver.url("/"))).await
}

fn verify(request: &testkit::receiver::Request) {
    let mut headers = reqwest::header::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, request.header(name).expect(name).parse().expect("a header value"));
    }
    let webhook = standardwebhooks::Webhook::new(SIGNING).expect("a secret");
    webhook.verify(&request.body, &headers).expect("the signature verifies");
}

#[tokio::test]
async fn the_request_carries_the_plan_the_credentials_and_a_signature() {
    let (rig, receiver) = (Rig::new().await, Receiver::start().await.expect("listens"));
    let path = "/Hook/%7Eana;v=1?list=7&x=a%2Fb+c";
    let basic = rig
        .webhook("basic", &receiver.url(path), |_, secrets| {
            secrets.headers = vec![
                ("X-Tenant".to_owned(), "okonedo".into()),
                ("Host".to_owned(), "elsewhere.example.org".into()),
                ("Content-Type".to_owned(), "text/plain".into()),
            ];
        })
        .await;
    let bearer = rig
        .webhook("bearer", &receiver.url("/"), |_, secrets| {
            secrets.authorization = Authorization::Bearer { token: "sesame".into() };
        })
        .await;
    rig.handle(&planned(&basic, 1)).await;
    rig.handle(&planned(&bearer, 1)).await;

    let received = receiver.wait_for(2).await.expect("both arrive");
    let first = &received[0];
    assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", path));
    assert_eq!(first.body, BODY);
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.header("authorization"), Some("Basic YW5hOmNvcnJlY3QgaG9yc2U="));
    assert_eq!(first.header("x-tenant"), Some("okonedo"));
    assert_eq!(first.header("host"), Some(format!("127.0.0.1:{}", receiver.port()).as_str()));
    assert_eq!(first.header("user-agent"), Some(concat!("Tributary/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(first.header("accept-encoding"), None);
    assert_eq!(first.webhook_id(), Some(planned(&basic, 1).delivery.id.as_str()));
    verify(first);
    assert_eq!(received[1].header("authorization"), Some("Bearer sesame"));
    rig.end().await;
}

#[tokio::test]
async fn nothing_goes_out_unsigned_when_the_signing_secret_is_missing() {
    let (rig, receiver) = (Rig::new().await, Receiver::start().await.expect("listens"));
    let webhook = rig.webhook("unsigned", &receiver.url("/"), |_, secrets| secrets.signing.clear()).await;
    let mut planned = planned(&webhook, 1);
    rig.handle(&planned).await;
    assert_eq!(receiver.count(), 0);
    assert!(rig.attempts(&webhook).await[0].reason.starts_with("not sendable: "));

    planned.plan.signed = false;
    rig.handle(&planned).await;
    let received = receiver.wait_for(1).await.expect("it arrives");
    assert_eq!(received[0].header("webhook-signature"), None, "signing is switched off");
    rig.end().await;
}

#[tokio::test]
async fn hostile_answers_cost_little_and_say_what_they_are() {
    let endless = exchange(Answer::endless_body()).await.expect("the status has decided");
    assert_eq!((endless.status, endless.body.len()), (200, limits::ANSWER_READ_BYTES));
    let truncated = exchange(Answer::truncated()).await.expect("the status has decided");
    assert_eq!((truncated.status, truncated.body.as_slice()), (200, b"half of".as_slice()));
    assert_eq!(exchange(Answer::huge_headers()).await, Err(Failure::TooLarge));
    assert_eq!(exchange(Answer::garbage()).await, Err(Failure::NotHttp));
    assert_eq!(exchange(Answer::reset()).await, Err(Failure::Lost));
    assert_eq!(exchange(Answer::hang()).await, Err(Failure::Timeout { connecting: false }));
}

#[tokio::test]
async fn a_body_that_drips_does_not_hold_a_delivery_that_has_arrived() {
    let began = Instant::now();
    let dripping = exchange(Answer::drip(Duration::from_millis(50))).await.expect("the status has decided");
    assert_eq!(dripping.status, 200);
    assert!(began.elapsed() < super::patience().total, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_receiver_that_is_down_says_so() {
    let mut receiver = Receiver::start().await.expect("listens");
    receiver.down().await;
    let down = local().send(&request(&receiver.url("/"))).await;
    assert_eq!(down, Err(Failure::Connect(std::io::ErrorKind::ConnectionRefused)));
}

#[tokio::test]
async fn a_receiver_that_speaks_no_tls_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let url = format!("https://{}/", listener.local_addr().expect("bound"));
    let (client, request) = (local(), request(&url));
    let (answer, ()) = tokio::join!(client.send(&request), async {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("writes");
    });
    assert!(matches!(answer, Err(Failure::Tls(_))), "{answer:?}");
}

#[tokio::test]
async fn a_pooled_connection_that_was_closed_is_replaced_once_and_at_once() {
    let (tasks, closed) = (Tasks::new(), Arc::new(AtomicUsize::new(0)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let (connections, counter) = (tasks.clone(), Arc::clone(&closed));
    tasks.spawn("receiver", OnPanic::Log, async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counter = Arc::clone(&counter);
            connections.spawn("connection", OnPanic::Log, async move { answer_once(stream, &counter).await });
        }
    });
    // A connection goes back to the pool a moment after its answer, so not every request finds one there.
    let client = local();
    for sent in 0..200 {
        let answer = client.send(&request(&url)).await;
        assert_eq!(answer.map(|answer| answer.status), Ok(200), "request {sent}");
        if closed.load(Ordering::Relaxed) >= 3 {
            break;
        }
    }
    assert!(closed.load(Ordering::Relaxed) >= 3, "no connection was used again");
}

/// Answers one request, keeps the connection open, and closes it when it is used again.
async fn answer_once(mut stream: TcpStream, closed: &AtomicUsize) {
    let mut bytes = [0; 4_096];
    if matches!(stream.read(&mut bytes).await, Ok(read) if read > 0) {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    }
    if matches!(stream.read(&mut bytes).await, Ok(read) if read > 0) {
        closed.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_new_connection_that_is_reset_is_not_tried_again_at_once() {
    let receiver = Receiver::start().await.expect("listens");
    receiver.answer_next(Answer::reset());
    assert_eq!(local().send(&request(&receiver.url("/"))).await, Err(Failure::Lost));
    assert_eq!(receiver.count(), 1);
}
