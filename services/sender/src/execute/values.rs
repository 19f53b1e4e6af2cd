//! What a plan's references stand for while it runs.

use contract::plan::{Capture, Condition, Reference, Scope};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use store::Remembered;

/// Values that were captured by this plan, and those that the ledger has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values {
    pub(crate) captured: BTreeMap<String, Value>,
    pub(crate) ledger: Remembered,
}

impl Values {
    /// The value of a reference, if there is one.
    pub(crate) fn get(&self, reference: &Reference) -> Option<&Value> {
        let found = match reference {
            Reference::Capture(name) => self.captured.get(name),
            Reference::Line(name) => self.ledger.line.get(name),
            Reference::Series(name) => self.ledger.series.get(name),
            Reference::Resource(key) => self.ledger.resource.get(key),
        };
        found.filter(|value| !is_nothing(value))
    }

    /// Whether a condition of a step is met.
    pub(crate) fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Present(reference) => self.get(reference).is_some(),
            Condition::Absent(reference) => self.get(reference).is_none(),
            Condition::Differs(reference, text) => self.get(reference).is_none_or(|value| text_of(value) != *text),
        }
    }

    /// A step captured this: later steps see it under its own name and where it is remembered.
    pub(crate) fn learn(&mut self, capture: &Capture, value: &Value) {
        self.captured.insert(capture.name.clone(), value.clone());
        for scope in &capture.scopes {
            let known = match scope {
                Scope::Line => &mut self.ledger.line,
                Scope::Series => &mut self.ledger.series,
                Scope::Resource => &mut self.ledger.resource,
            };
            known.insert(capture.name.clone(), value.clone());
        }
    }
}

/// Whether there is nothing in a value that a request could name.
pub(crate) fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// A value as text: a text as it is, anything else as its JSON.
pub(crate) fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_look_at_what_is_there() {
        let mut values = Values::default();
        let order = || Reference::Series("order_id".to_owned());
        let differs = |text: &str| Condition::Differs(order(), text.to_owned());
        assert!(values.holds(&Condition::Absent(order())) && values.holds(&differs("15.00")));
        assert!(!values.holds(&Condition::Present(order())));

        values.ledger.series.insert("order_id".to_owned(), json!(null));
        assert!(values.holds(&Condition::Absent(order())), "null is nothing");
        values.learn(&Capture::json("order_id", "").scope(Scope::Series), &json!("15.00"));
        assert!(values.holds(&Condition::Present(order())) && values.holds(&differs("27.50")));
        assert!(!values.holds(&differs("15.00")));
        assert_eq!(values.get(&Reference::Capture("order_id".to_owned())), Some(&json!("15.00")));
        assert_eq!(values.get(&Reference::Line("order_id".to_owned())), None, "only where it is remembered");
    }
}
