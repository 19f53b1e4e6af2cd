//! `formats/nationbuilder.md`

use crate::harness::{self, body, once, steps};
use crate::reference::Occasion;
use contract::plan::{NoPlan, OnUnclear, Plan};
use serde_json::{Value, json};

const PAID: [Occasion; 2] = [Occasion::Contribution, Occasion::Instalment];
const VERSIONS: [&str; 2] = ["v1", "v2"];

/// With these changes.
fn settings(changes: Value) -> Value {
    let mut settings = json!({"slug": "okonedo", "client_id": "FICTIONAL-client"});
    if let (Some(settings), Value::Object(changes)) = (settings.as_object_mut(), changes) {
        settings.extend(changes);
    }
    settings
}

fn plan(version: &str, changed_settings: Value, occasion: Occasion, changes: Value) -> Plan {
    harness::plan("nationbuilder", version, settings(changed_settings), occasion, changes).expect("a plan")
}

/// What the donation of a contribution says.
fn donation(version: &str, changed_settings: Value, changes: Value) -> Value {
    let body = body(&plan(version, changed_settings, Occasion::Contribution, changes), "donation");
    body.pointer(if version == "v1" { "/donation" } else { "/data/attributes" }).expect("a donation").clone()
}

/// What is said of the donor of a contribution.
fn person(version: &str, changes: Value) -> Value {
    let plan = plan(version, json!({}), Occasion::Contribution, changes);
    match version {
        "v1" => body(&plan, "person")["person"].clone(),
        _ => body(&plan, "signup")["data"]["attributes"].clone(),
    }
}

#[test]
fn plans_are_those_of_the_specification() {
    for version in VERSIONS {
        for occasion in [Occasion::Contribution, Occasion::Instalment, Occasion::Refund] {
            harness::check("nationbuilder", version, settings(json!({})), occasion);
        }
    }
}

#[test]
fn cancellations_are_not_supported() {
    for version in VERSIONS {
        let why = NoPlan::NotSupported;
        harness::skipped("nationbuilder", version, settings(json!({})), Occasion::Cancellation, Value::Null, why);
    }
}

#[test]
fn only_approved_contributions_are_sent() {
    for version in VERSIONS {
        for status in ["declined", "pending"] {
            let changes = json!({"contribution": {"status": status}});
            for occasion in PAID {
                let why = NoPlan::NotApproved;
                harness::skipped("nationbuilder", version, settings(json!({})), occasion, changes.clone(), why);
            }
        }
    }
}

#[test]
fn a_donor_without_email_is_known_by_the_order() {
    for version in VERSIONS {
        let person = person(version, json!({"donor": {"email": null, "addr1": null, "phone": "555-0142"}}));
        assert_eq!((person.get("email"), &person["external_id"]), (None, &json!("tributary-AB300000118")));
        assert_eq!(person.get("phone").or(person.get("phone_number")), None);
    }
}

#[test]
fn nothing_of_an_address_is_no_address() {
    let nowhere = json!({"donor": {"addr1": null, "city": "", "state": null, "zip": null, "country": "Atlantis"}});
    for version in VERSIONS {
        let (person, donation) = (person(version, nowhere.clone()), donation(version, json!({}), nowhere.clone()));
        assert!(person.as_object().is_some_and(|person| person.keys().all(|key| !key.contains("address"))));
        assert!(donation.as_object().is_some_and(|donation| donation.keys().all(|key| !key.contains("address"))));
    }
}

#[test]
fn payment_types_are_those_of_the_nation_and_have_codes_in_v1() {
    let check = |set: Value, paypal: bool, name: &str, code: Option<&str>| {
        let changes = json!({"contribution": {"isPaypal": paypal}});
        for version in VERSIONS {
            let donation = donation(version, set.clone(), changes.clone());
            let expected = code.filter(|_| version == "v1");
            assert_eq!(donation["payment_type_name"], name);
            assert_eq!(donation.get("payment_type_ngp_code").and_then(Value::as_str), expected, "{version} {name}");
        }
    };
    check(json!({}), false, "Credit Card", Some("D"));
    check(json!({}), true, "Other", Some("O"));
    check(json!({"payment_type": "ActBlue"}), false, "ActBlue", Some("O"));
    check(json!({"payment_type": "Wire Transfer"}), false, "Wire Transfer", Some("T"));
    check(json!({"payment_type": "Online"}), false, "Online", None);
}

#[test]
fn the_order_number_field_is_filled_where_that_is_wanted() {
    for version in VERSIONS {
        assert_eq!(donation(version, json!({}), Value::Null).get("actblue_order_number"), None);
        let donation = donation(version, json!({"order_field": true}), Value::Null);
        assert_eq!(donation["actblue_order_number"], "AB300000118");
    }
}

#[test]
fn tracking_codes_are_found_and_made_only_where_that_is_wanted() {
    let of = |set, changes| {
        let plan = plan("v2", set, Occasion::Contribution, changes);
        (
            steps(&plan).join(" "),
            body(&plan, "donation")["data"]["attributes"].get("donation_tracking_code_id").cloned(),
        )
    };
    let id = Some(json!({"$maybe": "ledger.resource.code:em-0305"}));
    let all = "lookup code new_code taken_code signup donation".to_owned();
    assert_eq!(of(json!({}), Value::Null), (all, id.clone()));
    assert_eq!(of(json!({"tracking_codes": false}), Value::Null), ("lookup code signup donation".to_owned(), id));
    for refcode in [Value::Null, json!("???")] {
        let changes = json!({"contribution": {"refcode": refcode, "refcodes": {"refcode": refcode}}});
        assert_eq!(of(json!({}), changes), ("lookup signup donation".to_owned(), None));
    }
}

#[test]
fn the_note_of_a_one_time_gift() {
    let mut changes = once();
    changes["contribution"]["refcodes"] = json!({"refcode": null, "refcode2": null});
    changes["contribution"]["refcode"] = Value::Null;
    changes["contribution"]["refcode2"] = Value::Null;
    for version in VERSIONS {
        let plan = plan(version, json!({}), Occasion::Contribution, changes.clone());
        assert_eq!(plan.series, None);
        let donation = donation(version, json!({}), changes.clone());
        assert_eq!(donation["note"], "tributary-612004411; order AB300000118; form spring-drive; payment 1");
    }
}

#[test]
fn an_unclear_answer_is_searched_for_in_v2_and_held_in_v1() {
    let on_unclear = |version, set| plan(version, set, Occasion::Contribution, Value::Null).on_unclear;
    assert_eq!(on_unclear("v2", json!({})), OnUnclear::Retry);
    assert_eq!(on_unclear("v1", json!({})), OnUnclear::Hold);
    assert_eq!(on_unclear("v1", json!({"after_unclear": "hold"})), OnUnclear::Hold);
    assert_eq!(on_unclear("v1", json!({"after_unclear": "send_again"})), OnUnclear::Retry);
}
