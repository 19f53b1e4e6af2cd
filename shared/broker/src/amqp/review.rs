//! Going through a queue for people.

use super::Amqp;
use super::connection::call;
use super::wire;
use crate::backend::Decide;
use crate::broker::{Tally, Verdict};
use crate::error::Error;
use crate::message::{Outgoing, Stored};
use crate::queue::Queue;
use contract::limits;
use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicGetOptions, BasicNackOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Takes the messages one by one, so that only one of them is in memory. Those that stay are given back at the
/// end and in order: given back earlier, the queue would hand them out again.
pub(super) async fn review(amqp: &Amqp, queue: &Queue, limit: usize, decide: Decide<'_>) -> Result<Tally, Error> {
    let channel = amqp.consuming.channel().await?;
    let name = amqp.topology.name(queue);
    let found = match ready(&channel, &name).await {
        Err(error) if super::absent(queue, &error) => return Ok(Tally::default()),
        found => found?,
    };
    let limit = limit.min(found);
    let passed_over = found - limit;
    let mut review = Review { amqp, channel, name, kept: Vec::new(), replacing: Replacing::default() };
    let mut tally = Tally::default();
    let mut result = review.go_through(limit, decide, &mut tally).await;
    if result.is_ok() && !review.kept.is_empty() && found <= limits::REVIEW_ORDERED_MESSAGES {
        result = review.pass_over(passed_over).await;
    }
    // Also after a failure: what was looked at goes back to its place.
    let given_back = review.give_back().await;
    result.and(given_back).map(|()| tally)
}

/// How many messages wait.
async fn ready(channel: &Channel, name: &ShortString) -> Result<usize, Error> {
    let passive = QueueDeclareOptions { passive: true, ..Default::default() };
    let found = call(channel.queue_declare(name.clone(), passive, FieldTable::default())).await?;
    Ok(usize::try_from(found.message_count()).unwrap_or(usize::MAX))
}

struct Review<'a> {
    amqp: &'a Amqp,
    channel: Channel,
    name: ShortString,
    kept: Vec<u64>,
    replacing: Replacing,
}

/// What is published together before what it replaces is acknowledged.
#[derive(Default)]
struct Replacing {
    tags: Vec<u64>,
    messages: Vec<Outgoing>,
    bytes: usize,
}

impl Review<'_> {
    async fn go_through(&mut self, limit: usize, decide: Decide<'_>, tally: &mut Tally) -> Result<(), Error> {
        for _ in 0..limit {
            let get = self.channel.basic_get(self.name.clone(), BasicGetOptions { no_ack: false });
            let Some(message) = call(get).await? else { break };
            let message = message.delivery;
            let tag = message.delivery_tag;
            let stored = Stored {
                id: wire::id(&message.properties, &message.data),
                note: wire::note(&message.properties, &self.amqp.topology),
                body: wire::body(&message.properties, message.data),
            };
            match decide(&stored) {
                Verdict::Keep => {
                    self.kept.push(tag);
                    tally.kept += 1;
                }
                Verdict::Drop => {
                    self.ack(tag).await?;
                    tally.dropped += 1;
                }
                Verdict::Replace(messages) => {
                    self.replacing.add(tag, messages);
                    if self.replacing.full() {
                        self.replace(tally).await?;
                    }
                }
            }
        }
        self.replace(tally).await
    }

    /// A quorum queue puts what is given back behind what was given back earlier, and both before the rest. So
    /// messages would change places unless all of them are taken and given back.
    async fn pass_over(&mut self, count: usize) -> Result<(), Error> {
        for _ in 0..count {
            let get = self.channel.basic_get(self.name.clone(), BasicGetOptions { no_ack: false });
            let Some(message) = call(get).await? else { break };
            self.kept.push(message.delivery_tag);
        }
        Ok(())
    }

    async fn replace(&mut self, tally: &mut Tally) -> Result<(), Error> {
        let Replacing { tags, messages, .. } = std::mem::take(&mut self.replacing);
        self.kept.extend(&tags); // until they are replaced
        if !messages.is_empty() {
            self.amqp.publish_routed(messages).await?;
        }
        self.kept.truncate(self.kept.len() - tags.len());
        for tag in tags {
            self.ack(tag).await?;
            tally.replaced += 1;
        }
        Ok(())
    }

    async fn ack(&self, tag: u64) -> Result<(), Error> {
        call(self.channel.basic_ack(tag, BasicAckOptions { multiple: false })).await
    }

    async fn give_back(&mut self) -> Result<(), Error> {
        self.kept.append(&mut self.replacing.tags);
        self.kept.sort_unstable();
        if !self.kept.is_empty() {
            let expected = ready(&self.channel, &self.name).await? + self.kept.len();
            for tag in &self.kept {
                call(self.channel.basic_nack(*tag, BasicNackOptions { multiple: false, requeue: true })).await?;
            }
            // A quorum queue takes them back when it gets to it, and tells nobody; whoever looks next expects
            // them. Someone else may take them meanwhile, so the wait is bounded.
            let settled = async {
                while ready(&self.channel, &self.name).await? < expected {
                    sleep(Duration::from_millis(limits::REVIEW_SETTLE_MS / 200)).await;
                }
                Ok(())
            };
            timeout(Duration::from_millis(limits::REVIEW_SETTLE_MS), settled).await.unwrap_or(Ok(()))?;
        }
        call(self.channel.close(200, "reviewed".into())).await
    }
}

impl Replacing {
    fn add(&mut self, tag: u64, messages: Vec<Outgoing>) {
        self.tags.push(tag);
        self.bytes += messages.iter().map(|message| message.body.len()).sum::<usize>();
        self.messages.extend(messages);
    }

    fn full(&self) -> bool {
        self.tags.len() >= limits::BATCH_LINES || self.bytes >= limits::BATCH_BYTES
    }
}
