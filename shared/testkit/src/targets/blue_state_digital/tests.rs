use super::signature::{hex, hmac_sha1, mac};
use super::*;
use crate::targets::trial::{Outcome, Trial};

const FIRST: &str = include_str!("../../../fixtures/targets/blue_state_digital/contribution.json");
const INSTALMENT: &str = include_str!("../../../fixtures/targets/blue_state_digital/instalment.json");

const SECRET: &str = "0123456789abcdef0123456789abcdef01234567";
const NOW: u64 = 1_709_680_969;

/// The path of vector 3.
fn signed() -> String {
    format!(
        "{CONTRIBUTION}?api_id=tributary&api_ts=1709680969&api_ver=2&api_mac=d06a5f6a2c062111a96894bd22600e95e8da6e28"
    )
}

fn trial() -> Trial<BlueStateDigital> {
    let mut target = BlueStateDigital::new("tributary", SECRET);
    target.set_clock(NOW);
    Trial::of(target).with("content-type", "application/x-www-form-urlencoded").with("accept", "application/json")
}

fn summary(outcome: &Outcome) -> [u64; 3] {
    ["sucesses", "failures", "missing_ids"].map(|name| outcome.json["summary"][name].as_u64().unwrap())
}

#[test]
fn the_vectors_of_the_specification_hold() {
    let table = [
        (
            "my-id",
            "my-secret",
            "946684800",
            "/page/api/thing/list_things",
            "api_id=my-id&api_ts=946684800&api_ver=2",
            "cdeeab080173ba36f39b18b8311535bfa5e9b62c",
        ),
        (
            "123",
            "a1b2c3",
            "54321",
            "/my-api-path",
            "api_ts=54321&api_id=123&api_ver=2",
            "377d739e406238ba2e03bec985b882ee4c0c2b05",
        ),
        (
            "tributary",
            SECRET,
            "1709680969",
            CONTRIBUTION,
            "api_id=tributary&api_ts=1709680969&api_ver=2",
            "d06a5f6a2c062111a96894bd22600e95e8da6e28",
        ),
    ];
    for (id, secret, timestamp, path, query, expected) in table {
        let pairs: Vec<_> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(mac(secret, id, timestamp, path, &pairs), expected, "{id}");
    }
}

#[test]
fn the_hash_is_that_of_rfc_2202() {
    let long = [0xaa; 80];
    let table: [(&[u8], &str, &str); 2] = [
        (b"Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (&long, "Test Using Larger Than Block-Size Key - Hash Key First", "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
    ];
    for (key, data, expected) in table {
        assert_eq!(hex(&hmac_sha1(key, data.as_bytes())), expected, "{data}");
    }
}

#[test]
fn contributions_are_stored_once() {
    let mut trial = trial();
    assert_eq!(summary(&trial.post(&signed(), FIRST).clean(200)), [1, 0, 0]);
    assert_eq!(summary(&trial.post(&signed(), INSTALMENT).clean(200)), [1, 0, 0]);
    let again = trial.post(&signed(), FIRST).clean(200);
    assert_eq!(summary(&again), [0, 1, 0]);
    assert_eq!(again.json["errors"]["tributary-612004411"][0], "A contribution with this external_id already exists.");
    let stored: Vec<_> = trial.target.contributions.iter().map(|gift| gift.amount_cents).collect();
    assert_eq!(stored, [2750, 1500]);
    assert_eq!(trial.target.contributions[0].transaction_dt, "2024-03-05 23:22:49 UTC");
    assert!(!trial.target.contributions[0].is_subscribed);
}

#[test]
fn a_200_can_hide_a_failure_and_a_202_a_success() {
    let mut trial = trial();
    trial.target.fail_inside_200(1);
    trial.target.miss_inside_200(1);
    trial.target.defer_next(1);
    let refused = trial.post(&signed(), FIRST).clean(200);
    assert!(refused.json["errors"]["tributary-612004411"].is_array(), "{}", refused.text);
    assert_eq!(summary(&trial.post(&signed(), FIRST).clean(200)), [0, 0, 1]);
    assert!(trial.target.contributions.is_empty());
    assert_eq!(trial.post(&signed(), FIRST).clean(202).text.len(), 32);
    assert_eq!(summary(&trial.post(&signed(), FIRST).clean(200)), [0, 1, 0]);
    assert_eq!(trial.target.contributions.len(), 1);
    let no_address = INSTALMENT.replace("marisol@example.org", "marisol");
    assert_eq!(summary(&trial.post(&signed(), &no_address).clean(200)), [0, 1, 0]);
}

#[test]
fn signatures_are_recomputed() {
    let mut trial = trial();
    let right = signed();
    for (path, fault) in [
        (right.replace("d06a", "D06A"), "query api_mac: expected the signature"),
        (right.replace("d06a", "d06b"), "query api_mac: "),
        (
            right.replace("api_id=tributary&api_ts=1709680969", "api_ts=1709680969&api_id=tributary"),
            "query: expected api_id",
        ),
        (format!("{right}&x=1"), "query: "),
        (CONTRIBUTION.to_owned(), "query: "),
    ] {
        trial.post(&path, FIRST).fault(403, fault);
    }
    for (clock, near) in [(NOW - 30, true), (NOW + 30, true), (NOW - 31, false), (NOW + 31, false)] {
        trial.target.set_clock(clock);
        let outcome = trial.post(&right, FIRST);
        if near {
            outcome.clean(200)
        } else {
            outcome.fault(403, "query api_ts: ")
        };
    }
    trial.target.set_clock(NOW);
    trial.target.set_secret("another");
    trial.post(&right, INSTALMENT).fault(403, "query api_mac: ");
    assert_eq!(trial.target.contributions.len(), 1);
}

#[test]
fn circles_are_listed_to_those_who_sign() {
    let mut trial = trial();
    let pairs = [("api_id", "tributary"), ("api_ts", "1709680969"), ("api_ver", "2")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mac = mac(SECRET, "tributary", "1709680969", CIRCLES, &pairs);
    let path = format!("{CIRCLES}?api_id=tributary&api_ts=1709680969&api_ver=2&api_mac={mac}");
    trial.get(&path).clean(200);
    trial.get(CIRCLES).fault(403, "query: ");
    trial.get(&signed()).fault(405, "method: expected POST, got GET");
    trial.post("/page/api/contribution/create_recurring", "").fault(404, "path: ");
}

#[test]
fn basic_stands_beside_the_signature() {
    let mut trial = trial();
    trial.target.http = Some(("gate".to_owned(), "FICTIONAL".to_owned()));
    trial.post(&signed(), FIRST).fault(401, "authorization: ");
    trial = trial.basic("gate:FICTIONAL");
    trial.post(&signed(), FIRST).clean(200);
}

#[test]
fn contributions_are_held_against_the_specification() {
    let mut trial = trial();
    let table = [
        ("27.50", "\"27.50\"", "$[0].transaction_amt: expected a number with at most two decimals"),
        ("27.50", "-27.50", "$[0].transaction_amt: "),
        ("23:22:49 UTC", "23:22:49Z", "$[0].transaction_dt: "),
        ("\"external_id\": \"tributary-612004411\"", "\"external_id\": \"612004411\"", "$[0].external_id: "),
        (
            "\"gateway_transaction_id\": \"tributary-612004411\"",
            "\"gateway_transaction_id\": \"tributary-1\"",
            "$[0].gateway_transaction_id: ",
        ),
        ("\"firstname\": \"Marisol\",", "", "$[0].firstname: expected a text, trimmed and not empty, got nothing"),
        ("\"vs\"", "\"visa\"", "$[0].cc_type_cd: "),
        ("\"opt_compliance\": 0", "\"opt_compliance\": false", "$[0].opt_compliance: "),
        ("[\"em-0305\", \"seg-b\"]", "[]", "$[0].source: expected a list of 1 to 2"),
        ("\"US\"", "\"United States\"", "$[0].country: "),
        ("\"9375550142\"", "\"19375550142\"", "$[0].phone: "),
        ("\"employer\": \"Dayton Transit\"", "\"employer\": null", "$[0].employer: "),
        ("customFields", "custom_fields", "$[0].custom_fields: expected no such field"),
        ("{\"tributary_form\": \"spring-drive\", \"tributary_order\": \"AB300000118\"}", "{}", "$[0].customFields: "),
        ("\"zip\"", "\"contribution_page_id\": 1, \"zip\"", "$[0].contribution_page_id: expected no such field"),
        ("[\n", "[{},", "$: expected a list of 1, got a list of 2"),
    ];
    trial.refuses(409, &signed(), FIRST, &table);
    for (name, value) in [("content-type", "application/json"), ("accept", "*/*")] {
        let mut trial = self::trial().with(name, value);
        trial.post(&signed(), FIRST).fault(409, &format!("{name}: expected"));
    }
    assert!(trial.target.contributions.is_empty());
}

#[test]
fn what_a_donor_did_not_tell_is_left_out() {
    let mut trial = trial();
    let without = [
        ("\"source\": [\"em-0305\", \"seg-b\"],", ""),
        ("\"email\": \"marisol@example.org\",", ""),
        ("\"phone\": \"9375550142\",", ""),
        ("\"vs\"", "\"pp\""),
        ("\"opt_compliance\": 0", "\"opt_compliance\": 1"),
    ];
    trial.takes(200, &signed(), FIRST, &without);
    let stored = &trial.target.contributions[0];
    assert_eq!((stored.email.as_str(), stored.card_type.as_str(), stored.is_subscribed), ("", "pp", true));
}

#[test]
fn nothing_hollow_is_taken() {
    let mut trial = trial();
    trial.takes_nothing_hollow("POST", &signed(), FIRST);
    assert!(trial.target.contributions.is_empty());
}
