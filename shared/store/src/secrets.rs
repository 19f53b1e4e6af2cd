//! A webhook's secrets: what the sender authenticates with and signs with.

use contract::limits;
use contract::signature::{NotAPrivateKey, NotASecret, PrivateKey, Signer, SigningSecret};
use contract::webhook::{Endpoint, Signing};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// How requests authenticate.
#[derive(Debug, Clone, Default)]
pub enum Authorization {
    /// Not at all, or only by custom headers.
    #[default]
    None,
    /// HTTP Basic.
    Basic {
        /// Not secret.
        username: String,
        /// Secret.
        password: SecretString,
    },
    /// `Authorization: Bearer …`.
    Bearer {
        /// Secret.
        token: SecretString,
    },
}

/// A signing secret and its place in a rotation.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// Signs.
    pub secret: SigningSecret,
    /// Signs beside it, when the webhook asks for that. Rows of an older release have none.
    pub private: Option<PrivateKey>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When a newer one took its place; it goes on signing for [`limits::ROTATION_OVERLAP_S`].
    pub replaced_at: Option<Timestamp>,
}

impl SigningKey {
    /// A new secret of 32 random bytes, and a new private key.
    pub fn generate(now: Timestamp) -> Self {
        let secret = SigningSecret::of_bytes(rand::random());
        Self { secret, private: new_private(), made_at: now, replaced_at: None }
    }

    fn signs(&self, now: Timestamp) -> bool {
        let overlap = SignedDuration::from_secs(limits::ROTATION_OVERLAP_S.cast_signed());
        self.replaced_at.is_none_or(|replaced| now.duration_since(replaced) < overlap)
    }
}

/// An access token that was fetched with a refresh token (OAuth 2.0).
#[derive(Debug, Clone)]
pub struct Access {
    /// Secret.
    pub token: SecretString,
    /// When the target stops taking it.
    pub expires_at: Timestamp,
}

/// Everything secret about one webhook. `Debug` shows none of it.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// How requests authenticate.
    pub authorization: Authorization,
    /// Custom headers, sent besides the authorization. The names are not secret.
    pub headers: Vec<(String, SecretString)>,
    /// Signing secrets, newest first.
    pub signing: Vec<SigningKey>,
    /// Secret fields of the webhook's connection by their ids, which are not secret.
    pub fields: BTreeMap<String, SecretString>,
    /// The access token at hand. It was fetched with one of the fields: whoever changes that takes this away.
    pub access: Option<Access>,
    /// The origin of the endpoint that everything here but the signing secrets was entered for. It goes nowhere
    /// else. None in rows of a release that did not note it: they go wherever the webhook points.
    pub origin: Option<String>,
}

impl Secrets {
    /// No credentials, and a new signing secret.
    pub fn generate(now: Timestamp) -> Self {
        Self { signing: vec![SigningKey::generate(now)], ..Self::default() }
    }

    /// A secret field of the webhook's connection, by its id.
    pub fn field(&self, id: &str) -> Option<&SecretString> {
        self.fields.get(id)
    }

    /// Whether a request to this endpoint may carry them: authorization, headers, fields and access token.
    pub fn are_for(&self, endpoint: &Endpoint) -> bool {
        self.origin.as_ref().is_none_or(|origin| *origin == endpoint.origin())
    }

    /// What signs at `now`, newest first: the current key, and one that was replaced less than
    /// [`limits::ROTATION_OVERLAP_S`] ago.
    pub fn signers(&self, signing: Signing, now: Timestamp) -> Vec<Signer> {
        let live = self.signing.iter().filter(|key| key.signs(now)).take(2);
        let signer = |key: &SigningKey| Signer {
            secret: key.secret.clone(),
            private: key.private.clone().filter(|_| signing == Signing::PublicKey),
        };
        live.map(signer).collect()
    }

    /// The public key that belongs to the current private key.
    pub fn public_key(&self) -> Option<String> {
        self.current()?.private.as_ref()?.public()
    }

    /// Gives the current key of an older release a private key, so that there is a public one.
    pub fn complete(&mut self) {
        if let Some(current) = self.signing.iter_mut().find(|key| key.replaced_at.is_none()) {
            current.private = current.private.take().or_else(new_private);
        }
    }

    /// Puts a new key in the place of the current one. With `keep_old` the current one signs beside it for
    /// [`limits::ROTATION_OVERLAP_S`]; without, it stops at once.
    pub fn rotate(&mut self, new: SigningKey, keep_old: bool) {
        let now = new.made_at;
        let current = self.signing.drain(..).find(|key| key.replaced_at.is_none());
        self.signing.push(new);
        if keep_old {
            self.signing.extend(current.map(|key| SigningKey { replaced_at: Some(now), ..key }));
        }
    }

    fn current(&self) -> Option<&SigningKey> {
        self.signing.iter().find(|key| key.replaced_at.is_none())
    }
}

/// Any 32 bytes are a seed.
fn new_private() -> Option<PrivateKey> {
    PrivateKey::of_seed(rand::random()).ok()
}

/// The plain form inside the seal; `S` is borrowed text on the way in and a secret on the way out.
#[derive(Serialize, Deserialize)]
struct Plain<S> {
    v: u8,
    authorization: PlainAuthorization<S>,
    headers: Vec<(String, S)>,
    signing: Vec<PlainKey<S>>,
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<String, S>,
    #[serde(default = "no_access", skip_serializing_if = "Option::is_none")]
    access: Option<PlainAccess<S>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

/// The default without a demand on `S`.
const fn no_access<S>() -> Option<PlainAccess<S>> {
    None
}

/// The same.
const fn no_key<S>() -> Option<S> {
    None
}

#[derive(Serialize, Deserialize)]
struct PlainAccess<S> {
    token: S,
    expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
enum PlainAuthorization<S> {
    None,
    Basic { username: String, password: S },
    Bearer { token: S },
}

#[derive(Serialize, Deserialize)]
struct PlainKey<S> {
    secret: S,
    #[serde(default = "no_key", skip_serializing_if = "Option::is_none")]
    private: Option<S>,
    made_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_at: Option<Timestamp>,
}

const VERSION: u8 = 1;

/// Why the opened bytes are no secrets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlainError {
    #[error("they are not in the form this program knows")]
    Form(#[source] serde_json::Error),
    #[error("version {0} is newer than this program")]
    Version(u8),
    #[error("a signing secret is damaged")]
    Signing(#[source] NotASecret),
    #[error("a private key is damaged")]
    Private(#[source] NotAPrivateKey),
}

impl Secrets {
    pub(crate) fn to_plain(&self) -> Result<Zeroizing<Vec<u8>>, PlainError> {
        let plain = Plain {
            v: VERSION,
            authorization: match &self.authorization {
                Authorization::None => PlainAuthorization::None,
                Authorization::Basic { username, password } => {
                    PlainAuthorization::Basic { username: username.clone(), password: password.expose_secret() }
                }
                Authorization::Bearer { token } => PlainAuthorization::Bearer { token: token.expose_secret() },
            },
            headers: self.headers.iter().map(|(name, value)| (name.clone(), value.expose_secret())).collect(),
            signing: self
                .signing
                .iter()
                .map(|key| PlainKey {
                    secret: key.secret.expose(),
                    private: key.private.as_ref().map(PrivateKey::expose),
                    made_at: key.made_at,
                    replaced_at: key.replaced_at,
                })
                .collect(),
            fields: self.fields.iter().map(|(id, value)| (id.clone(), value.expose_secret())).collect(),
            access: self
                .access
                .as_ref()
                .map(|access| PlainAccess { token: access.token.expose_secret(), expires_at: access.expires_at }),
            origin: self.origin.clone(),
        };
        serde_json::to_vec(&plain).map(Zeroizing::new).map_err(PlainError::Form)
    }

    pub(crate) fn from_plain(bytes: &[u8]) -> Result<Self, PlainError> {
        let plain: Plain<SecretString> = serde_json::from_slice(bytes).map_err(PlainError::Form)?;
        if plain.v != VERSION {
            return Err(PlainError::Version(plain.v));
        }
        let signing = plain.signing.into_iter().map(|key| {
            let secret = SigningSecret::parse(key.secret.expose_secret()).map_err(PlainError::Signing)?;
            let private = key.private.map(|text| PrivateKey::parse(text.expose_secret())).transpose();
            let private = private.map_err(PlainError::Private)?;
            Ok(SigningKey { secret, private, made_at: key.made_at, replaced_at: key.replaced_at })
        });
        Ok(Self {
            authorization: match plain.authorization {
                PlainAuthorization::None => Authorization::None,
                PlainAuthorization::Basic { username, password } => Authorization::Basic { username, password },
                PlainAuthorization::Bearer { token } => Authorization::Bearer { token },
            },
            headers: plain.headers,
            signing: signing.collect::<Result<_, PlainError>>()?,
            fields: plain.fields,
            access: plain.access.map(|access| Access { token: access.token, expires_at: access.expires_at }),
            origin: plain.origin,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_second(seconds.cast_signed()).expect("in range")
    }

    fn live(secrets: &Secrets, seconds: u64) -> Vec<String> {
        let signers = secrets.signers(Signing::SharedSecret, at(seconds));
        signers.iter().map(|signer| signer.secret.expose().to_owned()).collect()
    }

    fn key(byte: u8, seconds: u64) -> SigningKey {
        SigningKey { secret: SigningSecret::of_bytes([byte; 32]), ..SigningKey::generate(at(seconds)) }
    }

    #[test]
    fn a_private_key_signs_only_where_it_is_asked_for_and_is_made_for_rows_without_one() {
        let mut secrets = Secrets::generate(at(0));
        let signs = |secrets: &Secrets, signing| secrets.signers(signing, at(0))[0].private.is_some();
        assert!(signs(&secrets, Signing::PublicKey) && !signs(&secrets, Signing::SharedSecret));
        let public = secrets.public_key();
        secrets.complete();
        assert!(public.is_some() && secrets.public_key() == public, "one that is there stays");

        secrets.signing[0].private = None;
        let before = secrets.to_plain().expect("plain");
        assert!(!String::from_utf8_lossy(&before).contains("private"), "older releases read it");
        let mut read = Secrets::from_plain(&before).expect("secrets");
        assert_eq!(read.public_key(), None);
        read.complete();
        let again = Secrets::from_plain(&read.to_plain().expect("plain")).expect("secrets");
        assert!(read.public_key().is_some() && again.public_key() == read.public_key());
    }

    #[test]
    fn a_replaced_secret_signs_second_until_the_overlap_ends() {
        let mut secrets = Secrets::generate(at(0));
        let old = live(&secrets, 0);
        let new = SigningSecret::of_bytes([7; 32]);
        secrets.rotate(key(7, 100), true);
        assert_eq!(live(&secrets, 100), [new.expose(), &old[0]]);
        assert_eq!(live(&secrets, 99 + limits::ROTATION_OVERLAP_S).len(), 2);
        assert_eq!(live(&secrets, 100 + limits::ROTATION_OVERLAP_S), [new.expose()]);
    }

    #[test]
    fn never_more_than_two_secrets_sign_and_a_revoked_one_stops_at_once() {
        let mut secrets = Secrets::generate(at(0));
        for n in 1..=3 {
            secrets.rotate(key(7, n), true);
            assert_eq!(live(&secrets, n).len(), 2);
        }
        secrets.rotate(key(8, 4), false);
        assert_eq!(live(&secrets, 4), [SigningSecret::of_bytes([8; 32]).expose()]);
    }

    #[test]
    fn secrets_belong_to_the_origin_that_they_were_entered_for() {
        let endpoint = |text| Endpoint::parse(text).expect("an endpoint");
        let mut secrets = Secrets::generate(at(0));
        let before = secrets.to_plain().expect("plain");
        assert!(!String::from_utf8_lossy(&before).contains("origin"), "older releases read it");
        assert!(Secrets::from_plain(&before).expect("read").are_for(&endpoint("https://b.example.org/")));

        secrets.origin = Some(endpoint("https://a.example.org/hook").origin());
        let stored = Secrets::from_plain(&secrets.to_plain().expect("plain")).expect("read");
        assert!(stored.are_for(&endpoint("https://a.example.org:443/other?x=1")));
        for elsewhere in ["https://b.example.org/", "http://a.example.org/", "https://a.example.org:8443/"] {
            assert!(!stored.are_for(&endpoint(elsewhere)), "{elsewhere}");
        }
    }

    #[test]
    fn fields_and_the_access_token_come_back_and_older_rows_have_none() {
        let mut secrets = Secrets::generate(at(0));
        let before = secrets.to_plain().expect("plain");
        let text = String::from_utf8_lossy(&before);
        assert!(!text.contains("fields") && !text.contains("access"), "as older releases wrote it: {text}");
        let older = Secrets::from_plain(&before).expect("read");
        assert!(older.fields.is_empty() && older.access.is_none() && older.field("api_secret").is_none());

        secrets.fields = BTreeMap::from([("api_secret".to_owned(), "swordfish".into())]);
        secrets.access = Some(Access { token: "mellon".into(), expires_at: at(60) });
        let stored = Secrets::from_plain(&secrets.to_plain().expect("plain")).expect("read");
        assert_eq!(stored.field("api_secret").map(ExposeSecret::expose_secret), Some("swordfish"));
        assert!(stored.field("api_id").is_none());
        let access = stored.access.expect("there");
        assert_eq!((access.token.expose_secret(), access.expires_at), ("mellon", at(60)));
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut secrets = Secrets::generate(at(0));
        secrets.authorization = Authorization::Basic { username: "ana".to_owned(), password: "hunter2".into() };
        secrets.headers = vec![("X-Key".to_owned(), "sesame".into())];
        secrets.fields = BTreeMap::from([("api_secret".to_owned(), "swordfish".into())]);
        secrets.access = Some(Access { token: "mellon".into(), expires_at: at(60) });
        let shown = format!("{secrets:?}");
        for secret in ["hunter2", "sesame", "swordfish", "mellon", "whsec_"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
