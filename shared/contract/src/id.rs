//! Identifiers. Events and deliveries derive theirs, so the same thing always has the same id.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// The number of an organisation that receives money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntityId(pub u64);

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for EntityId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse().map(Self).map_err(|_| Error::Entity)
    }
}

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a whole number that is not negative.
    #[error("an entity id is a whole number such as 4411")]
    Entity,
    /// Not of the form `{prefix}_{a-z0-9}`.
    #[error("the id must be \"{0}_\" followed by 1 to 40 of a-z and 0-9")]
    Text(&'static str),
}

/// A text identifier: a prefix that tells what it names, then `a-z0-9`. It never contains a full stop
/// (Standard Webhooks signs `id.timestamp.body`) and is safe in a queue name and in a Redis key.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the form.
            pub fn parse(text: &str) -> Result<Self, Error> {
                let rest = text.strip_prefix(concat!($prefix, "_")).unwrap_or("");
                let good = (1..=40).contains(&rest.len())
                    && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
                if good { Ok(Self(text.to_owned())) } else { Err(Error::Text($prefix)) }
            }

            /// The identifier as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The identifier of 128 given bits.
            pub fn of_bits(bits: u128) -> Self {
                Self(format!(concat!($prefix, "_{:032x}"), bits))
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A webhook. Made at random when the webhook is added.
    WebhookId,
    "wh"
);
text_id!(
    /// An event, derived from what happened to which line item: a message published twice is one event.
    EventId,
    "evt"
);
text_id!(
    /// One event for one webhook. It is the `webhook-id` that receivers deduplicate by.
    DeliveryId,
    "dlv"
);
text_id!(
    /// A backfill. Made when it is requested, of bits that grow with time (UUID version 7): lists are in the order
    /// of ids.
    BackfillId,
    "bf"
);
text_id!(
    /// Something that the contact of a webhook is to be told. Made like the id of a backfill.
    NoticeId,
    "ntc"
);

impl EventId {
    /// The event that `parts` name. The parts are separated by a byte that none of them contains, so
    /// different parts never name the same event.
    pub fn derive(parts: &[&str]) -> Self {
        Self::of_bits(digest(parts))
    }
}

impl DeliveryId {
    /// The delivery of this event to this webhook.
    pub fn derive(event: &EventId, webhook: &WebhookId) -> Self {
        Self::of_bits(digest(&[event.as_str(), webhook.as_str()]))
    }
}

pub(crate) fn digest(parts: &[&str]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_pair_always_has_the_same_delivery_id() {
        let event = EventId::derive(&["contribution", "612004411"]);
        let webhook = WebhookId::parse("wh_3f9c2a").expect("valid");
        assert_eq!(event.as_str(), "evt_0104656172d900c9398d685e121db13a");
        assert_eq!(DeliveryId::derive(&event, &webhook), DeliveryId::derive(&event, &webhook));
        let other = WebhookId::parse("wh_3f9c2b").expect("valid");
        assert_ne!(DeliveryId::derive(&event, &webhook), DeliveryId::derive(&event, &other));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(EventId::derive(&["a", "bc"]), EventId::derive(&["ab", "c"]));
    }

    #[test]
    fn an_id_is_safe_in_queue_names_and_signatures() {
        for bad in ["wh_", "wh_A", "wh_a.b", "3f9c2a", "evt_3f", "wh_a b", "wh_é"] {
            assert_eq!(WebhookId::parse(bad), Err(Error::Text("wh")), "{bad}");
        }
    }
}
