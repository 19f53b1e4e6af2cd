//! `formats/switchboard.md`

use crate::harness::{self, body};
use crate::reference::{Occasion, event};
use crate::webhook::webhook;
use contract::plan::{NoPlan, OnUnclear};
use serde_json::{Value, json};

fn settings() -> Value {
    json!({"username": "okonedo"})
}

fn donation(settings: Value, changes: Value) -> Value {
    let plan = harness::plan("switchboard", "ingestion", settings, Occasion::Contribution, changes).expect("a plan");
    assert_eq!(plan.on_unclear, OnUnclear::Retry);
    body(&plan, "donation")
}

#[test]
fn plans_are_those_of_the_specification() {
    for occasion in [Occasion::Contribution, Occasion::Instalment] {
        harness::check("switchboard", "ingestion", settings(), occasion);
    }
}

#[test]
fn refunds_cancellations_and_donors_without_email_are_skipped() {
    for occasion in [Occasion::Refund, Occasion::Cancellation] {
        harness::skipped("switchboard", "ingestion", settings(), occasion, Value::Null, NoPlan::NotSupported);
    }
    for occasion in [Occasion::Contribution, Occasion::Instalment] {
        let nobody = json!({"donor": {"email": " "}});
        harness::skipped("switchboard", "ingestion", settings(), occasion, nobody, NoPlan::NoEmail);
    }
}

#[test]
fn provider_and_entity_are_those_of_the_settings() {
    let set = donation(json!({"username": "okonedo", "provider": "anedot", "entity_id": "HARBOR-1"}), Value::Null);
    assert_eq!((&set["provider"], &set["entity_id"]), (&json!("anedot"), &json!("HARBOR-1")));
    let blank = donation(json!({"username": "okonedo", "entity_id": ""}), Value::Null);
    assert_eq!(blank["entity_id"], "48213");
}

#[test]
fn what_has_no_value_is_left_out() {
    let changes = json!({"donor": {"phone": "555", "firstname": null, "state": ""}});
    let donor = donation(settings(), changes)["donor"].clone();
    let keys: Vec<&str> = donor.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["addr1", "city", "email", "lastname"]);
}

#[test]
fn tests_are_marked() {
    let webhook = webhook("switchboard", "ingestion", settings());
    let plan = formatter::plan(&event(Occasion::Contribution, json!({})), &webhook, true).expect("a plan");
    assert_eq!(body(&plan, "donation")["test_mode"], true);
    assert_eq!(donation(settings(), Value::Null).get("test_mode"), None);
}
