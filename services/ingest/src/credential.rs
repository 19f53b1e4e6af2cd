//! Who may publish over HTTP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use subtle::{Choice, ConstantTimeEq};

/// Bearer tokens, and the user name and password of `/v1/actblue`. Cheap to clone; `Debug` shows none of it.
#[derive(Debug, Clone, Default)]
pub struct Credentials(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    tokens: Vec<SecretString>,
    actblue: Option<(String, SecretString)>,
}

impl Credentials {
    /// `tokens` open `/v1/events`, and `/v1/actblue` as the password of any user; `actblue` opens the latter.
    pub fn new(tokens: Vec<SecretString>, actblue: Option<(String, SecretString)>) -> Self {
        Self(Arc::new(Known { tokens, actblue }))
    }

    /// Whether an `Authorization` header is `Bearer` with one of the tokens.
    pub(crate) fn bearer(&self, header: &[u8]) -> bool {
        scheme(header, b"bearer").is_some_and(|token| among(&self.0.tokens, token))
    }

    /// Whether an `Authorization` header is `Basic` with the user and password, or with a token as the password.
    pub(crate) fn basic(&self, header: &[u8]) -> bool {
        let Some(pair) = scheme(header, b"basic").and_then(|encoded| STANDARD.decode(encoded).ok()) else {
            return false;
        };
        let Some(colon) = pair.iter().position(|byte| *byte == b':') else { return false };
        let (username, password) = (&pair[..colon], &pair[colon + 1..]);
        let known = self.0.actblue.as_ref().map_or(Choice::from(0), |(known, secret)| {
            known.as_bytes().ct_eq(username) & secret.expose_secret().as_bytes().ct_eq(password)
        });
        // Both are compared in any case: how long it takes tells nothing.
        bool::from(known) | among(&self.0.tokens, password)
    }
}

/// What follows the scheme.
fn scheme<'a>(header: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (scheme, rest) = header.split_at_checked(name.len())?;
    let rest = rest.strip_prefix(b" ")?;
    scheme.eq_ignore_ascii_case(name).then(|| rest.trim_ascii())
}

/// Compares with each in constant time. An empty text is no credential.
fn among(known: &[SecretString], given: &[u8]) -> bool {
    let hits = known.iter().map(|known| known.expose_secret().as_bytes().ct_eq(given));
    !given.is_empty() && bool::from(hits.fold(Choice::from(0), |any, hit| any | hit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        let tokens = ["token-one-16-bytes", "token-two-16-bytes"].map(SecretString::from);
        Credentials::new(tokens.into(), Some(("harbor".to_owned(), "p:w".into())))
    }

    #[test]
    fn only_a_known_token_opens_the_bearer_entrance() {
        let check = |header: &str, good| assert_eq!(credentials().bearer(header.as_bytes()), good, "{header}");
        check("Bearer token-one-16-bytes", true);
        check("bearer  token-two-16-bytes ", true);
        check("Bearer token-one-16-byte", false);
        check("Bearer token-one-16-bytesx", false);
        check("Bearer ", false);
        check("Bearer", false);
        check("Basic token-one-16-bytes", false);
        check("", false);
        assert!(!Credentials::default().bearer(b"Bearer x"));
    }

    #[test]
    fn a_pair_or_a_token_as_password_opens_the_basic_entrance() {
        let check = |pair: &str, good| {
            let header = format!("Basic {}", STANDARD.encode(pair));
            assert_eq!(credentials().basic(header.as_bytes()), good, "{pair}");
        };
        check("harbor:p:w", true);
        check("anyone:token-two-16-bytes", true);
        check(":token-two-16-bytes", true);
        check("harbor:p", false);
        check("other:p:w", false);
        check("harbor:", false);
        check("token-two-16-bytes", false);
        check("", false);
        assert!(!credentials().basic(b"Basic ###"));
        assert!(!Credentials::default().basic(b"Basic Og=="), "an empty pair is no credential");
    }
}
