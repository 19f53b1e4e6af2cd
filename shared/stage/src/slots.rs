//! Slots: how many items are handled at the same time, and which queue gets the next free one.
//!
//! Every queue has a share. While slots are idle anyone may borrow them, but a quarter of each other
//! queue's unused share stays free, so what arrives there starts at once even when every borrowed slot is
//! stuck with a slow endpoint. A slot that is given back goes to the waiting queue that is furthest below
//! its share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

#[derive(Clone)]
pub(crate) struct Slots(Arc<Mutex<State>>);

struct State {
    free: usize,
    queues: Vec<QueueState>,
}

struct QueueState {
    share: usize,
    held: usize,
    waiting: VecDeque<oneshot::Sender<Slot>>,
}

/// One item's place. Given back when dropped, panic included.
pub(crate) struct Slot {
    slots: Slots,
    queue: usize,
}

impl Slots {
    /// `total` slots (at least one for each queue) for queues with these shares.
    pub(crate) fn new(total: usize, shares: &[u32]) -> Self {
        let total = total.max(shares.len());
        let sum: usize = shares.iter().map(|share| *share as usize).sum::<usize>().max(1);
        let queues = shares
            .iter()
            .map(|share| QueueState {
                share: (total * *share as usize / sum).max(1),
                held: 0,
                waiting: VecDeque::new(),
            })
            .collect();
        Self(Arc::new(Mutex::new(State { free: total, queues })))
    }

    /// Waits for a slot. Cancel-safe: a slot that was granted to a dropped call is given back.
    pub(crate) async fn acquire(&self, queue: usize) -> Slot {
        let granted = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.may_take(queue) {
                state.take(queue);
                None
            } else {
                let (sender, receiver) = oneshot::channel();
                if let Some(queue) = state.queues.get_mut(queue) {
                    queue.waiting.push_back(sender);
                }
                Some(receiver)
            }
        };
        match granted {
            None => Slot { slots: self.clone(), queue },
            Some(receiver) => match receiver.await {
                Ok(slot) => slot,
                // The sender is kept until a slot is sent through it, so this can't be; and if it could,
                // handling one item more than the limit is better than handling none.
                Err(_) => Slot { slots: self.clone(), queue },
            },
        }
    }

    fn release(&self, queue: usize) {
        let mut granted = Vec::new();
        {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.free += 1;
            if let Some(queue) = state.queues.get_mut(queue) {
                queue.held = queue.held.saturating_sub(1);
            }
            while let Some((queue, sender)) = state.next_waiting() {
                state.take(queue);
                granted.push((queue, sender));
            }
        }
        // Outside the lock: a slot that nobody waits for any more comes back through here.
        for (queue, sender) in granted {
            drop(sender.send(Slot { slots: self.clone(), queue }));
        }
    }
}

impl State {
    fn may_take(&self, queue: usize) -> bool {
        let Some(own) = self.queues.get(queue) else { return false };
        let kept: usize = match own.held < own.share {
            true => 0,
            false => self.queues.iter().enumerate().filter(|(other, _)| *other != queue).map(|(_, q)| q.kept()).sum(),
        };
        own.waiting.is_empty() && self.free > kept
    }

    fn take(&mut self, queue: usize) {
        self.free -= 1;
        if let Some(queue) = self.queues.get_mut(queue) {
            queue.held += 1;
        }
    }

    /// The first that waits on the queue furthest below its share, if that queue may take a slot.
    fn next_waiting(&mut self) -> Option<(usize, oneshot::Sender<Slot>)> {
        let mut order: Vec<usize> = (0..self.queues.len()).collect();
        order.retain(|queue| self.queues.get(*queue).is_some_and(|q| !q.waiting.is_empty()));
        order.sort_by_key(|queue| self.queues.get(*queue).map_or(0, |q| q.held * 1_000 / q.share));
        for queue in order {
            let waiting = std::mem::take(&mut self.queues.get_mut(queue)?.waiting);
            let may = self.may_take(queue);
            let own = self.queues.get_mut(queue)?;
            own.waiting = waiting;
            if may {
                return own.waiting.pop_front().map(|sender| (queue, sender));
            }
        }
        None
    }
}

impl QueueState {
    /// Slots of its unused share that nobody borrows.
    fn kept(&self) -> usize {
        self.share.div_ceil(4).min(self.share.saturating_sub(self.held))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.release(self.queue);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn take(slots: &Slots, queue: usize, most: usize) -> Vec<Slot> {
        (0..most).map_while(|_| slots.acquire(queue).now_or_never()).collect()
    }

    #[test]
    fn idle_shares_are_lent_but_a_quarter_of_each_stays_free() {
        let slots = Slots::new(100, &[60, 20, 20]);
        let backfill = take(&slots, 2, 200);
        assert_eq!(backfill.len(), 100 - 15 - 5);
        assert_eq!(take(&slots, 0, 200).len(), 20, "what is left goes to live at once");
    }

    #[test]
    fn when_all_is_wanted_a_freed_slot_goes_to_the_queue_furthest_below_its_share() {
        let slots = Slots::new(10, &[60, 20, 20]);
        let mut borrowed = take(&slots, 2, 10);
        let live = take(&slots, 0, 10);
        assert_eq!(borrowed.len() + live.len(), 10);
        let mut live_next = Box::pin(slots.acquire(0));
        let mut backfill_next = Box::pin(slots.acquire(2));
        assert!(live_next.as_mut().now_or_never().is_none() && backfill_next.as_mut().now_or_never().is_none());
        borrowed.pop();
        assert!(live_next.now_or_never().is_some(), "live is below its share");
        drop(backfill_next);
    }

    #[test]
    fn a_slot_granted_to_nobody_comes_back() {
        let slots = Slots::new(1, &[1]);
        let only = take(&slots, 0, 5);
        assert_eq!(only.len(), 1);
        let mut waiting = Box::pin(slots.acquire(0));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(only);
        drop(waiting);
        assert_eq!(take(&slots, 0, 5).len(), 1);
    }

    #[test]
    fn nothing_is_lost_when_a_holder_panics() {
        let slots = Slots::new(2, &[1, 1]);
        let inner = slots.clone();
        let panicked = std::panic::catch_unwind(move || {
            let _slot = inner.acquire(0).now_or_never();
            panic!("a handler panics");
        });
        assert!(panicked.is_err());
        assert_eq!(take(&slots, 0, 1).len() + take(&slots, 1, 1).len(), 2);
    }
}
