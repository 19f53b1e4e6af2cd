//! Handing messages out and settling them.

use super::engine::Engine;
use super::state::HandOut;
use crate::backend::{Settle, Source};
use crate::consumer::Delivery;
use crate::error::Error;
use crate::queue::Queue;
use async_trait::async_trait;
use runtime::clock;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::Notify;

/// One consumer of one queue. It buffers nothing: a message leaves its queue when it is asked for.
pub(super) struct Taker {
    engine: Arc<Engine>,
    queue: Arc<str>,
    number: u64,
    arrived: Arc<Notify>,
    cancelled: bool,
}

impl Taker {
    pub(super) fn new(engine: &Arc<Engine>, queue: &Queue, prefetch: u16) -> Self {
        let mut state = engine.lock();
        let number = state.next_number();
        let (queue, memory) = state.named(queue);
        memory.add_taker(number, prefetch);
        let arrived = Arc::clone(&memory.arrived);
        Self { engine: Arc::clone(engine), queue, number, arrived, cancelled: false }
    }

    fn leave(&mut self) {
        if !self.cancelled {
            self.cancelled = true;
            let mut state = self.engine.lock();
            state.leave(&self.queue, self.number);
            self.arrived.notify_waiters();
        }
    }
}

#[async_trait]
impl Source for Taker {
    async fn next(&mut self) -> Option<Delivery> {
        let arrived = Arc::clone(&self.arrived);
        loop {
            // Listening begins before looking, so nothing arrives unnoticed in between.
            let mut arrival = pin!(arrived.notified());
            arrival.as_mut().enable();
            if let Some(delivery) = self.try_next() {
                return Some(delivery);
            }
            if self.cancelled || self.engine.lock().closing {
                return None;
            }
            arrival.await;
        }
    }

    fn try_next(&mut self) -> Option<Delivery> {
        if self.cancelled {
            return None;
        }
        let taken = {
            let mut state = self.engine.lock();
            if state.closing { None } else { state.take(&self.queue, self.number) }
        };
        let (hand_out, record, again) = taken?;
        let id = hand_out.key.id();
        let held = Held { engine: Arc::clone(&self.engine), hand_out };
        Some(Delivery::new(id, record.body.clone(), again, Box::new(held)))
    }

    async fn cancel(&mut self) {
        self.leave();
    }
}

impl Drop for Taker {
    /// Messages that were handed out stay with who holds them: each is settled, or goes back when it is dropped.
    fn drop(&mut self) {
        self.leave();
    }
}

/// A message that was handed out.
struct Held {
    engine: Arc<Engine>,
    hand_out: HandOut,
}

#[async_trait]
impl Settle for Held {
    fn is_current(&self) -> bool {
        !self.engine.lock().closing
    }

    async fn ack(self: Box<Self>) -> Result<bool, Error> {
        // After the end nothing is written any more: the message comes again.
        let mut state = self.engine.lock();
        Ok(!state.closing && state.ack(&self.hand_out))
    }

    fn release(self: Box<Self>) {
        self.engine.lock().release(&self.hand_out, clock::now());
    }
}
