//! Queues: how much lies on them, and the messages on those for people.

use super::{Functions, page};
use crate::problem::Problem;
use crate::views::{Limit, QueueList, QueueView, StoredList, StoredView};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use broker::{Outgoing, Queue, Stored, Verdict};
use bytes::Bytes;
use store::Filter;

/// Entries of a list when no number is asked for.
const DEFAULT_ENTRIES: usize = 100;

impl Functions {
    /// The depths of all queues; of undelivered ones those that hold something.
    pub async fn queues(&self) -> Result<QueueList, Problem> {
        let fixed = self.broker.depths(&Queue::all()).await?;
        let webhooks = self.store.webhooks().list(Filter::default(), None, usize::MAX).await?;
        let theirs: Vec<_> = webhooks.into_iter().map(|webhook| Queue::Undelivered(webhook.id)).collect();
        let theirs = self.broker.depths(&theirs).await?.into_iter().filter(|depth| depth.ready > 0);
        let view = |depth: broker::Depth| QueueView {
            queue: depth.queue.name(),
            ready: depth.ready,
            consumers: depth.consumers,
        };
        Ok(QueueList { queues: fixed.into_iter().chain(theirs).map(view).collect() })
    }

    /// Messages that the pipeline could not handle, oldest first.
    pub async fn parked(&self, limit: &Limit) -> Result<StoredList, Problem> {
        self.list(&Queue::Parked, limit).await
    }

    /// Upstream messages that were invalid, with every reason, oldest first.
    pub async fn rejected(&self, limit: &Limit) -> Result<StoredList, Problem> {
        self.list(&Queue::IngestRejected, limit).await
    }

    /// One parked message with its bytes.
    pub async fn parked_message(&self, id: &str) -> Result<StoredView, Problem> {
        let mut found = None;
        self.one(id, |stored| {
            found = Some(whole_view(stored));
            Verdict::Keep
        })
        .await?;
        found.ok_or_else(not_found)
    }

    /// Publishes a parked message to the queue that it was taken from.
    pub async fn replay_parked(&self, id: &str) -> Result<(), Problem> {
        let mut result = Err(not_found());
        self.one(id, |stored| match origin(stored) {
            Ok(queue) => {
                result = Ok(());
                Verdict::Replace(vec![Outgoing::new(queue, stored.body.clone())])
            }
            Err(problem) => {
                result = Err(problem);
                Verdict::Keep
            }
        })
        .await?;
        result
    }

    /// Removes a parked message for good.
    pub async fn drop_parked(&self, id: &str) -> Result<(), Problem> {
        let mut found = false;
        self.one(id, |_| {
            found = true;
            Verdict::Drop
        })
        .await?;
        if found { Ok(()) } else { Err(not_found()) }
    }

    async fn list(&self, queue: &Queue, limit: &Limit) -> Result<StoredList, Problem> {
        let found = self.broker.browse(queue, page(limit.limit, DEFAULT_ENTRIES)).await?;
        Ok(StoredList { messages: found.iter().map(view).collect() })
    }

    /// Goes through the parked messages until it comes to this one.
    async fn one(&self, id: &str, mut decide: impl FnMut(&Stored) -> Verdict + Send) -> Result<(), Problem> {
        let review = self
            .broker
            .review(&Queue::Parked, usize::MAX, |stored| if stored.id == id { decide(stored) } else { Verdict::Keep });
        review.await?;
        Ok(())
    }
}

fn not_found() -> Problem {
    Problem::not_found("parked message")
}

fn origin(stored: &Stored) -> Result<Queue, Problem> {
    let name = stored.note.as_ref().map_or("", |note| note.origin.as_str());
    let queue = Queue::all().into_iter().find(|queue| queue.name() == name);
    queue.ok_or_else(|| Problem::conflict(format!("the message came from {name:?}, which is no queue to replay to")))
}

fn view(stored: &Stored) -> StoredView {
    let note = stored.note.clone();
    let (stage, reason, origin, at) = match note {
        Some(note) => (note.stage, note.reason, note.origin, Some(note.at)),
        None => (String::new(), String::new(), String::new(), None),
    };
    StoredView {
        id: stored.id.clone(),
        stage,
        reason,
        origin,
        at,
        bytes: stored.body.len(),
        body: None,
        body_base64: None,
    }
}

fn whole_view(stored: &Stored) -> StoredView {
    let (body, body_base64) = text_or_base64(&stored.body);
    StoredView { body, body_base64, ..view(stored) }
}

fn text_or_base64(bytes: &Bytes) -> (Option<String>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(STANDARD.encode(bytes))),
    }
}
