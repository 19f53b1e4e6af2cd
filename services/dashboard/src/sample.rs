//! Fictional events: what the test button sends, and what the demonstration publishes.

use contract::event::Kind;
use contract::id::EntityId;
use serde_json::Value;

const CONTRIBUTION: &str = include_str!("sample/contribution.json");
const REFUND: &str = include_str!("sample/refund.json");
const CANCELLATION: &str = include_str!("sample/cancellation.json");

/// The reference body of a kind: every field is filled, the first name is `Test`, the line item is 1 and the
/// order number begins with `TEST`.
pub fn body(kind: Kind, entity: EntityId) -> Value {
    let text = match kind {
        Kind::Contribution => CONTRIBUTION,
        Kind::Refund => REFUND,
        Kind::Cancellation => CANCELLATION,
    };
    // The documents are part of the program; a test reads each of them.
    let mut body: Value = serde_json::from_str(text).unwrap_or_default();
    set(&mut body, "/lineitems/0/entityId", Value::from(entity.0));
    body
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
}
