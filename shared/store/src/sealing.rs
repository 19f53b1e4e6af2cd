//! Secrets at rest: XChaCha20-Poly1305 with the webhook's id as associated data, so that sealed bytes
//! open only for the webhook they were made for.
//!
//! Sealed bytes: version (1 byte), key id (4), nonce (24), ciphertext and tag. The key id is the beginning
//! of the key's SHA-256; it tells which of several keys opens them.

use crate::error::Error;
use crate::secrets::{PlainError, Secrets};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use contract::id::WebhookId;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;
const KEY_FILE: &str = "secret.key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key was given.
    #[error("no secret key is given: set 32 random bytes as base64 or hex, made by `openssl rand -base64 32`")]
    Missing,
    /// One of the keys is not 32 bytes as base64 or hex. Which one, counted from 1.
    #[error("secret key {0} is not 32 bytes as base64 or hex: make one with `openssl rand -base64 32`")]
    Form(usize),
    /// Other people can read the key file.
    #[error("{} can be read by others: run `chmod 600` on it", .0.display())]
    Readable(PathBuf),
    /// The key file can't be read or made.
    #[error("can't read or make {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

#[derive(Clone)]
struct SecretKey {
    id: [u8; KEY_ID_BYTES],
    cipher: XChaCha20Poly1305,
}

impl SecretKey {
    fn new(key: &[u8; 32]) -> Self {
        let digest = Sha256::digest(key);
        Self { id: [digest[0], digest[1], digest[2], digest[3]], cipher: XChaCha20Poly1305::new(key.into()) }
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(from_hex(text).or_else(|| STANDARD.decode(text).ok())?);
        let key: Zeroizing<[u8; 32]> = Zeroizing::new(bytes.as_slice().try_into().ok()?);
        Some(Self::new(&key))
    }
}

/// The keys that seal secrets: the first seals, all of them open, so that a key can be changed without a
/// moment at which nothing opens. A process that has no business with secrets has none.
#[derive(Clone)]
pub struct SecretKeys(Vec<SecretKey>);

impl std::fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretKeys({})", self.0.len())
    }
}

/// Why sealed bytes don't open.
#[derive(Debug, thiserror::Error)]
enum OpenSealError {
    #[error("there is no secret key here")]
    NoKey,
    #[error("they are not sealed in a form this program knows")]
    Form,
    #[error("none of the configured secret keys sealed them")]
    UnknownKey,
    #[error("they were altered, or belong to another webhook")]
    Altered,
    #[error("sealing failed")]
    Seal,
}

impl SecretKeys {
    /// No key, for a process that neither reads nor writes secrets: doing so is [`Error::NoKey`].
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// One or more keys, separated by commas, each 32 bytes as base64 or hex.
    pub fn parse(text: &SecretString) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for part in text.expose_secret().split(',').map(str::trim).filter(|part| !part.is_empty()) {
            keys.push(SecretKey::parse(part).ok_or(KeyError::Form(keys.len() + 1))?);
        }
        if keys.is_empty() { Err(KeyError::Missing) } else { Ok(Self(keys)) }
    }

    /// The key in `secret.key` of this folder, made on first use and readable by the owner only. A folder
    /// that is missing is made, with owner-only permissions. Reads and writes files: call it at start-up.
    pub fn in_folder(dir: &Path) -> Result<Self, KeyError> {
        let path = dir.join(KEY_FILE);
        let failed = |source| KeyError::File { path: path.clone(), source };
        make_folder(dir).map_err(failed)?;
        if !path.exists() {
            make_key(dir, &path).map_err(failed)?;
        }
        let mode = fs::metadata(&path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::Readable(path));
        }
        Self::parse(&fs::read_to_string(&path).map_err(failed)?.into())
    }

    fn seal(&self, id: &WebhookId, plain: &[u8]) -> Result<Vec<u8>, OpenSealError> {
        let current = self.0.first().ok_or(OpenSealError::NoKey)?;
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let mut sealed = Vec::with_capacity(HEADER_BYTES + plain.len() + 16);
        sealed.push(VERSION);
        sealed.extend(current.id);
        sealed.extend(nonce);
        let payload = Payload { msg: plain, aad: id.as_str().as_bytes() };
        let made = current.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| OpenSealError::Seal)?;
        sealed.extend(made);
        Ok(sealed)
    }

    fn open(&self, id: &WebhookId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenSealError> {
        if self.0.is_empty() {
            return Err(OpenSealError::NoKey);
        }
        let (header, made) = sealed.split_at_checked(HEADER_BYTES).ok_or(OpenSealError::Form)?;
        let (key_id, nonce) = header[1..].split_at(KEY_ID_BYTES);
        if header[0] != VERSION {
            return Err(OpenSealError::Form);
        }
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| OpenSealError::Form)?;
        let mut failed = OpenSealError::UnknownKey;
        for key in self.0.iter().filter(|key| key.id == key_id) {
            let payload = Payload { msg: made, aad: id.as_str().as_bytes() };
            match key.cipher.decrypt(&XNonce::from(nonce), payload) {
                Ok(plain) => return Ok(Zeroizing::new(plain)),
                Err(_) => failed = OpenSealError::Altered,
            }
        }
        Err(failed)
    }

    pub(crate) fn seal_secrets(&self, id: &WebhookId, secrets: &Secrets) -> Result<Vec<u8>, Error> {
        let plain = secrets.to_plain().map_err(|error| Error::corrupt(row_name(id), error))?;
        self.seal(id, &plain).map_err(|error| failed(id, error))
    }

    pub(crate) fn open_secrets(&self, id: &WebhookId, sealed: &[u8]) -> Result<Secrets, Error> {
        let plain = self.open(id, sealed).map_err(|error| failed(id, error))?;
        Secrets::from_plain(&plain).map_err(|error: PlainError| Error::corrupt(row_name(id), error))
    }
}

fn failed(id: &WebhookId, error: OpenSealError) -> Error {
    let key = row_name(id);
    match error {
        OpenSealError::NoKey => Error::NoKey { key },
        OpenSealError::UnknownKey => Error::UnknownKey { key },
        OpenSealError::Form | OpenSealError::Altered | OpenSealError::Seal => Error::corrupt(key, error),
    }
}

fn row_name(id: &WebhookId) -> String {
    format!("secrets:{id}")
}

/// Makes a missing folder for its owner alone; leaves an existing one as it is.
pub(crate) fn make_folder(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Writes the key beside its place and links it there, so that `path` never holds half a key and two
/// processes that start together end up with the same one.
fn make_key(dir: &Path, path: &Path) -> io::Result<()> {
    let draft = dir.join(format!("{KEY_FILE}.{:016x}", rand::random::<u64>()));
    let key: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = writeln!(file, "{}", STANDARD.encode(*key)).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&draft)?;
    linked?;
    fs::File::open(dir)?.sync_all()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..32).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> WebhookId {
        WebhookId::parse(text).expect("valid")
    }

    fn keys(text: &str) -> SecretKeys {
        SecretKeys::parse(&text.into()).expect("valid")
    }

    fn hex(byte: u8) -> String {
        format!("{byte:02x}").repeat(32)
    }

    #[test]
    fn sealed_bytes_open_only_for_their_webhook_and_key() {
        let keys_a = keys(&hex(1));
        let sealed = keys_a.seal(&id("wh_1"), b"plain").expect("seals");
        assert_eq!(keys_a.open(&id("wh_1"), &sealed).expect("opens").as_slice(), b"plain");
        assert!(!sealed.windows(5).any(|window| window == b"plain"));
        assert!(matches!(keys_a.open(&id("wh_2"), &sealed), Err(OpenSealError::Altered)));
        assert!(matches!(keys(&hex(2)).open(&id("wh_1"), &sealed), Err(OpenSealError::UnknownKey)));
        let mut altered = sealed.clone();
        *altered.last_mut().expect("not empty") ^= 1;
        assert!(matches!(keys_a.open(&id("wh_1"), &altered), Err(OpenSealError::Altered)));
        assert!(matches!(keys_a.open(&id("wh_1"), &sealed[..20]), Err(OpenSealError::Form)));
    }

    #[test]
    fn after_a_key_change_old_secrets_open_and_new_ones_use_the_new_key() {
        let old = keys(&hex(1)).seal(&id("wh_1"), b"plain").expect("seals");
        let both = keys(&format!("{}, {}", hex(2), hex(1)));
        assert!(both.open(&id("wh_1"), &old).is_ok());
        let new = both.seal(&id("wh_1"), b"plain").expect("seals");
        assert!(keys(&hex(2)).open(&id("wh_1"), &new).is_ok());
    }

    #[test]
    fn without_a_key_nothing_is_sealed_and_nothing_opens() {
        let (id, none) = (id("wh_1"), SecretKeys::none());
        let sealed = keys(&hex(1)).seal_secrets(&id, &Secrets::default()).expect("seals");
        let no_key = |error: Error| matches!(error, Error::NoKey { key } if key == "secrets:wh_1");
        assert!(no_key(none.seal_secrets(&id, &Secrets::default()).expect_err("no key")));
        assert!(no_key(none.open_secrets(&id, &sealed).expect_err("no key")));
    }

    #[test]
    fn a_key_is_32_bytes_as_base64_or_hex() {
        let check = |text: &str, good: bool| assert_eq!(SecretKeys::parse(&text.into()).is_ok(), good, "{text}");
        check(&hex(1), true);
        check(&STANDARD.encode([1; 32]), true);
        check("", false);
        check(",", false);
        check("short", false);
        check(&STANDARD.encode([1; 31]), false);
        check(&format!("{},nonsense", hex(1)), false);
        assert_eq!(format!("{:?}", keys(&hex(1))), "SecretKeys(1)");
    }

    #[test]
    fn the_key_in_the_folder_is_made_once_and_for_its_owner_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let dir = place.path().join("data");
        let sealed = SecretKeys::in_folder(&dir).expect("made").seal(&id("wh_1"), b"plain").expect("seals");
        assert!(SecretKeys::in_folder(&dir).expect("read").open(&id("wh_1"), &sealed).is_ok());
        let mode = |path: &Path| fs::metadata(path).expect("exists").permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join(KEY_FILE)), 0o600);
        assert_eq!(fs::read_dir(&dir).expect("readable").count(), 1, "no draft is left behind");
        fs::set_permissions(dir.join(KEY_FILE), fs::Permissions::from_mode(0o644)).expect("set");
        assert!(matches!(SecretKeys::in_folder(&dir), Err(KeyError::Readable(_))));
    }
}
