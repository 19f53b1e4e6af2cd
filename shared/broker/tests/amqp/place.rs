//! A broker on a server of the test's choice.

use broker::{Acknowledged, BackendConfig, Broker, Config, Consumer, Delivery, Outgoing, Queue};
use bytes::Bytes;
use runtime::health::Health;
use runtime::task::Tasks;
use std::time::Duration;
use tokio::time::timeout;

/// Longer than an outage takes; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Place {
    pub(crate) broker: Broker,
    pub(crate) health: Health,
    tasks: Tasks,
}

impl Place {
    pub(crate) async fn open(url: &str, queue_prefix: &str) -> Self {
        let config = Config {
            backend: BackendConfig::Amqp { url: url.to_owned().into() },
            queue_prefix: queue_prefix.to_owned(),
            connection_name: "test".into(),
            history_age: Duration::from_hours(24),
            history_bytes: 64 * 1024 * 1024,
        };
        let (tasks, health) = (Tasks::new(), Health::default());
        let broker = Broker::open(config, &tasks, &health).await.unwrap();
        Self { broker, health, tasks }
    }

    pub(crate) async fn close(self) {
        timeout(PATIENCE, self.broker.close()).await.unwrap();
        self.tasks.stop().cancel();
        timeout(PATIENCE, self.tasks.finished()).await.unwrap();
    }

    /// Publishes until it is confirmed, as a stage does.
    pub(crate) async fn publish(&self, queue: &Queue, body: String) {
        let message = Outgoing::new(queue.clone(), Bytes::from(body));
        let published = async {
            while self.broker.publisher().publish(message.clone()).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, published).await.expect("published in time");
    }

    /// Waits until the broker is ready, or is not and says why in these words.
    pub(crate) async fn wait_for(&self, reason: Option<&str>) {
        let reached = async {
            loop {
                let reasons = self.health.not_ready();
                let is_so = match reason {
                    None => reasons.is_empty(),
                    Some(reason) => reasons.iter().any(|(probe, why)| probe == "broker" && why.contains(reason)),
                };
                if is_so {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("never {reason:?}: {:?}", self.health.not_ready()));
    }
}

pub(crate) async fn take(consumer: &mut Consumer) -> Delivery {
    timeout(PATIENCE, consumer.next()).await.expect("a message in time").expect("not cancelled")
}

/// Takes a message that is acknowledged for certain.
pub(crate) async fn settle(consumer: &mut Consumer) -> String {
    loop {
        let delivery = take(consumer).await;
        let body = String::from_utf8_lossy(&delivery.body).into_owned();
        if matches!(delivery.ack().await, Ok(Acknowledged::Yes)) {
            return body;
        }
    }
}
