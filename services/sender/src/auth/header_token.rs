//! A token in a named header.

use super::{Party, set_header};
use crate::client::Request;
use crate::failure::Failure;

pub(super) fn apply(party: &Party<'_>, header: &str, value: &str, request: &mut Request) -> Result<(), Failure> {
    set_header(request, header, &party.credential(value)?)
}
