//! HTTP Basic (RFC 7617), sent without a challenge.

use super::{Party, set_header};
use crate::client::Request;
use crate::failure::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(super) fn apply(party: &Party<'_>, username: &str, password: &str, request: &mut Request) -> Result<(), Failure> {
    set(request, &party.credential(username)?, &party.credential(password)?)
}

pub(super) fn set(request: &mut Request, username: &str, password: &str) -> Result<(), Failure> {
    set_header(request, "authorization", &format!("Basic {}", credential(username, password)))
}

/// User name and password as they stand in the header.
pub(crate) fn credential(username: &str, password: &str) -> String {
    STANDARD.encode(format!("{username}:{password}"))
}
