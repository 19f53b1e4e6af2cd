//! What only the embedded broker promises: it survives its own process, and a mountain does not fill its memory.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says why it can't go on, and how far it was when it is killed"
)]

use broker::{
    Acknowledged, BackendConfig, Broker, Config, Delivery, OpenError, Outgoing, Queue, Sending, Stored, Verdict,
};
use bytes::Bytes;
use contract::lane::{Lane, Tier};
use contract::limits::{DELIVERY_LIMIT, REJECTED_MESSAGES};
use runtime::clock;
use runtime::health::Health;
use runtime::task::Tasks;
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::timeout;

const ROUTER: Queue = Queue::Router(Lane::Live);
const FORMATTER: Queue = Queue::Formatter(Lane::Live);
/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

async fn try_open(dir: &Path) -> Result<Broker, OpenError> {
    let config = Config {
        backend: BackendConfig::Embedded { dir: dir.into() },
        queue_prefix: String::new(),
        connection_name: "test".into(),
        history_age: Duration::from_hours(1),
        history_bytes: 1 << 20,
    };
    Broker::open(config, &Tasks::new(), &Health::default()).await
}

async fn open(dir: &Path) -> Broker {
    try_open(dir).await.expect("opened")
}

fn message(queue: Queue, text: impl Into<String>) -> Outgoing {
    Outgoing::new(queue, Bytes::from(text.into()))
}

async fn ready(broker: &Broker, queue: Queue) -> u64 {
    broker.depths(&[queue]).await.expect("depths")[0].ready
}

fn text(delivery: &Delivery) -> String {
    String::from_utf8(delivery.body.to_vec()).expect("text")
}

/// Takes and acknowledges what lies on a queue.
async fn drain(broker: &Broker, queue: Queue) -> Vec<String> {
    let mut left = ready(broker, queue.clone()).await;
    let mut consumer = broker.consume(&queue, 16).await.expect("a consumer");
    let mut taken = Vec::new();
    while left > 0 {
        let delivery = timeout(PATIENCE, consumer.next()).await.expect("in time").expect("a message");
        taken.push(text(&delivery));
        assert_eq!(delivery.ack().await.expect("settled"), Acknowledged::Yes);
        left -= 1;
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_acknowledged_is_there_after_a_restart_in_order_and_marked() {
    let dir = tempfile::tempdir().expect("a folder");
    let broker = open(dir.path()).await;
    let publisher = broker.publisher();
    publisher.publish_all((0..10).map(|n| message(ROUTER, n.to_string())).collect()).await.expect("published");
    let mut consumer = broker.consume(&ROUTER, 4).await.expect("a consumer");
    let first = consumer.next().await.expect("a message");
    assert!(!first.redelivered);
    let second = consumer.next().await.expect("a message");
    let id = second.id.clone();
    first.ack().await.expect("settled");
    drop(consumer);
    broker.close().await;
    assert_eq!(second.ack().await.expect("settled"), Acknowledged::Stale, "after the end nothing is acknowledged");
    drop((publisher, broker));

    let broker = open(dir.path()).await;
    let mut consumer = broker.consume(&ROUTER, 1).await.expect("a consumer");
    let again = consumer.next().await.expect("a message");
    assert_eq!((again.id.as_str(), text(&again), again.redelivered), (id.as_str(), "1".to_owned(), true));
    again.ack().await.expect("settled");
    drop(consumer);
    assert_eq!(drain(&broker, ROUTER).await, (2..10).map(|n| n.to_string()).collect::<Vec<_>>());
    broker.publisher().publish(message(ROUTER, "new")).await.expect("published");
    let mut consumer = broker.consume(&ROUTER, 1).await.expect("a consumer");
    let new = consumer.next().await.expect("a message");
    assert!(!new.redelivered && new.id != id);
    new.ack().await.expect("settled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_told_that_the_folder_is_in_use() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("data");
    let broker = open(&folder).await;
    let Err(OpenError::Folder { folder: named, source }) = try_open(&folder).await else { panic!("opened twice") };
    assert_eq!(named, folder.display().to_string());
    assert!(source.to_string().contains("another process uses it"), "{source}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&folder.metadata().expect("a folder").permissions());
    assert_eq!(mode & 0o777, 0o700);
    drop(broker);
    drop(open(&folder).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_a_file_is_no_place() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("data");
    std::fs::write(&file, "not a folder").expect("written");
    assert!(matches!(try_open(&file).await, Err(OpenError::Folder { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_go_on_after_a_restart_and_are_never_early() {
    let dir = tempfile::tempdir().expect("a folder");
    let broker = open(dir.path()).await;
    let started = clock::now();
    let wait = |n| message(Queue::Delay(Lane::Live, Tier::S1), n);
    broker.publisher().publish_all(vec![wait("1"), wait("2")]).await.expect("published");
    broker.publisher().publish(message(Queue::Delay(Lane::Backfill, Tier::H10), "3")).await.expect("published");
    drop(broker);

    let broker = open(dir.path()).await;
    let mut consumer = broker.consume(&Queue::Sender(Sending::Retry), 8).await.expect("a consumer");
    for expected in ["1", "2"] {
        let delivery = timeout(PATIENCE, consumer.next()).await.expect("in time").expect("a message");
        assert_eq!(text(&delivery), expected);
        assert!(clock::now().duration_since(started).as_millis() >= 1_000, "early");
        delivery.ack().await.expect("settled");
    }
    assert_eq!(ready(&broker, Queue::Delay(Lane::Live, Tier::S1)).await, 0);
    assert_eq!(ready(&broker, Queue::Delay(Lane::Backfill, Tier::H10)).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_given_back_too_often_is_parked_also_across_restarts() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut broker = open(dir.path()).await;
    broker.publisher().publish(message(ROUTER, "poison")).await.expect("published");
    for round in 0..=DELIVERY_LIMIT {
        let mut consumer = broker.consume(&ROUTER, 1).await.expect("a consumer");
        let delivery = timeout(PATIENCE, consumer.next()).await.expect("in time").expect("a message");
        assert_eq!(delivery.redelivered, round > 0);
        delivery.release();
        drop(consumer);
        if round == DELIVERY_LIMIT / 2 {
            drop(broker);
            broker = open(dir.path()).await;
        }
    }
    assert_eq!(ready(&broker, ROUTER).await, 0);
    let parked = broker.browse(&Queue::Parked, 10).await.expect("browsed");
    let note = parked[0].note.as_ref().expect("a note");
    assert_eq!((parked.len(), &parked[0].body[..]), (1, &b"poison"[..]));
    assert_eq!((note.stage.as_str(), note.origin.as_str()), ("broker", "router.live"));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_trimmed_to_its_size() {
    let dir = tempfile::tempdir().expect("a folder");
    let broker = open(dir.path()).await;
    for n in 0..64 {
        let body = Bytes::from(vec![n; 64 * 1024]);
        broker.publisher().publish(Outgoing::new(Queue::History, body)).await.expect("published");
        broker.flush().await.expect("written");
    }
    let kept = ready(&broker, Queue::History).await;
    assert!((15..=16).contains(&kept), "{kept} of 64 kB in 1 MiB");
    let mut reader = broker.history(jiff::Timestamp::UNIX_EPOCH).await.expect("a reader");
    let (_, first) = reader.next(PATIENCE).await.expect("read").expect("a message");
    assert_eq!(u64::from(first[0]), 64 - kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undelivered_queue_is_forgotten_when_it_is_empty_and_comes_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let queue = Queue::Undelivered(contract::id::WebhookId::parse("wh_1").expect("an id"));
    let broker = open(dir.path()).await;
    assert_eq!(ready(&broker, queue.clone()).await, 0);
    broker.publisher().publish(message(queue.clone(), "1")).await.expect("published");
    drop(broker);
    let broker = open(dir.path()).await;
    assert_eq!(ready(&broker, queue.clone()).await, 1);
    assert_eq!(drain(&broker, queue.clone()).await, ["1"]);
    drop(broker);
    let broker = open(dir.path()).await;
    assert_eq!(ready(&broker, queue.clone()).await, 0);
    broker.publisher().publish(message(queue.clone(), "2")).await.expect("published");
    assert_eq!(drain(&broker, queue).await, ["2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_goes_through_more_than_lies_in_memory_each_once() {
    const MESSAGES: u64 = 10_000;
    let dir = tempfile::tempdir().expect("a folder");
    let broker = open(dir.path()).await;
    let all = (0..MESSAGES).map(|n| message(Queue::Parked, n.to_string())).collect();
    broker.publisher().publish_all(all).await.expect("published");
    let mut seen = 0;
    let decide = |stored: &Stored| {
        let number: u64 = String::from_utf8_lossy(&stored.body).parse().expect("a number");
        assert_eq!(number, seen, "oldest first");
        seen += 1;
        match number % 4 {
            0 => Verdict::Keep,
            1 => Verdict::Replace(vec![message(ROUTER, number.to_string()), message(Queue::Parked, "again")]),
            _ => Verdict::Drop,
        }
    };
    let tally = broker.review(&Queue::Parked, usize::MAX, decide).await.expect("reviewed");
    assert_eq!((tally.kept, tally.replaced, tally.dropped), (MESSAGES / 4, MESSAGES / 4, MESSAGES / 2));
    assert_eq!(ready(&broker, Queue::Parked).await, MESSAGES / 2);
    drop(broker);
    let broker = open(dir.path()).await;
    let left = drain(&broker, Queue::Parked).await;
    let kept = (0..MESSAGES).step_by(4).map(|n| n.to_string());
    let again = std::iter::repeat_n("again".to_owned(), left.len() / 2);
    assert_eq!(left, kept.chain(again).collect::<Vec<_>>());
    assert_eq!(ready(&broker, ROUTER).await, MESSAGES / 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_rejected_messages_make_room() {
    let dir = tempfile::tempdir().expect("a folder");
    let broker = open(dir.path()).await;
    for thousand in 0..=REJECTED_MESSAGES / 1_000 {
        let number = |n: u64| (thousand * 1_000 + n).to_string();
        let some = (0..1_000).map(|n| message(Queue::IngestRejected, number(n))).collect();
        broker.publisher().publish_all(some).await.expect("published");
    }
    broker.flush().await.expect("written");
    assert_eq!(ready(&broker, Queue::IngestRejected).await, REJECTED_MESSAGES);
    let oldest = broker.browse(&Queue::IngestRejected, 1).await.expect("browsed");
    assert_eq!(&oldest[0].body[..], b"1000");
}

/// Peak of this process's memory so far, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("proc");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") / 1_024
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mountain_lies_in_the_file_and_comes_out_in_order_once() {
    const MESSAGES: u32 = 200_000;
    let dir = tempfile::tempdir().expect("a folder");
    let broker = open(dir.path()).await;
    let publisher = broker.publisher();
    for hundred in 0..MESSAGES / 100 {
        let body = |n: u32| format!("{:<2000}", hundred * 100 + n);
        publisher.publish_all((0..100).map(|n| message(ROUTER, body(n))).collect()).await.expect("published");
    }
    assert_eq!(ready(&broker, ROUTER).await, u64::from(MESSAGES));
    let mut consumer = broker.consume(&ROUTER, 64).await.expect("a consumer");
    for expected in 0..MESSAGES {
        let delivery = timeout(PATIENCE, consumer.next()).await.expect("in time").expect("a message");
        assert_eq!(text(&delivery).trim_end(), expected.to_string());
        assert!(!delivery.redelivered);
        delivery.ack().await.expect("settled");
    }
    assert_eq!(ready(&broker, ROUTER).await, 0);
    assert!(consumer.try_next().is_none());
    let peak = peak_mib();
    assert!(peak < 128, "{peak} MiB for a backlog of 400 MB");
}

/// Names the folder to the process that is to be killed.
const CHILD: &str = "TRIBUTARY_TEST_KILLED_IN";

#[test]
fn what_was_flushed_survives_kill_9_and_what_was_acknowledged_stays_away() {
    #[expect(clippy::disallowed_methods, reason = "this test starts itself again as the process that it kills")]
    let child_dir = std::env::var_os(CHILD);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    if let Some(dir) = child_dir {
        runtime.block_on(work_until_killed(Path::new(&dir)));
        return;
    }
    for rounds in [1, 7, 60] {
        let dir = tempfile::tempdir().expect("a folder");
        let flushed = kill_after(rounds, dir.path());
        runtime.block_on(check_what_survived(dir.path(), flushed));
    }
}

/// Publishes numbers, moves every third to the next queue, and tells what is in the file after each flush.
async fn work_until_killed(dir: &Path) {
    let broker = open(dir).await;
    let publisher = broker.publisher();
    let mut consumer = broker.consume(&ROUTER, 1_000).await.expect("a consumer");
    let mut held = Vec::new();
    for round in 0_u32.. {
        publisher
            .publish_all((0..30).map(|n| message(ROUTER, (round * 30 + n).to_string())).collect())
            .await
            .expect("published");
        for n in 0..30 {
            let delivery = consumer.next().await.expect("a message");
            if n % 3 == 0 {
                publisher.publish(message(FORMATTER, text(&delivery))).await.expect("published");
                delivery.ack().await.expect("settled");
            } else {
                held.push(delivery);
            }
        }
        broker.flush().await.expect("written");
        println!("flushed {round}");
        if held.len() > 900 {
            let old: Vec<_> = held.drain(..600).collect();
            for delivery in old {
                publisher.publish(message(FORMATTER, text(&delivery))).await.expect("published");
                delivery.ack().await.expect("settled");
            }
        }
    }
}

/// Starts this test as a process of its own and kills it; returns the last round that was flushed.
fn kill_after(rounds: u32, dir: &Path) -> u32 {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "what_was_flushed_survives_kill_9_and_what_was_acknowledged_stays_away", "--nocapture"])
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
    let flushed = |line: String| line.strip_prefix("flushed ").and_then(|round| round.parse::<u32>().ok());
    let mut last = lines.by_ref().filter_map(flushed).find(|round| *round >= rounds).expect("it works");
    child.kill().expect("killed");
    for round in lines.filter_map(flushed) {
        last = round;
    }
    child.wait().expect("ended");
    last
}

async fn check_what_survived(dir: &Path, flushed: u32) {
    let broker = open(dir).await;
    let waiting = drain(&broker, ROUTER).await;
    let moved: Vec<_> = drain(&broker, FORMATTER).await;
    let numbers = |texts: &[String]| texts.iter().map(|text| text.parse().expect("a number")).collect::<Vec<u32>>();
    let waiting = numbers(&waiting);
    assert!(waiting.is_sorted(), "what waited kept its order");
    let moved: HashSet<_> = numbers(&moved).into_iter().collect();
    let both = waiting.iter().filter(|number| moved.contains(number)).count();
    let waiting: HashSet<_> = waiting.into_iter().collect();
    for number in 0..(flushed + 1) * 30 {
        assert!(waiting.contains(&number) || moved.contains(&number), "{number} of {flushed} rounds is lost");
        assert!(number % 30 % 3 != 0 || !waiting.contains(&number), "{number} was acknowledged and came back");
    }
    assert!(both <= 600, "{both} are on both queues: more than were being moved");
}
