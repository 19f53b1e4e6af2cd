//! From an event and a webhook to a plan. Pure.

use crate::formats;
use crate::input::Input;
use contract::event::{Event, Status};
use contract::plan::{NoPlan, Plan};
use contract::webhook::{Signing, Webhook};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The webhook can't or does not want to hear of the event. People see it as a skipped attempt.
    #[error("{}", .0.text())]
    Skip(NoPlan),
    /// The event is not one that ingest makes: it is undelivered at once.
    #[error("the event can't be rendered: {0}")]
    Invalid(&'static str),
}

impl From<NoPlan> for Refusal {
    fn from(why: NoPlan) -> Self {
        Self::Skip(why)
    }
}

/// The requests that tell `webhook` of an event, or why there are none. `test` marks them as a test wherever the
/// target has a way to say so.
pub fn plan(event: &Event, webhook: &Webhook, test: bool) -> Result<Plan, Refusal> {
    let connection = webhook.speaks().filter(|connection| connection.takes(event.kind)).ok_or(NoPlan::NotSupported)?;
    match event.status {
        None | Some(Status::Approved) => {}
        Some(Status::Declined) if formats::takes_declined(connection.format) && webhook.options.declined => {}
        Some(Status::Declined | Status::Pending) => return Err(NoPlan::NotApproved.into()),
    }
    let plan = formats::plan(connection.format, || Input::read(event, webhook, connection, test))?;
    let signed = connection.signed && webhook.options.signing != Signing::Off;
    Ok(Plan { config_version: webhook.version, signed, ..plan })
}
