//! Messages as upstream publishes them, about 2 kB each, of fictional people.

use contract::event::Kind;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The next number that names a payment or an order. It begins at a random multiple of a million, so that
/// processes that publish side by side do not repeat each other's.
static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(rand::random_range(1..1_000_000) * 1_000_000));

/// A number that this process has not given out before.
pub fn unique() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The `data` of an upstream message of this kind, as an organisation's own webhook would receive it.
pub fn fixture(kind: Kind) -> &'static str {
    match kind {
        Kind::Contribution => include_str!("../fixtures/contribution.json"),
        Kind::Refund => include_str!("../fixtures/refund.json"),
        Kind::Cancellation => include_str!("../fixtures/cancellation.json"),
    }
}

/// A message of this kind (`contribution`, `refund` or `cancellation`) with an order number and a line item of
/// its own, so that it makes its own event. Of a word that is no kind it makes a contribution that says so.
pub fn message(kind: &str) -> Message {
    let known = kind.parse().unwrap_or(Kind::Contribution);
    let data = serde_json::from_str(fixture(known)).unwrap_or_default();
    let occurred_at = match known {
        Kind::Contribution => "2024-03-05T18:22:49-05:00",
        Kind::Refund => "2024-03-14T09:15:02-04:00",
        Kind::Cancellation => "2024-07-19T07:40:10-04:00",
    };
    Message { document: json!({ "type": kind, "occurred_at": occurred_at, "data": Value::Object(data) }) }
        .lineitem(unique())
        .order(&format!("AB{}", unique()))
}

/// An upstream message under construction.
#[derive(Debug, Clone)]
pub struct Message {
    document: Value,
}

impl Message {
    /// `entityId` of the first line item.
    #[must_use]
    pub fn entity(self, entity: u64) -> Self {
        self.field("lineitems.0.entityId", entity)
    }

    /// `lineitemId` of the first line item.
    #[must_use]
    pub fn lineitem(self, id: u64) -> Self {
        self.field("lineitems.0.lineitemId", id)
    }

    /// `amount` of the first line item, in the platform's form, such as `27.5`.
    #[must_use]
    pub fn amount(self, amount: &str) -> Self {
        self.field("lineitems.0.amount", amount)
    }

    /// These line items, (entity, line item id) each, instead of the one of the fixture, whose other fields they
    /// take.
    #[must_use]
    pub fn lineitems(self, items: &[(u64, u64)]) -> Self {
        let pattern = self.document["data"]["lineitems"][0].clone();
        let made: Vec<Value> = items
            .iter()
            .map(|(entity, id)| {
                let mut made = pattern.clone();
                made["entityId"] = (*entity).into();
                made["lineitemId"] = (*id).into();
                made
            })
            .collect();
        self.field("lineitems", made)
    }

    /// `orderNumber`
    #[must_use]
    pub fn order(self, number: &str) -> Self {
        self.field("contribution.orderNumber", number)
    }

    /// Upstream's own id of the message.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        self.top("id", id)
    }

    /// When it happened, RFC 3339.
    #[must_use]
    pub fn occurred_at(self, time: &str) -> Self {
        self.top("occurred_at", time)
    }

    /// The browser context for ad tracking.
    #[must_use]
    pub fn tracking(self, context: Value) -> Self {
        self.top("tracking", context)
    }

    /// Any field of `data` by its path, such as `contribution.x` or `lineitems.0.sequence`. Objects on the way
    /// are made when they are missing.
    #[must_use]
    pub fn field(mut self, path: &str, value: impl Into<Value>) -> Self {
        *place(&mut self.document["data"], path) = value.into();
        self
    }

    /// The same without a field of `data`, such as `donor.email`.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let data = &mut self.document["data"];
        let parent = if parent.is_empty() { data } else { place(data, parent) };
        if let Some(object) = parent.as_object_mut() {
            object.remove(name);
        }
        self
    }

    /// Any field beside `data`.
    #[must_use]
    pub fn top(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.document[name] = value.into();
        self
    }

    /// The whole message.
    pub fn to_json(&self) -> Value {
        self.document.clone()
    }

    /// The `data` alone: what `POST /v1/actblue` takes.
    pub fn to_data(&self) -> Value {
        self.document["data"].clone()
    }

    /// The message's bytes: one line without a line feed.
    pub fn to_vec(&self) -> Vec<u8> {
        self.document.to_string().into_bytes()
    }
}

/// What is at `path`. A number that is within an array is an index; everything else is a key.
fn place<'a>(from: &'a mut Value, path: &str) -> &'a mut Value {
    path.split('.').fold(from, |at, step| match step.parse::<usize>() {
        Ok(index) if at.get(index).is_some() => &mut at[index],
        _ => {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            &mut at[step]
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_is_a_realistic_message() {
        for kind in Kind::ALL {
            let message = message(kind.name());
            let bytes = message.to_vec();
            assert!((1_700..2_300).contains(&bytes.len()), "{} has {} bytes", kind.name(), bytes.len());
            assert!(!bytes.contains(&b'\n'));
            let document = message.to_json();
            assert_eq!(document["type"], kind.name());
            for key in ["donor", "contribution", "lineitems", "form"] {
                assert!(!document["data"][key].is_null(), "{} lacks {key}", kind.name());
            }
            let item = &document["data"]["lineitems"][0];
            assert_eq!(item.get("refundedAt").is_some(), kind == Kind::Refund);
            assert_eq!(document["data"]["contribution"].get("cancelledAt").is_some(), kind == Kind::Cancellation);
        }
    }

    #[test]
    fn no_two_messages_make_the_same_event() {
        let seen: BTreeSet<String> = (0..100)
            .map(|_| message("cancellation").to_data())
            .flat_map(|data| {
                [&data["lineitems"][0]["lineitemId"], &data["contribution"]["orderNumber"]].map(Value::to_string)
            })
            .collect();
        assert_eq!(seen.len(), 200);
    }

    #[test]
    fn fields_are_set_by_path() {
        let data = message("contribution")
            .entity(4411)
            .lineitem(7)
            .amount("1000.0")
            .order("AB1")
            .field("contribution.x.y", json!([1]))
            .without("donor.email")
            .without("form")
            .to_data();
        let item = &data["lineitems"][0];
        assert_eq!(
            (&item["entityId"], &item["lineitemId"], &item["amount"]),
            (&json!(4411), &json!(7), &json!("1000.0"))
        );
        assert_eq!(data["contribution"]["orderNumber"], "AB1");
        assert_eq!(data["contribution"]["x"]["y"], json!([1]));
        assert_eq!((data["donor"].get("email"), data.get("form")), (None, None));
        assert_eq!(data["donor"]["firstname"], "Marisol");
    }

    #[test]
    fn several_line_items_share_everything_else() {
        let data = message("contribution").lineitems(&[(1, 8), (2, 9)]).field("lineitems.1.amount", "2.5").to_data();
        let items = data["lineitems"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(
            (&items[0]["entityId"], &items[0]["lineitemId"], &items[0]["amount"]),
            (&json!(1), &json!(8), &json!("27.5"))
        );
        assert_eq!(
            (&items[1]["entityId"], &items[1]["lineitemId"], &items[1]["amount"]),
            (&json!(2), &json!(9), &json!("2.5"))
        );
        assert_eq!(items[0]["paidAt"], items[1]["paidAt"]);
    }

    #[test]
    fn a_word_that_is_no_kind_is_carried_as_it_is() {
        assert_eq!(message("donation").to_json()["type"], "donation");
    }
}
