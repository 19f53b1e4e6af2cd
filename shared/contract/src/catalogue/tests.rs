use super::*;
use serde_json::json;

#[test]
fn every_type_is_sound_and_the_direct_ones_come_first() {
    let ids: Vec<&str> = all().iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids[..3], ["default", "default_refunds", "default_cancellations"]);
    assert!(all().is_sorted_by_key(|entry| entry.group));
    for entry in all() {
        assert_eq!(find(&entry.id).map(|found| &found.label), Some(&entry.label));
        assert!(!entry.connections.is_empty());
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
