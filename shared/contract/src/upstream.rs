//! What upstream publishes, parsed into events: one for each line item, in order.
//!
//! A message is one unit. If one of its line items is wrong, the whole message is rejected, with every reason.

mod documents;

pub use documents::{Document, Documents};

use crate::body::{
    Block, CONTRIBUTION, FORM, LINEITEM, MESSAGE, Path, Rejection, TOP, Walk, compact, depth, read_time, status,
};
use crate::event::{Event, Kind, Status};
use crate::id::{EntityId, EventId};
use crate::limits;
use jiff::Timestamp;
use serde_json::value::RawValue;

/// Reads the native message: `{"type":…,"id":…,"occurred_at":…,"data":{the body},"tracking":{}}`.
///
/// Keys beside these are ignored; fields of the body that the format does not know travel with the event.
pub fn native(document: &[u8], received_at: Timestamp) -> Result<Vec<Event>, Rejection> {
    let text = open(document)?;
    let message = Block::read(text, MESSAGE).map_err(|error| not_json(&error))?;
    let root = Path::root("$");
    let kind = message.text("type").and_then(|word| word.parse::<Kind>().ok());
    let mut walk = Walk::new(kind.unwrap_or(Kind::Contribution), text.len());
    if kind.is_none() {
        walk.wrong(&root.key("type"), "contribution, refund or cancellation");
    }
    walk.block(&message, &root);
    if !walk.rejection.is_empty() {
        return Err(walk.rejection);
    }
    let data = message.get("data").ok_or_else(unreadable)?;
    let source = Source {
        kind: walk.kind,
        data: Block::read(data.get(), TOP).map_err(|_| unreadable())?,
        path: "$.data.lineitems",
        received_at,
        occurred_at: message.get("occurred_at").and_then(read_time),
        upstream_id: message.text("id").map(Into::into),
        tracking: message.get("tracking"),
    };
    source.split()
}

/// Reads a bare Default, Default Refunds or Default Cancellations body. Its shape tells the kind.
///
/// A body with one refunded line item is a refund, so that none is mistaken for a new payment.
pub fn bare(document: &[u8], received_at: Timestamp) -> Result<Vec<Event>, Rejection> {
    let text = open(document)?;
    let data = Block::read(text, TOP).map_err(|error| not_json(&error))?;
    let mut walk = Walk::new(shape(&data), text.len());
    walk.block(&data, &Path::root("$"));
    if !walk.rejection.is_empty() {
        return Err(walk.rejection);
    }
    let source = Source {
        kind: walk.kind,
        data,
        path: "$.lineitems",
        received_at,
        occurred_at: None,
        upstream_id: None,
        tracking: None,
    };
    source.split()
}

/// Splits a message that holds one JSON document, on one line or on many, or several of them (NDJSON).
///
/// What is not JSON comes out as well, up to where the next document seems to begin: [`native`] rejects it.
pub fn documents(body: &[u8]) -> Documents<'_> {
    Documents::new(body)
}

/// A message that has been checked.
struct Source<'a> {
    kind: Kind,
    data: Block<'a>,
    path: &'static str,
    received_at: Timestamp,
    occurred_at: Option<Timestamp>,
    upstream_id: Option<String>,
    tracking: Option<&'a RawValue>,
}

/// What all events of a message have in common.
struct Common<'a> {
    before: String,
    after: String,
    contribution: Block<'a>,
    managing_entity: Option<String>,
    tracking: Option<Box<RawValue>>,
}

impl<'a> Source<'a> {
    fn split(&self) -> Result<Vec<Event>, Rejection> {
        let items: Vec<&RawValue> =
            self.data.get("lineitems").map_or(Ok(Vec::new()), read).map_err(|_| unreadable())?;
        let common = self.common().ok_or_else(unreadable)?;
        let tracking = common.tracking.as_ref().map_or(0, |raw| raw.get().len());
        let shared = common.before.len() + common.after.len() + tracking;
        if shared.saturating_mul(items.len()) > limits::UPSTREAM_EVENTS_BYTES {
            return Err(Rejection::of(self.path, "fewer line items for blocks of this size (16 MiB when taken apart)"));
        }
        items.into_iter().map(|item| self.event(item, &common).ok_or_else(unreadable)).collect()
    }

    fn common(&self) -> Option<Common<'a>> {
        let block = |key| self.data.get(key).map_or("{}", RawValue::get);
        let mut before = String::with_capacity(2_048);
        for (open, key) in [("{\"donor\":", "donor"), (",\"contribution\":", "contribution")] {
            before.push_str(open);
            compact(&mut before, block(key));
        }
        before.push_str(",\"lineitems\":[");
        let mut after = "],\"form\":".to_owned();
        compact(&mut after, block("form"));
        let mut walk = Walk::new(self.kind, 0);
        walk.out = after;
        for (key, raw) in &self.data.unknown {
            walk.entry(key, raw);
        }
        let mut after = walk.out;
        after.push('}');
        let form = Block::read(block("form"), FORM).ok()?;
        Some(Common {
            before,
            after,
            contribution: Block::read(block("contribution"), CONTRIBUTION).ok()?,
            managing_entity: form.text("managingEntityName").map(Into::into),
            tracking: self.tracking.map(compacted).transpose().ok()?,
        })
    }

    fn event(&self, item: &RawValue, common: &Common<'_>) -> Option<Event> {
        let fields = Block::read(item.get(), LINEITEM).ok()?;
        let number = |key| fields.get(key)?.get().parse::<u64>().ok();
        let (lineitem, entity) = (number("lineitemId")?, number("entityId")?);
        let when = match self.kind {
            Kind::Contribution => fields.get("paidAt"),
            Kind::Refund => fields.get("refundedAt"),
            Kind::Cancellation => common.contribution.get("cancelledAt"),
        };
        let when = read_time(when?)?;
        let status = match self.kind {
            Kind::Cancellation => None,
            kind => Some(status(&common.contribution, kind).ok()?),
        };
        let name = self.kind.name();
        let (lineitem_text, second) = (lineitem.to_string(), when.as_second().to_string());
        let id = match self.kind {
            // Beyond the design, which derives it of kind and line item alone: a payment that is approved after it
            // was pending or declined is another event, or it would be dropped as a repeat.
            Kind::Contribution => match status {
                Some(other @ (Status::Pending | Status::Declined)) => {
                    EventId::derive(&[name, &lineitem_text, other.name()])
                }
                Some(Status::Approved) | None => EventId::derive(&[name, &lineitem_text]),
            },
            Kind::Refund => EventId::derive(&[name, &lineitem_text, &second]),
            Kind::Cancellation => {
                let order = common.contribution.text("orderNumber")?;
                EventId::derive(&[name, &order, &entity.to_string(), &second])
            }
        };
        let mut body = String::with_capacity(common.before.len() + item.get().len() + common.after.len());
        body.push_str(&common.before);
        compact(&mut body, item.get());
        body.push_str(&common.after);
        Some(Event {
            id,
            kind: self.kind,
            entity: EntityId(entity),
            lineitem,
            status,
            received_at: self.received_at,
            occurred_at: self.occurred_at.or(Some(when)),
            managing_entity: common.managing_entity.clone(),
            upstream_id: self.upstream_id.clone(),
            body: RawValue::from_string(body).ok()?,
            tracking: common.tracking.clone(),
        })
    }
}

/// The kind that a body's shape tells (`contribution.cancelledAt`, then `refundedAt`).
fn shape(data: &Block<'_>) -> Kind {
    let has = |raw: &RawValue, fields, key| Block::read(raw.get(), fields).is_ok_and(|block| block.get(key).is_some());
    let cancelled = |raw| has(raw, CONTRIBUTION, "cancelledAt");
    let refunded = |raw| read(raw).is_ok_and(|items| items.iter().any(|item| has(item, LINEITEM, "refundedAt")));
    if data.get("contribution").is_some_and(cancelled) {
        Kind::Cancellation
    } else if data.get("lineitems").is_some_and(refunded) {
        Kind::Refund
    } else {
        Kind::Contribution
    }
}

fn open(document: &[u8]) -> Result<&str, Rejection> {
    if document.len() > limits::UPSTREAM_MESSAGE_BYTES {
        return Err(Rejection::of("$", "a message of at most 1 MiB"));
    }
    let text = std::str::from_utf8(document).map_err(|_| Rejection::of("$", "UTF-8"))?;
    if depth(text) > limits::UPSTREAM_DEPTH {
        return Err(Rejection::of("$", "arrays and objects nested at most 127 deep"));
    }
    Ok(text)
}

fn read(raw: &RawValue) -> Result<Vec<&RawValue>, serde_json::Error> {
    serde_json::from_str(raw.get())
}

fn compacted(raw: &RawValue) -> Result<Box<RawValue>, serde_json::Error> {
    let mut out = String::with_capacity(raw.get().len());
    compact(&mut out, raw.get());
    RawValue::from_string(out)
}

fn not_json(error: &serde_json::Error) -> Rejection {
    Rejection::of("$", &format!("a JSON object (reading stops at line {}, column {})", error.line(), error.column()))
}

/// What the walk accepted can be read, so this stands for a fault of this program and never for the document's.
fn unreadable() -> Rejection {
    Rejection::of("$", "a body whose line items can be taken apart")
}

#[cfg(test)]
mod tests;
