use super::{Platform, ids, tracked, tracking};
use crate::reference::Occasion;
use contract::plan::{NoPlan, OnUnclear};
use serde_json::{Value, json};

fn meta() -> Platform {
    Platform { connection: "meta", settings: json!({"dataset_id": "1234567890"}) }
}

#[test]
fn plans_are_those_of_the_specification() {
    for occasion in [Occasion::Contribution, Occasion::Instalment] {
        meta().check(occasion);
    }
    // An instalment says the same without browser context.
    let instalment = tracked(Occasion::Instalment, Value::Null, &Value::Null);
    crate::harness::golden(&meta().plan(&instalment), "ad_tracking", "meta", Occasion::Instalment);
    assert_eq!(meta().plan(&instalment).on_unclear, OnUnclear::Retry);
}

#[test]
fn there_is_no_event_for_refunds_and_cancellations() {
    for occasion in [Occasion::Refund, Occasion::Cancellation] {
        meta().skips(&tracked(occasion, Value::Null, &tracking(json!({}))), NoPlan::NotSupported);
    }
}

#[test]
fn a_first_payment_needs_the_browser_that_made_it() {
    for lacking in [json!({"userAgent": null}), json!({"pageUrl": " "}), json!({"userAgent": 7})] {
        let event = tracked(Occasion::Contribution, Value::Null, &tracking(lacking));
        meta().skips(&event, NoPlan::NoBrowserContext);
    }
    for nothing in [Value::Null, json!({}), json!([]), json!("browser")] {
        meta().skips(&tracked(Occasion::Contribution, Value::Null, &nothing), NoPlan::NoBrowserContext);
    }
}

#[test]
fn consent_contact_and_instalments_are_respected() {
    let denied = tracking(json!({"consent": {"adUserData": "DENIED"}}));
    for occasion in [Occasion::Contribution, Occasion::Instalment] {
        meta().skips(&tracked(occasion, Value::Null, &denied), NoPlan::NoConsent);
        let nobody = json!({"donor": {"email": null, "phone": "555"}});
        meta().skips(&tracked(occasion, nobody, &tracking(json!({}))), NoPlan::NoContact);
    }
    let first_only = meta().with(json!({"instalments": false}));
    first_only.skips(&tracked(Occasion::Instalment, Value::Null, &Value::Null), NoPlan::InstalmentNotNeeded);
    first_only.plan(&tracked(Occasion::Contribution, Value::Null, &tracking(json!({}))));
}

#[test]
fn a_phone_number_alone_is_enough() {
    let event = tracked(Occasion::Contribution, json!({"donor": {"email": null}}), &tracking(json!({})));
    let donor = meta().sent(&event)["data"][0]["user_data"].clone();
    assert_eq!((donor.get("em"), donor.get("external_id"), donor.get("ph").is_some()), (None, None, true));
}

#[test]
fn the_click_is_the_cookies_before_that_of_the_landing_page() {
    let click = |changes| {
        let event = tracked(Occasion::Contribution, Value::Null, &tracking(changes));
        meta().sent(&event)["data"][0]["user_data"].get("fbc").cloned()
    };
    assert_eq!(click(json!({"fbc": "fb.1.1.Cookie"})), Some(json!("fb.1.1.Cookie")));
    assert_eq!(click(json!({})), Some(json!("fb.1.1709680961000.IwAR0FICTIONALclick")));
    assert_eq!(click(json!({"fbclid": null})), None);
}

#[test]
fn what_is_no_address_is_not_sent_as_one() {
    let address = |ip| {
        let event = tracked(Occasion::Contribution, Value::Null, &tracking(json!({"ip": ip})));
        meta().sent(&event)["data"][0]["user_data"].get("client_ip_address").cloned()
    };
    assert_eq!(address("2001:db8::9"), Some(json!("2001:db8::9")));
    assert_eq!(address("unknown"), None);
}

#[test]
fn options_change_the_event() {
    let event = tracked(Occasion::Contribution, Value::Null, &tracking(json!({})));
    let options = json!({"event_name": "Purchase", "test_event_code": "TEST123", "limited_data_use": true});
    let sent = meta().with(options).sent(&event);
    let conversion = &sent["data"][0];
    assert_eq!((&conversion["event_name"], &sent["test_event_code"]), (&json!("Purchase"), &json!("TEST123")));
    assert_eq!(conversion["data_processing_options"], json!(["LDU"]));
    assert_eq!(conversion["data_processing_options_country"], 0);
    assert_eq!(conversion["data_processing_options_state"], 0);
}

#[test]
fn the_shared_id_is_the_line_items_or_the_order_number() {
    let occasions = [Occasion::Contribution, Occasion::Instalment];
    let pointer = "/data/0/event_id";
    assert_eq!(ids(&meta(), pointer, &occasions), ["tributary-612004411", "tributary-620118734"]);
    let order = meta().with(json!({"shared_id": "order_number"}));
    assert_eq!(ids(&order, pointer, &occasions), ["AB300000118", "AB300000118-2"]);
}
