//! Standard Webhooks 1.0.0 signatures: with a shared secret (`v1`) and with a private key (`v1a`).

use crate::id::DeliveryId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{Ed25519KeyPair, KeyPair};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
const PRIVATE_PREFIX: &str = "whsk_";
const PUBLIC_PREFIX: &str = "whpk_";
/// Bytes of an Ed25519 seed; the public key behind it has as many.
const SEED_BYTES: usize = 32;

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

/// An Ed25519 private key: `whsk_`, and the seed and the public key as base64. It never leaves the installation.
#[derive(Debug, Clone)]
pub struct PrivateKey(SecretString);

/// Why a text is not a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a private key is whsk_ followed by an Ed25519 seed and its public key as base64")]
pub struct NotAPrivateKey;

impl PrivateKey {
    /// Checks a stored key.
    pub fn parse(text: &str) -> Result<Self, NotAPrivateKey> {
        let key = Self(SecretString::from(text));
        key.pair().ok_or(NotAPrivateKey)?;
        Ok(key)
    }

    /// The key of 32 random bytes.
    pub fn of_seed(seed: [u8; SEED_BYTES]) -> Result<Self, NotAPrivateKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| NotAPrivateKey)?;
        let bytes = [&seed, pair.public_key().as_ref()].concat();
        Ok(Self(SecretString::from(format!("{PRIVATE_PREFIX}{}", STANDARD.encode(bytes)))))
    }

    /// The public key, which is no secret: `whpk_` and 32 bytes as base64.
    pub fn public(&self) -> Option<String> {
        Some(format!("{PUBLIC_PREFIX}{}", STANDARD.encode(self.pair()?.public_key())))
    }

    /// The text, for encryption.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn pair(&self) -> Option<Ed25519KeyPair> {
        let bytes = STANDARD.decode(self.expose().strip_prefix(PRIVATE_PREFIX)?).ok()?;
        let (seed, public) = bytes.split_at_checked(SEED_BYTES)?;
        Ed25519KeyPair::from_seed_and_public_key(seed, public).ok()
    }
}

/// What signs an attempt, all of one age.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Signs as `v1`.
    pub secret: SigningSecret,
    /// Signs as `v1a` before it, where a webhook asks for that.
    pub private: Option<PrivateKey>,
}

/// The `webhook-signature` of one attempt: entries for each live signer, newest first.
///
/// `at_unix_s` is the `webhook-timestamp` of the same attempt, `body` exactly the bytes that are sent. Without a
/// signer it is an error, never an unsigned request.
pub fn sign(signers: &[Signer], id: &DeliveryId, at_unix_s: i64, body: &[u8]) -> Result<String, NotASecret> {
    sign_text(signers, id.as_str(), at_unix_s, body)
}

fn sign_text(signers: &[Signer], id: &str, at_unix_s: i64, body: &[u8]) -> Result<String, NotASecret> {
    let content = [format!("{id}.{at_unix_s}.").as_bytes(), body].concat();
    let mut entries = Vec::with_capacity(2 * signers.len());
    for Signer { secret, private } in signers {
        if let Some(private) = private {
            let pair = private.pair().ok_or(NotASecret)?;
            entries.push(format!("v1a,{}", STANDARD.encode(pair.sign(&content))));
        }
        let key = decode(secret.expose()).ok_or(NotASecret)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| NotASecret)?;
        mac.update(&content);
        entries.push(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    }
    if entries.is_empty() { Err(NotASecret) } else { Ok(entries.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const PRIVATE: &str =
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

    fn shared(secret: SigningSecret) -> Signer {
        Signer { secret, private: None }
    }

    #[test]
    fn the_printed_vectors_hold() {
        let secret = SigningSecret::parse(SECRET).expect("valid");
        let private = PrivateKey::parse(PRIVATE).expect("valid");
        let public = private.public().expect("a key");
        assert_eq!(public, "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
        let made = |private| {
            let signer = Signer { secret: secret.clone(), private };
            sign_text(&[signer], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#)
        };
        let v1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let v1a = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
        assert_eq!(made(None).expect("signs"), v1);
        assert_eq!(made(Some(private)).expect("signs"), format!("{v1a} {v1}"));
    }

    #[test]
    fn a_private_key_is_a_seed_and_the_public_key_that_belongs_to_it() {
        let made = PrivateKey::of_seed([7; 32]).expect("a key");
        assert_eq!(PrivateKey::parse(made.expose()).expect("valid").public(), made.public());
        let other = format!("whsk_{}", STANDARD.encode([7; 64]));
        for bad in ["", "whsk_", &PRIVATE[5..], &PRIVATE.replace("whsk_", "whsec_"), &other] {
            assert!(PrivateKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_reference_library_makes_the_same_signature() {
        let (id, at, body) = (DeliveryId::of_bits(7), 1_614_265_330, br#"{"amount":"27.50"}"#);
        for secret in [SigningSecret::of_bytes([7; 32]), SigningSecret::parse(SECRET).expect("valid")] {
            let theirs = standardwebhooks::Webhook::new(secret.expose()).expect("a secret");
            let theirs = theirs.sign(id.as_str(), at, body).expect("signs");
            assert_eq!(sign(&[shared(secret)], &id, at, body).expect("signs"), theirs);
        }
    }

    #[test]
    fn during_rotation_both_secrets_sign_and_the_newest_comes_first() {
        let new = shared(SigningSecret::of_bytes([7; 32]));
        let old = shared(SigningSecret::parse(SECRET).expect("valid"));
        let both = sign_text(&[new.clone(), old.clone()], "id", 1, b"{}").expect("signs");
        let one = |signer| sign_text(&[signer], "id", 1, b"{}").expect("signs");
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
