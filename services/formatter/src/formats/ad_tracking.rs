//! Ad tracking (`formats/ad-tracking.md`): one conversion per contribution.

mod browser;
pub(super) mod ga4;
mod hashing;
pub(super) mod meta;

use crate::format::Refusal;
use crate::input::{Input, Occasion};
use contract::plan::NoPlan;

const CURRENCY: &str = "USD";

/// Whether instalments are wanted, of a payment that is one.
fn need_wanted(input: &Input<'_>) -> Result<(), Refusal> {
    match input.occasion() == Occasion::Instalment && !input.ticked("instalments") {
        true => Err(NoPlan::InstalmentNotNeeded.into()),
        false => Ok(()),
    }
}

/// The identifier that tags on the page send too: the line item's, or the order number, which later payments of a
/// series follow with their number.
fn shared_id(input: &Input<'_>) -> String {
    match (input.setting("shared_id"), input.payment_no()) {
        (Some("order_number"), 1) => input.order().to_owned(),
        (Some("order_number"), number) => format!("{}-{number}", input.order()),
        _ => input.key(),
    }
}
