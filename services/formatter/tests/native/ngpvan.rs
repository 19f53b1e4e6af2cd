//! `formats/ngpvan.md`

use crate::harness::{self, body, once};
use crate::reference::Occasion;
use contract::plan::{NoPlan, OnUnclear, Plan};
use serde_json::{Value, json};

/// With these changes.
fn settings(changes: Value) -> Value {
    let mut settings = json!({
        "application": "TributaryApp",
        "designations": [{"entity": "48213", "designation": "18754"}],
        "refund_adjustments": true,
    });
    if let (Some(settings), Value::Object(changes)) = (settings.as_object_mut(), changes) {
        settings.extend(changes);
    }
    settings
}

fn plan(changed_settings: Value, changes: Value) -> Plan {
    let settings = settings(changed_settings);
    harness::plan("ngpvan", "api", settings, Occasion::Contribution, changes).expect("a plan")
}

#[test]
fn plans_are_those_of_the_specification() {
    for occasion in [Occasion::Contribution, Occasion::Instalment, Occasion::Refund] {
        harness::check("ngpvan", "api", settings(json!({})), occasion);
    }
}

#[test]
fn what_van_can_not_express_is_skipped() {
    let skipped = |settings, occasion| {
        harness::skipped("ngpvan", "api", settings, occasion, Value::Null, NoPlan::NotSupported);
    };
    skipped(settings(json!({})), Occasion::Cancellation);
    skipped(settings(json!({"refund_adjustments": false})), Occasion::Refund);
}

#[test]
fn the_designation_is_the_entitys_or_that_of_all_others() {
    let of = |settings| body(&plan(settings, Value::Null), "contribution")["designation"].clone();
    let other = json!([{"entity": "1", "designation": "2"}]);
    assert_eq!(of(json!({"default_designation": "7"})), json!({"designationId": 18754}));
    assert_eq!(of(json!({"designations": other, "default_designation": "7"})), json!({"designationId": 7}));
    let settings = settings(json!({"designations": other}));
    for occasion in [Occasion::Contribution, Occasion::Instalment] {
        harness::skipped("ngpvan", "api", settings.clone(), occasion, Value::Null, NoPlan::NoDesignation);
    }
}

#[test]
fn a_person_needs_a_name_and_something_to_be_found_by() {
    let nothing = json!({"donor": {"email": null, "phone": null, "zip": null}});
    let nameless = json!({"donor": {"firstname": "", "lastname": ""}});
    for changes in [nothing, nameless] {
        harness::skipped("ngpvan", "api", settings(json!({})), Occasion::Contribution, changes, NoPlan::NoContact);
    }
    let person = body(&plan(json!({}), json!({"donor": {"email": null, "phone": null, "firstname": ""}})), "person");
    assert_eq!(person.get("emails").or(person.get("phones")).or(person.get("firstName")), None);
}

#[test]
fn nothing_of_an_address_is_no_address() {
    let donor = json!({"addr1": null, "city": null, "state": null, "zip": null, "country": "Atlantis"});
    let person = body(&plan(json!({}), json!({"donor": donor})), "person");
    assert_eq!(person.get("addresses"), None);
}

#[test]
fn disclosures_and_the_batch_are_sent_where_they_are_set() {
    let set = json!({"employer_field": "31", "occupation_field": "32", "batch_id": "9"});
    let body = body(&plan(set, json!({"donor": {"employerData": {"occupation": null}}})), "contribution");
    let employer = json!({"disclosureFieldId": 31, "disclosureFieldValue": "Dayton Transit", "designationId": 18754});
    assert_eq!((&body["disclosureFieldValues"], &body["financialBatchId"]), (&json!([employer]), &json!(9)));
}

#[test]
fn a_one_time_gift_by_paypal() {
    let mut changes = once();
    changes["contribution"]["isPaypal"] = json!(true);
    changes["contribution"]["refcodes"] = json!({"refcode": null, "refcode2": null});
    changes["contribution"]["refcode"] = Value::Null;
    changes["contribution"]["refcode2"] = Value::Null;
    let plan = plan(json!({}), changes);
    let body = body(&plan, "contribution");
    assert_eq!((plan.series.as_deref(), plan.on_unclear), (None, OnUnclear::Retry));
    assert_eq!(body["paymentType"], "ElectronicPaySystem");
    assert_eq!(body["notes"], "order AB300000118; form spring-drive; payment 1");
    assert_eq!(body.get("directMarketingCode"), None);
}
