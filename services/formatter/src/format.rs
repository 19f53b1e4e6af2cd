//! From an event and a webhook to a plan. Pure.

use contract::body::{self, Rejection};
use contract::event::{Event, Status};
use contract::plan::{Body, Method, NoPlan, Plan, Step, Success};
use contract::webhook::{Signing, Type, Webhook};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The webhook can't or does not want to hear of the event. People see it as a skipped attempt.
    #[error("{}", .0.text())]
    NoPlan(NoPlan),
    /// The event is not one that ingest makes.
    #[error("the event's body can't be rendered: {0}")]
    Body(#[source] Rejection),
}

/// The requests that tell `webhook` of `event`.
pub fn plan(event: &Event, webhook: &Webhook) -> Result<Plan, Refusal> {
    if !webhook.kind.takes(event.kind) {
        return Err(Refusal::NoPlan(NoPlan::NotSupported));
    }
    match event.status {
        None | Some(Status::Approved) => {}
        Some(Status::Declined) if webhook.options.declined => {}
        Some(Status::Declined | Status::Pending) => return Err(Refusal::NoPlan(NoPlan::NotApproved)),
    }
    let steps = match webhook.kind {
        Type::Default | Type::DefaultRefunds | Type::DefaultCancellations => vec![deliver(event)?],
    };
    Ok(Plan { config_version: webhook.version, signed: webhook.options.signing == Signing::SharedSecret, steps })
}

/// The one request of the Default types.
fn deliver(event: &Event) -> Result<Step, Refusal> {
    let body = body::render(event).map_err(Refusal::Body)?;
    Ok(Step { name: "deliver".to_owned(), method: Method::Post, body: Body::Json(body), success: Success::Any2xx })
}
