//! A broker of one test's own.

use broker::{BackendConfig, Broker, Config, Consumer, Delivery, Outgoing, Queue};
use bytes::Bytes;
use runtime::health::Health;
use runtime::task::Tasks;
use std::time::Duration;
use tempfile::TempDir;
use testkit::Isolated;
use tokio::time::timeout;

/// Longer than anything here takes; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for something to arrive that should not.
pub(crate) const QUIET: Duration = Duration::from_millis(300);

/// Where one test's messages live; removed with it.
enum Home {
    Server(#[expect(dead_code, reason = "held for its end")] Isolated),
    Folder(#[expect(dead_code, reason = "held for its end")] TempDir),
}

pub(crate) struct Place {
    pub(crate) broker: Broker,
    pub(crate) health: Health,
    tasks: Tasks,
    // Last: the broker is closed before its home goes.
    _home: Home,
}

impl Place {
    pub(crate) async fn amqp() -> Self {
        let isolated = testkit::isolated().await.unwrap();
        let backend = BackendConfig::Amqp { url: isolated.amqp_url.clone().into() };
        let prefix = isolated.queue_prefix.clone();
        Self::open(backend, prefix, Home::Server(isolated)).await
    }

    pub(crate) async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backend = BackendConfig::Embedded { dir: folder.path().to_owned() };
        Self::open(backend, String::new(), Home::Folder(folder)).await
    }

    async fn open(backend: BackendConfig, queue_prefix: String, home: Home) -> Self {
        let config = Config {
            backend,
            queue_prefix,
            connection_name: "conformance".into(),
            history_age: Duration::from_hours(24),
            history_bytes: 64 * 1024 * 1024,
        };
        let (tasks, health) = (Tasks::new(), Health::default());
        let broker = Broker::open(config, &tasks, &health).await.unwrap();
        Self { broker, health, tasks, _home: home }
    }

    /// Closes in order; every task must end.
    pub(crate) async fn close(self) {
        timeout(PATIENCE, self.broker.close()).await.unwrap();
        self.tasks.stop().cancel();
        timeout(PATIENCE, self.tasks.finished()).await.unwrap();
    }

    pub(crate) async fn publish(&self, queue: &Queue, bodies: &[&str]) {
        let messages = bodies.iter().map(|body| Outgoing::new(queue.clone(), Bytes::copy_from_slice(body.as_bytes())));
        self.broker.publisher().publish_all(messages.collect()).await.unwrap();
    }

    pub(crate) async fn consume(&self, queue: &Queue, prefetch: u16) -> Consumer {
        self.broker.consume(queue, prefetch).await.unwrap()
    }

    /// What lies on a queue for people.
    pub(crate) async fn browse(&self, queue: &Queue) -> Vec<String> {
        let stored = self.broker.browse(queue, usize::MAX).await.unwrap();
        stored.iter().map(|stored| text(&stored.body)).collect()
    }

    /// Waits until this many messages wait on a queue.
    pub(crate) async fn wait_for_depth(&self, queue: &Queue, ready: u64) {
        let reached = async {
            while self.broker.depths(std::slice::from_ref(queue)).await.unwrap()[0].ready != ready {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("{queue:?} never held {ready} messages"));
    }
}

/// The next message, which must come.
pub(crate) async fn take(consumer: &mut Consumer) -> Delivery {
    timeout(PATIENCE, consumer.next()).await.expect("a message in time").expect("not cancelled")
}

/// The next message, acknowledged.
pub(crate) async fn settle(consumer: &mut Consumer) -> String {
    let delivery = take(consumer).await;
    let body = text(&delivery.body);
    assert_eq!(delivery.ack().await.unwrap(), broker::Acknowledged::Yes);
    body
}

/// Nothing comes.
pub(crate) async fn nothing(consumer: &mut Consumer) {
    let unexpected = timeout(QUIET, consumer.next()).await;
    assert!(unexpected.is_err(), "{unexpected:?}");
}

pub(crate) fn text(body: &Bytes) -> String {
    String::from_utf8_lossy(body).into_owned()
}
