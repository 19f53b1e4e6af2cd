//! Everything in memory, behind one lock: the queues and the log of what the file does not have yet.

use super::disk::{Found, Page};
use super::log::Batch;
use super::memory::{Memory, Rule};
use super::record::{Key, Record};
use crate::error::Error;
use crate::message::{Note, Outgoing};
use crate::queue::Queue;
use contract::limits::{DELIVERY_LIMIT, EMBEDDED_UNWRITTEN_BYTES, EMBEDDED_UNWRITTEN_OPERATIONS};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Condvar};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// Who is told of what, beside the consumers of each queue.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// The writer: there is something to write or to read.
    pub(super) work: Condvar,
    /// The timers: a wait may end sooner than the one they sleep for.
    pub(super) timers: Notify,
    /// Readers of history: there is more.
    pub(super) history: Notify,
}

/// Something to read from the file, after everything that was logged before is in it.
pub(super) enum Read {
    /// More of a queue's front.
    Refill { table: Arc<str>, after: Key },
    /// Messages after a key.
    Page { table: Arc<str>, after: Key, reply: oneshot::Sender<Result<Page, Error>> },
}

impl Read {
    pub(super) fn table(&self) -> &str {
        match self {
            Self::Refill { table, .. } | Self::Page { table, .. } => table,
        }
    }

    pub(super) const fn after(&self) -> Key {
        match self {
            Self::Refill { after, .. } | Self::Page { after, .. } => *after,
        }
    }
}

/// One hand-out of one message.
#[derive(Debug, Clone)]
pub(super) struct HandOut {
    pub(super) queue: Arc<str>,
    pub(super) key: Key,
    pub(super) token: u64,
}

/// See the module.
pub(super) struct State {
    queues: HashMap<Arc<str>, Memory>,
    pub(super) signals: Arc<Signals>,
    pub(super) pending: Batch,
    pub(super) reads: Vec<Read>,
    /// Batches that the writer has taken.
    pub(super) taken: u64,
    /// Changes and bytes of the batch that is being written.
    pub(super) writing: (usize, usize),
    /// Someone waits for what is pending.
    pub(super) urgent: bool,
    /// No more work is accepted; the writer ends when all is written.
    pub(super) closing: bool,
    history: Arc<str>,
    pub(super) history_last: Key,
    pub(super) history_messages: u64,
    /// Messages from before were on disk when this process started: someone may have had them.
    first_seq: u64,
    last_seq: u64,
    last_token: u64,
}

impl State {
    pub(super) fn new(signals: Arc<Signals>, found: &Found) -> Self {
        let mut state = Self {
            queues: HashMap::new(),
            signals,
            pending: Batch::default(),
            reads: Vec::new(),
            taken: 0,
            writing: (0, 0),
            urgent: false,
            closing: false,
            history: Queue::History.name().into(),
            history_last: found.history_last,
            history_messages: found.history_messages,
            first_seq: found.first_seq,
            last_seq: found.first_seq,
            last_token: 0,
        };
        for queue in Queue::all().into_iter().filter(|queue| *queue != Queue::History) {
            state.queues.insert(queue.name().into(), Memory::new(Rule::of(&queue), 0));
        }
        found.queues.iter().for_each(|(name, stored)| state.stored(name, *stored));
        state
    }

    /// Takes over a queue that the file holds `stored` messages of.
    fn stored(&mut self, name: &str, stored: u64) {
        let known = self.queues.get(name).map_or_else(Rule::unknown, |memory| memory.rule.clone());
        let name: Arc<str> = name.into();
        self.queues.insert(Arc::clone(&name), Memory::new(known, stored));
        if stored > 0 {
            self.read(Read::Refill { table: name, after: Key::START });
        }
    }

    /// Publishes one message. The caller has asked for [`State::has_room`].
    pub(super) fn publish(&mut self, message: Outgoing, now: Timestamp) {
        let queue = message.queue.clone();
        let record = Record::new(message);
        self.last_seq += 1;
        let seq = self.last_seq;
        if queue == Queue::History {
            let at = u64::try_from(now.as_microsecond()).unwrap_or(0).max(self.history_last.at);
            self.history_last = Key { at, seq };
            self.history_messages += 1;
            self.log(|pending, history| pending.add(history, Key { at, seq }, record));
            self.signals.history.notify_waiters();
            return;
        }
        let (name, memory) = self.named(&queue);
        // The next whole millisecond, so that nothing is early.
        let due = memory.rule.delay.as_ref().map(|(wait, _)| unix_ms(now) + 1 + whole_ms(*wait));
        let key = Key { at: due.unwrap_or(0), seq };
        let first = memory.first();
        memory.offer(key, Arc::clone(&record));
        if due.is_some() && first != memory.first() {
            self.signals.timers.notify_waiters();
        }
        self.log(|pending, _| pending.add(&name, key, record));
        self.keep_at_most(&name);
    }

    /// How much history is left after a write.
    pub(super) fn history_is(&mut self, messages: u64) {
        self.history_messages = messages + self.pending.changes_of(&self.history);
    }

    /// Whether publishers may go on.
    pub(super) const fn has_room(&self) -> bool {
        self.pending.operations() + self.writing.0 < EMBEDDED_UNWRITTEN_OPERATIONS
            && self.pending.bytes() + self.writing.1 < EMBEDDED_UNWRITTEN_BYTES
    }

    /// Hands out the first message of a queue, and whether someone may have had it before.
    pub(super) fn take(&mut self, queue: &Arc<str>, consumer: u64) -> Option<(HandOut, Arc<Record>, bool)> {
        self.last_token += 1;
        let token = self.last_token;
        let (key, record) = self.queues.get_mut(queue)?.take(consumer, token)?;
        let again = record.returned > 0 || key.seq <= self.first_seq;
        self.refill(queue);
        Some((HandOut { queue: Arc::clone(queue), key, token }, record, again))
    }

    /// Removes a message that was handed out; `false` when the hand-out is stale.
    pub(super) fn ack(&mut self, hand_out: &HandOut) -> bool {
        let Some(memory) = self.queues.get_mut(&hand_out.queue) else { return false };
        let current = memory.settle(hand_out.key, hand_out.token).is_some();
        if current {
            self.log(|pending, _| pending.delete(&hand_out.queue, hand_out.key));
            self.forget_idle(&hand_out.queue);
        }
        current
    }

    /// Puts a message back where it was, or parks it when that happened too often.
    pub(super) fn release(&mut self, hand_out: &HandOut, now: Timestamp) {
        let HandOut { queue, key, token } = hand_out;
        let Some(memory) = self.queues.get_mut(queue) else { return };
        let Some(mut record) = memory.settle(*key, *token) else { return };
        Arc::make_mut(&mut record).returned += 1;
        if memory.rule.limited && record.returned > DELIVERY_LIMIT {
            let (stage, reason, origin) = ("broker".into(), "delivery limit".into(), queue.to_string());
            let note = Note { stage, reason, origin, at: now };
            self.publish(Outgoing::noted(Queue::Parked, record.body.clone(), note), now);
            self.log(|pending, _| pending.delete(queue, *key));
            return;
        }
        memory.give_back(*key, Arc::clone(&record));
        if memory.rule.limited {
            self.log(|pending, _| pending.update(queue, *key, record));
        }
    }

    /// Moves every message whose wait is over, and says how long until the next one's is.
    pub(super) fn forward_due(&mut self, now: Timestamp) -> Option<Duration> {
        let delays = self.queues.iter().filter(|(_, memory)| memory.rule.delay.is_some());
        let names: Vec<_> = delays.map(|(name, _)| Arc::clone(name)).collect();
        let waits = names.iter().filter_map(|name| self.forward_due_of(name, now));
        waits.min()
    }

    fn forward_due_of(&mut self, name: &Arc<str>, now: Timestamp) -> Option<Duration> {
        let now_ms = unix_ms(now);
        loop {
            let memory = self.queues.get_mut(name)?;
            let (_, target) = memory.rule.delay.clone()?;
            let first = memory.first()?;
            if first.at > now_ms {
                return Some(Duration::from_millis(first.at - now_ms));
            }
            let (key, record) = memory.pop()?;
            self.publish(Outgoing { queue: target, body: record.body.clone(), note: record.note.clone() }, now);
            self.log(|pending, _| pending.delete(name, key));
            self.refill(name);
        }
    }

    /// Removes a message that lies on a queue; see [`Memory::lies`].
    pub(super) fn remove(&mut self, name: &Arc<str>, key: Key) {
        let Some(memory) = self.queues.get_mut(name) else { return };
        memory.remove(key);
        self.log(|pending, _| pending.delete(name, key));
        self.refill(name);
        self.forget_idle(name);
    }

    /// Whether a message that was read from the file lies on its queue now.
    pub(super) fn lies(&self, name: &str, key: Key) -> bool {
        self.queues.get(name).is_some_and(|memory| memory.lies(key))
    }

    /// A queue that is only looked at, if it exists.
    pub(super) fn peek(&self, name: &str) -> Option<&Memory> {
        self.queues.get(name)
    }

    /// A consumer takes no more. What it holds stays with it.
    pub(super) fn leave(&mut self, name: &str, consumer: u64) {
        if let Some(memory) = self.queues.get_mut(name) {
            memory.remove_taker(consumer);
        }
        self.forget_idle(name);
    }

    /// A queue, made if it is not there.
    pub(super) fn named(&mut self, queue: &Queue) -> (Arc<str>, &mut Memory) {
        let name = queue.name();
        let name = self.queues.get_key_value(name.as_str()).map_or_else(|| name.into(), |(name, _)| Arc::clone(name));
        let memory = self.queues.entry(Arc::clone(&name)).or_insert_with(|| Memory::new(Rule::of(queue), 0));
        (name, memory)
    }

    /// A number for a consumer.
    pub(super) const fn next_number(&mut self) -> u64 {
        self.last_token += 1;
        self.last_token
    }

    /// The last number that a message got.
    pub(super) const fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Takes a page that the writer read for a queue's front.
    pub(super) fn refilled(&mut self, name: &Arc<str>, page: Page) {
        let Some(memory) = self.queues.get_mut(name) else { return };
        memory.refilled(name, page, &self.pending);
        if memory.rule.delay.is_some() {
            self.signals.timers.notify_waiters();
        }
        self.keep_at_most(name);
        self.refill(name);
    }

    /// The page could not be read: asks for it again.
    pub(super) fn not_refilled(&mut self, name: &Arc<str>) {
        if let Some(memory) = self.queues.get_mut(name) {
            memory.not_refilled();
        }
        self.refill(name);
    }

    /// Asks the writer to read something.
    pub(super) fn read(&mut self, read: Read) {
        self.reads.push(read);
        self.hurry();
    }

    /// What is pending is to be written now.
    pub(super) fn hurry(&mut self) {
        self.urgent = true;
        self.signals.work.notify_one();
    }

    /// Wakes everyone who waits for messages, so that they see that the broker is closed.
    pub(super) fn wake_all(&self) {
        self.queues.values().for_each(|memory| memory.arrived.notify_waiters());
        self.signals.history.notify_waiters();
        self.signals.timers.notify_waiters();
    }

    /// Forgets a queue that lives only while it holds something.
    fn forget_idle(&mut self, name: &str) {
        if self.queues.get(name).is_some_and(|memory| memory.rule.passing && memory.is_idle()) {
            self.queues.remove(name);
        }
    }

    fn keep_at_most(&mut self, name: &Arc<str>) {
        while let Some(memory) = self.queues.get_mut(name) {
            if memory.rule.most.is_none_or(|most| memory.depth() <= most) {
                return;
            }
            // Nothing in the front: it is being refilled, and asked again then.
            let Some((key, _)) = memory.pop() else { return };
            self.log(|pending, _| pending.delete(name, key));
            self.refill(name);
        }
    }

    fn refill(&mut self, name: &Arc<str>) {
        let Some(memory) = self.queues.get_mut(name) else { return };
        if memory.wants_refill() {
            let after = memory.cut();
            self.read(Read::Refill { table: Arc::clone(name), after });
        }
    }

    fn log(&mut self, change: impl FnOnce(&mut Batch, &Arc<str>)) {
        let before = self.pending.operations();
        change(&mut self.pending, &self.history);
        if before == 0 && self.pending.operations() > 0 {
            self.signals.work.notify_one();
        }
    }
}

fn unix_ms(now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond()).unwrap_or(0)
}

fn whole_ms(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX / 2)
}
