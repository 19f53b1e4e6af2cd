//! From an event and a webhook to a plan. Pure.

use contract::catalogue::Format;
use contract::event::{Event, Status};
use contract::plan::{Body, Method, NoPlan, Plan, Step, Success};
use contract::webhook::{Signing, Webhook};

/// The requests that tell `webhook` of an event, or why there are none.
pub fn plan(event: &Event, webhook: &Webhook) -> Result<Plan, NoPlan> {
    let connection = webhook.speaks().filter(|connection| connection.takes(event.kind)).ok_or(NoPlan::NotSupported)?;
    match event.status {
        None | Some(Status::Approved) => {}
        Some(Status::Declined) if webhook.options.declined => {}
        Some(Status::Declined | Status::Pending) => return Err(NoPlan::NotApproved),
    }
    let steps = match connection.format {
        Format::Default => vec![deliver()],
    };
    let signed = connection.signed && webhook.options.signing == Signing::SharedSecret;
    Ok(Plan { config_version: webhook.version, signed, steps })
}

/// The one request of the Default types: the event's body is theirs.
fn deliver() -> Step {
    Step { name: "deliver".to_owned(), method: Method::Post, body: Body::Event, success: Success::Any2xx }
}
