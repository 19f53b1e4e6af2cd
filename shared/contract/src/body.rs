//! The ActBlue Default body: its fields as one table, its reading and its canonical writing.
//!
//! Three kinds of event share it. Reading and writing are the same walk over [`fields`], so a body that
//! [`check`] accepts is a body that [`render`] can write. Nothing goes through a floating-point number or a
//! map that sorts its keys: money is integer cents, and fields that the table does not know keep their text.

mod contribution;
mod fields;
mod money;
mod raw;
mod reason;
mod time;
mod walk;

pub use money::Money;
pub use reason::{Reason, Rejection};
pub use time::{eastern, parse as parse_time};

pub(crate) use contribution::status;
pub(crate) use fields::{CONTRIBUTION, FORM, LINEITEM, MESSAGE, TOP};
pub(crate) use raw::{Block, compact, depth};
pub(crate) use reason::Path;
pub(crate) use walk::{Walk, read_time};

use crate::event::{Event, Kind};
use serde_json::value::RawValue;

/// Why `body` is not the body of an event of this kind; without reasons it is one.
///
/// Paths begin at the body, `$.lineitems[0].amount`.
pub fn check(body: &RawValue, kind: Kind) -> Rejection {
    let mut walk = Walk::new(kind, body.get().len());
    walk.object(TOP, body, &Path::root("$"));
    walk.rejection
}

/// The canonical body: compact JSON with the keys in the order of the format, money and times in its form,
/// and every key that an event of this kind has. Fields that the format does not know follow the known ones
/// of their block.
///
/// Ingest has checked the body, so an error means that the event did not come from it.
pub fn render(event: &Event) -> Result<Box<RawValue>, Rejection> {
    let mut walk = Walk::new(event.kind, event.body.get().len() + 512);
    walk.object(TOP, &event.body, &Path::root("$"));
    if !walk.rejection.is_empty() {
        return Err(walk.rejection);
    }
    RawValue::from_string(walk.out).map_err(|_| Rejection::of("$", "a JSON object"))
}

#[cfg(test)]
mod tests;
