//! Settling the messages of one channel.
//!
//! A unit's acknowledgements leave as one frame where they can: for RabbitMQ each frame is an entry of the
//! queue's Raft log, whether it settles one message or a hundred. A frame that settles "everything up to this
//! tag" is right only when nothing below it is still held, so what is held is kept here, and frames are
//! written one after the other.

use super::connection::{CALL, call, explained};
use crate::backend::Settle;
use crate::error::Error;
use async_trait::async_trait;
use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicRejectOptions};
use runtime::task::{OnPanic, Tasks};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// One channel and the messages that were handed out on it.
pub(super) struct Settling {
    pub(super) channel: Channel,
    tags: Mutex<Tags>,
    /// Held while frames are written; says whether the channel is of no more use.
    writing: tokio::sync::Mutex<bool>,
}

#[derive(Default)]
struct Tags {
    /// Handed out, and neither acknowledged nor given back on the wire.
    held: BTreeSet<u64>,
    /// To be acknowledged by the next frames.
    done: BTreeSet<u64>,
}

/// The frames that acknowledge.
#[derive(Debug, PartialEq, Eq)]
struct Frames {
    /// Everything up to here.
    up_to: Option<u64>,
    single: Vec<u64>,
}

impl Tags {
    /// What can be written now.
    fn frames(&mut self) -> Frames {
        let done = std::mem::take(&mut self.done);
        let below = |tag: &u64| self.held.first().is_none_or(|held| tag < held);
        let (prefix, single): (Vec<u64>, Vec<u64>) = done.into_iter().partition(below);
        Frames { up_to: prefix.last().copied(), single }
    }
}

impl Settling {
    pub(super) fn new(channel: Channel) -> Arc<Self> {
        Arc::new(Self { channel, tags: Mutex::default(), writing: tokio::sync::Mutex::new(false) })
    }

    fn tags(&self) -> MutexGuard<'_, Tags> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message was handed out. Called in the order of tags.
    pub(super) fn hold(self: &Arc<Self>, tag: u64, releases: &Releases) -> Box<dyn Settle> {
        self.tags().held.insert(tag);
        Box::new(Held { settling: Arc::clone(self), tag, releases: releases.clone() })
    }

    async fn acknowledge(&self, tag: u64) -> Result<bool, Error> {
        {
            let mut tags = self.tags();
            tags.held.remove(&tag);
            tags.done.insert(tag);
        }
        // Everyone who acknowledges at the same moment gets to say so before the first of them writes.
        tokio::task::yield_now().await;
        let mut lost = self.writing.lock().await;
        if *lost {
            return Ok(false);
        }
        let frames = self.tags().frames();
        match timeout(CALL, self.write(&frames)).await {
            Ok(Ok(())) => Ok(true),
            // What the frames named is handed out again, and a channel that was lost is never used again.
            Ok(Err(_)) => {
                *lost = true;
                Ok(false)
            }
            Err(_) => {
                *lost = true;
                Err(Error::unavailable("an acknowledgement could not be sent in time"))
            }
        }
    }

    async fn write(&self, frames: &Frames) -> lapin::Result<()> {
        if let Some(tag) = frames.up_to {
            self.channel.basic_ack(tag, BasicAckOptions { multiple: true }).await?;
        }
        for tag in &frames.single {
            self.channel.basic_ack(*tag, BasicAckOptions { multiple: false }).await?;
        }
        Ok(())
    }

    async fn give_back(&self, tag: u64) -> Result<(), Error> {
        let writing = self.writing.lock().await;
        // Not `basic.nack`: since 4.3 that counts as no delivery, and a message that is always given back would
        // never be parked.
        let requeue = BasicRejectOptions { requeue: true };
        let given = call(self.channel.basic_reject(tag, requeue)).await;
        // Only now: a frame for everything up to a later tag would have acknowledged it.
        self.tags().held.remove(&tag);
        drop(writing);
        given
    }
}

/// Gives messages back without blocking who drops them. As many wait here as were prefetched, at most.
#[derive(Clone)]
pub(super) struct Releases(mpsc::UnboundedSender<(Arc<Settling>, u64)>);

impl Releases {
    pub(super) fn start(tasks: &Tasks, stop: CancellationToken) -> Self {
        let (releases, mut waiting) = mpsc::unbounded_channel::<(Arc<Settling>, u64)>();
        tasks.spawn("broker-release", OnPanic::Stop, async move {
            loop {
                let released = tokio::select! {
                    biased;
                    released = waiting.recv() => released,
                    // What is still held goes back when the connection is closed.
                    () = stop.cancelled() => None,
                };
                let Some((settling, tag)) = released else { return };
                if let Err(error) = settling.give_back(tag).await {
                    tracing::debug!(reason = %explained(&error), "a message goes back with its connection");
                }
            }
        });
        Self(releases)
    }
}

/// A message that was handed out.
struct Held {
    settling: Arc<Settling>,
    tag: u64,
    releases: Releases,
}

#[async_trait]
impl Settle for Held {
    fn is_current(&self) -> bool {
        self.settling.channel.status().connected()
    }

    async fn ack(self: Box<Self>) -> Result<bool, Error> {
        self.settling.acknowledge(self.tag).await
    }

    fn release(self: Box<Self>) {
        // Without its task the connection is being closed, and the message goes back with it.
        drop(self.releases.0.send((self.settling, self.tag)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(held: &[u64], done: &[u64], up_to: Option<u64>, single: &[u64]) {
        let mut tags = Tags { held: held.iter().copied().collect(), done: done.iter().copied().collect() };
        assert_eq!(tags.frames(), Frames { up_to, single: single.to_vec() }, "held {held:?}, done {done:?}");
        assert!(tags.done.is_empty());
    }

    #[test]
    fn one_frame_settles_everything_below_what_is_still_held() {
        check(&[], &[1, 2, 3], Some(3), &[]);
        check(&[4, 9], &[1, 2, 3, 5, 7], Some(3), &[5, 7]);
        check(&[1], &[2, 3], None, &[2, 3]);
        check(&[1], &[], None, &[]);
    }
}
