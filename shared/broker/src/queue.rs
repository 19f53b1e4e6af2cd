//! The topology as data: every queue, its name and what it is for.

use contract::id::WebhookId;
use contract::lane::{Lane, Tier};

/// The three ways into the sender. Retries never take a first attempt's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sending {
    /// First attempts of live deliveries.
    Live,
    /// Live deliveries that have waited.
    Retry,
    /// Everything of the backfill lane.
    Backfill,
}

/// A queue of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Whatever upstream published; bound to the topic exchange `contributions`.
    Ingest,
    /// Invalid upstream messages, bounded, for people.
    IngestRejected,
    /// Events.
    Router(Lane),
    /// Every accepted event, a stream kept by age and size.
    History,
    /// Deliveries.
    Formatter(Lane),
    /// Plans.
    Sender(Sending),
    /// Plans that wait; they go on to [`Sending::Retry`] or [`Sending::Backfill`].
    Delay(Lane, Tier),
    /// Deliveries of one webhook that are kept for replay; made on first use.
    Undelivered(WebhookId),
    /// Messages that the pipeline could not handle, with their reason.
    Parked,
}

impl Queue {
    /// Every queue that exists from the start; `Undelivered` queues come later.
    pub fn all() -> Vec<Self> {
        let mut queues = vec![Self::Ingest, Self::IngestRejected, Self::History, Self::Parked];
        queues.extend(Lane::ALL.map(Self::Router));
        queues.extend(Lane::ALL.map(Self::Formatter));
        queues.extend([Sending::Live, Sending::Retry, Sending::Backfill].map(Self::Sender));
        for lane in Lane::ALL {
            queues.extend(Tier::ALL.map(|tier| Self::Delay(lane, tier)));
        }
        queues
    }

    /// The name without the prefix of the installation.
    pub fn name(&self) -> String {
        match self {
            Self::Ingest => "ingest".into(),
            Self::IngestRejected => "ingest.rejected".into(),
            Self::Router(lane) => format!("router.{}", lane.name()),
            Self::History => "history".into(),
            Self::Formatter(lane) => format!("formatter.{}", lane.name()),
            Self::Sender(Sending::Live) => "sender.live".into(),
            Self::Sender(Sending::Retry) => "sender.retry".into(),
            Self::Sender(Sending::Backfill) => "sender.backfill".into(),
            Self::Delay(lane, tier) => format!("delay.{}.{}", lane.name(), tier.name()),
            Self::Undelivered(webhook) => format!("undelivered.{webhook}"),
            Self::Parked => "parked".into(),
        }
    }

    /// Where a message goes when its wait in a delay queue is over.
    pub const fn after_delay(lane: Lane) -> Self {
        match lane {
            Lane::Live => Self::Sender(Sending::Retry),
            Lane::Backfill => Self::Sender(Sending::Backfill),
        }
    }
}
