//! One queue in memory: its front with bodies, and of the rest only how much there is.
//!
//! In the order of keys a queue is: what is handed out and what is ready, both up to `cut`, then what lies only in the
//! file (or still in the log), all after `cut`. When the front runs low it is refilled from the file.

use super::log::{Batch, Change};
use super::record::{Key, Record};
use crate::queue::Queue;
use contract::limits::{EMBEDDED_WINDOW_BYTES, EMBEDDED_WINDOW_MESSAGES, REJECTED_MESSAGES};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// What sets one queue apart from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// A delay queue: how long its messages wait and where they go then.
    pub(super) delay: Option<(Duration, Queue)>,
    /// A message that is given back too often is parked.
    pub(super) limited: bool,
    /// The oldest messages are dropped beyond this many.
    pub(super) most: Option<u64>,
    /// It goes away when it is empty.
    pub(super) passing: bool,
}

impl Rule {
    pub(super) fn of(queue: &Queue) -> Self {
        let plain = Self { delay: None, limited: false, most: None, passing: false };
        match queue {
            Queue::Delay(lane, tier) => {
                Self { delay: Some((tier.wait(), Queue::after_delay(*lane))), limited: true, ..plain }
            }
            Queue::IngestRejected => Self { most: Some(REJECTED_MESSAGES), ..plain },
            Queue::Undelivered(_) => Self::unknown(),
            Queue::Parked | Queue::History => plain,
            Queue::Ingest | Queue::Router(_) | Queue::Formatter(_) | Queue::Sender(_) => {
                Self { limited: true, ..plain }
            }
        }
    }

    /// For what a file holds that this version does not list.
    pub(super) const fn unknown() -> Self {
        Self { delay: None, limited: false, most: None, passing: true }
    }
}

/// A message in someone's hands.
#[derive(Debug)]
struct HandedOut {
    record: Arc<Record>,
    token: u64,
    consumer: u64,
}

#[derive(Debug, Clone, Copy)]
struct Taker {
    prefetch: u32,
    holds: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) rule: Rule,
    ready: BTreeMap<Key, Arc<Record>>,
    ready_bytes: usize,
    cut: Key,
    beyond: u64,
    refilling: bool,
    unsettled: BTreeMap<Key, HandedOut>,
    takers: HashMap<u64, Taker>,
    /// Told when a waiting consumer may have something to take.
    pub(super) arrived: Arc<Notify>,
}

impl Memory {
    /// A queue of which `stored` messages lie in the file.
    pub(super) fn new(rule: Rule, stored: u64) -> Self {
        Self {
            rule,
            ready: BTreeMap::new(),
            ready_bytes: 0,
            cut: Key::START,
            beyond: stored,
            refilling: stored > 0,
            unsettled: BTreeMap::new(),
            takers: HashMap::new(),
            arrived: Arc::new(Notify::new()),
        }
    }

    /// A new message.
    pub(super) fn offer(&mut self, key: Key, record: Arc<Record>) {
        let full = self.ready.len() >= EMBEDDED_WINDOW_MESSAGES || self.ready_bytes >= EMBEDDED_WINDOW_BYTES;
        if key > self.cut && (full || self.beyond > 0) {
            self.beyond += 1;
        } else {
            self.cut = self.cut.max(key);
            self.give_back(key, record);
        }
    }

    /// A message that belongs to the front.
    pub(super) fn give_back(&mut self, key: Key, record: Arc<Record>) {
        self.ready_bytes += record.bytes();
        self.ready.insert(key, record);
        self.arrived.notify_waiters();
    }

    /// Hands out the first message, if this consumer may have one more.
    pub(super) fn take(&mut self, consumer: u64, token: u64) -> Option<(Key, Arc<Record>)> {
        let taker = self.takers.get_mut(&consumer).filter(|taker| taker.holds < taker.prefetch)?;
        let (key, record) = self.ready.pop_first()?;
        taker.holds += 1;
        self.ready_bytes -= record.bytes();
        self.unsettled.insert(key, HandedOut { record: Arc::clone(&record), token, consumer });
        Some((key, record))
    }

    /// Ends a hand-out; `None` when it had ended before.
    pub(super) fn settle(&mut self, key: Key, token: u64) -> Option<Arc<Record>> {
        if self.unsettled.get(&key)?.token != token {
            return None;
        }
        let handed_out = self.unsettled.remove(&key)?;
        if let Some(taker) = self.takers.get_mut(&handed_out.consumer) {
            taker.holds = taker.holds.saturating_sub(1);
            self.arrived.notify_waiters();
        }
        Some(handed_out.record)
    }

    /// Removes the first ready message.
    pub(super) fn pop(&mut self) -> Option<(Key, Arc<Record>)> {
        let (key, record) = self.ready.pop_first()?;
        self.ready_bytes -= record.bytes();
        Some((key, record))
    }

    /// The first ready message's place.
    pub(super) fn first(&self) -> Option<Key> {
        self.ready.first_key_value().map(|(key, _)| *key)
    }

    /// Whether a message that the file was seen to hold lies here, in nobody's hands.
    pub(super) fn lies(&self, key: Key) -> bool {
        key > self.cut || self.ready.contains_key(&key)
    }

    /// Removes a message of which [`Memory::lies`] is true.
    pub(super) fn remove(&mut self, key: Key) {
        match self.ready.remove(&key) {
            Some(record) => self.ready_bytes -= record.bytes(),
            None => self.beyond = self.beyond.saturating_sub(1),
        }
    }

    /// Whether the front runs low and the file has more. True once for each refill.
    pub(super) fn wants_refill(&mut self) -> bool {
        let low = self.ready.len() < EMBEDDED_WINDOW_MESSAGES / 2 && self.ready_bytes < EMBEDDED_WINDOW_BYTES / 2;
        let wants = self.beyond > 0 && low && !self.refilling;
        self.refilling |= wants;
        wants
    }

    /// Everything in the file after this key is not in the front.
    pub(super) const fn cut(&self) -> Key {
        self.cut
    }

    /// Takes what the file holds after `cut`, in order. `newer` is what happened since the file was read.
    /// A `None` is a record that can't be read; it stays in the file.
    pub(super) fn refilled(&mut self, name: &str, page: Vec<(Key, Option<Arc<Record>>)>, newer: &Batch) {
        self.refilling = false;
        let before = self.cut;
        for (key, record) in page {
            if key <= before {
                continue;
            }
            self.cut = key;
            if matches!(newer.change(name, key), Some(Change::Delete)) {
                continue;
            }
            self.beyond = self.beyond.saturating_sub(1);
            if let Some(record) = record {
                self.give_back(key, record);
            } else {
                tracing::error!(queue = name, message = key.id(), "a stored message can't be read");
            }
        }
        // A clock that was set back puts new waits between old ones.
        for (key, record) in newer.put_between(name, before, self.cut) {
            if !self.ready.contains_key(&key) {
                self.beyond = self.beyond.saturating_sub(1);
                self.give_back(key, record);
            }
        }
        if self.cut == before && self.beyond > 0 && !newer.puts_after(name, before) {
            tracing::error!(queue = name, messages = self.beyond, "messages that were counted are not in the file");
            self.beyond = 0;
        }
    }

    /// The file could not be read; the next removal asks again.
    pub(super) const fn not_refilled(&mut self) {
        self.refilling = false;
    }

    pub(super) fn add_taker(&mut self, consumer: u64, prefetch: u16) {
        self.takers.insert(consumer, Taker { prefetch: u32::from(prefetch), holds: 0 });
    }

    /// What it holds stays in its hands.
    pub(super) fn remove_taker(&mut self, consumer: u64) {
        self.takers.remove(&consumer);
    }

    /// Messages that wait.
    pub(super) fn depth(&self) -> u64 {
        self.ready.len() as u64 + self.beyond
    }

    pub(super) fn takers(&self) -> u32 {
        u32::try_from(self.takers.len()).unwrap_or(u32::MAX)
    }

    /// Nothing would be lost by forgetting it.
    pub(super) fn is_idle(&self) -> bool {
        self.depth() == 0 && self.unsettled.is_empty() && self.takers.is_empty() && !self.refilling
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    const TAKER: u64 = 1;

    fn record() -> Arc<Record> {
        Arc::new(Record { returned: 0, note: None, body: Bytes::from_static(b"{}") })
    }

    fn at(at: u64, seq: u64) -> Key {
        Key { at, seq }
    }

    /// A queue whose front is full, with `beyond` messages after it.
    fn full(beyond: u64) -> Memory {
        let mut memory = Memory::new(Rule::unknown(), 0);
        memory.add_taker(TAKER, u16::MAX);
        for seq in 1..=EMBEDDED_WINDOW_MESSAGES as u64 + beyond {
            memory.offer(at(0, seq), record());
        }
        assert_eq!((memory.ready.len(), memory.beyond), (EMBEDDED_WINDOW_MESSAGES, beyond));
        memory
    }

    fn take_all(memory: &mut Memory) -> Vec<Key> {
        std::iter::from_fn(|| memory.take(TAKER, 7).map(|(key, _)| key)).collect()
    }

    fn page(seqs: std::ops::RangeInclusive<u64>) -> Vec<(Key, Option<Arc<Record>>)> {
        seqs.map(|seq| (at(0, seq), Some(record()))).collect()
    }

    #[test]
    fn a_refill_is_asked_for_once_when_the_front_runs_low() {
        let mut memory = full(3);
        assert!(!memory.wants_refill(), "the front is full");
        take_all(&mut memory);
        assert!(memory.wants_refill() && !memory.wants_refill());
        let after = memory.cut().seq;
        memory.refilled("q", page(after + 1..=after + 3), &Batch::default());
        assert_eq!(take_all(&mut memory), [at(0, after + 1), at(0, after + 2), at(0, after + 3)]);
        assert!(!memory.wants_refill(), "there is no more");
    }

    #[test]
    fn what_was_removed_while_the_file_was_read_does_not_come_back() {
        let (mut memory, mut newer, name) = (full(3), Batch::default(), Arc::from("q"));
        take_all(&mut memory);
        let after = memory.cut().seq;
        assert!(memory.wants_refill() && memory.lies(at(0, after + 2)));
        memory.remove(at(0, after + 2));
        newer.delete(&name, at(0, after + 2));
        memory.refilled("q", page(after + 1..=after + 3), &newer);
        assert_eq!(take_all(&mut memory), [at(0, after + 1), at(0, after + 3)]);
        assert_eq!(memory.depth(), 0);
    }

    #[test]
    fn what_came_between_while_the_file_was_read_is_not_skipped() {
        let (mut memory, mut newer, name) = (Memory::new(Rule::unknown(), 2), Batch::default(), Arc::from("q"));
        memory.add_taker(TAKER, 8);
        // The clock was set back: a new wait ends between two that are in the file.
        memory.offer(at(15, 30), record());
        newer.add(&name, at(15, 30), record());
        let stored = vec![(at(10, 1), Some(record())), (at(20, 2), Some(record()))];
        memory.refilled("q", stored, &newer);
        assert_eq!(take_all(&mut memory), [at(10, 1), at(15, 30), at(20, 2)]);
        assert_eq!(memory.depth(), 0);
    }

    #[test]
    fn what_is_given_back_comes_first_and_an_old_hand_out_settles_nothing() {
        let mut memory = full(0);
        let (first, record) = memory.take(TAKER, 1).expect("a message");
        memory.settle(first, 1).expect("handed out");
        memory.give_back(first, record);
        assert_eq!(memory.take(TAKER, 2).map(|(key, _)| key), Some(first));
        assert!(memory.settle(first, 1).is_none() && memory.settle(first, 2).is_some());
    }

    #[test]
    fn no_more_than_the_prefetch_is_in_one_pair_of_hands() {
        let mut memory = full(0);
        memory.add_taker(2, 1);
        let (key, _) = memory.take(2, 1).expect("a message");
        assert!(memory.take(2, 2).is_none());
        memory.settle(key, 1).expect("handed out");
        assert!(memory.take(2, 3).is_some());
    }

    #[test]
    fn a_count_without_messages_is_put_right() {
        let mut memory = Memory::new(Rule::unknown(), 5);
        memory.refilled("q", Vec::new(), &Batch::default());
        assert_eq!(memory.depth(), 0);
    }
}
