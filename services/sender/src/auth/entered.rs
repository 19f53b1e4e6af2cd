//! The credentials that the webhook was given: Basic, a bearer token, headers of its own, or nothing.

use super::{Party, basic, set_header};
use crate::client::Request;
use crate::failure::Failure;
use secrecy::ExposeSecret;
use store::Authorization;

pub(super) fn apply(party: &Party<'_>, request: &mut Request) -> Result<(), Failure> {
    match &party.secrets.authorization {
        Authorization::None => Ok(()),
        Authorization::Basic { username, password } => basic::set(request, username, password.expose_secret()),
        Authorization::Bearer { token } => {
            set_header(request, "authorization", &format!("Bearer {}", token.expose_secret()))
        }
    }
}
