use super::*;
use crate::testbed::Testbed;
use broker::Outgoing;
use bytes::Bytes;
use contract::lane::Lane;
use runtime::task::OnPanic;
use testkit::builders::message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Running {
    bed: Testbed,
    address: SocketAddr,
}

impl Running {
    async fn start() -> Self {
        let bed = Testbed::open().await;
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            credentials: Credentials::new(vec!["token-of-upstream".into()], None),
            dedup_window: Duration::from_hours(1),
        };
        let role = build(config, bed.broker.clone(), &bed.store, &bed.health).await.unwrap();
        let address = role.address();
        let tasks = bed.tasks.clone();
        bed.tasks.spawn("ingest", OnPanic::Stop, async move {
            role.run(&tasks).await;
        });
        Self { bed, address }
    }

    async fn publish(&self, body: impl Into<Bytes>) {
        self.bed.broker.publisher().publish(Outgoing::new(Queue::Ingest, body.into())).await.unwrap();
    }

    /// The ids and traces of this many events on their way to the router.
    async fn routed(&self, many: usize) -> Vec<(String, String)> {
        let mut consumer = self.bed.broker.consume(&Queue::Router(Lane::Live), 1_000).await.unwrap();
        let mut found = Vec::new();
        while found.len() < many {
            let message = consumer.next().await.unwrap();
            found.extend(testbed::decode(&message.body).into_iter().map(|line| (line.header.id, line.header.trace)));
            message.ack().await.unwrap();
        }
        found
    }
}

#[tokio::test]
async fn what_upstream_publishes_over_amqp_becomes_events_and_repeats_are_dropped() {
    let running = Running::start().await;
    let known = Bytes::from(message("contribution").lineitems(&[(5, 1), (6, 2)]).to_vec());
    let now = runtime::clock::now();
    let documents = accept::native(&known, now);
    let receipt = running.bed.acceptance().accept(telemetry::Entrance::Events, documents, "", now).await.unwrap();
    assert_eq!(receipt.accepted, 2);
    assert_eq!(running.routed(2).await.len(), 2);
    let new = message("refund").to_vec();
    let pretty = serde_json::to_string_pretty(&message("cancellation").to_json()).unwrap().into_bytes();
    running.publish([known.to_vec(), new.clone(), new, b"nonsense".to_vec(), pretty].join(&b'\n')).await;
    let found = running.routed(2).await;
    assert_eq!(found.len(), 2, "the repeats came again: {found:?}");
    assert!(found.iter().all(|(_, trace)| trace::accept(trace).is_some()));
    let rejected = running.bed.rejected().await;
    assert_eq!(rejected.len(), 1);
    assert!(rejected[0].0.starts_with(b"nonsense"), "{:?}", rejected[0].0);
    running.bed.close().await;
}

#[tokio::test]
async fn it_listens_where_it_says_and_stops_when_asked() {
    let running = Running::start().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let body = message("contribution").to_vec();
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer token-of-upstream\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    assert!(answer.ends_with(r#"{"accepted":1,"duplicates":0,"events":1}"#), "{answer}");
    let address = running.address;
    running.bed.close().await;
    assert!(TcpStream::connect(address).await.is_err(), "it stopped listening");
}
