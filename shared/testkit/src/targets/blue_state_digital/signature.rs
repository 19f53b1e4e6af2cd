//! The signed query of `formats/blue-state-digital.md` §2.1, computed here from its description.

use crate::targets::check::{decode, is_digits};
use sha1::{Digest, Sha1};

/// Bytes that SHA-1 takes at a time, to which RFC 2104 pads the key.
const BLOCK_BYTES: usize = 64;

/// A query as it came.
#[derive(Debug)]
pub(super) struct SignedQuery {
    /// Decoded pairs in their order, without `api_mac`.
    pairs: Vec<(String, String)>,
    mac: String,
}

impl SignedQuery {
    /// Reads a query whose parameters are the four, in their order, the last of them `api_mac`.
    pub(super) fn parse(query: &str) -> Option<Self> {
        let mut pairs: Vec<(String, String)> = query
            .split('&')
            .map(|pair| pair.split_once('=').and_then(|(name, value)| Some((name.to_owned(), decode(value)?))))
            .collect::<Option<_>>()?;
        let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        if names != ["api_id", "api_ts", "api_ver", "api_mac"] {
            return None;
        }
        let (_, mac) = pairs.pop()?;
        Some(Self { pairs, mac })
    }

    pub(super) fn id(&self) -> &str {
        &self.pairs[0].1
    }

    /// Unix seconds.
    pub(super) fn timestamp(&self) -> Option<u64> {
        Some(&self.pairs[1].1).filter(|digits| is_digits(digits))?.parse().ok()
    }

    pub(super) fn version(&self) -> &str {
        &self.pairs[2].1
    }

    pub(super) fn is_signed(&self, path: &str, secret: &str) -> bool {
        self.mac == mac(secret, self.id(), &self.pairs[1].1, path, &self.pairs)
    }
}

/// Lower-case hexadecimal of the HMAC over id, time, path and the pairs as they are sent, not percent-encoded.
pub(super) fn mac(secret: &str, id: &str, timestamp: &str, path: &str, pairs: &[(String, String)]) -> String {
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let text = format!("{id}\n{timestamp}\n{path}\n{}", query.join("&"));
    hex(&hmac_sha1(secret.as_bytes(), text.as_bytes()))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// RFC 2104.
pub(super) fn hmac_sha1(key: &[u8], data: &[u8]) -> [u8; 20] {
    let mut block = [0; BLOCK_BYTES];
    if key.len() > BLOCK_BYTES {
        block[..20].copy_from_slice(&Sha1::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha1::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(data).finalize();
    Sha1::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}
