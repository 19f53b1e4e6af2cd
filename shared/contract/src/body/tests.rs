use super::*;
use proptest::prelude::*;

const CONTRIBUTION: &str = r#""createdAt":"2024-03-05T18:22:41-05:00","orderNumber":"AB300000118""#;
const LINEITEM: &str = r#""entityId":48213,"amount":"27.50","paidAt":"2024-03-05T23:22:49.7Z","lineitemId":612004411"#;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("valid JSON")
}

/// A body with these keys more in its contribution and its line item.
fn body(contribution: &str, lineitem: &str) -> String {
    format!(r#"{{"contribution":{{{CONTRIBUTION}{contribution}}},"lineitems":[{{{LINEITEM}{lineitem}}}]}}"#)
}

fn rendered(kind: Kind, body: &str) -> String {
    canonical(&raw(body), kind).expect("a good body").get().to_owned()
}

fn reasons(kind: Kind, body: &str) -> Vec<(String, String)> {
    let found = canonical(&raw(body), kind).err().unwrap_or_default();
    found.reasons.into_iter().map(|reason| (reason.path, reason.expected)).collect()
}

fn has(text: &str, part: &str) {
    assert!(text.contains(part), "{part} is not in {text}");
}

fn lacks(text: &str, part: &str) {
    assert!(!text.contains(part), "{part} is in {text}");
}

#[test]
fn the_least_body_gets_every_key_in_order() {
    let expected = concat!(
        r#"{"donor":{"firstname":"","lastname":"","addr1":null,"city":null,"state":null,"zip":null,"country":null,"#,
        r#""isEligibleForExpressLane":false,"employerData":{"employer":null,"occupation":null,"employerAddr1":null,"#,
        r#""employerCity":null,"employerState":null,"employerZip":null,"employerCountry":null}},"#,
        r#""contribution":{"createdAt":"2024-03-05T18:22:41-05:00","orderNumber":"AB300000118","contributionForm":"","#,
        r#""refcodes":{},"refcode":null,"refcode2":null,"creditCardExpiration":null,"recurringPeriod":"once","#,
        r#""recurringDuration":1,"weeklyRecurringSunset":null,"abTestName":null,"isRecurring":false,"#,
        r#""isPaypal":false,"isMobile":false,"abTestVariation":null,"isExpress":false,"withExpressLane":false,"#,
        r#""expressSignup":false,"uniqueIdentifier":"","textMessageOption":"unknown","giftDeclined":null,"#,
        r#""giftIdentifier":null,"shippingName":null,"shippingAddr1":null,"shippingCity":null,"shippingState":null,"#,
        r#""shippingZip":null,"shippingCountry":null,"smartBoostAmount":null,"customFields":[],"merchandise":[],"#,
        r#""bumpYourRecurring":null,"status":"approved","thanksUrl":null},"#,
        r#""lineitems":[{"sequence":0,"entityId":48213,"fecId":null,"committeeName":"","amount":"27.5","#,
        r#""recurringAmount":null,"paidAt":"2024-03-05T18:22:49-05:00","paymentId":null,"lineitemId":612004411,"#,
        r#""amountLessAbFees":null}],"#,
        r#""form":{"name":"","kind":"","ownerEmail":null,"managingEntityName":null,"managingEntityCommitteeName":null}}"#
    );
    assert_eq!(rendered(Kind::Contribution, &body("", "")), expected);
}

#[test]
fn each_kind_has_its_own_keys_and_none_of_the_others() {
    let all = body(
        r#","status":"approved","cancelledAt":"2024-07-19T07:40:10-04:00","retryUrl":"https://example.org/r""#,
        r#","refundedAt":"2024-03-14T09:15:02-04:00","amountLessAbFees":1"#,
    );
    let refund = ["refundedAt", "disbursedAt", "recoveredAt"];
    let cancellation = ["cancelledAt", "recurringType", "recurCompleted", "recurPledged", "cancellationReason"];
    for kind in Kind::ALL {
        let text = rendered(kind, &all);
        let check = |keys: &[&str], of: &[Kind]| {
            for key in keys {
                assert_eq!(text.contains(&format!("\"{key}\":")), of.contains(&kind), "{key} of {kind:?}");
            }
        };
        check(&refund, &[Kind::Refund]);
        check(&cancellation, &[Kind::Cancellation]);
        check(&["status", "thanksUrl"], &[Kind::Contribution, Kind::Refund]);
        check(&["amountLessAbFees"], &[Kind::Contribution]);
        check(&["retryUrl"], &[]);
    }
    has(
        &rendered(Kind::Cancellation, &all),
        r#""recurCompleted":0,"recurPledged":null,"cancellationReason":null,"cancellationType":"Other"}"#,
    );
}

#[test]
fn the_links_follow_the_status() {
    let links = r#","thanksUrl":"https://example.org/t","retryUrl":"https://example.org/r""#;
    let text = |kind, status: &str| {
        rendered(kind, &body(&format!(r#"{links},"status":{status}"#), r#","refundedAt":"2024-03-14T09:15:02-04:00""#))
    };
    has(&text(Kind::Contribution, "\"approved\""), r#""status":"approved","thanksUrl":"https://example.org/t"}"#);
    has(&text(Kind::Contribution, "null"), r#""status":"approved","thanksUrl":"https://example.org/t"}"#);
    has(&text(Kind::Contribution, "\"declined\""), r#""status":"declined","retryUrl":"https://example.org/r"}"#);
    has(&text(Kind::Contribution, "\"pending\""), r#""status":"pending"}"#);
    has(&text(Kind::Refund, "\"declined\""), r#""status":"approved","thanksUrl":"https://example.org/t"}"#);
}

#[test]
fn refcodes_and_the_codes_beside_them_agree() {
    let check = |given: &str, sent: &str| has(&rendered(Kind::Contribution, &body(given, "")), sent);
    check(
        r#","refcodes":{"z":"1","refcode2":"b","refcode":"a"}"#,
        r#""refcodes":{"z":"1","refcode2":"b","refcode":"a"},"refcode":"a","refcode2":"b","#,
    );
    check(r#","refcodes":{"a":"","b":null,"c":"x"}"#, r#""refcodes":{"c":"x"},"refcode":null,"refcode2":null,"#);
    check(
        r#","refcode":"a","refcodes":{"z":"1"}"#,
        r#""refcodes":{"refcode":"a","z":"1"},"refcode":"a","refcode2":null,"#,
    );
    check(r#","refcode":"b","refcodes":{"refcode":"a"}"#, r#""refcodes":{"refcode":"a"},"refcode":"a","#);
    check(r#","refcode":"b","refcodes":{"refcode":""}"#, r#""refcodes":{"refcode":"b"},"refcode":"b","#);
}

#[test]
fn what_recurs_is_computed_when_upstream_left_it_out() {
    let check = |given: &str, sent: &str| has(&rendered(Kind::Contribution, &body(given, "")), sent);
    check(r#","recurringPeriod":"monthly""#, r#""recurringPeriod":"monthly","recurringDuration":"infinite","#);
    check(r#","recurringPeriod":"weekly""#, r#""isRecurring":true,"#);
    check(r#","recurringPeriod":"once","isRecurring":null"#, r#""isRecurring":false,"#);
    check(r#","recurringPeriod":"monthly","recurringDuration":"12""#, r#""recurringDuration":12,"#);
    check(r#","recurringPeriod":"monthly","recurringDuration":"infinite""#, r#""recurringDuration":"infinite","#);
}

#[test]
fn empty_values_become_null_or_are_left_out() {
    let text = rendered(
        Kind::Contribution,
        &body(
            r#","bumpYourRecurring":{ },"merchandise":[{"name":"Mug","details":{}}],"customFields":[{"label":""}],"smartBoostAmount":"""#,
            r#","fecId":"","refundedAt":null"#,
        ),
    );
    has(&text, r#""bumpYourRecurring":null"#);
    has(&text, r#""merchandise":[{"name":"Mug","itemId":0,"details":null}]"#);
    has(&text, r#""customFields":[{"label":null,"answer":null}]"#);
    has(&text, r#""smartBoostAmount":null"#);
    has(&text, r#""fecId":null"#);
    let donor = format!(r#"{{"donor":{{"email":"","phone":null}},{}"#, &body("", "")[1..]);
    lacks(&rendered(Kind::Contribution, &donor), "\"email\"");
    lacks(&rendered(Kind::Contribution, &donor), "\"phone\"");
}

#[test]
fn unknown_fields_keep_their_text_behind_the_known_ones_of_their_block() {
    let body = format!(
        "{{\"extra\" : {{ \"b\": 1.10, \"a\": [ ] }}, \"donor\":{{\"zodiac\":1E2,\"firstname\":\"A\"}}, {}",
        &body(
            r#","big":123456789012345678901234567890,"bumpYourRecurring":{"n":-0.0,"bumpRecurringLink":"l"}"#,
            r#","ké\"y":"\u00e9 x""#
        )[1..]
    );
    let text = rendered(Kind::Contribution, &body);
    has(&text, r#""employerCountry":null},"zodiac":1E2},"contribution""#);
    has(&text, r#""thanksUrl":null,"big":123456789012345678901234567890},"lineitems""#);
    has(&text, r#""recurringUpsellAccepted":false,"n":-0.0}"#);
    has(&text, r#""amountLessAbFees":null,"ké\"y":"\u00e9 x"}],"#);
    assert!(text.ends_with(r#""managingEntityCommitteeName":null},"extra":{"b":1.10,"a":[]}}"#), "{text}");
}

#[test]
fn of_a_key_that_comes_twice_the_last_one_counts() {
    let text = rendered(Kind::Contribution, &body(r#","orderNumber":"AB2","x":1,"x":2"#, r#","amount":30"#));
    has(&text, r#""orderNumber":"AB2""#);
    has(&text, r#""amount":"30.0""#);
    has(&text, r#","x":2}"#);
    lacks(&text, r#""x":1"#);
}

#[test]
fn every_wrong_field_is_named_with_what_was_expected() {
    let check = |contribution: &str, lineitem: &str, path: &str, expected: &str| {
        let found = reasons(Kind::Contribution, &body(contribution, lineitem));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, path);
        assert!(found[0].1.contains(expected), "{found:?}");
    };
    for bad in ["-1", "1.5", "1e3", "\"7\"", "true", "99999999999999999999"] {
        check("", &format!(",\"lineitemId\":{bad}"), "$.lineitems[0].lineitemId", "whole number");
    }
    for bad in ["-1", "\"-1\"", "1.555", "1e2", "\"1,000.00\"", "\"$5\"", "true", "[]"] {
        check("", &format!(",\"amount\":{bad}"), "$.lineitems[0].amount", "two decimals");
    }
    for bad in ["\"2024-03-05\"", "\"2024-03-05T10:00:00\"", "1709663000", "{}"] {
        check("", &format!(",\"paidAt\":{bad}"), "$.lineitems[0].paidAt", "RFC 3339");
    }
    check(",\"orderNumber\":\"\"", "", "$.contribution.orderNumber", "text");
    check(",\"createdAt\":null", "", "$.contribution.createdAt", "RFC 3339");
    check(",\"isMobile\":\"true\"", "", "$.contribution.isMobile", "true or false");
    check(",\"status\":\"refused\"", "", "$.contribution.status", "approved, declined or pending");
    check(",\"refcodes\":{\"a b\":1}", "", "$.contribution.refcodes[\"a b\"]", "text");
    check(",\"refcodes\":[]", "", "$.contribution.refcodes", "an object");
    check(",\"customFields\":[{},1]", "", "$.contribution.customFields[1]", "an object");
    check(",\"merchandise\":{}", "", "$.contribution.merchandise", "a list");
    check(",\"merchandise\":[{\"details\":\"L\"}]", "", "$.contribution.merchandise[0].details", "an object");
    check(",\"recurringDuration\":\"forever\"", "", "$.contribution.recurringDuration", "infinite");
    check(",\"abTestName\":\"\\ud800\"", "", "$.contribution.abTestName", "Unicode");
    check(",\"giftIdentifier\":7", "", "$.contribution.giftIdentifier", "text");
}

#[test]
fn what_is_missing_is_named_for_each_kind() {
    let paths = |kind, body: &str| reasons(kind, body).into_iter().map(|reason| reason.0).collect::<Vec<_>>();
    let required = ["entityId", "amount", "paidAt", "lineitemId"].map(|key| format!("$.lineitems[0].{key}"));
    assert_eq!(paths(Kind::Contribution, r#"{"contribution":{},"lineitems":[{}]}"#)[2..], required);
    assert_eq!(paths(Kind::Contribution, "{}"), ["$.contribution", "$.lineitems"]);
    assert_eq!(paths(Kind::Contribution, &body("", "").replace(LINEITEM, "").replace("{}", "")), ["$.lineitems"]);
    assert_eq!(paths(Kind::Refund, &body("", "")), ["$.lineitems[0].refundedAt"]);
    assert_eq!(paths(Kind::Cancellation, &body("", "")), ["$.contribution.cancelledAt"]);
    assert_eq!(paths(Kind::Contribution, "[]"), ["$"]);
}

#[test]
fn reasons_beyond_the_limit_are_counted() {
    let many = vec!["{}"; 100].join(",");
    let body = raw(&format!(r#"{{"contribution":{{{CONTRIBUTION}}},"lineitems":[{many}]}}"#));
    let found = canonical(&body, Kind::Contribution).expect_err("rejected");
    assert_eq!((found.reasons.len(), found.more), (50, 350));
    assert!(found.to_string().ends_with("; and 350 more"), "{found}");
}

/// JSON that resembles a body often enough to reach every rule.
fn json() -> impl Strategy<Value = String> {
    let words = super::fields::TOP.iter().chain(super::fields::CONTRIBUTION).chain(super::fields::LINEITEM);
    let keys: Vec<String> = words.map(|field| field.key.to_owned()).chain(["x".into(), "refcode".into()]).collect();
    let texts = ["", "once", "infinite", "27.50", "2024-03-05T18:22:49-05:00", "é\\n", "\\ud800", "approved"];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<u32>().prop_map(|n| n.to_string()),
        any::<f32>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        prop::sample::select(texts.to_vec()).prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(4, 60, 12, move |inner| {
        let entry = (prop::sample::select(keys.clone()), inner.clone()).prop_map(|(k, v)| format!("\"{k}\" : {v}"));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec(entry, 0..12).prop_map(|entries| format!("{{ {} }}", entries.join(","))),
        ]
    })
}

fn inside(json: &str) -> String {
    json.strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .map(str::trim)
        .filter(|rest| !rest.is_empty())
        .map_or(String::new(), |rest| format!(",{rest}"))
}

proptest! {
    #[test]
    fn any_json_is_rejected_with_a_reason_or_becomes_canonical_without_a_panic(json in json(), kind in 0..3_usize) {
        if let Err(rejection) = canonical(&raw(&json), Kind::ALL[kind]) {
            prop_assert!(!rejection.reasons.is_empty());
            prop_assert!(!rejection.to_string().contains("that can be written"), "what was written is not JSON");
        }
    }

    #[test]
    fn a_canonical_body_stays_as_it_is(contribution in json(), lineitem in json(), kind in 0..3_usize) {
        let kind = Kind::ALL[kind];
        let once = canonical(&raw(&body(&inside(&contribution), &inside(&lineitem))), kind);
        if let Ok(once) = once {
            prop_assert_eq!(rendered(kind, once.get()), once.get());
            prop_assert!(!once.get().contains('\n'));
        }
    }

    #[test]
    fn an_amount_is_sent_as_its_cents(cents in 0..10_000_000_000_u64) {
        for given in [format!("{}.{:02}", cents / 100, cents % 100), format!("\"{}.{:02}\"", cents / 100, cents % 100)] {
            let text = rendered(Kind::Contribution, &body("", &format!(",\"amount\":{given}")));
            let sent = format!(r#""amount":"{}","#, Money::of_cents(cents));
            prop_assert!(text.contains(&sent), "{} is not in {}", sent, text);
        }
    }
}
