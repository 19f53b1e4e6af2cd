//! `formats/ad-tracking.md`

mod ga4;
mod meta;

use crate::harness::{body, golden};
use crate::reference::{Occasion, event};
use crate::webhook::webhook;
use contract::event::Event;
use contract::plan::{NoPlan, Plan};
use formatter::Refusal;
use serde_json::{Value, json};

/// The browser context of the examples (§2), with changes; null takes a key away.
fn tracking(changes: Value) -> Value {
    let mut tracking: Value = serde_json::from_str(include_str!("reference/tracking.json")).expect("JSON");
    if let (Some(tracking), Value::Object(changes)) = (tracking.as_object_mut(), changes) {
        tracking.extend(changes);
    }
    tracking
}

/// A reference event with a browser context; null is none.
fn tracked(occasion: Occasion, changes: Value, tracking: &Value) -> Event {
    let tracking = (!tracking.is_null()).then(|| serde_json::value::to_raw_value(tracking).expect("JSON"));
    let changes = if changes.is_null() { json!({}) } else { changes };
    Event { tracking, ..event(occasion, changes) }
}

/// One of the two connections with its settings.
struct Platform {
    connection: &'static str,
    settings: Value,
}

impl Platform {
    fn with(mut self, changes: Value) -> Self {
        if let (Some(settings), Value::Object(changes)) = (self.settings.as_object_mut(), changes) {
            settings.extend(changes);
        }
        self
    }

    fn try_plan(&self, event: &Event, test: bool) -> Result<Plan, Refusal> {
        formatter::plan(event, &webhook("ad_tracking", self.connection, self.settings.clone()), test)
    }

    fn plan(&self, event: &Event) -> Plan {
        self.try_plan(event, false).expect("a plan")
    }

    fn sent(&self, event: &Event) -> Value {
        body(&self.plan(event), "event")
    }

    fn skips(&self, event: &Event, why: NoPlan) {
        assert_eq!(self.try_plan(event, false).expect_err("a refusal"), Refusal::Skip(why), "{}", self.connection);
    }

    fn check(&self, occasion: Occasion) {
        let plan = self.plan(&tracked(occasion, Value::Null, &tracking(json!({}))));
        golden(&plan, "ad_tracking", self.connection, occasion);
    }
}

/// Identifiers of the first payment, a later one, and a refund.
fn ids(platform: &Platform, pointer: &str, occasions: &[Occasion]) -> Vec<String> {
    let id = |occasion: &Occasion| {
        let sent = platform.sent(&tracked(*occasion, Value::Null, &tracking(json!({}))));
        sent.pointer(pointer).and_then(Value::as_str).expect("an id").to_owned()
    };
    occasions.iter().map(id).collect()
}
