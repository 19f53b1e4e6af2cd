//! Taking messages: one channel for each consumer, rebuilt for ever.

use super::connection::{CALL, Link, call, explained, waits};
use super::settling::{Releases, Settling};
use super::wire;
use crate::backend::Source;
use crate::consumer::Delivery;
use crate::error::Error;
use async_trait::async_trait;
use backon::ExponentialBackoff;
use futures_util::{FutureExt, StreamExt};
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};

/// A subscription to one queue, whichever channel it is on.
pub(super) struct Subscription {
    link: Link,
    queue: ShortString,
    prefetch: u16,
    releases: Releases,
    running: Option<Running>,
    waits: ExponentialBackoff,
    not_before: Instant,
    cancelled: bool,
}

struct Running {
    // Before the channel: a consumer that is dropped cancels itself on it.
    messages: lapin::Consumer,
    settling: Arc<Settling>,
}

impl Subscription {
    pub(super) fn new(link: Link, queue: ShortString, prefetch: u16, releases: Releases) -> Self {
        let not_before = Instant::now();
        Self { link, queue, prefetch, releases, running: None, waits: waits(), not_before, cancelled: false }
    }

    /// Tries once to subscribe; a failure is followed by a longer wait each time.
    pub(super) async fn subscribe(&mut self) {
        match self.try_subscribe().await {
            Ok(running) => {
                self.running = Some(running);
                self.waits = waits();
            }
            Err(error) => {
                tracing::warn!(queue = %self.queue, reason = %explained(&error), "can't consume yet");
                self.not_before = Instant::now() + self.waits.next().unwrap_or(CALL);
            }
        }
    }

    async fn try_subscribe(&self) -> Result<Running, Error> {
        let channel = self.link.channel().await?;
        call(channel.basic_qos(self.prefetch, BasicQosOptions { global: false })).await?;
        let options = BasicConsumeOptions { no_local: false, no_ack: false, exclusive: false, nowait: false };
        let tag = ShortString::default(); // the broker makes one up
        let messages = call(channel.basic_consume(self.queue.clone(), tag, options, FieldTable::default())).await?;
        Ok(Running { messages, settling: Settling::new(channel) })
    }

    /// What the stream of the current channel said.
    fn take(&mut self, item: Option<lapin::Result<lapin::message::Delivery>>) -> Option<Delivery> {
        match item {
            Some(Ok(message)) => {
                let running = self.running.as_ref()?;
                // Handed over by a connection that died since: it will be handed out again, so once is enough.
                message.acker.usable().then(|| self.delivery(message, running))
            }
            Some(Err(error)) => {
                tracing::debug!(queue = %self.queue, %error, "the consumer's channel is gone");
                self.running = None;
                None
            }
            // Cancelled: by us, or by the broker because the queue was deleted or moved.
            // What is unsettled keeps the channel.
            None => {
                self.running = None;
                None
            }
        }
    }

    fn delivery(&self, message: lapin::message::Delivery, running: &Running) -> Delivery {
        let id = wire::id(&message.properties, &message.data);
        let redelivered = message.redelivered || wire::handed_out_before(&message.properties);
        let held = running.settling.hold(message.delivery_tag, &self.releases);
        Delivery::new(id, wire::body(&message.properties, message.data), redelivered, held)
    }
}

#[async_trait]
impl Source for Subscription {
    async fn next(&mut self) -> Option<Delivery> {
        loop {
            if let Some(running) = &mut self.running {
                let item = running.messages.next().await;
                if let Some(delivery) = self.take(item) {
                    return Some(delivery);
                }
            } else if self.cancelled {
                return None;
            } else {
                sleep_until(self.not_before).await;
                self.link.usable().await?;
                self.subscribe().await;
            }
        }
    }

    fn try_next(&mut self) -> Option<Delivery> {
        loop {
            let item = self.running.as_mut()?.messages.next().now_or_never()?;
            if let Some(delivery) = self.take(item) {
                return Some(delivery);
            }
        }
    }

    async fn cancel(&mut self) {
        self.cancelled = true;
        let Some(running) = &self.running else { return };
        let cancel =
            running.settling.channel.basic_cancel(running.messages.tag(), BasicCancelOptions { nowait: false });
        if let Err(error) = call(cancel).await {
            tracing::debug!(queue = %self.queue, reason = %explained(&error), "the consumer ended with its channel");
            self.running = None;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // The channel lives on while a message that was handed out is unsettled; what was not goes back now.
        while let Some(delivery) = self.try_next() {
            delivery.release();
        }
    }
}
