//! Plans of native targets, from their line on the queue to what the target, the ledger and the attempt log have.

mod ledger;
mod outcomes;
mod pacing;
mod sessions;
mod steps;
mod test_sends;
mod tokens;

use super::{Rig, planned};
use contract::catalogue::Settings;
use contract::delivery::{Delivery, Planned};
use contract::event::Kind;
use contract::plan::{Body, Capture, Condition, Method, Part, Plan, Reference, Rule, Scope, Statuses, Step, Text, To};
use contract::webhook::Webhook;
use serde_json::json;
use stage::Outcome;
use store::{Remembered, Secrets};
use testkit::receiver::Receiver;

async fn rig() -> (Rig, Receiver) {
    (Rig::new().await, Receiver::start().await.expect("listens"))
}

/// A webhook of this type and connection, with these settings and secret fields.
async fn native(rig: &Rig, of: (&str, &str), url: &str, settings: &[(&str, &str)], fields: &[(&str, &str)]) -> Webhook {
    let set = |webhook: &mut Webhook, secrets: &mut Secrets| {
        webhook.kind = of.0.parse().expect("a type");
        webhook.connection = Some(of.1.to_owned());
        let settings = settings.iter().map(|(id, value)| ((*id).to_owned(), json!(value)));
        webhook.settings = Settings::new(settings.collect());
        secrets.authorization = store::Authorization::None;
        secrets.fields = fields.iter().map(|(id, value)| ((*id).to_owned(), (*value).into())).collect();
        assert!(webhook.speaks().is_some(), "{of:?} is in the catalogue");
    };
    rig.webhook(&of.0.replace('_', ""), url, set).await
}

/// A webhook of a database of NGP VAN.
async fn van(rig: &Rig, receiver: &Receiver) -> Webhook {
    native(rig, ("ngpvan", "api"), &receiver.url("/v4"), &[("application", "App")], &[("api_key", "FICTIONAL")]).await
}

/// A webhook of a group of Action Network, which holds what is unclear.
async fn holding(rig: &Rig, receiver: &Receiver) -> Webhook {
    native(rig, ("action_network", "api"), &receiver.url("/"), &[], &[("token", "FICTIONAL")]).await
}

/// A delivery of this plan; line item 7, in a series.
fn delivery(webhook: &Webhook, steps: Vec<Step>) -> Planned {
    let plan = Plan { series: Some("AB1-7".to_owned()), notes_delivery: true, ..Plan::new(webhook.version, steps) };
    Planned { plan, ..planned(webhook, 7) }
}

/// The same line item's refund.
fn refund(webhook: &Webhook, plan: Plan) -> Planned {
    let mut planned = Planned { plan, ..planned(webhook, 7) };
    planned.delivery.event.kind = Kind::Refund;
    planned
}

fn capture(name: &str) -> Reference {
    Reference::Capture(name.to_owned())
}

fn post(name: &str, path: &str, body: Text) -> Step {
    Step { to: To::Path(Part::text(path)), ..Step::new(name, Method::Post, Body::Json(body)) }
}

/// VAN's three steps in short: look up after an unclear answer, find the person, make the contribution.
fn van_steps() -> Vec<Step> {
    let found =
        Capture { status: Some(Statuses::In(vec![200])), ..Capture::json("contribution_id", "/contributionId") };
    let not_found = vec![Condition::Absent(capture("contribution_id"))];
    let contact = vec![
        Part::Text(r#"{"contact":{"vanId":"#.to_owned()),
        Part::Ref(capture("van_id")),
        Part::Text("}}".to_owned()),
    ];
    vec![
        Step {
            recheck: true,
            to: To::Path(Part::text("/contributions/onlineReferenceNumber:tributary-7")),
            success: vec![Rule::status(&[200, 404])],
            capture: vec![found.scope(Scope::Line)],
            ..Step::new("lookup", Method::Get, Body::None)
        },
        Step {
            when: not_found.clone(),
            capture: vec![Capture::json("van_id", "/vanId").required().scope(Scope::Line)],
            ..post("person", "/people/findOrCreate", Part::text("{}"))
        },
        Step {
            when: not_found,
            success: vec![Rule::status(&[201])],
            capture: vec![Capture::json("contribution_id", "").required().scope(Scope::Line)],
            ..post("contribution", "/contributions", contact)
        },
    ]
}

/// Methods and paths of all requests so far.
fn asked(receiver: &Receiver) -> Vec<String> {
    receiver.received().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

const LOOKUP: &str = "GET /v4/contributions/onlineReferenceNumber:tributary-7";
const PERSON: &str = "POST /v4/people/findOrCreate";
const CONTRIBUTION: &str = "POST /v4/contributions";

async fn remembered(rig: &Rig, webhook: &Webhook) -> Remembered {
    let keys = ["page:spring".to_owned()];
    rig.store.ledger().read(&webhook.id, 7, Some("AB1-7"), &keys).await.expect("the store is there")
}

fn delivered(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Forward(made) if made.is_empty())
}

/// The reason of a retry, and the line as it comes again.
fn again(outcome: Outcome, before: &Planned) -> (String, Planned) {
    let Outcome::Retry { why, body, .. } = outcome else { panic!("{outcome:?}") };
    (why, carried(body, before))
}

/// What a line carries when it comes again.
fn carried(body: Option<Box<serde_json::value::RawValue>>, before: &Planned) -> Planned {
    body.map_or_else(|| before.clone(), |body| serde_json::from_str(body.get()).expect("a delivery and its plan"))
}

/// The delivery that lies on the undelivered queue, and why.
fn undelivered(outcome: Outcome) -> (Delivery, String) {
    let Outcome::Undelivered { line, why, .. } = outcome else { panic!("{outcome:?}") };
    (contract::envelope::Line::<Delivery>::decode(&line).expect("a delivery").body, why)
}
