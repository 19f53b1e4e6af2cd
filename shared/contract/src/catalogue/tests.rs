use super::*;
use base64::Engine as _;
use serde_json::json;

#[test]
fn every_type_is_sound_and_the_direct_ones_come_first() {
    let ids: Vec<&str> = all().iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids[..3], ["default", "default_refunds", "default_cancellations"]);
    assert!(all().is_sorted_by_key(|entry| entry.group));
    for entry in all() {
        assert_eq!(find(&entry.id).map(|found| &found.label), Some(&entry.label));
        for connection in &entry.connections {
            for field in &connection.fields {
                let good = field.default.as_ref().is_none_or(|value| {
                    let entered = std::iter::once((field.id.clone(), value.clone())).collect();
                    !connection.check(&entered, |_| true).iter().any(|error| error.field == field.id)
                });
                assert!(good, "{} {}: the default of {} is not one of its values", entry.id, connection.id, field.id);
            }
        }
    }
}

#[test]
fn presets_send_what_their_table_ticks() {
    let check = |id: &str, kinds: &[Kind]| {
        let connection = &find(id).expect("a preset").connections[0];
        assert_eq!((connection.kinds.as_slice(), connection.format), (kinds, Format::Default), "{id}");
        assert!(Kind::ALL.iter().all(|kind| connection.hears(*kind)), "{id}: what it can't express is recorded");
    };
    for id in ["calltime", "campaign_deputy", "numero", "switchboard", "trilogy", "actionkit", "salesforce"] {
        check(id, &Kind::ALL);
    }
    check("isp", &[Kind::Contribution, Kind::Refund]);
    check("tatango", &[Kind::Contribution]);
    let default = &find("default").expect("a type").connections[0];
    assert!(default.hears(Kind::Contribution) && !default.hears(Kind::Refund));
}

#[test]
fn unsound_data_is_an_error() {
    let preset = json!({"id": "crm", "label": "CRM", "formatter": "default", "kinds": ["refund"],
        "endpoint": {"hint": "h", "pattern": null, "backfill_query": {}},
        "auth": {"scheme": "basic", "username_label": "u", "password_label": "p"},
        "throttle_per_second": 1, "same_endpoint_for_all_types": false, "notes": []});
    let read = |presets: Vec<serde_json::Value>| load::read(&[], &json!(presets).to_string()).is_ok();
    let with = |pointer: &str, value: serde_json::Value| {
        let mut changed = preset.clone();
        *changed.pointer_mut(pointer).expect("a member") = value;
        vec![changed]
    };
    assert!(read(vec![preset.clone()]));
    assert!(!read(vec![preset.clone(), preset.clone()]));
    assert!(!read(with("/id", json!("CRM"))));
    assert!(!read(with("/kinds", json!([]))));
    assert!(!read(with("/kinds", json!(["gift"]))));
    assert!(!read(with("/formatter", json!("osdi"))));
    assert!(!read(with("/endpoint/pattern", json!("("))));
    assert!(!read(with("/throttle_per_second", json!(0))));
    assert!(!read(with("/auth/scheme", json!("bearer"))));
    let mut unknown = preset.clone();
    unknown["colour"] = json!("green");
    assert!(!read(vec![unknown]));
}

#[test]
fn one_of_several_fields_may_stand_for_the_others() {
    let connection = &find("ngpvan").expect("a type").connections[0];
    let check = |fields: serde_json::Value, wrong: &[&str]| {
        let serde_json::Value::Object(fields) = fields else { return };
        let errors = connection.check(&fields.into_iter().collect(), |id| id == "api_key");
        assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), wrong);
    };
    let row = json!({"entity": "48213", "designation": "18754"});
    check(json!({"application": "a", "default_designation": "7"}), &[]);
    check(json!({"application": "a", "designations": [row]}), &[]);
    check(json!({"application": "a:b", "designations": []}), &["application", "designations"]);
}

#[test]
fn van_gets_its_key_with_the_mode_behind_it() {
    let Scheme::Basic { username, password } = &find("ngpvan").expect("a type").connections[0].auth else {
        panic!("VAN takes Basic")
    };
    let value = |id: &str| Some(if id == "application" { "TributaryApp" } else { "0000-FICTIONAL-key" }.to_owned());
    let (username, password) = (fill(username, value).expect("filled"), fill(password, value).expect("filled"));
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
    assert_eq!(credentials, "VHJpYnV0YXJ5QXBwOjAwMDAtRklDVElPTkFMLWtleXwx");
}

#[test]
fn templates_are_filled_with_what_was_entered() {
    let value = |id: &str| (id == "host").then(|| "a.example.org".to_owned());
    assert_eq!(fill("https://{host}/x", value).as_deref(), Some("https://a.example.org/x"));
    assert_eq!(fill("{host}|{other}", value), None);
    assert_eq!(fill("plain", value).as_deref(), Some("plain"));
}

#[test]
fn fields_that_go_together_are_all_filled_in_or_none() {
    let connection = find("blue_state_digital").expect("a type").connections.first().expect("a connection");
    let errors = |given: &[&str], stored: &[&str]| {
        let required = ["host", "api_id", "api_secret"].iter().chain(given);
        let entered = required.map(|id| ((*id).to_owned(), json!("x.example"))).collect();
        let errors = connection.check(&entered, |id| stored.contains(&id));
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(errors(&[], &[]).is_empty());
    assert!(errors(&["http_user", "http_password"], &[]).is_empty());
    assert!(errors(&["http_user"], &["http_password"]).is_empty());
    assert_eq!(errors(&["http_user"], &[]), ["http_password: is required with this: HTTP username"]);
    assert_eq!(errors(&[], &["http_password"]), ["http_user: is required with this: HTTP password"]);
}

#[test]
fn an_unusual_endpoint_is_doubted_and_not_refused() {
    let doubts = |id: &str, url: &str| {
        let endpoint = crate::webhook::Endpoint::parse(url).expect("an endpoint");
        find(id).expect("a type").connections[0].doubts(&endpoint)
    };
    assert_eq!(
        doubts("actionkit", "https://act.example.org/webhooks/actblue/payments/?account=Default%20ActBlue"),
        None
    );
    let doubt = doubts("actionkit", "https://act.example.org/hook").expect("a doubt");
    assert!(doubt.contains("https://<host>/webhooks/actblue/payments/"), "{doubt}");
    assert_eq!(doubts("numero", "https://anything.example.org/"), None, "nothing is known of its form");
}
