//! A file that can't be written.

use super::*;
use crate::config::BackendConfig;
use bytes::Bytes;
use contract::lane::Lane;
use redb::StorageBackend;
use redb::backends::FileBackend;
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const QUEUE: Queue = Queue::Router(Lane::Live);

/// A file on a disk that is full when the test says so.
#[derive(Debug)]
struct Limited {
    file: FileBackend,
    full: Arc<AtomicBool>,
}

impl Limited {
    fn room(&self) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StorageBackend for Limited {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.room().and_then(|()| self.file.set_len(len))
    }
    fn sync_data(&self) -> io::Result<()> {
        self.room().and_then(|()| self.file.sync_data())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room().and_then(|()| self.file.write(offset, data))
    }
    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, redb::BackendError> {
        self.file.try_lock_range(start, end)
    }
}

struct Installation {
    dir: tempfile::TempDir,
    tasks: Tasks,
    health: Health,
    full: Arc<AtomicBool>,
}

impl Installation {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        Self { dir, tasks: Tasks::new(), health: Health::default(), full: Arc::default() }
    }

    async fn open(&self) -> Embedded {
        let path = self.dir.path().join(FILE);
        let full = Arc::clone(&self.full);
        let opener = move || {
            let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            let file = Limited { file: FileBackend::new(file)?, full: Arc::clone(&full) };
            Database::builder().create_with_backend(file)
        };
        let config = Config {
            backend: BackendConfig::Embedded { dir: self.dir.path().into() },
            queue_prefix: String::new(),
            connection_name: "test".into(),
            history_age: Duration::from_hours(1),
            history_bytes: 1 << 30,
        };
        let start = Embedded::start(self.dir.path(), Box::new(opener), &config, &self.tasks, &self.health);
        start.await.expect("opened")
    }
}

async fn publish(broker: &Embedded, numbers: std::ops::Range<u32>) -> Result<(), Error> {
    let messages = numbers.map(|number| Outgoing::new(QUEUE, Bytes::from(number.to_string()))).collect();
    broker.publish(messages).await
}

/// Acknowledges what waits, at most this many, and says what it was.
async fn take(broker: &Embedded, most: usize) -> Vec<String> {
    let mut consumer = broker.consume(&QUEUE, 1_000).await.expect("a consumer");
    let mut taken = Vec::new();
    let waiting = broker.depths(&[QUEUE]).await.expect("depths")[0].ready;
    for _ in 0..most.min(usize::try_from(waiting).expect("few")) {
        let delivery = consumer.next().await.expect("a message");
        taken.push(String::from_utf8(delivery.body.to_vec()).expect("text"));
        delivery.ack().await.expect("acknowledged");
    }
    taken
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

async fn until_ready(broker: &Embedded) {
    let ready = async {
        while broker.status() != Status::Ready {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ready).await.expect("ready again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_loses_nothing() {
    let installation = Installation::new();
    let broker = installation.open().await;
    publish(&broker, 0..10).await.expect("published");
    broker.flush().await.expect("written");

    installation.full.store(true, Ordering::SeqCst);
    publish(&broker, 10..20).await.expect("in memory");
    let refused = broker.flush().await.expect_err("not written");
    assert!(refused.to_string().contains("the disk is full"), "{refused}");
    assert!(matches!(broker.status(), Status::NotReady(reason) if reason.contains("the disk is full")));
    assert_eq!(installation.health.not_ready()[0].0, "broker");
    assert!(matches!(publish(&broker, 20..30).await, Err(Error::Unavailable { .. })));
    assert_eq!(take(&broker, 15).await, numbers(0..15), "what is in memory is still worked off");

    installation.full.store(false, Ordering::SeqCst);
    until_ready(&broker).await;
    publish(&broker, 30..32).await.expect("published");
    broker.flush().await.expect("written");
    assert!(installation.health.not_ready().is_empty());
    drop(broker);

    let broker = installation.open().await;
    let left: Vec<_> = numbers(15..20).into_iter().chain(numbers(30..32)).collect();
    assert_eq!(take(&broker, 100).await, left);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_written_before_the_end_was_never_acknowledged() {
    let installation = Installation::new();
    let broker = installation.open().await;
    publish(&broker, 0..5).await.expect("published");
    broker.flush().await.expect("written");
    installation.full.store(true, Ordering::SeqCst);
    assert_eq!(take(&broker, 5).await.len(), 5);
    publish(&broker, 5..8).await.expect("in memory");
    assert!(broker.flush().await.is_err());
    broker.close().await;
    assert!(matches!(publish(&broker, 8..9).await, Err(Error::Unavailable { .. })));
    drop(broker);

    installation.full.store(false, Ordering::SeqCst);
    let broker = installation.open().await;
    assert_eq!(take(&broker, 100).await, numbers(0..5), "the last state that was written");
}
