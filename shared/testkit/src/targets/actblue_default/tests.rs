use super::signature::entry;
use super::*;
use crate::targets::trial::{Outcome, Trial, members};
use serde_json::Value;

const CONTRIBUTION: &str = include_str!("../../../fixtures/contribution.json");
const REFUND: &str = include_str!("../../../fixtures/refund.json");
const CANCELLATION: &str = include_str!("../../../fixtures/cancellation.json");

const PATH: &str = "/webhooks/actblue/payments/?account=Default%20ActBlue";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NOW: u64 = 1_614_265_330;

/// A body as it is sent: without blanks between tokens.
fn compact(example: &str) -> String {
    let (mut within, mut escaped) = (false, false);
    example
        .chars()
        .filter(|found| {
            within ^= *found == '"' && !escaped;
            escaped = *found == '\\' && !escaped;
            within || !found.is_whitespace()
        })
        .collect()
}

fn of(target: ActBlueDefault) -> Trial<ActBlueDefault> {
    let mut trial = Trial::of(target).basic("okonedo:FICTIONAL").with("content-type", "application/json");
    trial.target.set_clock(NOW);
    trial
}

fn endpoint() -> ActBlueDefault {
    ActBlueDefault::new(PATH, "okonedo", "FICTIONAL", &[SECRET])
}

/// Posts with the entries that the secrets make.
fn post_with(trial: &mut Trial<ActBlueDefault>, secrets: &[&str], id: &str, body: &str) -> Outcome {
    let content = format!("{id}.{NOW}.{body}");
    let entries: Vec<String> = secrets.iter().filter_map(|secret| entry(secret, content.as_bytes())).collect();
    trial.set("webhook-id", id);
    trial.set("webhook-timestamp", &NOW.to_string());
    trial.set("webhook-signature", &entries.join(" "));
    trial.post(PATH, body)
}

fn post(trial: &mut Trial<ActBlueDefault>, id: &str, body: &str) -> Outcome {
    post_with(trial, &[SECRET], id, body)
}

#[test]
fn the_vector_of_the_specification_holds() {
    let content = format!("msg_p5jXN8AQM9LWM0D4loKWxJek.{NOW}.{}", r#"{"test": 2432232314}"#);
    assert_eq!(entry(SECRET, content.as_bytes()).unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    for wrong in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY=", "whsec_?"] {
        assert_eq!(entry(wrong, b""), None, "{wrong}");
    }
}

#[test]
fn the_examples_are_taken_once_each() {
    let mut trial = of(endpoint());
    for (id, example) in [("a", CONTRIBUTION), ("b", REFUND), ("c", CANCELLATION)] {
        for _ in 0..2 {
            post(&mut trial, id, &compact(example)).clean(200);
        }
    }
    let seen: Vec<_> = trial.target.received.iter().map(|one| (one.kind, one.amount_cents, one.times)).collect();
    assert_eq!(seen, [(Kind::Contribution, 2750, 2), (Kind::Refund, 7500, 2), (Kind::Cancellation, 1500, 2)]);
    let [first, second, third] = trial.target.received.as_slice() else { panic!("{:?}", trial.target) };
    assert_eq!((first.lineitem_id, first.entity_id, first.order_number.as_str()), (612_004_411, 48213, "AB300000118"));
    assert_eq!((first.email.as_deref(), second.email.as_deref()), (Some("marisol@example.org"), None));
    assert_eq!(third.happened_at, "2024-07-19T07:40:10-04:00");
}

#[test]
fn an_event_has_one_id_and_one_body() {
    let mut trial = of(endpoint());
    let body = compact(CONTRIBUTION);
    post(&mut trial, "a", &body).clean(200);
    post(&mut trial, "b", &body).fault(200, "webhook-id: expected \"a\", got \"b\"");
    post(&mut trial, "a", &body.replace("Dayton\"", "Toledo\"")).fault(200, "body: expected the bytes");
    assert_eq!((trial.target.received.len(), trial.target.received[0].times), (1, 3));
}

#[test]
fn credentials_path_and_method_are_exact() {
    let mut trial = of(endpoint());
    let body = compact(CONTRIBUTION);
    trial.target.set_password("another");
    post(&mut trial, "a", &body).fault(401, "authorization: expected the token, got another");
    trial.target.ignore_wrong_credentials();
    post(&mut trial, "a", &body).fault(200, "authorization: ");
    trial.target.set_password("FICTIONAL");
    for path in ["/webhooks/actblue/payments/?account=Default+ActBlue", "/webhooks/actblue/payments/", "/"] {
        trial.post(path, &body).fault(404, "path: expected the endpoint, byte for byte");
    }
    trial.get(PATH).fault(405, "method: expected POST, got GET");
    trial.set("content-type", "application/json; charset=utf-8");
    post(&mut trial, "a", &body).fault(400, "content-type: ");
    assert!(trial.target.received.is_empty());
}

#[test]
fn a_backfill_may_have_a_query_of_its_own() {
    let mut trial = of(endpoint().with_backfill_query("backfill=1"));
    let body = compact(CONTRIBUTION);
    post(&mut trial, "a", &body).clean(200);
    assert!(!trial.target.received[0].is_backfill);
    trial.post(&format!("{PATH}&backfill=1"), &body).clean(200);
    assert!(trial.target.received[0].is_backfill);
    trial.post(&format!("{PATH}?backfill=1"), &body).fault(404, "path: ");
}

#[test]
fn signatures_are_recomputed() {
    let body = compact(CONTRIBUTION);
    for (name, value, fault) in [
        ("webhook-id", "a.b", "webhook-id: expected an id without a full stop"),
        ("webhook-id", "b", "webhook-signature: expected v1 of key 0"),
        ("webhook-timestamp", "1614265331", "webhook-signature: "),
        ("webhook-timestamp", "1614264000", "webhook-timestamp: "),
        ("webhook-timestamp", "1614265330.5", "webhook-timestamp: "),
        ("webhook-signature", "v1,AAAA", "webhook-signature: expected v1 of key 0"),
        ("webhook-signature", "", "webhook-signature: "),
    ] {
        let mut trial = of(endpoint());
        post(&mut trial, "a", &body).clean(200);
        trial.set(name, value);
        let outcome = trial.post(PATH, &body);
        assert!(outcome.faults.iter().any(|text| text.contains(fault)), "{value}: {:?}", outcome.faults);
        assert_eq!(outcome.status, 401);
        trial.unset(name);
        assert!(trial.post(PATH, &body).faults[0].contains(&format!("{name}: expected one such header, got 0")));
    }
    let mut trial = of(endpoint());
    post(&mut trial, "a", &body).clean(200);
    trial.post(PATH, &body.replace("27.5", "28.5")).fault(401, "webhook-signature: ");
}

#[test]
fn a_rotation_has_both_entries_and_newest_first() {
    let body = compact(CONTRIBUTION);
    let mut trial = of(endpoint());
    trial.target.set_secrets(&[OTHER, SECRET]);
    post_with(&mut trial, &[OTHER, SECRET], "a", &body).clean(200);
    assert_eq!(post_with(&mut trial, &[SECRET, OTHER], "a", &body).faults.len(), 2);
    post_with(&mut trial, &[OTHER], "a", &body).fault(401, "v1 of key 1");
    trial.target.set_secrets(&[OTHER]);
    post_with(&mut trial, &[OTHER, SECRET], "a", &body).fault(401, "expected no further entry, got 1");
    post_with(&mut trial, &[OTHER], "a", &body).clean(200);
}

#[test]
fn signing_can_be_off_or_with_a_public_key() {
    let body = compact(CONTRIBUTION);
    let mut off = of(ActBlueDefault::new(PATH, "okonedo", "FICTIONAL", &[]));
    off.post(PATH, &body).clean(200);
    off.post(PATH, &body).clean(200);
    assert_eq!(off.target.received[0].times, 2);
    assert_eq!(post(&mut off, "a", &body).faults.len(), 3);
    let mut with = of(endpoint().with_v1a());
    post(&mut with, "a", &body);
    let v1 = entry(SECRET, format!("a.{NOW}.{body}").as_bytes()).unwrap();
    let v1a = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    with.set("webhook-signature", &format!("{v1a} {v1}"));
    with.post(PATH, &body).clean(200);
    with.set("webhook-signature", &format!("{v1} {v1a}"));
    assert_eq!(with.post(PATH, &body).faults.len(), 2);
}

#[test]
fn only_the_kinds_of_the_type_are_taken() {
    let mut trial = of(endpoint().taking(&[Kind::Contribution]));
    post(&mut trial, "a", &compact(CONTRIBUTION)).clean(200);
    post(&mut trial, "b", &compact(REFUND)).fault(400, "expected one of [Contribution], got Refund");
    let declined = compact(CONTRIBUTION).replace("\"approved\"", "\"declined\"").replace("thanksUrl", "retryUrl");
    post(&mut trial, "c", &declined).fault(400, "$.contribution.status: expected an approved payment");
    let mut trial = of(endpoint().taking_declined());
    post(&mut trial, "c", &declined).clean(200);
    let without = declined.replace("retryUrl", "thanksUrl");
    assert!(!post(&mut trial, "d", &without).faults.is_empty());
}

#[test]
fn unknown_fields_and_any_order_are_taken_when_told() {
    let body = compact(CONTRIBUTION);
    let unknown = body.replace("\"isMobile\"", "\"isTablet\":1,\"isMobile\"");
    let late = body.replace(
        "\"firstname\":\"Marisol\",\"lastname\":\"Quade\"",
        "\"lastname\":\"Quade\",\"firstname\":\"Marisol\"",
    );
    let mut strict = of(endpoint());
    post(&mut strict, "a", &unknown).fault(400, "$.contribution.isTablet: expected no such field, got 1");
    post(&mut strict, "a", &late).fault(400, "$.donor: expected the order of the table, got late \"firstname\"");
    post(&mut of(endpoint().taking_unknown_fields()), "a", &unknown).clean(200);
    post(&mut of(endpoint().taking_any_order()), "a", &late).clean(200);
}

#[test]
fn answers_are_as_told() {
    let mut trial = of(endpoint());
    trial.target.limit_next(1);
    trial.target.succeed_with(204);
    let body = compact(CONTRIBUTION);
    assert_eq!(post(&mut trial, "a", &body).clean(429).header("retry-after"), Some("2"));
    assert!(trial.target.received.is_empty());
    post(&mut trial, "a", &body).clean(204);
}

#[test]
fn bodies_are_held_against_the_specification() {
    let mut trial = of(endpoint());
    let mut refuse = |example: &str, table: &[(&str, &str, &str)]| {
        let body = compact(example);
        for (from, to, fault) in table {
            assert!(body.contains(from), "the example has no {from}");
            let outcome = post(&mut trial, "a", &body.replacen(from, to, 1));
            assert!(outcome.faults.iter().any(|text| text.contains(fault)), "{from} -> {to}: {:?}", outcome.faults);
            assert_eq!(outcome.status, 400, "{from} -> {to}");
        }
    };
    refuse(CONTRIBUTION, CONTRIBUTION_TABLE);
    refuse(REFUND, REFUND_TABLE);
    refuse(CANCELLATION, CANCELLATION_TABLE);
    assert!(trial.target.received.is_empty());
}

#[test]
fn no_field_may_be_missing_or_of_another_type() {
    // What is free: contact data may be withheld, and the details of an item are nobody's business.
    let may_miss = |at: &str| {
        ["/donor/email", "/donor/phone"].contains(&at)
            || at.rsplit('/').next().is_some_and(|name| name.parse::<usize>().is_ok())
    };
    let mut trial = of(endpoint().taking_any_order());
    let mut faulty = |value: &Value| !post(&mut trial, "a", &value.to_string()).faults.is_empty();
    for example in [CONTRIBUTION, REFUND, CANCELLATION] {
        let example: Value = serde_json::from_str(example).unwrap();
        let free = "/contribution/merchandise/0/details/";
        for at in members(&example, "").iter().filter(|at| !at.starts_with(free)) {
            let mut changed = example.clone();
            *changed.pointer_mut(at).unwrap() = json!(["x"]);
            assert!(faulty(&changed), "{at} of another type");
            let (parent, name) = at.rsplit_once('/').unwrap();
            let mut changed = example.clone();
            if let Some(parent) = changed.pointer_mut(parent).unwrap().as_object_mut() {
                parent.remove(name);
            }
            assert!(may_miss(at) || faulty(&changed), "{at} missing");
        }
    }
}

type Table = &'static [(&'static str, &'static str, &'static str)];

const CONTRIBUTION_TABLE: Table = &[
    ("\"27.5\"", "27.5", "$.lineitems[0].amount: expected an amount such as 27.5, got 27.5"),
    ("\"27.5\"", "\"27.50\"", "$.lineitems[0].amount: "),
    ("\"27.5\"", "\"27\"", "$.lineitems[0].amount: "),
    ("\"27.5\"", "\"-27.5\"", "$.lineitems[0].amount: "),
    ("\"27.5\"", "\"1,027.5\"", "$.lineitems[0].amount: "),
    ("\"15.0\"", "null", "$.lineitems[0].recurringAmount: expected an amount exactly in a series"),
    ("18:22:49-05:00", "18:22:49-04:00", "$.lineitems[0].paidAt: expected US Eastern time"),
    ("18:22:49-05:00", "23:22:49Z", "$.lineitems[0].paidAt: "),
    ("18:22:41-05:00", "18:22:41.250-05:00", "$.contribution.createdAt: "),
    ("612004411", "\"612004411\"", "$.lineitems[0].lineitemId: expected a whole number"),
    (",\"amountLessAbFees\":\"26.41\"", "", "$.lineitems[0].amountLessAbFees: "),
    (
        ",\"amountLessAbFees\"",
        ",\"refundedAt\":null,\"amountLessAbFees\"",
        "$.lineitems[0].amountLessAbFees: expected no such",
    ),
    ("\"lineitems\":[", "\"lineitems\":[{},", "$.lineitems: expected a list of 1, got a list of 2"),
    ("\"city\":\"Dayton\",", "", "$.donor.city: expected a string that is not empty or null, got nothing"),
    ("\"city\":\"Dayton\"", "\"city\":\"\"", "$.donor.city: "),
    ("\"firstname\":\"Marisol\"", "\"firstname\":null", "$.donor.firstname: "),
    ("\"email\":\"marisol@example.org\"", "\"email\":null", "$.donor.email: "),
    ("\"employerZip\":null,", "", "$.donor.employerData.employerZip: "),
    ("\"AB300000118\"", "\"300000118\"", "$.contribution.orderNumber: "),
    (
        "\"refcode\":\"em-0305\",\"refcode2\":\"seg-b\"}",
        "\"refcode\":\"em-0305\"}",
        "$.contribution.refcode2: expected null as in refcodes",
    ),
    ("\"08/2027\"", "\"2027-08\"", "$.contribution.creditCardExpiration: "),
    ("\"isPaypal\":false", "\"isPaypal\":true", "$.contribution.creditCardExpiration: expected null"),
    ("\"monthly\"", "\"yearly\"", "$.contribution.recurringPeriod: "),
    ("\"infinite\"", "\"12\"", "$.contribution.recurringDuration: "),
    (
        "\"weeklyRecurringSunset\":null",
        "\"weeklyRecurringSunset\":\"2024-06-01\"",
        "$.contribution.weeklyRecurringSunset: ",
    ),
    ("\"isRecurring\":true", "\"isRecurring\":\"true\"", "$.contribution.isRecurring: "),
    ("\"isRecurring\":true", "\"isRecurring\":false", "$.contribution.isRecurring: expected whether"),
    ("0d5c0a55-6c1f", "0d5c0a556c1f", "$.contribution.uniqueIdentifier: expected a UUID"),
    ("\"opt_in\"", "true", "$.contribution.textMessageOption: "),
    ("\"itemId\":5120", "\"itemId\":\"5120\"", "$.contribution.merchandise[0].itemId: "),
    ("\"answer\":\"A friend\"", "\"answer\":7", "$.contribution.customFields[0].answer: "),
    ("\"bumpYourRecurring\":null", "\"bumpYourRecurring\":{}", "$.contribution.bumpYourRecurring.bumpRecurringLink: "),
    ("\"approved\"", "\"pending\"", "$.contribution.status: expected \"approved\""),
    ("\"merchandise\",\"ownerEmail\"", "\"shop\",\"ownerEmail\"", "$.form.kind: "),
    ("\"form\":{\"name\":\"spring-drive\"", "\"form\":{\"name\":\"other\"", "$.form.name: expected \"spring-drive\""),
    ("{", "{ ", "body: expected compact JSON"),
    ("{", "", "$: expected JSON"),
];

const REFUND_TABLE: Table = &[
    ("2024-03-14T09:15:02-04:00", "2024-03-14T09:15:02-05:00", "$.lineitems[0].refundedAt: "),
    (",\"recoveredAt\":null", "", "$.lineitems[0].recoveredAt: "),
    (
        "\"refundedAt\"",
        "\"amountLessAbFees\":null,\"refundedAt\"",
        "$.lineitems[0].amountLessAbFees: expected no such field",
    ),
    ("\"approved\"", "\"refunded\"", "$.contribution.status: "),
    ("\"recurringDuration\":1", "\"recurringDuration\":2", "$.contribution.recurringDuration: "),
    ("\"sequence\":0", "\"sequence\":1", "$.lineitems[0].sequence: expected 0 of a one-time gift"),
    ("\"refcodes\":{}", "\"refcodes\":null", "$.contribution.refcodes: "),
];

const CANCELLATION_TABLE: Table = &[
    ("\"cancelledAt\"", "\"status\":\"approved\",\"cancelledAt\"", "$.contribution.status: expected no such field"),
    ("\"cancelledAt\"", "\"thanksUrl\":null,\"cancelledAt\"", "$.contribution.thanksUrl: expected no such field"),
    ("07:40:10-04:00", "07:40:10-05:00", "$.contribution.cancelledAt: "),
    ("\"initially forever\"", "\"forever\"", "$.contribution.recurringType: "),
    ("\"recurCompleted\":5", "\"recurCompleted\":\"5\"", "$.contribution.recurCompleted: "),
    ("\"recurPledged\":null", "\"recurPledged\":12", "$.contribution.recurPledged: expected null if open-ended"),
    ("\"Active\"", "\"active\"", "$.contribution.cancellationType: "),
    ("\"paymentId\":318820951,", "", "$.lineitems[0].paymentId: "),
    (
        "\"lineitemId\":655310087",
        "\"lineitemId\":655310087,\"refundedAt\":null",
        "$.lineitems[0].refundedAt: expected no such field",
    ),
];

#[test]
fn gifts_of_every_sort_are_taken() {
    let mut trial = of(endpoint());
    let weekly = compact(CONTRIBUTION)
        .replace("\"monthly\"", "\"weekly\"")
        .replace("\"infinite\"", "12")
        .replace("\"weeklyRecurringSunset\":null", "\"weeklyRecurringSunset\":\"2024-06-01\"")
        .replace("\"smartBoostAmount\":null", "\"smartBoostAmount\":\"3.05\"")
        .replace("\"details\":{\"size\":\"L\",\"color\":\"Navy\"}", "\"details\":{\"size\":[1,{\"b\":null,\"a\":{}}]}")
        .replace("\"amountLessAbFees\":\"26.41\"", "\"amountLessAbFees\":null")
        .replace("\"label\":\"Can you volunteer?\"", "\"label\":null")
        .replace("\"lastname\":\"Quade\"", "\"lastname\":\"\"");
    post(&mut trial, "a", &weekly).clean(200);
    let bump = r#""bumpYourRecurring":{"bumpRecurringLink":"https://platform.example.org/bump/118","recurringUpsellSeen":true,"recurringUpsellAccepted":false}"#;
    let cancelled = compact(CANCELLATION)
        .replace("\"bumpYourRecurring\":null", bump)
        .replace("\"infinite\"", "12")
        .replace("\"recurPledged\":null", "\"recurPledged\":12");
    post(&mut trial, "b", &cancelled).clean(200);
    assert_eq!(trial.target.received.len(), 2);
}
