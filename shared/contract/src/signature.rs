//! Standard Webhooks 1.0.0 signatures with a shared secret (`v1`).

use crate::id::DeliveryId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// A signing secret: `whsec_` and 24 to 64 bytes as base64. Ours are 32 random bytes.
#[derive(Debug, Clone)]
pub struct SigningSecret(SecretString);

/// Why a text is not a signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret is whsec_ followed by 24 to 64 bytes as base64")]
pub struct NotASecret;

impl SigningSecret {
    /// Checks a stored or entered secret. An empty one is an error, never an unsigned request.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let key = decode(text).ok_or(NotASecret)?;
        if (24..=64).contains(&key.len()) { Ok(Self(SecretString::from(text))) } else { Err(NotASecret) }
    }

    /// The secret made of 32 random bytes.
    pub fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretString::from(format!("{PREFIX}{}", STANDARD.encode(bytes))))
    }

    /// The text, for the one display and for encryption.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.strip_prefix(PREFIX)?).ok()
}

/// The `webhook-signature` of one attempt: one entry per live secret, newest first.
///
/// `at_unix_s` is the `webhook-timestamp` of the same attempt, `body` exactly the bytes that are sent.
pub fn sign(secrets: &[SigningSecret], id: &DeliveryId, at_unix_s: i64, body: &[u8]) -> Result<String, NotASecret> {
    sign_text(secrets, id.as_str(), at_unix_s, body)
}

fn sign_text(secrets: &[SigningSecret], id: &str, at_unix_s: i64, body: &[u8]) -> Result<String, NotASecret> {
    let mut entries = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let key = decode(secret.expose()).ok_or(NotASecret)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| NotASecret)?;
        mac.update(id.as_bytes());
        mac.update(format!(".{at_unix_s}.").as_bytes());
        mac.update(body);
        entries.push(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    }
    if entries.is_empty() { Err(NotASecret) } else { Ok(entries.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_printed_vector_holds() {
        let secret = SigningSecret::parse(SECRET).expect("valid");
        let made = sign_text(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(made.expect("signs"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_reference_library_makes_the_same_signature() {
        let (id, at, body) = (DeliveryId::of_bits(7), 1_614_265_330, br#"{"amount":"27.50"}"#);
        for secret in [SigningSecret::of_bytes([7; 32]), SigningSecret::parse(SECRET).expect("valid")] {
            let theirs = standardwebhooks::Webhook::new(secret.expose()).expect("a secret");
            let theirs = theirs.sign(id.as_str(), at, body).expect("signs");
            assert_eq!(sign(&[secret], &id, at, body).expect("signs"), theirs);
        }
    }

    #[test]
    fn during_rotation_both_secrets_sign_and_the_newest_comes_first() {
        let new = SigningSecret::of_bytes([7; 32]);
        let old = SigningSecret::parse(SECRET).expect("valid");
        let both = sign_text(&[new.clone(), old.clone()], "id", 1, b"{}").expect("signs");
        let one = |secret| sign_text(&[secret], "id", 1, b"{}").expect("signs");
        assert_eq!(both, format!("{} {}", one(new), one(old)));
    }

    #[test]
    fn an_empty_or_short_secret_is_an_error_never_an_unsigned_request() {
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", SECRET.trim_start_matches("whsec_")] {
            assert!(SigningSecret::parse(bad).is_err(), "{bad}");
        }
        assert!(sign_text(&[], "id", 1, b"{}").is_err());
    }
}
