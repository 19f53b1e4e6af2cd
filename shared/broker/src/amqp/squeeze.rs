//! Large bodies are compressed on their way through RabbitMQ (docs/adr/0008).
//!
//! The property `content_encoding` says so, so that bodies of both kinds can stand in one queue and what others
//! publish is left as it is.

use bytes::Bytes;
use contract::limits;
use lz4_flex::block;

/// The name of the encoding: the body's length as four bytes, little-endian, and one LZ4 block.
pub(super) const ENCODING: &str = "x-tributary-lz4";
/// Bytes before the block that say how long the body is.
const LENGTH_BYTES: usize = 4;

/// The body, smaller; none if that is not worth it.
pub(super) fn squeeze(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() < limits::SQUEEZED_BYTES {
        return None;
    }
    let squeezed = block::compress_prepend_size(body);
    (squeezed.len() < body.len()).then_some(squeezed)
}

/// The body as it was before [`squeeze`]. Bytes that aren't what their encoding says are returned as they are:
/// the stage that reads them parks them whole.
pub(super) fn expand(data: Vec<u8>, encoding: Option<&str>) -> Bytes {
    if encoding != Some(ENCODING) || announced(&data).is_none_or(|bytes| bytes > limits::AMQP_MESSAGE_BYTES) {
        return data.into();
    }
    block::decompress_size_prepended(&data).map_or_else(|_| Bytes::from(data), Bytes::from)
}

/// What the body says its length is, before any memory is taken for it.
fn announced(data: &[u8]) -> Option<usize> {
    let length = data.first_chunk::<LENGTH_BYTES>()?;
    usize::try_from(u32::from_le_bytes(*length)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{BuildHasher, RandomState};

    #[test]
    fn only_bodies_that_become_smaller_are_squeezed_and_all_come_back() {
        let alike = b"{\"amount\":\"27.5\"}\n".repeat(limits::SQUEEZED_BYTES / 8);
        let squeezed = squeeze(&alike).unwrap();
        assert!(squeezed.len() < alike.len() / 10, "{} of {} bytes", squeezed.len(), alike.len());
        assert_eq!(expand(squeezed.clone(), Some(ENCODING)), alike);
        assert_eq!(expand(squeezed.clone(), None), squeezed, "only what says that it is squeezed is expanded");

        assert_eq!(squeeze(&alike[..limits::SQUEEZED_BYTES - 1]), None);
        let random = RandomState::new();
        let noise: Vec<u8> = (0..limits::SQUEEZED_BYTES).flat_map(|n| random.hash_one(n).to_le_bytes()).collect();
        assert_eq!(squeeze(&noise), None);
    }

    #[test]
    fn what_is_not_as_its_encoding_says_stays_as_it_is() {
        let squeezed = squeeze(&b"contribution".repeat(limits::SQUEEZED_BYTES)).unwrap();
        let cut = squeezed[..squeezed.len() / 2].to_vec();
        let huge = [&u32::MAX.to_le_bytes()[..], &squeezed[LENGTH_BYTES..]].concat();
        for broken in [cut, huge, vec![], vec![1, 2], b"{\"donor\":{}}".to_vec()] {
            assert_eq!(expand(broken.clone(), Some(ENCODING)), broken);
        }
    }
}
