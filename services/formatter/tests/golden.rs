//! The exact bytes of each Default body.
#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use contract::event::{Event, Kind, Status};
use contract::id::{EntityId, WebhookId};
use contract::plan::{Body, Method, NoPlan, Plan, Rule};
use contract::upstream;
use contract::webhook::{self, Endpoint, Options, Signing, Type, Webhook};
use formatter::Refusal;
use jiff::Timestamp;

const CONTRIBUTION: &str = include_str!("golden/contribution.json");
const REFUND: &str = include_str!("golden/refund.json");
const CANCELLATION: &str = include_str!("golden/cancellation.json");

fn webhook(kind: Type) -> Webhook {
    let now = Timestamp::UNIX_EPOCH;
    Webhook {
        id: WebhookId::parse("wh_1").expect("valid"),
        version: 7,
        entity: EntityId(48_213),
        kind,
        connection: None,
        settings: contract::catalogue::Settings::default(),
        endpoint: Endpoint::parse("https://crm.example.org/hook").expect("valid"),
        status: webhook::Status::Active,
        status_reason: None,
        options: Options::default(),
        created_at: now,
        updated_at: now,
        activated_at: Some(now),
    }
}

/// The one event of a body that an upstream wraps as it is.
fn event(kind: Kind, body: &str) -> Event {
    let message = format!(r#"{{"type":"{}","data":{body}}}"#, kind.name());
    upstream::native(message.as_bytes(), Timestamp::UNIX_EPOCH).expect("a good message").remove(0)
}

/// The plan of an event.
fn plan(event: &Event, webhook: &Webhook) -> Result<Plan, Refusal> {
    formatter::plan(event, webhook, false)
}

/// What the plan of an event sends.
fn sent<'a>(event: &'a Event, webhook: &Webhook) -> &'a str {
    let plan = plan(event, webhook).expect("a plan");
    assert!(matches!(plan.steps[0].body, Body::Event));
    event.body.get()
}

fn check(kind: Kind, webhook_type: Type, upstream: &str, golden: &str) {
    assert_eq!(sent(&event(kind, upstream), &webhook(webhook_type)), golden.trim_end());
}

fn golden(kind: Kind) -> (Type, &'static str) {
    match kind {
        Kind::Contribution => (Type::DEFAULT, CONTRIBUTION),
        Kind::Refund => (Type::DEFAULT_REFUNDS, REFUND),
        Kind::Cancellation => (Type::DEFAULT_CANCELLATIONS, CANCELLATION),
    }
}

#[test]
fn a_body_that_is_canonical_already_is_sent_as_it_is() {
    for kind in Kind::ALL {
        let (webhook_type, golden) = golden(kind);
        check(kind, webhook_type, golden, golden);
    }
}

#[test]
fn times_and_amounts_in_other_forms_become_canonical() {
    let given = CONTRIBUTION
        .replace("2024-03-05T18:22:41-05:00", "2024-03-05T23:22:41.999Z")
        .replace("2024-03-05T18:22:49-05:00", "2024-03-06T00:22:49+01:00")
        .replace("\"27.5\"", "27.50")
        .replace("\"15.0\"", "\"15\"")
        .replace("\"26.41\"", "26.41");
    check(Kind::Contribution, Type::DEFAULT, &given, CONTRIBUTION);
    let given = REFUND.replace("2024-03-14T09:15:02-04:00", "2024-03-14T13:15:02Z").replace("\"75.0\"", "75");
    check(Kind::Refund, Type::DEFAULT_REFUNDS, &given, REFUND);
    let given = CANCELLATION.replace("2024-07-19T07:40:10-04:00", "2024-07-19T13:40:10.5+02:00");
    check(Kind::Cancellation, Type::DEFAULT_CANCELLATIONS, &given, CANCELLATION);
}

#[test]
fn keys_in_another_order_and_white_space_become_canonical() {
    let value: serde_json::Value = serde_json::from_str(CONTRIBUTION).expect("valid");
    let sorted = serde_json::to_string_pretty(&value).expect("encodes");
    assert!(sorted.find("addr1") < sorted.find("firstname"), "serde_json sorts");
    let event = event(Kind::Contribution, &sorted);
    // Free-form maps keep the order that upstream gave them.
    let expected = CONTRIBUTION.trim_end().replace(r#"{"size":"L","color":"Navy"}"#, r#"{"color":"Navy","size":"L"}"#);
    assert_eq!(sent(&event, &webhook(Type::DEFAULT)), expected);
}

#[test]
fn what_upstream_leaves_out_because_it_is_null_is_sent_as_null() {
    let null = |text: &str, key: &str| text.replacen(&format!("\"{key}\":null,"), "", 1);
    let given = ["employerAddr1", "creditCardExpiration", "refcode", "giftIdentifier", "smartBoostAmount"];
    let given = given.iter().fold(REFUND.to_owned(), |text, key| null(&text, key));
    assert!(given.len() + 100 < REFUND.len());
    check(Kind::Refund, Type::DEFAULT_REFUNDS, &given, REFUND);
}

#[test]
fn a_plan_is_one_post_made_from_this_version_of_the_webhook() {
    let plan = plan(&event(Kind::Contribution, CONTRIBUTION), &webhook(Type::DEFAULT)).expect("a plan");
    assert_eq!((plan.config_version, plan.signed, plan.steps.len()), (7, true, 1));
    let step = &plan.steps[0];
    assert_eq!((step.name.as_str(), step.method), ("deliver", Method::Post));
    assert_eq!(step.success, [Rule::any_2xx()]);
}

#[test]
fn a_webhook_that_wants_no_signature_gets_none() {
    let mut webhook = webhook(Type::DEFAULT);
    webhook.options.signing = Signing::Off;
    assert!(!plan(&event(Kind::Contribution, CONTRIBUTION), &webhook).expect("a plan").signed);
}

#[test]
fn a_type_hears_of_its_own_kind_only() {
    for kind in Kind::ALL {
        let all = [Type::DEFAULT, Type::DEFAULT_REFUNDS, Type::DEFAULT_CANCELLATIONS];
        for other in all.into_iter().filter(|other| *other != golden(kind).0) {
            let refusal = plan(&event(kind, golden(kind).1), &webhook(other));
            assert!(matches!(refusal, Err(Refusal::Skip(NoPlan::NotSupported))), "{kind:?} {other:?}");
        }
    }
}

#[test]
fn declined_contributions_are_for_those_who_asked_and_pending_ones_for_nobody() {
    let of = |status, declined| {
        let mut event = event(Kind::Contribution, CONTRIBUTION);
        event.status = Some(status);
        let mut webhook = webhook(Type::DEFAULT);
        webhook.options.declined = declined;
        plan(&event, &webhook).is_ok()
    };
    assert!(of(Status::Approved, false));
    assert!(of(Status::Declined, true));
    assert!(!of(Status::Declined, false));
    assert!(!of(Status::Pending, true));
}
