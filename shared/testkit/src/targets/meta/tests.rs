use super::*;
use crate::targets::trial::Trial;

const CONTRIBUTION: &str = r#"{
  "data": [
    {
      "event_name": "Donate",
      "event_time": 1709680969,
      "event_id": "tributary-612004411",
      "action_source": "website",
      "event_source_url": "https://platform.example.org/donate/spring-drive",
      "user_data": {
        "em": ["faae99dc7258a0a2207f29aefd2a37ae7e8ec23fcc05d9d5ebb8cd0e30167847"],
        "ph": ["7d103d88d083cf67e6eb406a6ad428730c5eead333e08aee2b22cd95692615b0"],
        "fn": ["675f0b09caacd05673fe1ce0f4bc55133166c0eca38ac6f1722054f5fad8bce4"],
        "ln": ["363890455dcce16ab39f6294c37f2e39800ab261240ba77f2cfc66e7800a942b"],
        "ct": ["91d6cfb05ead27a6aae0bdfc2ee3b4c5cbd0e3fb8170e196beb2aacb8d1f6835"],
        "st": ["cf04119a706e2c45f587f799676a22b234f349f260e293920a04bdd8e71d73bb"],
        "zp": ["e5d38c3e1ac5abe75e71c50eed11946984dc27105acb9c704154c55707f04541"],
        "country": ["79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"],
        "external_id": ["faae99dc7258a0a2207f29aefd2a37ae7e8ec23fcc05d9d5ebb8cd0e30167847"],
        "client_ip_address": "203.0.113.9",
        "client_user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Safari/605.1.15",
        "fbc": "fb.1.1709680961000.IwAR0FICTIONALclick",
        "fbp": "fb.1.1709680900000.1098115397"
      },
      "custom_data": {"currency": "USD", "value": 27.50, "order_id": "AB300000118", "content_name": "spring-drive"}
    }
  ]
}"#;

const INSTALMENT: &str = r#"{
  "data": [
    {
      "event_name": "Donate",
      "event_time": 1712355781,
      "event_id": "tributary-620118734",
      "action_source": "system_generated",
      "user_data": {
        "em": ["faae99dc7258a0a2207f29aefd2a37ae7e8ec23fcc05d9d5ebb8cd0e30167847"],
        "ph": ["7d103d88d083cf67e6eb406a6ad428730c5eead333e08aee2b22cd95692615b0"],
        "fn": ["675f0b09caacd05673fe1ce0f4bc55133166c0eca38ac6f1722054f5fad8bce4"],
        "ln": ["363890455dcce16ab39f6294c37f2e39800ab261240ba77f2cfc66e7800a942b"],
        "ct": ["91d6cfb05ead27a6aae0bdfc2ee3b4c5cbd0e3fb8170e196beb2aacb8d1f6835"],
        "st": ["cf04119a706e2c45f587f799676a22b234f349f260e293920a04bdd8e71d73bb"],
        "zp": ["e5d38c3e1ac5abe75e71c50eed11946984dc27105acb9c704154c55707f04541"],
        "country": ["79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"],
        "external_id": ["faae99dc7258a0a2207f29aefd2a37ae7e8ec23fcc05d9d5ebb8cd0e30167847"]
      },
      "custom_data": {"currency": "USD", "value": 15.00, "order_id": "AB300000118", "content_name": "spring-drive"}
    }
  ]
}"#;

const PATH: &str = "/v25.0/1234567890/events?access_token=FICTIONAL-token";
const PAID: u64 = 1_709_680_969;
const EMAIL: &str = "faae99dc7258a0a2207f29aefd2a37ae7e8ec23fcc05d9d5ebb8cd0e30167847";

fn trial() -> Trial<Meta> {
    let mut target = Meta::new("1234567890", "FICTIONAL-token");
    target.now = Some(PAID);
    Trial::of(target).with("content-type", "application/json")
}

#[test]
fn events_are_counted_once_in_48_hours() {
    let mut trial = trial();
    assert_eq!(
        trial.post(PATH, CONTRIBUTION).clean(200).json,
        json!({"events_received": 1, "messages": [], "fbtrace_id": "AbCdEfFictional"})
    );
    for (later, events) in [(48 * 3_600, 1), (48 * 3_600 + 1, 2)] {
        trial.target.now = Some(PAID + later);
        assert_eq!(trial.post(PATH, CONTRIBUTION).clean(200).json["events_received"], 1);
        assert_eq!(trial.target.events.len(), events);
    }
    trial.post(PATH, INSTALMENT).clean(200);
    let stored: Vec<_> = trial.target.events.iter().map(|one| (one.cents, one.requests)).collect();
    assert_eq!(stored, [(2750, 2), (2750, 1), (1500, 1)]);
    let first = &trial.target.events[0];
    assert_eq!(
        (first.user_data["em"].as_str(), first.user_data["fbp"].as_str()),
        (EMAIL, "fb.1.1709680900000.1098115397")
    );
}

#[test]
fn an_event_may_be_seven_days_old() {
    let mut trial = trial();
    trial.target.now = Some(PAID + 7 * 24 * 3_600);
    trial.post(PATH, CONTRIBUTION).clean(200);
    trial.target.now = Some(PAID + 7 * 24 * 3_600 + 1);
    let old = trial.post(PATH, CONTRIBUTION).fault(400, "event_time: expected an event of the last 7 days");
    assert_eq!(old.json["error"]["code"], 100);
    // Without a time of its own, the clock says that the example is old.
    trial.target.now = None;
    trial.post(PATH, CONTRIBUTION).fault(400, "event_time");
}

#[test]
fn options_of_the_webhook_are_expected() {
    let mut trial = trial();
    let coded = CONTRIBUTION.replacen('{', r#"{"test_event_code": "TEST123","#, 1);
    trial.post(PATH, &coded).fault(400, "$.test_event_code");
    trial.target.test_event_code = Some("TEST123".to_owned());
    trial.post(PATH, CONTRIBUTION).fault(400, "$.test_event_code");
    trial.post(PATH, &coded).clean(200);
    assert!(trial.target.events[0].is_test);

    trial.target.test_event_code = None;
    let limited = CONTRIBUTION.replace(
        r#""custom_data""#,
        r#""data_processing_options": ["LDU"], "data_processing_options_country": 0, "data_processing_options_state": 0, "custom_data""#,
    );
    assert_eq!(trial.post(PATH, &limited).faults.len(), 3);
    trial.target.limited_data_use = true;
    assert_eq!(trial.post(PATH, CONTRIBUTION).faults.len(), 3);
    trial.post(PATH, &limited).clean(200);

    trial.target.limited_data_use = false;
    trial.target.event_name = "Purchase".to_owned();
    trial.post(PATH, CONTRIBUTION).fault(400, "event_name");
    trial.post(PATH, &CONTRIBUTION.replace("Donate", "Purchase")).clean(200);
}

#[test]
fn the_shared_id_can_be_the_order_number() {
    let mut trial = trial();
    for (body, from, id, right) in [
        (CONTRIBUTION, "tributary-612004411", "AB300000118", true),
        (INSTALMENT, "tributary-620118734", "AB300000118-2", true),
        (CONTRIBUTION, "tributary-612004411", "AB300000118-1", false),
        (INSTALMENT, "tributary-620118734", "AB300000118-1", false),
        (INSTALMENT, "tributary-620118734", "AB300000118", false),
    ] {
        let outcome = trial.post(PATH, &body.replace(from, id));
        assert_eq!(outcome.faults.is_empty(), right, "{id}: {:?}", outcome.faults);
    }
}

#[test]
fn violations_are_refused() {
    let mut trial = trial();
    let hash_of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let hash_of_united_states = "981e5b396726008318fcca73b116e69d1680fdbe17a7fb078d10197731f1e700";
    trial.refuses(
        400,
        PATH,
        CONTRIBUTION,
        &[
            ("1709680969", r#""1709680969""#, "$.data[0].event_time"),
            ("1709680969", "1709680969.0", "event_time"),
            ("\"website\"", "\"email\"", "action_source"),
            ("\"website\"", "\"system_generated\"", "event_source_url: expected no such field"),
            (r#""client_user_agent""#, r#""user_agent""#, "client_user_agent: expected a text"),
            ("203.0.113.9", "unknown", "client_ip_address"),
            (EMAIL, "marisol@example.org", "user_data.em[0]"),
            (EMAIL, hash_of_nothing, "user_data.em[0]"),
            (EMAIL, &EMAIL.to_ascii_uppercase(), "user_data.em[0]"),
            (EMAIL, &EMAIL.replace("faae", "faaf"), "user_data.external_id"),
            (
                "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621",
                hash_of_united_states,
                "user_data.country",
            ),
            ("cf04119a706e2c45f587f799676a22b234f349f260e293920a04bdd8e71d73bb", hash_of_united_states, "user_data.st"),
            ("27.50", r#""27.50""#, "custom_data.value"),
            ("27.50", "2.75e1", "custom_data.value"),
            ("USD", "usd", "custom_data.currency"),
            ("spring-drive\"}", "\"}", "custom_data.content_name"),
            (r#""fbp""#, r#""_fbp""#, "user_data._fbp: expected no such field"),
            ("AB300000118", "", "order_id"),
        ],
    );
    let nobody = r#""user_data": {"client_user_agent": "x"},"custom_data""#;
    let (start, rest) = CONTRIBUTION.split_once(r#""user_data""#).expect("an example");
    let (_, end) = rest.split_once(r#""custom_data""#).expect("an example");
    trial.post(PATH, &format!("{start}{nobody}{end}")).fault(400, "expected an email, a phone or an external id");
    assert_eq!(trial.target.events, []);
}

#[test]
fn refusals_have_a_code() {
    let mut trial = trial();
    trial.target.refuse_next(200);
    assert_eq!(trial.post(PATH, CONTRIBUTION).clean(400).json["error"]["code"], 200);
    trial.target.limit_next(1);
    assert_eq!(trial.post(PATH, CONTRIBUTION).clean(429).header("retry-after"), Some("2"));
    trial.target.fail_inside_200(1);
    assert_eq!(trial.post(PATH, CONTRIBUTION).clean(200).json["events_received"], 0);
    for (from, to, code) in [
        ("FICTIONAL", "other", 190),
        ("?access_token=FICTIONAL-token", "", 190),
        ("events?", "events?x=1&", 190),
        ("1234567890", "1", 100),
        ("v25.0", "v1.0", 100),
    ] {
        let outcome = trial.post(&PATH.replace(from, to), CONTRIBUTION);
        assert_eq!((outcome.status, outcome.json["error"]["code"].as_u64()), (400, Some(code)), "{from} -> {to}");
        assert!(!outcome.faults.is_empty() && !outcome.faults.concat().contains("FICTIONAL"), "{:?}", outcome.faults);
    }
    assert_eq!(trial.target.events, []);
}
