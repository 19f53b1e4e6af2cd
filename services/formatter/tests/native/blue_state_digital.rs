//! `formats/blue-state-digital.md`

use crate::harness::{self, body, once};
use crate::reference::Occasion;
use contract::catalogue::MAPPED_VALUES;
use contract::plan::{NoPlan, OnUnclear, Plan};
use serde_json::{Value, json};

/// With these changes.
fn settings(changes: Value) -> Value {
    let mut settings = json!({
        "host": "tools.example.org",
        "api_id": "tributary",
        "custom_fields": [
            {"value": "form", "name": "tributary_form"},
            {"value": "order_number", "name": "tributary_order"},
        ],
    });
    if let (Some(settings), Value::Object(changes)) = (settings.as_object_mut(), changes) {
        settings.extend(changes);
    }
    settings
}

fn plan(changed_settings: Value, changes: Value) -> Plan {
    let settings = settings(changed_settings);
    harness::plan("blue_state_digital", "api", settings, Occasion::Contribution, changes).expect("a plan")
}

/// The one contribution of a body.
fn gift(changed_settings: Value, changes: Value) -> Value {
    let body = body(&plan(changed_settings, changes), "contribution");
    assert_eq!(body.as_array().map(Vec::len), Some(1));
    body[0].clone()
}

#[test]
fn plans_are_those_of_the_specification() {
    for occasion in [Occasion::Contribution, Occasion::Instalment] {
        harness::check("blue_state_digital", "api", settings(json!({})), occasion);
    }
}

#[test]
fn refunds_and_cancellations_are_not_supported() {
    for occasion in [Occasion::Refund, Occasion::Cancellation] {
        let why = NoPlan::NotSupported;
        harness::skipped("blue_state_digital", "api", settings(json!({})), occasion, Value::Null, why);
    }
}

#[test]
fn only_approved_contributions_of_donors_with_both_names_are_sent() {
    let skipped = |changes, why| {
        let settings = settings(json!({}));
        harness::skipped("blue_state_digital", "api", settings, Occasion::Contribution, changes, why);
    };
    skipped(json!({"contribution": {"status": "declined"}}), NoPlan::NotApproved);
    skipped(json!({"donor": {"firstname": ""}}), NoPlan::NoContact);
    skipped(json!({"donor": {"lastname": " "}}), NoPlan::NoContact);
}

#[test]
fn the_card_type_is_the_configured_one_and_paypal_is_paypal() {
    let code = |set, paypal| gift(set, json!({"contribution": {"isPaypal": paypal}}))["cc_type_cd"].clone();
    assert_eq!(code(json!({}), false), "vs");
    assert_eq!(code(json!({"card_type": "ax"}), false), "ax");
    assert_eq!(code(json!({"card_type": "ax"}), true), "pp");
}

#[test]
fn donors_are_subscribed_where_that_is_wanted() {
    assert_eq!(gift(json!({}), Value::Null)["opt_compliance"], 0);
    assert_eq!(gift(json!({"subscribe": true}), Value::Null)["opt_compliance"], 1);
}

#[test]
fn what_has_no_value_is_left_out() {
    let mut changes = once();
    changes["contribution"]["refcodes"] = json!({"refcode": null, "refcode2": "seg-b"});
    changes["contribution"]["refcode"] = Value::Null;
    assert_eq!(gift(json!({}), changes.clone())["source"], json!(["seg-b"]));
    changes["contribution"]["refcodes"] = json!({"refcode": null, "refcode2": null});
    changes["contribution"]["refcode2"] = Value::Null;
    changes["donor"] = json!({"country": "Atlantis", "phone": "020 7946 0958", "email": null});
    let gift = gift(json!({"custom_fields": []}), changes);
    for key in ["source", "country", "phone", "email", "customFields"] {
        assert_eq!(gift.get(key), None, "{key}");
    }
}

#[test]
fn a_field_map_offers_what_the_event_has() {
    let rows: Vec<Value> = MAPPED_VALUES.iter().map(|value| json!({"value": value, "name": value})).collect();
    let fields = |rows: Value, changes| gift(json!({"custom_fields": rows}), changes)["customFields"].clone();
    let expected = json!({
        "employer": "Dayton Transit", "occupation": "Mechanic", "order_number": "AB300000118",
        "lineitem_id": "612004411", "form": "spring-drive", "refcode": "em-0305", "refcode2": "seg-b",
        "recipient": "Okonedo for Harbor County", "payment_number": "1", "recurring_period": "monthly",
    });
    assert_eq!(fields(json!(rows), Value::Null), expected);
    let rows = json!([
        {"value": "question:No such question", "name": "help"},
        {"value": "question:Can you volunteer?", "name": "help"},
        {"value": "form", "name": "help"},
        {"value": "recurring_period", "name": "period"},
    ]);
    assert_eq!(fields(rows, once()), json!({"help": "Yes"}));
}

#[test]
fn an_unclear_answer_is_sent_again() {
    assert_eq!(plan(json!({}), Value::Null).on_unclear, OnUnclear::Retry);
}
