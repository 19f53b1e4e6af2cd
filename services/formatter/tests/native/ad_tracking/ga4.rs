use super::{Platform, ids, tracked, tracking};
use crate::harness::body;
use crate::reference::Occasion;
use contract::plan::{Check, NoPlan, OnUnclear, Operator, Part, Rule, To};
use serde_json::{Value, json};

fn ga4() -> Platform {
    Platform { connection: "ga4", settings: json!({"measurement_id": "G-FICTIONAL1", "send_user_data": true}) }
}

const PAYMENTS: [Occasion; 2] = [Occasion::Contribution, Occasion::Instalment];

#[test]
fn plans_are_those_of_the_specification() {
    for occasion in [Occasion::Contribution, Occasion::Instalment, Occasion::Refund] {
        ga4().check(occasion);
    }
    // A refund needs no browser: its client is that of the purchase.
    let refund = ga4().plan(&tracked(Occasion::Refund, Value::Null, &Value::Null));
    crate::harness::golden(&refund, "ad_tracking", "ga4", Occasion::Refund);
    assert_eq!(refund.on_unclear, OnUnclear::Retry);
}

#[test]
fn the_endpoint_is_that_of_the_region() {
    let host = |settings| {
        let platform = ga4().with(settings);
        crate::webhook::webhook("ad_tracking", "ga4", platform.settings).endpoint.as_str().to_owned()
    };
    assert_eq!(host(json!({})), "https://www.google-analytics.com");
    assert_eq!(host(json!({"region": "region1"})), "https://region1.google-analytics.com");
}

#[test]
fn cancellations_are_not_supported() {
    let event = tracked(Occasion::Cancellation, Value::Null, &tracking(json!({})));
    ga4().skips(&event, NoPlan::NotSupported);
}

#[test]
fn a_purchase_needs_a_client_and_instalments_must_be_wanted() {
    for occasion in PAYMENTS {
        for lacking in [tracking(json!({"gaClientId": null})), Value::Null] {
            ga4().skips(&tracked(occasion, Value::Null, &lacking), NoPlan::NoBrowserContext);
        }
    }
    let first_only = ga4().with(json!({"instalments": false}));
    first_only.skips(&tracked(Occasion::Instalment, Value::Null, &tracking(json!({}))), NoPlan::InstalmentNotNeeded);
}

#[test]
fn donor_data_are_sent_only_when_asked() {
    let event = tracked(Occasion::Contribution, Value::Null, &tracking(json!({})));
    let sent = ga4().with(json!({"send_user_data": false})).sent(&event);
    assert_eq!((sent.get("user_id"), sent.get("user_data")), (None, None));
    let nobody = json!({"donor": {"email": null, "phone": null, "firstname": "42", "lastname": "-", "addr1": "#",
        "city": null, "state": null, "zip": null, "country": null}});
    let sent = ga4().sent(&tracked(Occasion::Contribution, nobody, &tracking(json!({}))));
    assert_eq!((sent.get("user_id"), sent.get("user_data")), (None, None));
}

#[test]
fn consent_is_passed_on() {
    let consent = |consent: Value| {
        let event = tracked(Occasion::Contribution, Value::Null, &tracking(json!({"consent": consent})));
        ga4().sent(&event).get("consent").cloned()
    };
    assert_eq!(consent(json!({"adUserData": "DENIED"})), Some(json!({"ad_user_data": "DENIED"})));
    assert_eq!(consent(json!({"adUserData": "maybe", "adPersonalization": null})), None);
    assert_eq!(consent(Value::Null), None);
}

#[test]
fn parameters_have_at_most_a_hundred_characters() {
    let long = "é".repeat(150);
    let changes = json!({"contribution": {"contributionForm": long}});
    let session = tracking(json!({"gaSessionId": long}));
    let params = ga4().sent(&tracked(Occasion::Contribution, changes, &session))["events"][0]["params"].clone();
    for name in ["affiliation", "session_id"] {
        assert_eq!(params[name].as_str().map(|value| value.chars().count()), Some(100), "{name}");
    }
}

#[test]
fn a_refund_repeats_the_id_of_its_purchase() {
    let pointer = "/events/0/params/transaction_id";
    let occasions = [Occasion::Contribution, Occasion::Instalment, Occasion::Refund];
    let line = ["tributary-612004411", "tributary-620118734", "tributary-612004411"];
    assert_eq!(ids(&ga4(), pointer, &occasions), line);
    let order = ga4().with(json!({"shared_id": "order_number"}));
    assert_eq!(ids(&order, pointer, &occasions), ["AB300000118", "AB300000118-2", "AB300000118"]);
}

#[test]
fn a_test_goes_to_the_validation_server() {
    let event = tracked(Occasion::Contribution, Value::Null, &tracking(json!({})));
    let plan = ga4().try_plan(&event, true).expect("a plan");
    let step = &plan.steps[0];
    assert_eq!(step.to, To::Path(Part::text("/debug/mp/collect")));
    let no_messages = Check::json("/validationMessages", Operator::Empty);
    assert_eq!(step.success, [Rule::any_2xx().and(no_messages)]);
    assert_eq!(plan.expires_at, None);
    assert_eq!(body(&plan, "event"), ga4().sent(&event));
}
