//! The guard at work: what is refused is never connected to. A listener that nobody has come to proves it.

use super::{Rig, Scripted, client, planned};
use crate::client::{Client, Request};
use crate::failure::Failure;
use bytes::Bytes;
use contract::attempt::Outcome as Ended;
use contract::network::Refused;
use std::io::ErrorKind;
use std::net::{TcpListener, ToSocketAddrs};
use testkit::receiver::{Answer, Receiver};

/// Listens and answers nothing; tells whether somebody came.
struct Untouched(TcpListener);

impl Untouched {
    fn listen(address: impl ToSocketAddrs) -> Self {
        let listener = TcpListener::bind(address).expect("listens");
        listener.set_nonblocking(true).expect("non-blocking");
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().expect("bound").port()
    }

    /// Connections wait in the listener's backlog until they are accepted, so none can have been missed.
    fn assert(&self) {
        let came = self.0.accept();
        assert_eq!(came.err().map(|error| error.kind()), Some(ErrorKind::WouldBlock), "somebody connected");
    }
}

async fn send(client: &Client, url: &str) -> Result<u16, Failure> {
    let (url, headers) = (url::Url::parse(url).expect("a URL"), reqwest::header::HeaderMap::new());
    let (method, body) = (reqwest::Method::POST, Bytes::from("{}"));
    let request = Request { method, url, headers, body, decides: false, once: false };
    client.send(&request).await.map(|answer| answer.status)
}

const LOOPBACK: Failure = Failure::Refused(Refused::Range("loopback"));

#[tokio::test]
async fn a_refused_literal_is_never_connected_to() {
    let untouched = Untouched::listen("127.0.0.1:0");
    let port = untouched.port();
    let client = client(&["127.0.0.2/32"], Scripted::new(&[&["127.0.0.1"]]));
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "127.1"] {
        assert_eq!(send(&client, &format!("http://{host}:{port}/")).await, Err(LOOPBACK), "{host}");
        assert_eq!(send(&client, &format!("https://{host}:{port}/")).await, Err(LOOPBACK), "{host}");
    }
    let mapped = send(&client, &format!("http://[::ffff:127.0.0.1]:{port}/")).await;
    assert_eq!(mapped, Err(Failure::Refused(Refused::Range("IPv4-mapped"))));
    untouched.assert();
}

#[tokio::test]
async fn a_name_that_leads_to_a_refused_address_is_never_connected_to() {
    let untouched = Untouched::listen("127.0.0.1:0");
    let url = format!("http://inside.example.org:{}/", untouched.port());
    let elsewhere = client(&["127.0.0.2/32"], Scripted::new(&[&["127.0.0.1"]]));
    assert_eq!(send(&elsewhere, &url).await, Err(LOOPBACK));
    let public = client(&[], Scripted::new(&[&["127.0.0.1", "::1"]]));
    assert_eq!(send(&public, "https://inside.example.org/").await, Err(LOOPBACK));
    assert_eq!(send(&public, "https://inside.example.org:8443/").await, Err(LOOPBACK));
    let nowhere = client(&[], Scripted::new(&[&[]]));
    assert_eq!(send(&nowhere, "https://inside.example.org/").await, Err(Failure::Name));
    untouched.assert();
}

#[tokio::test]
async fn of_mixed_addresses_only_the_allowed_ones_are_connected_to() {
    let receiver = Receiver::start().await.expect("listens");
    let untouched = Untouched::listen(("127.0.0.2", receiver.port()));
    let client = client(&["127.0.0.1/32"], Scripted::new(&[&["10.0.0.1", "127.0.0.2", "::1", "127.0.0.1"]]));
    let url = format!("http://mixed.example.org:{}/", receiver.port());
    assert_eq!(send(&client, &url).await, Ok(200));
    assert_eq!(receiver.count(), 1);
    untouched.assert();
}

#[tokio::test]
async fn a_public_address_is_no_way_round_the_rule_for_plain_http() {
    let client = client(&["127.0.0.1/32"], Scripted::new(&[&["93.184.215.14"]]));
    assert_eq!(send(&client, "http://public.example.org/").await, Err(Failure::Refused(Refused::Unusual)));
    assert_eq!(send(&client, "https://public.example.org:8080/").await, Err(Failure::Refused(Refused::Unusual)));
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_checked_at_each_connection() {
    let receiver = Receiver::start().await.expect("listens");
    let untouched = Untouched::listen(("127.0.0.2", receiver.port()));
    receiver.set_default(Answer::status(200).header("connection", "close"));
    let client = client(&["127.0.0.1/32"], Scripted::new(&[&["127.0.0.1"], &["127.0.0.2"]]));
    let url = format!("http://rebinding.example.org:{}/", receiver.port());
    assert_eq!(send(&client, &url).await, Ok(200));
    assert_eq!(send(&client, &url).await, Err(LOOPBACK));
    untouched.assert();
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_never_followed() {
    let (rig, receiver) = (Rig::new().await, Receiver::start().await.expect("listens"));
    let untouched = Untouched::listen("127.0.0.1:0");
    let webhook = rig.webhook("redirect", &receiver.url("/"), |_, _| {}).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("http://127.0.0.1:{}/", untouched.port());
        receiver.answer_next(Answer::status(status).header("location", &to));
        rig.handle(&planned(&webhook, u64::from(status))).await;
    }
    let attempts = rig.attempts(&webhook).await;
    assert_eq!(attempts.iter().filter(|attempt| attempt.outcome == Ended::Retrying).count(), 5);
    assert_eq!(attempts[0].reason, "answered 301: a redirect, which is never followed");
    assert_eq!(receiver.count(), 5);
    untouched.assert();
    rig.end().await;
}

#[tokio::test]
async fn a_refused_endpoint_is_a_recorded_failure() {
    let rig = Rig::new().await;
    let webhook = rig.webhook("metadata", "http://169.254.169.254/latest/", |_, _| {}).await;
    rig.handle(&planned(&webhook, 1)).await;
    let attempts = rig.attempts(&webhook).await;
    assert_eq!((attempts[0].outcome, attempts[0].number, attempts[0].status), (Ended::Retrying, 1, None));
    assert!(attempts[0].reason.ends_with("(cloud metadata)"), "{}", attempts[0].reason);
    rig.end().await;
}
