//! `formats/tatango.md`

use crate::harness::{self, body};
use crate::reference::{Occasion, event};
use crate::webhook::webhook;
use contract::plan::{NoPlan, OnUnclear};
use serde_json::{Value, json};

/// With these changes.
fn settings(changes: Value) -> Value {
    let mut settings = json!({"email": "sms@okonedo.example.org", "list_id": "7701"});
    if let (Some(settings), Value::Object(changes)) = (settings.as_object_mut(), changes) {
        settings.extend(changes);
    }
    settings
}

fn subscriber(changed_settings: Value, changes: Value) -> Value {
    let settings = settings(changed_settings);
    let plan = harness::plan("tatango", "subscribers", settings, Occasion::Contribution, changes).expect("a plan");
    assert_eq!(plan.on_unclear, OnUnclear::Retry);
    body(&plan, "subscriber")
}

fn skipped(occasion: Occasion, changes: Value, why: NoPlan) {
    harness::skipped("tatango", "subscribers", settings(json!({})), occasion, changes, why);
}

#[test]
fn the_plan_is_that_of_the_specification() {
    harness::check("tatango", "subscribers", settings(json!({})), Occasion::Contribution);
}

#[test]
fn a_donor_joins_with_the_first_payment_only() {
    skipped(Occasion::Instalment, Value::Null, NoPlan::InstalmentNotNeeded);
    skipped(Occasion::Refund, Value::Null, NoPlan::NotSupported);
    skipped(Occasion::Cancellation, Value::Null, NoPlan::NotSupported);
}

#[test]
fn a_donor_needs_consent_and_a_north_american_number() {
    for said in [json!("opt_out"), json!("unknown"), Value::Null] {
        let changes = json!({"contribution": {"textMessageOption": said}});
        skipped(Occasion::Contribution, changes, NoPlan::NoSmsConsent);
    }
    for phone in [json!(null), json!("555-0142"), json!("+44 20 7946 0958"), json!("+1 937 555")] {
        skipped(Occasion::Contribution, json!({"donor": {"phone": phone}}), NoPlan::NoPhone);
    }
}

#[test]
fn the_phone_number_has_ten_digits_and_the_zip_code_five() {
    let of = |phone, zip| {
        let subscriber = subscriber(json!({}), json!({"donor": {"phone": phone, "zip": zip}}))["subscriber"].clone();
        (subscriber["phone_number"].clone(), subscriber.get("zip_code").cloned())
    };
    assert_eq!(of("1 (937) 555-0142", "45402"), (json!("9375550142"), Some(json!("45402"))));
    assert_eq!(of("+19375550142", "K1A 0B1"), (json!("9375550142"), None));
}

#[test]
fn tags_are_those_that_are_wanted() {
    let of = |settings, changes| subscriber(settings, changes)["subscriber"].get("tags").cloned();
    assert_eq!(of(json!({"tag_refcode": false}), Value::Null), Some(json!("spring-drive")));
    assert_eq!(of(json!({"tag_form": false}), Value::Null), Some(json!("em-0305")));
    assert_eq!(of(json!({"tag_form": false, "tag_refcode": false}), Value::Null), None);
    let refcode = json!({"contribution": {"refcodes": {"refcode": "a,b"}, "refcode": "a,b"}});
    assert_eq!(of(json!({}), refcode), Some(json!("spring-drive,a_b")));
}

#[test]
fn texts_are_bypassed_as_the_boxes_say() {
    let changed = subscriber(json!({"bypass_process": true, "bypass_response": false}), Value::Null);
    assert_eq!((&changed["bypass_opt_in_process"], &changed["bypass_opt_in_response"]), (&json!(true), &json!(false)));
}

#[test]
fn a_test_does_not_expire() {
    let webhook = webhook("tatango", "subscribers", settings(json!({})));
    let plan = formatter::plan(&event(Occasion::Contribution, json!({})), &webhook, true).expect("a plan");
    assert_eq!(plan.expires_at, None);
}
