use super::*;
use crate::testbed::Testbed;
use broker::Outgoing;
use bytes::Bytes;
use contract::lane::Lane;
use runtime::task::OnPanic;
use stage::Handler as _;
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
    assert!(found.iter().all(|(_, trace)| contract::trace::Traceparent::parse(trace).is_some()));
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

/// A handler, and the messages that it would be given.
fn taken(body: impl Into<Bytes>) -> stage::Taken {
    stage::Taken { id: "m".to_owned(), redelivered: false, body: body.into() }
}

#[tokio::test]
async fn copies_that_come_in_at_once_over_http_become_one_event() {
    let bed = Testbed::open().await;
    let acceptance = bed.acceptance();
    let body = Bytes::from(message("contribution").to_vec());
    let now = runtime::clock::now();
    let accept = || acceptance.accept(telemetry::Entrance::Events, accept::native(&body, now), "", now);
    let receipts = futures_util::future::join_all([accept(), accept(), accept()]).await;
    let counts =
        receipts.into_iter().map(|receipt| receipt.unwrap()).map(|receipt| (receipt.accepted, receipt.duplicates));
    let mut counts: Vec<_> = counts.collect();
    counts.sort_unstable();
    assert_eq!(counts, [(0, 1), (0, 1), (1, 0)]);
    assert_eq!(bed.routed().await.len(), 1);
    bed.close().await;
}

#[tokio::test]
async fn a_copy_over_http_waits_for_the_one_that_came_over_amqp() {
    let bed = Testbed::open().await;
    let acceptance = bed.acceptance();
    let handler = Ingest::new(acceptance.clone());
    let body = Bytes::from(message("contribution").to_vec());
    let message = taken(body.clone());
    let items: Vec<_> = handler.split(&message).into_iter().map(Result::unwrap).collect();
    let prepared = handler.prepare(&[message], &items).await.unwrap();
    let now = runtime::clock::now();
    let mut copy = std::pin::pin!(acceptance.accept(telemetry::Entrance::Events, accept::native(&body, now), "", now));
    assert!(futures_util::poll!(copy.as_mut()).is_pending());
    handler.confirmed(&prepared, &items.iter().collect::<Vec<_>>()).await;
    drop(prepared);
    assert_eq!(copy.await.unwrap().duplicates, 1);
    bed.close().await;
}

#[tokio::test]
async fn the_trace_of_a_document_from_the_queue_begins_with_its_own_span() {
    let bed = Testbed::open().await;
    let handler = Ingest::new(bed.acceptance());
    let message = taken(message("contribution").to_vec());
    let items: Vec<_> = handler.split(&message).into_iter().map(Result::unwrap).collect();
    let prepared = handler.prepare(&[message], &items).await.unwrap();
    let stage::Outcome::Forward(made) = handler.handle(&prepared, &items[0]).await.unwrap() else { panic!("new") };
    let [stage::Made::Line(_, line)] = &made[..] else { panic!("{made:?}") };
    let sent_on = testbed::decode(line).remove(0).header.trace;
    assert_eq!(stage::Item::trace(&items[0]), Some(runtime::trace::Trace::Begun(&sent_on)));
    drop(prepared);
    bed.close().await;
}

#[tokio::test]
async fn a_document_that_went_back_to_its_queue_is_not_remembered() {
    let bed = Testbed::open().await;
    let handler = Ingest::new(bed.acceptance());
    let (done, back) = (message("contribution").to_vec(), message("contribution").to_vec());
    let taken = [taken(done), taken(back)];
    let split = taken.iter().flat_map(|message| handler.split(message));
    let items: Vec<_> = split.map(Result::unwrap).collect();
    let prepared = handler.prepare(&taken, &items).await.unwrap();
    handler.confirmed(&prepared, &[&items[0]]).await;
    drop(prepared);
    let ids: Vec<_> = items.iter().flat_map(|item| item.document.ids()).cloned().collect();
    assert_eq!(bed.store.dedup().seen(&ids).await.unwrap(), [true, false]);
    bed.close().await;
}

#[tokio::test]
async fn a_message_beyond_the_limits_is_put_aside_whole_and_unread() {
    let bed = Testbed::open().await;
    let handler = Ingest::new(bed.acceptance());
    let good = message("contribution").to_vec();
    let padded = [good.clone(), vec![b' '; limits::AMQP_MESSAGE_BYTES]].concat();
    let many = b"1\n".repeat(limits::NDJSON_LINES + 1);
    for (body, reason) in [(padded, "at most 16 MiB"), (many, "at most 10000 documents")] {
        let message = taken(body.clone());
        let items: Vec<_> = handler.split(&message).into_iter().map(Result::unwrap).collect();
        assert_eq!(items.len(), 1);
        let prepared = handler.prepare(&[message], &items).await.unwrap();
        let outcome = handler.handle(&prepared, &items[0]).await.unwrap();
        let stage::Outcome::Forward(made) = outcome else { panic!("{outcome:?}") };
        let [stage::Made::Message(rejected)] = &made[..] else { panic!("{made:?}") };
        assert_eq!((&rejected.queue, rejected.body.len()), (&Queue::IngestRejected, body.len()));
        assert!(rejected.note.as_ref().unwrap().reason.contains(reason), "{:?}", rejected.note);
    }
    assert_eq!(handler.split(&taken(good)).len(), 1);
    bed.close().await;
}

/// A broker on RabbitMQ whose history stream someone deleted.
async fn without_history(place: &testkit::Isolated, bed: &Testbed) -> Broker {
    let config = broker::Config {
        backend: broker::BackendConfig::Amqp { url: place.amqp_url.clone().into() },
        queue_prefix: place.queue_prefix.clone(),
        connection_name: "test".to_owned(),
        history_age: Duration::from_hours(1),
        history_bytes: 1 << 30,
    };
    let broker = Broker::open(config, &bed.tasks, &bed.health).await.unwrap();
    let connection = lapin::Connection::connect(&place.amqp_url, lapin::ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let history = format!("{}{}", place.queue_prefix, Queue::History.name());
    channel.queue_delete(history.into(), lapin::options::QueueDeleteOptions::default()).await.unwrap();
    connection.close(200, "done".into()).await.unwrap();
    broker
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_history_events_go_on_once_and_readiness_says_so() {
    let (place, bed) = (testkit::isolated().await.unwrap(), Testbed::open().await);
    let broker = without_history(&place, &bed).await;
    let acceptance = Acceptance::new(broker.clone(), bed.store.dedup().clone(), Duration::from_hours(1), &bed.health);
    let now = runtime::clock::now();
    let body = Bytes::from(message("contribution").to_vec());
    let documents = accept::native(&body, now);
    let receipt = acceptance.accept(telemetry::Entrance::Events, documents, "", now).await.unwrap();
    assert_eq!(receipt.accepted, 1);
    assert!(bed.health.not_ready().iter().any(|(what, _)| what == "history"), "{:?}", bed.health.not_ready());

    let handler = Ingest::new(acceptance);
    let message = taken(message("refund").to_vec());
    let items: Vec<_> = handler.split(&message).into_iter().map(Result::unwrap).collect();
    let prepared = handler.prepare(&[message], &items).await.unwrap();
    let outcome = handler.handle(&prepared, &items[0]).await.unwrap();
    let stage::Outcome::Forward(made) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(&made[..], [stage::Made::Line(Queue::Router(Lane::Live), _)]), "{made:?}");

    let mut consumer = broker.consume(&Queue::Router(Lane::Live), 10).await.unwrap();
    let routed = consumer.next().await.unwrap();
    assert_eq!(testbed::decode(&routed.body).len(), 1);
    routed.ack().await.unwrap();
    assert!(consumer.try_next().is_none(), "it came twice");
    drop(consumer);
    broker.close().await;
    bed.close().await;
}
