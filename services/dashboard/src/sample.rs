//! Fictional events: what the test button sends, and what the demonstration publishes.

use contract::event::Kind;
use contract::id::EntityId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const CONTRIBUTION: &str = include_str!("sample/contribution.json");
const REFUND: &str = include_str!("sample/refund.json");
const CANCELLATION: &str = include_str!("sample/cancellation.json");
const TRACKING: &str = include_str!("sample/tracking.json");

/// Times of a body, and how many minutes ago they are in a message: targets of advertising take no old events.
const TIMES: [(&str, i64); 5] = [
    ("/contribution/createdAt", 5),
    ("/lineitems/0/paidAt", 4),
    ("/lineitems/0/disbursedAt", 3),
    ("/lineitems/0/refundedAt", 2),
    ("/contribution/cancelledAt", 1),
];

/// The reference body of a kind (`formats/plans.md` §10): every field is filled, the first name is `Test`, the line
/// item is 1 and the order number begins with `TEST`. All kinds are about one payment of one series.
pub fn body(kind: Kind, entity: EntityId) -> Value {
    let text = match kind {
        Kind::Contribution => CONTRIBUTION,
        Kind::Refund => REFUND,
        Kind::Cancellation => CANCELLATION,
    };
    let mut body = document(text);
    set(&mut body, "/lineitems/0/entityId", Value::from(entity.0));
    body
}

/// The body as upstream would publish it at `now`, with the context of a browser.
pub fn message(kind: Kind, entity: EntityId, now: Timestamp) -> Value {
    let mut body = body(kind, entity);
    for (pointer, minutes) in TIMES {
        // A clock that has only just begun has no earlier time.
        let time = now.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(now);
        let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
        set(&mut body, pointer, Value::from(whole.to_string()));
    }
    json!({ "type": kind.name(), "data": body, "tracking": document(TRACKING) })
}

/// The documents are part of the program; a test reads each of them.
fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Changes one value that the body has.
pub fn set(body: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_body_that_is_marked_as_a_test() {
        for kind in Kind::ALL {
            let body = body(kind, EntityId(77));
            let at = |pointer| body.pointer(pointer).cloned().unwrap_or_default();
            assert_eq!(at("/donor/firstname"), "Test");
            assert_eq!(at("/lineitems/0/lineitemId"), 1);
            assert_eq!(at("/lineitems/0/entityId"), 77);
            assert!(at("/contribution/orderNumber").as_str().is_some_and(|order| order.starts_with("TEST")));
            let raw = serde_json::value::to_raw_value(&body).expect("JSON");
            assert!(contract::body::canonical(&raw, kind).is_ok(), "{kind:?} is complete");
        }
    }

    #[test]
    fn a_message_is_recent_and_about_the_payment_of_the_others() {
        let now: Timestamp = "2026-11-24T12:00:00.5Z".parse().expect("a time");
        for kind in Kind::ALL {
            let message = message(kind, EntityId(77), now).to_string();
            let events = contract::upstream::native(message.as_bytes(), now).expect("valid");
            assert_eq!((events.len(), events[0].kind, events[0].lineitem), (1, kind, 1));
            let tracking = events[0].tracking.as_ref().expect("tracking").get();
            assert!(tracking.contains("fbclid") && tracking.contains("gaClientId"), "{tracking}");
            let body: Value = serde_json::from_str(events[0].body.get()).expect("JSON");
            assert_eq!(body["contribution"]["orderNumber"], "TEST300000118");
            assert_eq!(body["lineitems"][0]["paidAt"], "2026-11-24T06:56:00-05:00");
            assert!(!events[0].body.get().contains("2024"), "{}", events[0].body.get());
        }
    }
}
