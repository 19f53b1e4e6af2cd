//! The ActBlue Default body: its fields as one table, its reading and its canonical writing.
//!
//! Three kinds of event share it. Checking and writing are one walk over [`fields`]. Nothing goes through a floating-point number or a
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
pub use time::{eastern, eastern_midnight, parse as parse_time};

pub(crate) use contribution::status;
pub(crate) use fields::{MESSAGE, TOP};
pub(crate) use raw::{Block, deeper};
pub(crate) use reason::Path;
pub(crate) use walk::{Walk, read_time};

use crate::event::Kind;
use serde_json::value::RawValue;

/// The canonical body: compact JSON with the keys in the order of the format, money and times in its form,
/// and every key that an event of this kind has. Fields that the format does not know follow the known ones
/// of their block. Of a canonical body it is that body.
///
/// An error names everything that is wrong; paths begin at the body, `$.lineitems[0].amount`.
pub fn canonical(body: &RawValue, kind: Kind) -> Result<Box<RawValue>, Rejection> {
    let block = Block::read(body.get(), TOP).map_err(|_| Rejection::of("$", "a JSON object"))?;
    let mut walk = Walk::new(kind, body.get().len() + 512);
    walk.block(&block, &Path::root("$"));
    if !walk.rejection.is_empty() {
        return Err(walk.rejection);
    }
    // What the walk accepted is JSON, so this stands for a fault of this program.
    RawValue::from_string(walk.out).map_err(|_| Rejection::of("$", "a body that can be written"))
}

#[cfg(test)]
mod tests;
