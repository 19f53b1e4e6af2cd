//! Lines of JSON: upstream messages, or bare Default, Refunds and Cancellations bodies.

use crate::record::{Code, Item, Reason, RowKey};
use contract::body::parse_time;
use contract::event::{Event, Kind};
use contract::upstream;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// What is wrong with a line, and at which of its bytes, counted from 1, reading stopped.
pub(crate) struct Wrong {
    pub(crate) reasons: Vec<Reason>,
    pub(crate) byte: Option<usize>,
}

/// What a backfill reads of the body of an event.
#[derive(Deserialize)]
pub(crate) struct Known<'a> {
    #[serde(borrow)]
    pub(crate) contribution: Contribution<'a>,
    #[serde(borrow)]
    lineitems: (Lineitem<'a>,),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contribution<'a> {
    #[serde(borrow)]
    pub(crate) order_number: Cow<'a, str>,
    #[serde(borrow, default)]
    cancelled_at: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lineitem<'a> {
    sequence: u64,
    #[serde(borrow)]
    paid_at: Cow<'a, str>,
    #[serde(borrow, default)]
    refunded_at: Cow<'a, str>,
}

impl Known<'_> {
    /// Which payment of its series it is, counted from 1.
    pub(crate) const fn number(&self) -> u64 {
        self.lineitems.0.sequence.saturating_add(1)
    }

    fn at(&self, kind: Kind) -> Option<Timestamp> {
        parse_time(match kind {
            Kind::Contribution => &self.lineitems.0.paid_at,
            Kind::Refund => &self.lineitems.0.refunded_at,
            Kind::Cancellation => &self.contribution.cancelled_at,
        })
    }
}

/// Reads one line.
pub(crate) fn read(line: &[u8], received_at: Timestamp) -> Result<Vec<Item>, Wrong> {
    let events = if is_native(line) { upstream::native(line, received_at) } else { upstream::bare(line, received_at) };
    let wrong = |rejection| Wrong {
        reasons: Reason::of(rejection, Code::BadMessage),
        byte: serde_json::from_slice::<IgnoredAny>(line).err().map(|error| error.column()),
    };
    events.map_err(wrong)?.into_iter().map(|event| item(event).ok_or_else(unreadable)).collect()
}

/// What the contract accepted has all of this, so it stands for a fault of this program.
fn unreadable() -> Wrong {
    Wrong { reasons: vec![Reason::new(Code::BadMessage, "$", "a body whose times can be read")], byte: None }
}

fn item(event: Event) -> Option<Item> {
    let known = known(&event)?;
    let key = match event.kind {
        Kind::Contribution | Kind::Refund => RowKey::Lineitem(event.lineitem),
        Kind::Cancellation => RowKey::Receipt(known.contribution.order_number.as_ref().to_owned()),
    };
    let at = known.at(event.kind)?;
    Some(Item { event, at, key })
}

/// What is read of the body of an event that was accepted.
pub(crate) fn known(event: &Event) -> Option<Known<'_>> {
    serde_json::from_str(event.body.get()).ok()
}

/// Which payment of its series a body is about, counted from 1.
pub(crate) fn number(body: &str) -> Option<u64> {
    serde_json::from_str::<Known<'_>>(body).ok().map(|known| known.number())
}

/// Whether the first key that tells is one of a message around a body. What is no JSON object is native, because
/// the reasons of that name what is missing.
fn is_native(line: &[u8]) -> bool {
    let native = Cell::new(true);
    // Reading stops behind that key, which is an error to serde and none here.
    drop(serde_json::Deserializer::from_slice(line).deserialize_map(Telling(&native)));
    native.get()
}

struct Telling<'a>(&'a Cell<bool>);

impl<'de> Visitor<'de> for Telling<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "type" | "data" => return Ok(()),
                "donor" | "contribution" | "lineitems" | "form" => {
                    self.0.set(false);
                    return Ok(());
                }
                _ => map.next_value::<IgnoredAny>()?,
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_that_tells_decides_the_shape() {
        let check = |line: &str, native| assert_eq!(is_native(line.as_bytes()), native, "{line}");
        check(r#"{"type":"refund","data":{"lineitems":[]}}"#, true);
        check(r#"{"id":"1","x":{"form":1},"data":{},"type":"refund"}"#, true);
        check(r#"{"donor":{"type":"x"},"lineitems":[]}"#, false);
        check(r#"{"source":{"data":1},"form":{}}"#, false);
        check(r#"{"lineitems":[}"#, false);
        check("{}", true);
        check("nonsense", true);
        check("{\"\u{0}", true);
    }
}
