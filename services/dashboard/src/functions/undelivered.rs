//! Deliveries that were given up: listed, and sent on their way again.

use super::checks::Checks;
use super::{Functions, page};
use crate::problem::Problem;
use crate::views::{Replayed, UndeliveredFilter, UndeliveredList, UndeliveredView};
use broker::{Outgoing, Queue, Stored, Verdict};
use contract::delivery::Delivery;
use contract::envelope::{self, Header, Line};
use contract::event::Kind;
use contract::id::WebhookId;
use contract::lane::Lane;
use jiff::Timestamp;

/// Entries of a list when no number is asked for.
const DEFAULT_ENTRIES: usize = 100;

/// What a filter asks for.
struct Wanted {
    since: Option<Timestamp>,
    kind: Option<Kind>,
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

    /// Sends what passes the filter again, rendered anew, with all its tries. Delivery ids stay the same.
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
    let since = filter.since.as_deref().and_then(|text| {
        let time = text.parse().ok();
        if time.is_none() {
            checks.wrong("since", "must be a time with an offset such as 2026-11-02T14:05:09-05:00");
        }
        time
    });
    checks.finish()?;
    Ok(Wanted { since, kind })
}

impl Wanted {
    fn holds(&self, view: &UndeliveredView) -> bool {
        self.since.is_none_or(|since| view.at >= since) && self.kind.is_none_or(|kind| view.kind == kind.name())
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

/// The message that starts a delivery over.
fn again(stored: &Stored, header: Header) -> Result<Outgoing, envelope::Error> {
    let header = Header { lane: Lane::Live, attempt: 0, not_before: None, why: None, ..header };
    Ok(Outgoing::new(Queue::Formatter(Lane::Live), envelope::under(&stored.body, header)?))
}
