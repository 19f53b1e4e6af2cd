//! From an event and a webhook to a plan. Pure.

use contract::body::{self, Rejection};
use contract::delivery::{Delivery, Planned};
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

/// The requests that tell `webhook` of a delivery's event.
pub fn planned(delivery: &Delivery, webhook: &Webhook) -> Result<Planned, Refusal> {
    let event = &delivery.event;
    if !webhook.kind.takes(event.kind) {
        return Err(Refusal::NoPlan(NoPlan::NotSupported));
    }
    match event.status {
        None | Some(Status::Approved) => {}
        Some(Status::Declined) if webhook.options.declined => {}
        Some(Status::Declined | Status::Pending) => return Err(Refusal::NoPlan(NoPlan::NotApproved)),
    }
    let (event, steps) = match webhook.kind {
        Type::Default | Type::DefaultRefunds | Type::DefaultCancellations => deliver(event)?,
    };
    let signed = webhook.options.signing == Signing::SharedSecret;
    let delivery = Delivery { id: delivery.id.clone(), webhook: delivery.webhook.clone(), event, test: delivery.test };
    Ok(Planned { delivery, plan: Plan { config_version: webhook.version, signed, steps } })
}

/// The one request of the Default types: the event itself, in its canonical form. Rendering that form again
/// changes nothing, so the delivery can be rendered anew from it.
fn deliver(event: &Event) -> Result<(Event, Vec<Step>), Refusal> {
    let body = body::render(event).map_err(Refusal::Body)?;
    let step = Step { name: "deliver".to_owned(), method: Method::Post, body: Body::Event, success: Success::Any2xx };
    Ok((event.with_body(body), vec![step]))
}
