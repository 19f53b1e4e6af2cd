//! A token where the customer wants it (`formats/osdi.md` §1): in a header unless the setting `token_in` says
//! `query`; nothing without a token.

use super::{Party, header_token, query_token};
use crate::client::Request;
use crate::failure::Failure;

pub(super) fn apply(
    party: &Party<'_>,
    header: &str,
    parameter: &str,
    value: &str,
    request: &mut Request,
) -> Result<(), Failure> {
    if party.filled(value).is_none() {
        return Ok(());
    }
    match party.field("token_in") {
        Some("query") => query_token::apply(party, parameter, value, request),
        _ => header_token::apply(party, header, value, request),
    }
}
