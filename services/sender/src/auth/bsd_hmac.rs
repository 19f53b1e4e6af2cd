//! The signed query of the BSD Tools API (`formats/blue-state-digital.md` §2.1). It covers path and query, not the
//! body, and is good for half a minute.

use super::{MISSING, Party, basic};
use crate::client::Request;
use crate::execute::url;
use crate::failure::Failure;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha1::Sha1;
use std::fmt::Write as _;

const VERSION: &str = "2";

pub(super) fn apply(party: &Party<'_>, request: &mut Request, now: Timestamp) -> Result<(), Failure> {
    let (id, secret) = (party.field("api_id").ok_or(MISSING)?, party.field("api_secret").ok_or(MISSING)?);
    let at = now.as_second().to_string();
    for (name, value) in [("api_id", id), ("api_ts", &at), ("api_ver", VERSION)] {
        url::add(&mut request.url, name, value);
    }
    let pairs: Vec<_> = request.url.query_pairs().collect();
    let mac = mac(id, secret, &at, request.url.path(), &pairs)?;
    drop(pairs);
    url::add(&mut request.url, "api_mac", &mac);
    // Only some hosts ask for this as well.
    match (party.field("http_user"), party.field("http_password")) {
        (Some(user), Some(password)) => basic::set(request, user, password),
        _ => Ok(()),
    }
}

/// The signature of a query, whose pairs are in the order in which they are sent and not percent-encoded.
fn mac(
    id: &str,
    secret: &str,
    at: &str,
    path: &str,
    pairs: &[(impl AsRef<str>, impl AsRef<str>)],
) -> Result<String, Failure> {
    let query: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", name.as_ref(), value.as_ref())).collect();
    let signed = format!("{id}\n{at}\n{path}\n{}", query.join("&"));
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map_err(|_| MISSING)?;
    mac.update(signed.as_bytes());
    Ok(mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `formats/blue-state-digital.md` §2.2
    #[test]
    fn the_printed_vectors_hold() {
        let check = |id, secret, at, path, pairs: &[(&str, &str)], expected: &str| {
            assert_eq!(mac(id, secret, at, path, pairs).as_deref(), Ok(expected), "{id}");
        };
        check(
            "my-id",
            "my-secret",
            "946684800",
            "/page/api/thing/list_things",
            &[("api_id", "my-id"), ("api_ts", "946684800"), ("api_ver", "2")],
            "cdeeab080173ba36f39b18b8311535bfa5e9b62c",
        );
        check(
            "123",
            "a1b2c3",
            "54321",
            "/my-api-path",
            &[("api_ts", "54321"), ("api_id", "123"), ("api_ver", "2")],
            "377d739e406238ba2e03bec985b882ee4c0c2b05",
        );
        check(
            "tributary",
            "0123456789abcdef0123456789abcdef01234567",
            "1709680969",
            "/page/api/contribution/add_external_contribution",
            &[("api_id", "tributary"), ("api_ts", "1709680969"), ("api_ver", "2")],
            "d06a5f6a2c062111a96894bd22600e95e8da6e28",
        );
    }
}
