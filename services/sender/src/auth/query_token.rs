//! A token in a named query parameter.

use super::Party;
use crate::client::Request;
use crate::execute::url;
use crate::failure::Failure;

pub(super) fn apply(party: &Party<'_>, parameter: &str, value: &str, request: &mut Request) -> Result<(), Failure> {
    url::add(&mut request.url, parameter, &party.credential(value)?);
    Ok(())
}
