//! What upstream publishes, parsed into events: one for each line item, in order.
//!
//! A message is one unit. If one of its line items is wrong, the whole message is rejected, with every reason.

mod documents;
mod taking_apart;

pub use documents::{Document, Documents};

use crate::body::{Block, MESSAGE, Path, Rejection, TOP, Walk, deeper, read_time};
use crate::event::{Event, Kind};
use crate::limits;
use jiff::Timestamp;
use taking_apart::Message;

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
    let message = Message {
        data: message.block("data").ok_or_else(taking_apart::unreadable)?,
        body: walk.marks.data.clone(),
        path: "$.data.lineitems",
        received_at,
        occurred_at: message.get("occurred_at").and_then(read_time),
        upstream_id: message.text("id").map(Into::into),
    };
    message.events(&walk)
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
    let body = 0..walk.out.len();
    let path = "$.lineitems";
    Message { data: &data, body, path, received_at, occurred_at: None, upstream_id: None }.events(&walk)
}

/// Splits a message that holds one JSON document, on one line or on many, or several of them (NDJSON).
///
/// What is not JSON comes out as well, up to where the next document seems to begin: [`native`] rejects it.
pub fn documents(body: &[u8]) -> Documents<'_> {
    Documents::new(body)
}

/// The kind that a body's shape tells (`contribution.cancelledAt`, then `refundedAt`).
fn shape(data: &Block<'_>) -> Kind {
    if data.block("contribution").is_some_and(|block| block.get("cancelledAt").is_some()) {
        Kind::Cancellation
    } else if data.list("lineitems").any(|item| item.get("refundedAt").is_some()) {
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
    if deeper(text, limits::UPSTREAM_DEPTH) {
        return Err(Rejection::of("$", "arrays and objects nested at most 127 deep"));
    }
    Ok(text)
}

fn not_json(error: &serde_json::Error) -> Rejection {
    Rejection::of("$", &format!("a JSON object (reading stops at line {}, column {})", error.line(), error.column()))
}

#[cfg(test)]
mod tests;
