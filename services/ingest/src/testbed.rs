//! An embedded broker and store for the tests of this crate.

use crate::accept::Acceptance;
use broker::{Broker, Queue};
use bytes::Bytes;
use contract::delivery::Routed;
use contract::envelope::{self, Line};
use contract::event::Event;
use runtime::health::Health;
use runtime::task::Tasks;
use std::time::Duration;
use store::{SecretKeys, Store};
use tempfile::TempDir;

pub(crate) struct Testbed {
    pub(crate) broker: Broker,
    pub(crate) store: Store,
    pub(crate) health: Health,
    pub(crate) tasks: Tasks,
    folder: TempDir,
}

impl Testbed {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (tasks, health) = (Tasks::new(), Health::default());
        let dir = folder.path().to_owned();
        let config = broker::Config {
            backend: broker::BackendConfig::Embedded { dir: dir.clone() },
            queue_prefix: String::new(),
            connection_name: "test".to_owned(),
            history_age: Duration::from_hours(1),
            history_bytes: 1 << 30,
        };
        let broker = Broker::open(config, &tasks, &health).await.unwrap();
        let config = store::Config {
            backend: store::BackendConfig::Embedded { dir: dir.clone() },
            key_prefix: String::new(),
            secret_key: SecretKeys::in_folder(&dir).unwrap(),
        };
        let store = Store::open(config, &tasks, &health).await.unwrap();
        Self { broker, store, health, tasks, folder }
    }

    pub(crate) fn acceptance(&self) -> Acceptance {
        Acceptance::new(self.broker.clone(), self.store.dedup().clone(), Duration::from_hours(1), &self.health)
    }

    /// The lines of the messages that lie on a queue.
    pub(crate) async fn lines(&self, queue: Queue) -> Vec<Line<Routed>> {
        let depth = self.broker.depths(std::slice::from_ref(&queue)).await.unwrap()[0].ready;
        let mut consumer = self.broker.consume(&queue, 1_000).await.unwrap();
        let mut lines = Vec::new();
        for _ in 0..depth {
            let message = consumer.next().await.unwrap();
            lines.extend(decode(&message.body));
            message.ack().await.unwrap();
        }
        consumer.cancel().await;
        lines
    }

    /// The events that lie before the router.
    pub(crate) async fn routed(&self) -> Vec<Event> {
        let lines = self.lines(Queue::Router(contract::lane::Lane::Live)).await;
        lines.into_iter().map(|line| line.body.event).collect()
    }

    /// Originals and reasons of what was put aside.
    pub(crate) async fn rejected(&self) -> Vec<(Bytes, String)> {
        let stored = self.broker.browse(&Queue::IngestRejected, 1_000).await.unwrap();
        stored.into_iter().map(|stored| (stored.body, stored.note.unwrap().reason)).collect()
    }

    /// Ends everything and removes the folder.
    pub(crate) async fn close(self) {
        self.tasks.stop().cancel();
        self.broker.close().await;
        self.store.close().await;
        self.tasks.finished().await;
        self.folder.close().unwrap();
    }
}

pub(crate) fn decode(message: &Bytes) -> Vec<Line<Routed>> {
    envelope::lines(message).map(|line| Line::decode(&line).unwrap()).collect()
}
