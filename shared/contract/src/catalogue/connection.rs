//! What a webhook of a type speaks, and how it authenticates.

use crate::event::Kind;
use crate::webhook::Rate;
use serde::{Deserialize, Serialize};

/// One way of speaking to a target.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// Unique in its type.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// Who makes its plans.
    pub format: Format,
    /// The kinds of event that it can express.
    pub kinds: Vec<Kind>,
    /// Where requests go.
    pub endpoint: EndpointRule,
    /// What the credentials are called.
    pub credentials: Labels,
    /// Whether the receiver ignores headers that it does not know, so that every request can be signed.
    #[serde(default)]
    pub signed: bool,
    /// Requests a second, unless the webhook says otherwise.
    pub rate_per_s: Rate,
    /// Deliveries in flight, unless the webhook says otherwise.
    pub in_flight: u32,
    /// Whether 410 Gone means that nobody listens there any more (`formats/standard-webhooks.md` §7).
    #[serde(default)]
    pub gone_deactivates: bool,
    /// Query pairs added to the endpoint of backfill requests, unless the URL already has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backfill_query: Vec<(String, String)>,
    /// What it can't express, in sentences for people.
    #[serde(default)]
    pub cannot: Vec<String>,
    /// Sentences shown to the customer.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Who makes plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The ActBlue Default bodies (`formats/default.md`).
    Default,
}

/// Where requests go: the customer enters the URL.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointRule {
    /// Shown beside the field.
    pub hint: String,
    /// A regular expression that the vendor's URLs match, as far as it is known.
    #[serde(default)]
    pub pattern: Option<String>,
}

/// What credentials are called at the target; they are entered with the webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// What the user name is called there.
    pub username: String,
    /// What the password is called there.
    pub password: String,
}

impl Connection {
    /// Whether it can express this kind of event.
    pub fn takes(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether events of this kind reach it at all; see [`super::Entry::hears`].
    pub fn hears(&self, kind: Kind) -> bool {
        let actblue = self.format == Format::Default && self.id == super::load::ACTBLUE;
        !actblue || self.takes(kind)
    }
}
