//! From a message that was walked to its events: one for each line item.

use crate::body::{Block, Rejection, Walk, read_time, status};
use crate::event::{Event, Kind, Status};
use crate::id::{EntityId, EventId};
use crate::limits;
use jiff::Timestamp;
use serde_json::value::RawValue;
use std::ops::Range;

/// A message that has passed its walk.
pub(super) struct Message<'a> {
    /// Its body, as upstream wrote it.
    pub(super) data: &'a Block<'a>,
    /// Where the canonical form lies in what the walk has written.
    pub(super) body: Range<usize>,
    /// The path of its line items.
    pub(super) path: &'static str,
    pub(super) received_at: Timestamp,
    pub(super) occurred_at: Option<Timestamp>,
    pub(super) upstream_id: Option<String>,
}

impl Message<'_> {
    /// One event for each line item.
    pub(super) fn events(&self, walk: &Walk) -> Result<Vec<Event>, Rejection> {
        let Walk { kind, out, marks, .. } = walk;
        let (Some(first), Some(last)) = (marks.items.first(), marks.items.last()) else { return Err(unreadable()) };
        let (before, after) = (&out[self.body.start..first.start], &out[last.end..self.body.end]);
        let tracking = &out[marks.tracking.clone()];
        let shared = before.len() + after.len() + tracking.len();
        if shared.saturating_mul(marks.items.len()) > limits::UPSTREAM_EVENTS_BYTES {
            return Err(Rejection::of(self.path, "fewer line items for blocks of this size (16 MiB when taken apart)"));
        }
        let event = |(range, item): (&Range<usize>, &Block<'_>)| {
            self.event(*kind, item, [before, &out[range.clone()], after].concat(), tracking).ok_or_else(unreadable)
        };
        marks.items.iter().zip(self.data.list("lineitems")).map(event).collect()
    }

    fn event(&self, kind: Kind, item: &Block<'_>, body: String, tracking: &str) -> Option<Event> {
        let contribution = self.data.block("contribution")?;
        let number = |key| item.get(key)?.get().parse::<u64>().ok();
        let (lineitem, entity) = (number("lineitemId")?, number("entityId")?);
        let when = match kind {
            Kind::Contribution => item.get("paidAt"),
            Kind::Refund => item.get("refundedAt"),
            Kind::Cancellation => contribution.get("cancelledAt"),
        };
        let when = read_time(when?)?;
        let status = match kind {
            Kind::Cancellation => None,
            kind => Some(status(contribution, kind).ok()?),
        };
        let form = self.data.block("form");
        Some(Event {
            id: id(kind, contribution, (lineitem, entity), status, when)?,
            kind,
            entity: EntityId(entity),
            lineitem,
            status,
            received_at: self.received_at,
            occurred_at: self.occurred_at.or(Some(when)),
            managing_entity: form.and_then(|form| form.text("managingEntityName")).map(Into::into),
            upstream_id: self.upstream_id.clone(),
            body: RawValue::from_string(body).ok()?,
            tracking: match tracking {
                "" => None,
                text => Some(RawValue::from_string(text.to_owned()).ok()?),
            },
        })
    }
}

/// The id that is derived from what happened to this line item of this entity.
fn id(
    kind: Kind,
    contribution: &Block<'_>,
    (lineitem, entity): (u64, u64),
    status: Option<Status>,
    when: Timestamp,
) -> Option<EventId> {
    let (name, lineitem, second) = (kind.name(), lineitem.to_string(), when.as_second().to_string());
    Some(match kind {
        // Beyond the design, which derives it of kind and line item alone: a payment that is approved after it
        // was pending or declined is another event, or it would be dropped as a repeat.
        Kind::Contribution => match status {
            Some(other @ (Status::Pending | Status::Declined)) => EventId::derive(&[name, &lineitem, other.name()]),
            Some(Status::Approved) | None => EventId::derive(&[name, &lineitem]),
        },
        Kind::Refund => EventId::derive(&[name, &lineitem, &second]),
        Kind::Cancellation => {
            EventId::derive(&[name, &contribution.text("orderNumber")?, &entity.to_string(), &second])
        }
    })
}

/// What the walk accepted can be taken apart, so this stands for a fault of this program and never for the document's.
pub(super) fn unreadable() -> Rejection {
    Rejection::of("$", "a body whose line items can be taken apart")
}
