//! `formats/osdi.md`

use crate::harness::{self, body, once};
use crate::reference::Occasion;
use contract::plan::{NoPlan, OnMissing, OnUnclear, Plan, Rule};
use formatter::Refusal;
use serde_json::{Value, json};

fn settings() -> Value {
    json!({
        "signup_url": "https://crm.example.org/person_signup_helper",
        "token_in": "header",
        "tags": ["tributary-donor"],
    })
}

fn plan(settings: Value, occasion: Occasion, changes: Value) -> Plan {
    harness::plan("osdi", "api", settings, occasion, changes).expect("a plan")
}

#[test]
fn plans_are_those_of_the_specification() {
    for occasion in Occasion::ALL {
        harness::check("osdi", "api", settings(), occasion);
    }
}

#[test]
fn only_approved_contributions_are_sent() {
    let changes = json!({"contribution": {"status": "pending"}});
    harness::skipped("osdi", "api", settings(), Occasion::Instalment, changes, NoPlan::NotApproved);
}

#[test]
fn an_open_server_shows_nothing_so_nothing_is_checked_and_refunds_are_skipped() {
    let success = plan(json!({}), Occasion::Contribution, Value::Null).steps.remove(0).success;
    assert_eq!(success, [Rule::status(&[200, 201]), Rule::status(&[202, 204])]);
    let on_missing = |settings| plan(settings, Occasion::Refund, Value::Null).on_missing;
    assert_eq!(on_missing(json!({})), OnMissing::Skip);
    assert_eq!(on_missing(json!({"token_in": "query"})), OnMissing::Retry);
}

#[test]
fn cancellations_need_a_signup_helper() {
    harness::skipped("osdi", "api", json!({}), Occasion::Cancellation, Value::Null, NoPlan::NotSupported);
}

#[test]
fn the_signup_helper_is_where_the_token_may_go() {
    for url in ["https://other.example.org/helper", "https://crm.example.org:8443/helper"] {
        let refusal = harness::plan("osdi", "api", json!({"signup_url": url}), Occasion::Cancellation, Value::Null);
        assert!(matches!(refusal, Err(Refusal::Invalid(_))), "{url}");
    }
}

#[test]
fn a_cancellation_names_the_person_by_email_or_else_by_phone() {
    let nobody = json!({"donor": {"email": null, "phone": null}});
    harness::skipped("osdi", "api", settings(), Occasion::Cancellation, nobody, NoPlan::NoContact);
    let no_email = json!({"donor": {"email": null}});
    let person = body(&plan(settings(), Occasion::Cancellation, no_email), "signup")["person"].clone();
    assert_eq!(person["phone_numbers"], json!([{"primary": true, "number": "19375550142"}]));
    assert_eq!(person.get("email_addresses"), None);
}

#[test]
fn a_donor_of_whom_nothing_is_known_is_sent_all_the_same() {
    let donor = json!({
        "firstname": "", "lastname": "", "addr1": null, "city": null, "state": null, "zip": null, "country": null,
        "employerData": {"employer": null, "occupation": null}, "email": null, "phone": "call me",
    });
    let contribution = json!({"contributionForm": "", "customFields": []});
    let mut changes = once();
    changes["donor"] = donor;
    for (key, value) in contribution.as_object().expect("members") {
        changes["contribution"][key] = value.clone();
    }
    let body = body(&plan(json!({}), Occasion::Contribution, changes), "donation");
    assert_eq!(body["person"], json!({"origin_system": "Tributary"}));
    assert_eq!((body.get("subscription_instance"), body.get("add_tags")), (None, None));
    assert_eq!(body["payment"]["authorization_stored"], false);
}

#[test]
fn answers_do_not_take_the_place_of_fields_of_ours() {
    let fields = json!([{"label": "Tributary form", "answer": "a"}, {"label": "Tributary form!", "answer": "b"}]);
    let changes = json!({"contribution": {"customFields": fields, "isPaypal": true, "refcode2": null,
        "refcodes": {"refcode": "em-0305", "refcode2": null}}});
    let body = body(&plan(settings(), Occasion::Contribution, changes), "donation");
    let expected = json!({"tributary_form": "spring-drive", "tributary_recurring_period": "monthly",
        "tributary_form_2": "a", "tributary_form_3": "b"});
    assert_eq!(body["person"]["custom_fields"], expected);
    assert_eq!((&body["payment"]["method"], &body["referrer_data"]), (&json!("PayPal"), &json!({"source": "em-0305"})));
}

#[test]
fn an_unclear_answer_is_held_unless_the_customer_wants_it_sent_again() {
    let on_unclear = |settings| plan(settings, Occasion::Contribution, Value::Null).on_unclear;
    assert_eq!(on_unclear(json!({})), OnUnclear::Hold);
    assert_eq!(on_unclear(json!({"after_unclear": "send_again"})), OnUnclear::Retry);
}
