//! Standard Webhooks signatures, from `formats/standard-webhooks.md`, computed here from their description.

use crate::receiver::Request;
use crate::targets::check::{Review, is_digits, one};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far a timestamp may be from the receiver's clock.
const CLOCK_TOLERANCE_S: u64 = 5 * 60;
/// Bytes of a symmetric secret.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Bytes of an Ed25519 signature.
const V1A_BYTES: usize = 64;

const HEADERS: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/// The keys that a request must be signed with.
#[derive(Debug, Default)]
pub(super) struct Signing {
    /// `whsec_…`, newest first. Without one, requests have no signature headers.
    pub(super) secrets: Vec<String>,
    /// Each `v1` entry follows a `v1a` entry of the same age.
    pub(super) has_v1a: bool,
    /// Unix seconds at which the receiver's clock stands.
    pub(super) clock: Option<u64>,
}

impl Signing {
    /// Notes everything that is wrong with the three headers. No entry is quoted.
    pub(super) fn verify(&self, request: &Request, now: u64, review: &mut Review) {
        if self.secrets.is_empty() {
            for name in HEADERS {
                review.holds(request.header(name).is_none(), name, "no such header", "one");
            }
            return;
        }
        let [id, timestamp, signature] = HEADERS.map(|name| {
            one(request, name).unwrap_or_else(|count| {
                review.note(name, "one such header", count);
                ""
            })
        });
        review.holds(!id.is_empty() && !id.contains('.'), "webhook-id", "an id without a full stop", id);
        let now = self.clock.unwrap_or(now);
        let then = Some(timestamp).filter(|digits| is_digits(digits)).and_then(|digits| digits.parse::<u64>().ok());
        let is_near = then.is_some_and(|then| then.abs_diff(now) <= CLOCK_TOLERANCE_S);
        review.holds(is_near, "webhook-timestamp", format_args!("Unix seconds near {now}"), timestamp);
        let content = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &request.body].concat();
        self.entries(signature, &content, review);
    }

    /// The entries, which are those of every live key, newest first, `v1a` before `v1` of the same age.
    fn entries(&self, signature: &str, content: &[u8], review: &mut Review) {
        let mut entries = signature.split(' ');
        for (age, secret) in self.secrets.iter().enumerate() {
            if self.has_v1a {
                // Ed25519 is beyond this receiver: the entry has the form of a signature, that is all.
                let bytes = entries.next().and_then(|entry| STANDARD.decode(entry.strip_prefix("v1a,")?).ok());
                let is_form = bytes.is_some_and(|bytes| bytes.len() == V1A_BYTES);
                review.holds(is_form, "webhook-signature", format_args!("v1a of key {age}"), "something else");
            }
            let is_right = entry(secret, content).is_some_and(|right| entries.next() == Some(&right));
            review.holds(is_right, "webhook-signature", format_args!("v1 of key {age}"), "something else");
        }
        let left = entries.count();
        review.holds(left == 0, "webhook-signature", "no further entry", left);
    }
}

/// `v1,` and the base64 of HMAC-SHA256 with the decoded secret. `None` for a secret that is none.
pub(super) fn entry(secret: &str, content: &[u8]) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok().filter(|key| SECRET_BYTES.contains(&key.len()))?;
    let mac = Hmac::<Sha256>::new_from_slice(&key).ok()?.chain_update(content);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}
