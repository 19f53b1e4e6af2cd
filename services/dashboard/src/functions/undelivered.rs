//! Deliveries that were given up: listed, and sent on their way again.

use super::checks::Checks;
use super::{Functions, page};
use crate::problem::Problem;
use crate::views::{
    Replayed, UndeliveredCounts, UndeliveredFilter, UndeliveredGroup, UndeliveredList, UndeliveredView,
};
use broker::{Outgoing, Queue, Stored, Verdict};
use contract::delivery::Delivery;
use contract::envelope::{self, Header, Line};
use contract::event::Kind;
use contract::id::WebhookId;
use contract::lane::Lane;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Entries of a list when no number is asked for.
const DEFAULT_ENTRIES: usize = 100;

/// What a filter asks for.
struct Wanted {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    kind: Option<Kind>,
    /// In small letters.
    reason: Option<String>,
}

impl Functions {
    /// What lies on the webhook's undelivered queue.
    pub async fn undelivered(&self, id: &WebhookId, filter: &UndeliveredFilter) -> Result<UndeliveredList, Problem> {
        let wanted = wanted(filter)?;
        self.find_webhook(id).await?;
        let limit = page(filter.limit, DEFAULT_ENTRIES);
        let mut undelivered = Vec::new();
        // The filter decides while the queue is gone through, so a page is full when there is enough.
        let queue = Queue::Undelivered(id.clone());
        let review = self.broker.review(&queue, usize::MAX, |stored| {
            if undelivered.len() < limit
                && let Some((_, view)) = read(stored)
                && wanted.holds(&view)
            {
                undelivered.push(view);
            }
            Verdict::Keep
        });
        review.await?;
        Ok(UndeliveredList { undelivered })
    }

    /// Counts what a replay with this filter would send.
    pub async fn count_undelivered(
        &self,
        id: &WebhookId,
        filter: &UndeliveredFilter,
    ) -> Result<UndeliveredCounts, Problem> {
        let wanted = wanted(filter)?;
        self.find_webhook(id).await?;
        let mut left = filter.limit.unwrap_or(usize::MAX);
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        let queue = Queue::Undelivered(id.clone());
        let review = self.broker.review(&queue, usize::MAX, |stored| {
            if left > 0
                && let Some((_, view)) = read(stored)
                && wanted.holds(&view)
            {
                left -= 1;
                *counts.entry((view.kind, view.reason)).or_default() += 1;
            }
            Verdict::Keep
        });
        review.await?;
        let group = |((kind, reason), count)| UndeliveredGroup { kind, reason, count };
        Ok(UndeliveredCounts { undelivered: counts.values().sum(), groups: counts.into_iter().map(group).collect() })
    }

    /// Sends what passes the filter again, rendered anew, with all its tries, behind whatever is live. Delivery ids
    /// stay the same.
    pub async fn replay_undelivered(&self, id: &WebhookId, filter: &UndeliveredFilter) -> Result<Replayed, Problem> {
        let wanted = wanted(filter)?;
        self.find_active(id).await?;
        let mut left = filter.limit.unwrap_or(usize::MAX);
        let queue = Queue::Undelivered(id.clone());
        let review = self.broker.review(&queue, usize::MAX, |stored| {
            let again = read(stored)
                .filter(|(_, view)| left > 0 && wanted.holds(view))
                .and_then(|(header, _)| again(stored, header).ok());
            match again {
                Some(message) => {
                    left -= 1;
                    Verdict::Replace(vec![message])
                }
                None => Verdict::Keep,
            }
        });
        let tally = review.await?;
        tracing::info!(webhook = %id, replayed = tally.replaced, "undelivered deliveries were replayed");
        Ok(Replayed { replayed: tally.replaced, kept: tally.kept })
    }
}

fn wanted(filter: &UndeliveredFilter) -> Result<Wanted, Problem> {
    let mut checks = Checks::default();
    let kind = filter.kind.as_deref().and_then(|word| checks.word::<Kind>("kind", word));
    let mut time = |field: &str, text: &Option<String>| {
        let text = text.as_deref()?;
        let time = text.parse().ok();
        if time.is_none() {
            checks.wrong(field, "must be a time with an offset such as 2026-11-02T14:05:09-05:00");
        }
        time
    };
    let (since, until) = (time("since", &filter.since), time("until", &filter.until));
    checks.finish()?;
    Ok(Wanted { since, until, kind, reason: filter.reason.as_deref().map(str::to_lowercase) })
}

impl Wanted {
    fn holds(&self, view: &UndeliveredView) -> bool {
        self.since.is_none_or(|since| view.at >= since)
            && self.until.is_none_or(|until| view.at < until)
            && self.kind.is_none_or(|kind| view.kind == kind.name())
            && self.reason.as_ref().is_none_or(|reason| view.reason.to_lowercase().contains(reason))
    }
}

/// Reads one line; one that can't be read stays where it is and is in no list.
fn read(stored: &Stored) -> Option<(Header, UndeliveredView)> {
    let Line { header, body: delivery } = Line::<Delivery>::decode(&stored.body).ok()?;
    let note = stored.note.as_ref();
    let view = UndeliveredView {
        delivery: delivery.id.into(),
        event: delivery.event.id.into(),
        kind: delivery.event.kind.name().to_owned(),
        lineitem: delivery.event.lineitem,
        received_at: delivery.event.received_at,
        at: note.map_or(delivery.event.received_at, |note| note.at),
        reason: note.map(|note| note.reason.clone()).or_else(|| header.why.clone()).unwrap_or_default(),
    };
    Some((header, view))
}

/// The message that starts a delivery over. Its backfill, if it had one, counted it when it was given up.
fn again(stored: &Stored, header: Header) -> Result<Outgoing, envelope::Error> {
    let header = Header { lane: Lane::Backfill, attempt: 0, not_before: None, why: None, backfill: None, ..header };
    Ok(Outgoing::new(Queue::Formatter(Lane::Backfill), envelope::under(&stored.body, header)?))
}
