use super::*;
use crate::targets::trial::Trial;

const CONTRIBUTION: &str = r#"{
  "client_id": "123456.7654321",
  "user_id": "faae99dc7258a0a2207f29aefd2a37ae7e8ec23fcc05d9d5ebb8cd0e30167847",
  "timestamp_micros": 1709680969000000,
  "consent": {"ad_user_data": "GRANTED", "ad_personalization": "DENIED"},
  "user_data": {
    "sha256_email_address": ["faae99dc7258a0a2207f29aefd2a37ae7e8ec23fcc05d9d5ebb8cd0e30167847"],
    "sha256_phone_number": ["60ea2bb67a8395967d1f0dd8e971472915077f3e8ed4c21324a9ea06bbf19d78"],
    "address": [
      {
        "sha256_first_name": "675f0b09caacd05673fe1ce0f4bc55133166c0eca38ac6f1722054f5fad8bce4",
        "sha256_last_name": "363890455dcce16ab39f6294c37f2e39800ab261240ba77f2cfc66e7800a942b",
        "sha256_street": "bc4f9cca55e775d026c059a90209362a7344f683499999989372769ca3826347",
        "city": "Dayton",
        "region": "OH",
        "postal_code": "45402-1187",
        "country": "US"
      }
    ]
  },
  "events": [
    {
      "name": "purchase",
      "params": {
        "transaction_id": "tributary-612004411",
        "currency": "USD",
        "value": 27.50,
        "affiliation": "spring-drive",
        "items": [
          {"item_id": "48213", "item_name": "Okonedo for Harbor County", "price": 27.50, "quantity": 1}
        ],
        "session_id": "1709680900",
        "engagement_time_msec": 1
      }
    }
  ]
}"#;

const REFUND: &str = r#"{
  "client_id": "123456.7654321",
  "timestamp_micros": 1710422102000000,
  "events": [
    {
      "name": "refund",
      "params": {"transaction_id": "tributary-612004411", "currency": "USD", "value": 27.50}
    }
  ]
}"#;

const PATH: &str = "/mp/collect?measurement_id=G-FICTIONAL1&api_secret=FICTIONAL-secret";
const DEBUG: &str = "/debug/mp/collect?measurement_id=G-FICTIONAL1&api_secret=FICTIONAL-secret";
const PAID: u64 = 1_709_680_969;

fn trial() -> Trial<Ga4> {
    let mut target = Ga4::new("G-FICTIONAL1", "FICTIONAL-secret");
    target.sends_user_data = true;
    target.now = Some(PAID);
    Trial::of(target).with("content-type", "application/json")
}

fn instalment() -> String {
    CONTRIBUTION
        .replace("1709680969000000", "1712355781000000")
        .replace("tributary-612004411", "tributary-620118734")
        .replace("27.50", "15.00")
        .replace(r#""session_id": "1709680900","#, "")
}

#[test]
fn purchases_are_stored_once_and_refunded() {
    let mut trial = trial();
    trial.post(PATH, CONTRIBUTION).clean(204);
    trial.post(PATH, CONTRIBUTION).clean(204);
    trial.post(PATH, &instalment()).clean(204);
    trial.post(PATH, REFUND).clean(204);
    trial.post(PATH, REFUND).clean(204);
    let stored: Vec<_> = trial.target.purchases.iter().map(|one| (one.cents, one.requests, one.refunds)).collect();
    assert_eq!(stored, [(2750, 2, 2), (1500, 1, 0)]);
    assert_eq!(
        (trial.target.purchases[0].time, trial.target.purchases[0].client_id.as_str()),
        (PAID, "123456.7654321")
    );
}

#[test]
fn a_refund_is_that_of_a_purchase() {
    let mut trial = trial();
    trial.post(PATH, REFUND).fault(204, "expected client, transaction and value of a purchase");
    trial.post(PATH, CONTRIBUTION).clean(204);
    trial.refuses(
        204,
        PATH,
        REFUND,
        &[
            ("612004411", "620118734", "of a purchase"),
            ("27.50", "15.00", "of a purchase"),
            ("123456.", "654321.", "of a purchase"),
            (r#""client_id""#, r#""user_id": "x", "client_id""#, "$.user_id: expected no such field"),
            (r#""currency""#, r#""affiliation": "x", "currency""#, "affiliation: expected no such field"),
            (r#""events""#, r#""consent": {"ad_user_data": "DENIED"}, "events""#, "$.consent: expected no such field"),
        ],
    );
    assert_eq!(trial.target.purchases[0].refunds, 0);
}

#[test]
fn the_validation_server_stores_nothing_and_says_what_is_wrong() {
    let mut trial = trial();
    // It does not look at the age of an event.
    trial.target.now = None;
    assert_eq!(trial.post(DEBUG, CONTRIBUTION).clean(200).json, json!({"validationMessages": []}));
    assert_eq!(trial.post(DEBUG, REFUND).clean(200).json, json!({"validationMessages": []}));
    let wrong = trial.post(DEBUG, &CONTRIBUTION.replacen("27.50", r#""27.50""#, 1)).fault(200, "params.value");
    assert_eq!(wrong.json["validationMessages"][0]["fieldPath"], "events[0].params.value");
    assert_eq!(wrong.json["validationMessages"][0]["validationCode"], "VALUE_INVALID");
    assert_eq!((trial.target.validations, trial.target.purchases.len()), (3, 0));
}

#[test]
fn malformed_requests_are_answered_as_if_they_were_right() {
    let mut trial = trial();
    let long = "x".repeat(101);
    let hash = "faae99dc7258a0a2207f29aefd2a37ae7e8ec23fcc05d9d5ebb8cd0e30167847";
    trial.refuses(
        204,
        PATH,
        CONTRIBUTION,
        &[
            ("1709680969000000", "1709680969", "$.timestamp_micros"),
            ("1709680969000000", "1709680969000001", "$.timestamp_micros"),
            ("1709680969000000", r#""1709680969000000""#, "$.timestamp_micros"),
            ("GRANTED", "granted", "$.consent.ad_user_data"),
            (hash, "marisol@example.org", "$.user_id"),
            (hash, &hash.replace("faae", "faaf"), "$.user_id"),
            (r#""address": ["#, r#""address": [{}, "#, "$.user_data.address"),
            (r#""country": "US""#, r#""country": "us""#, "address[0].country"),
            (r#""sha256_street""#, r#""street""#, "address[0].street: expected no such field"),
            ("purchase", "donate", "$.events[0].name"),
            ("27.50", "27.505", "params.value"),
            ("27.50", "15.00", "items[0].price"),
            ("spring-drive", &long, "params.affiliation"),
            ("spring-drive", "marisol@example.org", "params.affiliation"),
            (r#""48213""#, "48213", "items[0].item_id"),
            (r#""quantity": 1"#, r#""quantity": 2"#, "items[0].quantity"),
            ("\"engagement_time_msec\": 1", "\"engagement_time_msec\": \"1\"", "params.engagement_time_msec"),
            (r#""session_id""#, r#""email": "x", "session_id""#, "params.email: expected no such field"),
            ("1709680900", "", "params.session_id"),
            ("{", "", "JSON"),
        ],
    );
    let blank = format!("{}{}", CONTRIBUTION, " ".repeat(BODY_BYTES));
    trial.post(PATH, &blank).fault(204, "body: expected at most 130 kB");
    trial.set("content-type", "text/plain");
    trial.post(PATH, CONTRIBUTION).fault(204, "content-type");
    assert_eq!(trial.target.purchases, []);
}

#[test]
fn donor_data_needs_the_option() {
    let mut trial = trial();
    trial.target.sends_user_data = false;
    let outcome = trial.post(PATH, CONTRIBUTION);
    assert_eq!(
        (outcome.status, outcome.faults.len(), trial.target.purchases.len()),
        (204, 2, 0),
        "{:?}",
        outcome.faults
    );
}

#[test]
fn an_event_may_be_72_hours_old() {
    let mut trial = trial();
    trial.target.now = Some(PAID + 72 * 3_600 + 1);
    trial.post(PATH, CONTRIBUTION).fault(204, "expected an event of the last 72 hours");
    trial.target.now = Some(PAID + 72 * 3_600);
    trial.post(PATH, CONTRIBUTION).clean(204);
    assert_eq!(trial.target.purchases.len(), 1);
}

#[test]
fn secrets_and_limits() {
    let mut trial = trial();
    for (from, to) in
        [("FICTIONAL-secret", "other"), ("G-F", "G-X"), ("&api_secret=FICTIONAL-secret", ""), ("?", "?x=1&")]
    {
        let outcome = trial.post(&PATH.replace(from, to), CONTRIBUTION).fault(204, "query");
        assert!(!outcome.faults.concat().contains("secret="), "{:?}", outcome.faults);
    }
    trial.post("/collect", CONTRIBUTION).fault(404, "request: ");
    trial.send("PUT", PATH, CONTRIBUTION).fault(404, "request: ");
    trial.target.limit_next(1);
    assert_eq!(trial.post(PATH, CONTRIBUTION).clean(429).header("retry-after"), Some("2"));
    assert_eq!(trial.target.purchases, []);
}
