//! `formats/salsa.md`

use crate::harness::{self, body, once};
use crate::reference::Occasion;
use contract::plan::{After, Body, NoPlan, OnUnclear, Part, Plan, Reference};
use serde_json::{Value, json};

const PAYMENTS: [Occasion; 3] = [Occasion::Contribution, Occasion::Instalment, Occasion::Refund];

fn classic(changes: Value) -> Value {
    let mut settings =
        json!({"host": "hq.salsalabs.example.org", "email": "ana@example.org", "organization_key": "50123"});
    merge(&mut settings, changes);
    settings
}

fn engage(changes: Value) -> Value {
    let mut settings = json!({
        "custom_fields": [
            {"value": "order_number", "name": "tributary_order"},
            {"value": "refcode2", "name": "tributary_refcode2"},
        ],
        "supporter_fields": [
            {"value": "employer", "name": "Employer"},
            {"value": "occupation", "name": "Occupation"},
        ],
    });
    merge(&mut settings, changes);
    settings
}

fn merge(settings: &mut Value, changes: Value) {
    if let (Some(settings), Value::Object(changes)) = (settings.as_object_mut(), changes) {
        settings.extend(changes);
    }
}

/// The values of a pair in the form of a donation.
fn pairs(settings: Value, changes: Value, name: &str) -> Vec<String> {
    let plan = harness::plan("salsa", "classic", classic(settings), Occasion::Contribution, changes).expect("a plan");
    let Body::Form(pairs) = &plan.steps[0].body else { panic!("a form") };
    let found = pairs.iter().filter(|(known, _)| known == name);
    let text = |parts: &[Part]| match parts {
        [Part::Text(text)] => text.clone(),
        _ => panic!("a text"),
    };
    found.map(|(_, parts)| text(parts)).collect()
}

fn donation(settings: Value, occasion: Occasion, changes: Value) -> Value {
    let plan = harness::plan("salsa", "engage", engage(settings), occasion, changes).expect("a plan");
    body(&plan, &plan.steps[0].name)["payload"]["donations"][0].clone()
}

#[test]
fn plans_are_those_of_the_specification() {
    for occasion in PAYMENTS {
        harness::check("salsa", "classic", classic(json!({})), occasion);
        harness::check("salsa", "engage", engage(json!({})), occasion);
    }
}

#[test]
fn what_salsa_can_not_express_is_skipped() {
    let skipped = |connection, settings, occasion| {
        harness::skipped("salsa", connection, settings, occasion, Value::Null, NoPlan::NotSupported);
    };
    skipped("classic", classic(json!({})), Occasion::Cancellation);
    skipped("classic", classic(json!({"refunds": false})), Occasion::Refund);
    skipped("engage", engage(json!({})), Occasion::Cancellation);
}

#[test]
fn supporters_need_an_email_address() {
    let nobody = || json!({"donor": {"email": null}});
    for occasion in [Occasion::Contribution, Occasion::Instalment] {
        harness::skipped("salsa", "classic", classic(json!({})), occasion, nobody(), NoPlan::NoEmail);
    }
    for occasion in PAYMENTS {
        harness::skipped("salsa", "engage", engage(json!({})), occasion, nobody(), NoPlan::NoEmail);
    }
    // A refund in Salsa Classic is known by the donation's key alone.
    let plan = harness::plan("salsa", "classic", classic(json!({})), Occasion::Refund, nobody()).expect("a plan");
    assert_eq!((plan.after, plan.requires), (Some(After::Line), vec![Reference::Line("donation_key".into())]));
}

#[test]
fn classic_does_not_tell_repeats() {
    let of = |settings, occasion| {
        let plan: Plan = harness::plan("salsa", "classic", settings, occasion, Value::Null).expect("a plan");
        (plan.on_unclear, plan.steps[0].repeatable)
    };
    assert_eq!(of(classic(json!({})), Occasion::Contribution), (OnUnclear::Hold, false));
    assert_eq!(of(classic(json!({})), Occasion::Refund), (OnUnclear::Hold, true));
    let again = classic(json!({"after_unclear": "send_again"}));
    assert_eq!(of(again, Occasion::Instalment), (OnUnclear::Retry, false));
}

#[test]
fn classic_fields_follow_the_gift() {
    let check = |changes: Value, name, expected: &[&str]| {
        assert_eq!(pairs(json!({}), changes, name), expected, "{name}");
    };
    check(once(), "Transaction_Type", &["Donation"]);
    check(once(), "Note", &["Okonedo for Harbor County"]);
    check(json!({"contribution": {"isPaypal": true}}), "Form_Of_Payment", &["Other"]);
    check(json!({"donor": {"country": "Atlantis"}}), "Country", &[]);
    check(json!({"donor": {"phone": "020 7946 0958", "country": "United Kingdom"}}), "Phone", &[]);
    check(json!({"donor": {"firstname": " "}}), "First_Name", &[]);
    check(json!({"donor": {"lastname": "Quadé & Söhne"}}), "Last_Name", &["Quadé & Söhne", "Quadé & Söhne"]);
    check(json!({"donor": {"employerData": {"employerState": "OH", "employerZip": "1"}}}), "Employer_State", &["OH"]);
    assert_eq!(pairs(json!({"organization_key": ""}), Value::Null, "organization_KEY"), [""; 0]);
}

#[test]
fn engage_subscribes_only_when_asked_and_only_on_charges() {
    let subscribed = json!({"type": "EMAIL", "value": "marisol@example.org", "status": "OPT_IN"});
    let plain = json!({"type": "EMAIL", "value": "marisol@example.org"});
    let of = |settings, occasion| donation(settings, occasion, Value::Null)["supporter"]["contacts"][0].clone();
    assert_eq!(of(json!({"subscribe": true}), Occasion::Contribution), subscribed);
    assert_eq!(of(json!({"subscribe": true}), Occasion::Refund), plain);
    assert_eq!(of(json!({}), Occasion::Instalment), plain);
}

#[test]
fn engage_fields_follow_the_gift_and_the_maps() {
    let paypal = donation(json!({}), Occasion::Contribution, json!({"contribution": {"isPaypal": true}}));
    assert_eq!(paypal.get("accountType"), None);
    let none = json!({"custom_fields": [], "supporter_fields": []});
    let plain = donation(none, Occasion::Contribution, Value::Null);
    assert_eq!((plain.get("customFieldValues"), plain["supporter"].get("customFieldValues")), (None, None));
    let maps = json!({"custom_fields": [
        {"value": "question:How did you hear of us?", "name": "heard"},
        {"value": "question:Never asked", "name": "never"},
        {"value": "payment_number", "name": "number"},
    ]});
    assert_eq!(
        donation(maps, Occasion::Instalment, Value::Null)["customFieldValues"],
        json!([{"name": "heard", "value": "A friend"}, {"name": "number", "value": "2"}])
    );
    let nowhere = json!({"donor": {"addr1": "", "city": "", "state": "", "zip": "", "country": "", "phone": "12"}});
    let nowhere = donation(json!({}), Occasion::Contribution, nowhere);
    assert_eq!(nowhere["supporter"].get("address"), None);
    assert_eq!(nowhere["supporter"]["contacts"].as_array().map(Vec::len), Some(1));
}
