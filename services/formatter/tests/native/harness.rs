//! What the tests of all formats are made of.

use crate::reference::{Occasion, event};
use crate::shown::{compact, differences, json, shown};
use crate::webhook::webhook;
use contract::plan::{Body, NoPlan, Plan};
use formatter::Refusal;
use serde_json::{Value, json};
use std::path::Path;

/// The plan of a reference event is the one in `golden/native/TYPE.CONNECTION/OCCASION.json`.
pub(crate) fn check(kind: &str, connection: &str, settings: Value, occasion: Occasion) {
    let plan = plan(kind, connection, settings, occasion, Value::Null).expect("a plan");
    golden(&plan, kind, connection, occasion);
}

/// A plan is the one in `golden/native/TYPE.CONNECTION/OCCASION.json`.
pub(crate) fn golden(plan: &Plan, kind: &str, connection: &str, occasion: Occasion) {
    let path = format!("tests/golden/native/{kind}.{connection}/{}.json", occasion.name());
    let golden = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path));
    let (made, golden) = (shown(plan), compact(&golden.expect("a golden file")));
    assert!(made == golden, "{path}\n{}", differences(&golden, &made));
}

/// The plan of a reference event with `changes` to its body; null changes nothing.
pub(crate) fn plan(
    kind: &str,
    connection: &str,
    settings: Value,
    occasion: Occasion,
    changes: Value,
) -> Result<Plan, Refusal> {
    let changes = if changes.is_null() { Value::Object(serde_json::Map::new()) } else { changes };
    formatter::plan(&event(occasion, changes), &webhook(kind, connection, settings), false)
}

/// Such an event is a recorded skip for this reason.
pub(crate) fn skipped(kind: &str, connection: &str, settings: Value, occasion: Occasion, changes: Value, why: NoPlan) {
    let refusal = plan(kind, connection, settings, occasion, changes).expect_err("a refusal");
    assert_eq!(refusal, Refusal::Skip(why), "{kind}.{connection} {occasion:?}");
}

/// The JSON body of a step.
pub(crate) fn body(plan: &Plan, step: &str) -> Value {
    let step = plan.steps.iter().find(|found| found.name == step).expect("a step of this name");
    let (Body::Json(text) | Body::JsonAsForm(text)) = &step.body else { panic!("a JSON body") };
    serde_json::from_str(&json(text)).expect("JSON")
}

/// The names of a plan's steps.
pub(crate) fn steps(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.name.as_str()).collect()
}

/// Changes that make a one-time gift of a contribution.
pub(crate) fn once() -> Value {
    json!({
        "contribution": {"recurringPeriod": "once", "recurringDuration": 1, "isRecurring": false},
        "lineitems": [{"entityId": 48213, "committeeName": "Okonedo for Harbor County", "amount": "27.5",
                       "paidAt": "2024-03-05T18:22:49-05:00", "lineitemId": 612_004_411}],
    })
}
