//! Webhooks.

use super::{CredentialsView, FieldValues, NewCredentials};
use contract::webhook::Rate;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookView {
    /// Its identifier.
    #[schema(example = "wh_0193f5c27e7d7b31a3c1f0a4b2c3d4e5")]
    pub id: String,
    /// Grows with every change.
    pub version: u64,
    /// Whose events it hears of.
    #[schema(example = 4411)]
    pub entity: u64,
    /// What it is for: the id of one of `/api/v1/types`.
    #[serde(rename = "type")]
    #[schema(example = "actionkit")]
    pub kind: String,
    /// What it speaks: the id of one of its type's connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "api")]
    pub connection: Option<String>,
    /// What was filled in, secrets left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub settings: BTreeMap<String, Value>,
    /// Where requests go.
    pub endpoint: String,
    /// `draft`, `active` or `inactive`.
    pub status: String,
    /// Why it has that status, when no person decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Who is told of trouble.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// Requests a second, to a thousandth.
    #[schema(value_type = f64)]
    pub rate_per_s: Rate,
    /// Deliveries in flight in one sender process.
    pub in_flight: u32,
    /// Hears of events on all forms that the entity manages.
    pub all_managed_pages: bool,
    /// Hears of declined contributions too.
    pub declined: bool,
    /// `shared_secret`, `public_key` or `off`.
    pub signing: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was last switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated_at: Option<Timestamp>,
    /// Which credentials it has; absent in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<CredentialsView>,
    /// What receivers verify with, `whpk_…`; of a webhook that signs with `public_key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// Only in the answer that creates the webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_secret: Option<String>,
    /// Only in the answer that creates the webhook: the backfill that was requested with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<String>,
    /// Only in the answer to what was filled in: what is allowed and yet looks like a mistake.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Webhooks.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookList {
    /// In the order of their identifiers.
    pub webhooks: Vec<WebhookView>,
}

/// Which webhooks are listed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhookFilter {
    /// Those of this entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<u64>,
    /// Those with this status: `draft`, `active` or `inactive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// A webhook to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Whose events it hears of.
    #[schema(example = 4411)]
    pub entity: u64,
    /// What it is for: the id of one of `/api/v1/types`; can't be changed later.
    #[serde(rename = "type")]
    #[schema(example = "default")]
    pub kind: String,
    /// What it speaks: the id of one of its type's connections, the first one by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Where requests go; begins with `https://`. Left out where it follows from the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://crm.example.org/hook")]
    pub endpoint: Option<String>,
    /// The fields of its connection.
    #[serde(default)]
    pub settings: FieldValues,
    /// A name for people, up to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Who is told of trouble.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// Requests a second, to a thousandth; by default what suits the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub rate_per_s: Option<Rate>,
    /// Deliveries in flight in one sender process; by default what suits the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// Hear of events on all forms that the entity manages.
    #[serde(default)]
    pub all_managed_pages: bool,
    /// Hear of declined contributions too.
    #[serde(default)]
    pub declined: bool,
    /// `shared_secret` (default), `public_key`, which adds a signature that a public key verifies, or `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing: Option<String>,
    /// What the receiver asks for, where that is not among the fields of the connection.
    #[serde(default)]
    pub credentials: NewCredentials,
    /// Switch it on at once.
    #[serde(default)]
    pub activate: bool,
    /// Request its past events, from this day in US Eastern time until its activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2024-01-01")]
    pub backfill_from: Option<String>,
}

/// What is changed on a webhook. What is absent stays; `null` clears a nickname or an address.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookChange {
    /// Another connection of its type. What was filled in for the old one is forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Where requests go, from the next attempt of every delivery on. Left out where it follows from the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Fields of its connection. Those that are absent stay; `null` clears one.
    #[serde(default)]
    pub settings: FieldValues,
    /// A name for people.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub nickname: Option<Option<String>>,
    /// Who is told of trouble.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub contact_email: Option<Option<String>>,
    /// Requests a second, to a thousandth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub rate_per_s: Option<Rate>,
    /// Deliveries in flight in one sender process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// Hear of events on all forms that the entity manages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_managed_pages: Option<bool>,
    /// Hear of declined contributions too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined: Option<bool>,
    /// `shared_secret`, `public_key` or `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing: Option<String>,
    /// What the receiver asks for.
    #[serde(default)]
    pub credentials: NewCredentials,
}

/// Tells `null` from absent: serde calls it only for a field that is there.
#[expect(clippy::option_option, reason = "absent, null and a text are three different wishes")]
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// How a signing secret is replaced.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Drop the old secret at once, for one that leaked. Otherwise both sign for 24 hours.
    #[serde(default)]
    pub now: bool,
}

/// A new signing secret, shown this once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RotatedSecret {
    /// `whsec_…`
    pub signing_secret: String,
    /// `whpk_…`, what receivers of a webhook that signs with `public_key` verify with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// Until when the old one signs too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_until: Option<Timestamp>,
}
