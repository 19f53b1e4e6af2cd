//! The loop on the embedded broker, with a handler that does what each test says.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up has failed")]
#![expect(clippy::unnecessary_wraps, reason = "what a handler returns is a result")]

use anyhow::Result;
use broker::{BackendConfig, Broker, Config, Outgoing, Queue, Sending};
use bytes::Bytes;
use contract::envelope::{Header, Line};
use contract::lane::Lane;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use runtime::clock;
use runtime::health::Health;
use runtime::task::{OnPanic, Tasks};
use serde_json::{Value, json};
use stage::{Drained, Enveloped, Handler, Made, Outcome, Poison, Stage, Taken, Unavailable, envelopes};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

type Decide = dyn Fn(&str) -> BoxFuture<'static, Result<Outcome, Unavailable>> + Send + Sync;

/// Asks `decide` with the line's id, and tells each id it was asked about.
struct Scripted {
    decide: Arc<Decide>,
    asked: mpsc::UnboundedSender<String>,
    confirmed: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Handler for Scripted {
    const NAME: &'static str = "scripted";
    type Item = Enveloped<Value>;
    type Prepared = ();

    fn split(&self, message: &Taken) -> Vec<Result<Self::Item, Poison>> {
        assert!(message.body != "make it panic", "a message that can't even be taken apart");
        envelopes(message)
    }

    async fn prepare(&self, _messages: &[Taken], _items: &[Self::Item]) -> Result<(), Unavailable> {
        Ok(())
    }

    async fn handle(&self, (): &(), item: &Self::Item) -> Result<Outcome, Unavailable> {
        let _ = self.asked.send(item.header.id.clone());
        (self.decide)(&item.header.id).await
    }

    async fn confirmed(&self, (): &(), decided: &[&Self::Item]) {
        self.confirmed.lock().unwrap().extend(decided.iter().map(|item| item.header.id.clone()));
    }
}

/// A stage on an embedded broker.
struct Bench {
    broker: Broker,
    tasks: Tasks,
    stages: Tasks,
    health: Health,
    running: JoinHandle<()>,
    drained: Arc<std::sync::Mutex<Option<Drained>>>,
    asked: mpsc::UnboundedReceiver<String>,
    confirmed: Arc<std::sync::Mutex<Vec<String>>>,
    _folder: TempDir,
}

impl Bench {
    async fn start(
        decide: impl Fn(&str) -> BoxFuture<'static, Result<Outcome, Unavailable>> + Send + Sync + 'static,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (tasks, health) = (Tasks::new(), Health::default());
        let config = Config {
            backend: BackendConfig::Embedded { dir: folder.path().to_owned() },
            queue_prefix: String::new(),
            connection_name: "test".into(),
            history_age: Duration::from_secs(3_600),
            history_bytes: 1 << 30,
        };
        let broker = Broker::open(config, &tasks, &health).await?;
        let (sender, asked) = mpsc::unbounded_channel();
        let confirmed = Arc::default();
        let stages = tasks.child();
        let stage = Stage::new(
            Scripted { decide: Arc::new(decide), asked: sender, confirmed: Arc::clone(&confirmed) },
            broker.clone(),
            health.clone(),
        )
        .queue(Queue::Sender(Sending::Live), 60)
        .queue(Queue::Sender(Sending::Retry), 20)
        .one_message_a_unit()
        .grace(Duration::from_secs(2));
        let (drained, running) = (Arc::default(), stages.clone());
        let told: Arc<std::sync::Mutex<Option<Drained>>> = Arc::clone(&drained);
        let running = tasks.spawn("stage under test", OnPanic::Stop, async move {
            let end = stage.run(&running).await;
            *told.lock().unwrap() = Some(end);
        });
        Ok(Self { broker, tasks, stages, health, running, drained, asked, confirmed, _folder: folder })
    }

    async fn publish(&self, lines: &[Bytes]) -> Result<()> {
        let body = Bytes::from(lines.join(&b'\n'));
        self.broker.publisher().publish(Outgoing::new(Queue::Sender(Sending::Live), body)).await?;
        Ok(())
    }

    async fn asked(&mut self) -> String {
        let asked = tokio::time::timeout(Duration::from_secs(10), self.asked.recv()).await;
        asked.expect("the handler is asked in time").expect("the handler lives")
    }

    /// Stops the stage in order and returns how it ended.
    async fn stop(&mut self) -> Drained {
        self.stages.stop().cancel();
        if !self.running.is_finished() {
            (&mut self.running).await.expect("the stage ends");
        }
        self.drained.lock().unwrap().expect("it says how")
    }

    async fn ready(&self, queue: Queue) -> Result<u64> {
        Ok(self.broker.depths(&[queue]).await?.first().map_or(0, |depth| depth.ready))
    }

    async fn end(mut self) -> Result<()> {
        self.stop().await;
        self.broker.close().await;
        self.tasks.stop().cancel();
        Ok(())
    }
}

fn line(id: &str) -> Bytes {
    let header = Header::new(id, "00-trace".into(), Lane::Live, clock::now());
    Line::new(header, json!({"of": id})).encode(0).unwrap()
}

fn done() -> Result<Outcome, Unavailable> {
    Ok(Outcome::Forward(Vec::new()))
}

#[tokio::test]
async fn poison_and_panics_are_parked_alone() -> Result<()> {
    let mut bench = Bench::start(|id| {
        let panics = id == "b";
        async move { if panics { panic!("a handler panics") } else { done() } }.boxed()
    })
    .await?;
    bench.publish(&[line("a"), Bytes::from_static(b"{not json"), line("b"), line("c")]).await?;
    let mut asked = [bench.asked().await, bench.asked().await, bench.asked().await];
    asked.sort();
    assert_eq!(asked, ["a", "b", "c"]);
    assert_eq!(bench.stop().await, Drained { abandoned: 0 });
    let parked = bench.broker.browse(&Queue::Parked, 10).await?;
    let bodies: Vec<_> = parked.iter().map(|stored| stored.body.clone()).collect();
    assert_eq!(bodies, [Bytes::from_static(b"{not json"), line_of(&parked, 1)]);
    assert!(parked.iter().all(|stored| stored.note.as_ref().is_some_and(|note| note.origin == "sender.live")));
    assert_eq!(bench.ready(Queue::Sender(Sending::Live)).await?, 0);
    bench.end().await
}

fn line_of(parked: &[broker::Stored], index: usize) -> Bytes {
    let body = parked.get(index).map(|stored| stored.body.clone()).unwrap_or_default();
    assert_eq!(Line::<Value>::decode(&body).expect("an envelope").header.id, "b");
    body
}

#[tokio::test]
async fn a_message_that_makes_splitting_panic_is_parked_whole() -> Result<()> {
    let mut bench = Bench::start(|_| async { done() }.boxed()).await?;
    bench.publish(&[Bytes::from_static(b"make it panic")]).await?;
    bench.publish(&[line("a")]).await?;
    assert_eq!(bench.asked().await, "a");
    bench.stop().await;
    let parked = bench.broker.browse(&Queue::Parked, 10).await?;
    assert_eq!(parked.first().map(|stored| stored.body.clone()), Some(Bytes::from_static(b"make it panic")));
    bench.end().await
}

#[tokio::test]
async fn what_can_be_decided_does_not_wait_for_what_can_not() -> Result<()> {
    let back = Arc::new(AtomicBool::new(false));
    let away = Arc::clone(&back);
    let mut bench = Bench::start(move |id| {
        let known = id == "known" || away.load(Ordering::SeqCst);
        let made = Bytes::from(id.to_owned());
        async move {
            match known {
                true => Ok(Outcome::Forward(vec![Made::Line(Queue::IngestRejected, made)])),
                false => Err(Unavailable { what: "store", source: None }),
            }
        }
        .boxed()
    })
    .await?;
    bench.publish(&[line("unknown"), line("known")]).await?;
    let mut asked = Vec::new();
    while asked.iter().filter(|id| *id == "unknown").count() < 4 {
        asked.push(bench.asked().await);
    }
    // The fourth time it comes in a message of its own: the other was settled without it.
    assert_eq!(asked.iter().filter(|id| *id == "known").count(), 1);
    let made = bench.broker.browse(&Queue::IngestRejected, 10).await?;
    assert_eq!(made.iter().map(|stored| stored.body.clone()).collect::<Vec<_>>(), ["known"]);
    assert_eq!(*bench.confirmed.lock().unwrap(), ["known"], "what went back is not confirmed");
    back.store(true, Ordering::SeqCst);
    while bench.broker.browse(&Queue::IngestRejected, 10).await?.len() < 2 {
        bench.asked().await;
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.ready(Queue::Parked).await?, 0);
    bench.end().await
}

#[tokio::test]
async fn a_retry_spends_an_attempt_and_is_never_early() -> Result<()> {
    let tried = Arc::new(AtomicUsize::new(0));
    let mut bench = Bench::start(move |_| {
        let first = tried.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            let retry =
                Outcome::Retry { after: Duration::from_millis(1_300), why: "timeout: no answer".into(), body: None };
            if first { Ok(retry) } else { done() }
        }
        .boxed()
    })
    .await?;
    let began = std::time::Instant::now();
    bench.publish(&[line("a")]).await?;
    bench.asked().await;
    bench.asked().await;
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(1_300), "came again after {took:?}");
    bench.end().await
}

#[tokio::test]
async fn a_missing_dependency_pauses_and_spends_nothing() -> Result<()> {
    let back = Arc::new(AtomicBool::new(false));
    let away = Arc::clone(&back);
    let mut bench = Bench::start(move |_| {
        let back = away.load(Ordering::SeqCst);
        async move { if back { done() } else { Err(Unavailable { what: "store", source: None }) } }.boxed()
    })
    .await?;
    bench.publish(&[line("a")]).await?;
    bench.asked().await;
    bench.asked().await;
    let reasons: Vec<_> = bench.health.not_ready().into_iter().map(|(_, reason)| reason).collect();
    assert!(reasons.contains(&"store is not available".to_owned()), "{reasons:?}");
    back.store(true, Ordering::SeqCst);
    bench.asked().await;
    assert_eq!(bench.stop().await, Drained { abandoned: 0 });
    assert_eq!(bench.ready(Queue::Parked).await?, 0);
    assert_eq!(bench.ready(Queue::Sender(Sending::Live)).await?, 0);
    bench.end().await
}

#[tokio::test]
async fn stopping_finishes_what_is_held_and_forwards_it() -> Result<()> {
    let gate = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&gate);
    let mut bench = Bench::start(move |_| {
        let gate = Arc::clone(&wait);
        async move {
            gate.acquire().await.expect("open").forget();
            Ok(Outcome::Forward(vec![Made::Line(Queue::Parked, Bytes::from_static(b"made"))]))
        }
        .boxed()
    })
    .await?;
    bench.publish(&[line("a"), line("b")]).await?;
    bench.asked().await;
    bench.asked().await;
    bench.stages.stop().cancel();
    gate.add_permits(2);
    assert_eq!(bench.stop().await, Drained { abandoned: 0 });
    let made = bench.broker.browse(&Queue::Parked, 10).await?;
    assert_eq!(made.first().map(|stored| stored.body.clone()), Some(Bytes::from_static(b"made\nmade")));
    bench.end().await
}

#[tokio::test]
async fn what_outlasts_the_grace_goes_back() -> Result<()> {
    let mut bench = Bench::start(|_| std::future::pending().boxed()).await?;
    bench.publish(&[line("a")]).await?;
    bench.asked().await;
    assert_eq!(bench.stop().await, Drained { abandoned: 1 });
    assert_eq!(bench.ready(Queue::Sender(Sending::Live)).await?, 1);
    bench.end().await
}

#[tokio::test]
async fn undelivered_keeps_the_line_with_its_reason() -> Result<()> {
    let webhook = contract::id::WebhookId::parse("wh_1")?;
    let of = webhook.clone();
    let mut bench = Bench::start(move |id| {
        let line =
            Line::new(Header::new(id, "00-trace".into(), Lane::Live, clock::now()), json!({"kept": true})).encode(0);
        let webhook = of.clone();
        async move { Ok(Outcome::Undelivered { webhook, line: line.expect("encodes"), why: "tries used up".into() }) }
            .boxed()
    })
    .await?;
    bench.publish(&[line("a")]).await?;
    bench.asked().await;
    bench.stop().await;
    let kept = bench.broker.browse(&Queue::Undelivered(webhook), 10).await?;
    let reasons: Vec<_> = kept.iter().filter_map(|s| s.note.as_ref().map(|n| n.reason.as_str())).collect();
    assert_eq!(reasons, ["tries used up"]);
    bench.end().await
}
