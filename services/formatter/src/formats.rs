//! The formats: one file each, named after its page in `formats/`.

mod action_network;
mod actionkit;
mod ad_tracking;
mod blue_state_digital;
mod dialect;
mod field_map;
mod ispolitical;
mod nationbuilder;
mod ngpvan;
mod note;
mod osdi;
mod salsa_classic;
mod salsa_engage;
mod switchboard;
mod tatango;

use crate::format::Refusal;
use crate::input::Input;
use contract::catalogue::Format;
use contract::plan::{Body, Method, Plan, Step};

/// Only the ActBlue Default bodies tell of declined contributions.
pub(crate) fn takes_declined(format: Format) -> bool {
    format == Format::Default
}

/// The plan of a format. `input` is read only by those that need more than the event's body as it is.
pub(crate) fn plan<'a>(format: Format, input: impl FnOnce() -> Result<Input<'a>, Refusal>) -> Result<Plan, Refusal> {
    match format {
        Format::Default => Ok(Plan::new(0, vec![Step::new("deliver", Method::Post, Body::Event)])),
        Format::ActionKit => actionkit::plan(&input()?),
        Format::ActionNetwork => action_network::plan(&input()?),
        Format::BlueStateDigital => blue_state_digital::plan(&input()?),
        Format::Ga4 => ad_tracking::ga4::plan(&input()?),
        Format::Ispolitical => ispolitical::plan(&input()?),
        Format::Meta => ad_tracking::meta::plan(&input()?),
        Format::NationBuilderV1 => nationbuilder::v1::plan(&input()?),
        Format::NationBuilderV2 => nationbuilder::v2::plan(&input()?),
        Format::NgpVan => ngpvan::plan(&input()?),
        Format::Osdi => osdi::plan(&input()?),
        Format::SalsaClassic => salsa_classic::plan(&input()?),
        Format::SalsaEngage => salsa_engage::plan(&input()?),
        Format::Switchboard => switchboard::plan(&input()?),
        Format::Tatango => tatango::plan(&input()?),
    }
}
