//! A webhook: where an entity wants to hear of its events, and how.

use crate::catalogue::{self, Connection, Entry, Settings};
use crate::event::Kind;
use crate::id::{EntityId, WebhookId};
use crate::limits;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// What a webhook is for: an entry of the [`catalogue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Type(&'static str);

impl Type {
    /// ActBlue Default: contributions.
    pub const DEFAULT: Self = Self("default");
    /// ActBlue Default Refunds.
    pub const DEFAULT_REFUNDS: Self = Self("default_refunds");
    /// ActBlue Default Cancellations.
    pub const DEFAULT_CANCELLATIONS: Self = Self("default_cancellations");

    /// The word that commands, pages and stored webhooks use.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// What is known about it; none only of a type that a newer program knows.
    pub fn entry(self) -> Option<&'static Entry> {
        catalogue::find(self.0)
    }
}

impl std::str::FromStr for Type {
    type Err = UnknownType;
    fn from_str(text: &str) -> Result<Self, UnknownType> {
        catalogue::find(text).map(|entry| Self(&entry.id)).ok_or(UnknownType)
    }
}

impl Serialize for Type {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A word that names no type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct UnknownType;

impl std::fmt::Display for UnknownType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known: Vec<&str> = catalogue::all().iter().map(|entry| entry.id.as_str()).collect();
        write!(f, "the type must be one of {}", known.join(", "))
    }
}

/// Requests a second, to a thousandth. As JSON it is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(try_from = "f64")]
pub struct Rate {
    per_1000_s: u32,
}

/// A number that is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a number from 0 to {}", limits::WEBHOOK_RATE_MAX_PER_S)]
pub struct NotARate;

impl Rate {
    /// The lowest rate at which anything is sent: one request in a thousand seconds.
    pub const SLOWEST: Self = Self { per_1000_s: 1 };

    /// A whole number of requests a second.
    pub const fn per_s(requests: u32) -> Self {
        Self { per_1000_s: requests.saturating_mul(1_000) }
    }

    /// Requests in a thousand seconds.
    pub const fn per_1000_s(self) -> u32 {
        self.per_1000_s
    }

    /// Requests that may come at once: those of one second, and at least one.
    pub const fn burst(self) -> u32 {
        let whole = self.per_1000_s / 1_000;
        if whole == 0 { 1 } else { whole }
    }

    /// Microseconds between two requests, rounded up, of a rate above 0.
    pub const fn interval_us(self) -> u64 {
        1_000_000_000_u64.div_ceil(if self.per_1000_s == 0 { 1 } else { self.per_1000_s as u64 })
    }
}

impl TryFrom<f64> for Rate {
    type Error = NotARate;
    fn try_from(rate: f64) -> Result<Self, NotARate> {
        if !(0.0..=f64::from(limits::WEBHOOK_RATE_MAX_PER_S)).contains(&rate) {
            return Err(NotARate);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the range above")]
        let per_1000_s = (rate * 1_000.0).round() as u32;
        Ok(Self { per_1000_s })
    }
}

impl From<Rate> for f64 {
    fn from(rate: Rate) -> Self {
        Self::from(rate.per_1000_s) / 1_000.0
    }
}

impl Serialize for Rate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.per_1000_s % 1_000 {
            0 => serializer.serialize_u32(self.per_1000_s / 1_000),
            _ => serializer.serialize_f64((*self).into()),
        }
    }
}

impl std::str::FromStr for Rate {
    type Err = NotARate;
    fn from_str(text: &str) -> Result<Self, NotARate> {
        text.parse::<f64>().map_err(|_| NotARate)?.try_into()
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f64::from(*self).fmt(f)
    }
}

/// Whether a webhook is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Added and never switched on.
    Draft,
    /// Sent to.
    Active,
    /// Switched off, by a person or by the receiver's 410.
    Inactive,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Active, Self::Inactive];

    /// The word that commands, pages, indexes and stored webhooks use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

impl std::str::FromStr for Status {
    type Err = UnknownStatus;
    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or(UnknownStatus)
    }
}

/// A word that names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the status must be draft, active or inactive")]
pub struct UnknownStatus;

/// How deliveries are signed (Standard Webhooks 1.0.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// HMAC-SHA256 with a shared secret, `v1`.
    #[default]
    SharedSecret,
    /// The same, and Ed25519 with a private key before it, `v1a`: receivers verify with a public key.
    PublicKey,
    /// No signature headers, for receivers that reject unknown headers.
    Off,
}

impl Signing {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::SharedSecret, Self::PublicKey, Self::Off];

    /// The word that commands, pages and stored webhooks use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SharedSecret => "shared_secret",
            Self::PublicKey => "public_key",
            Self::Off => "off",
        }
    }
}

impl std::str::FromStr for Signing {
    type Err = UnknownSigning;
    fn from_str(text: &str) -> Result<Self, UnknownSigning> {
        Self::ALL.into_iter().find(|signing| signing.name() == text).ok_or(UnknownSigning)
    }
}

/// A word that names no way of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("signing must be shared_secret, public_key or off")]
pub struct UnknownSigning;

/// Whether a header of this name belongs to the connection, to the body or to us, so that no custom header
/// may have it. Names are compared without regard to case.
pub fn reserved_header(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "user-agent",
    ];
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || ["proxy-", "webhook-"].iter().any(|prefix| name.starts_with(prefix))
}

/// What a person can set on a webhook besides its credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Who is told of trouble.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// Requests a second.
    pub rate_per_s: Rate,
    /// Deliveries in flight in one sender process.
    pub in_flight: u32,
    /// Hear of events on all forms that the entity manages, whoever receives the money.
    #[serde(default)]
    pub all_managed_pages: bool,
    /// Hear of declined contributions too.
    #[serde(default)]
    pub declined: bool,
    /// How deliveries are signed.
    #[serde(default)]
    pub signing: Signing,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nickname: None,
            contact_email: None,
            rate_per_s: Rate::per_s(limits::WEBHOOK_RATE_PER_S),
            in_flight: limits::WEBHOOK_IN_FLIGHT,
            all_managed_pages: false,
            declined: false,
            signing: Signing::default(),
        }
    }
}

/// An entity's configured destination. Credentials and signing secrets are kept apart, encrypted, and
/// only the sender reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its identifier.
    pub id: WebhookId,
    /// Grows with every change; a plan made from another version is made again.
    pub version: u64,
    /// Whose events it hears of.
    pub entity: EntityId,
    /// What it speaks.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Which connection of its type; the first one when it says none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// What was filled in, secrets left out.
    #[serde(default, skip_serializing_if = "Settings::is_empty")]
    pub settings: Settings,
    /// Where requests go.
    pub endpoint: Endpoint,
    /// Whether it is sent to.
    pub status: Status,
    /// Why it has that status, when something other than a person decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// What a person can set.
    pub options: Options,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was last switched on: events from this instant on are live, earlier ones are backfill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated_at: Option<Timestamp>,
}

impl Webhook {
    /// What it speaks; none only of a type that a newer program knows.
    pub fn speaks(&self) -> Option<&'static Connection> {
        let entry = self.kind.entry()?;
        match &self.connection {
            Some(id) => entry.connection(id),
            None => entry.connections.first(),
        }
    }

    /// Whether events of this kind are for it; what its target can't express of them is a recorded skip.
    pub fn hears(&self, kind: Kind) -> bool {
        self.speaks().is_some_and(|connection| connection.hears(kind))
    }

    /// Switches it on at `now`, or leaves an active one as it is.
    pub fn activate(&mut self, now: Timestamp) {
        if self.status != Status::Active {
            self.status = Status::Active;
            self.activated_at = Some(now);
            self.status_reason = None;
        }
    }

    /// Makes an activation that nobody heard of in time count later.
    pub fn postpone(&mut self, until: Timestamp) {
        if self.status == Status::Active {
            self.activated_at = Some(until);
        }
    }

    /// Switches it off. `reason` is for people when no person decided it.
    pub fn deactivate(&mut self, reason: Option<&str>) {
        if self.status != Status::Inactive {
            self.status = Status::Inactive;
            self.status_reason = reason.map(str::to_owned);
        }
    }
}

/// An endpoint URL, kept byte for byte as it was entered.
///
/// Scheme and host are checked here; whether its address may be connected to is decided at connect time
/// (see [`crate::network`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint {
    text: String,
    url: Url,
}

/// Why a text can't be an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not an absolute URL.
    #[error("the endpoint is not a URL: write it as https://host/path")]
    NotUrl,
    /// Neither https nor http. (Plain http is accepted here and refused at send time outside `allow_networks`.)
    #[error("the endpoint must begin with https://")]
    Scheme,
    /// User name or password in the URL, where they would reach logs.
    #[error("the endpoint must not contain a user name or password: set credentials apart")]
    Credentials,
    /// A fragment, which is never sent.
    #[error("the endpoint must not contain a fragment (#…)")]
    Fragment,
    /// Path and query are sent byte for byte, and these can't be: `..`, `"` or letters that are not ASCII
    /// are written differently in a request.
    #[error("the endpoint would be sent as {0}: enter it in that form")]
    Rewritten(String),
    /// Longer than [`limits::ENDPOINT_BYTES`].
    #[error("the endpoint is longer than {} bytes", limits::ENDPOINT_BYTES)]
    Long,
}

impl Endpoint {
    /// Checks a text that a person entered.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        if text.len() > limits::ENDPOINT_BYTES {
            return Err(EndpointError::Long);
        }
        let url = Url::parse(text).map_err(|_| EndpointError::NotUrl)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(EndpointError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment);
        }
        if url.host().is_none() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(EndpointError::NotUrl);
        }
        let sent = &url[url::Position::BeforePath..];
        let entered = entered_path(text);
        if entered != sent && sent.strip_prefix('/') != Some(entered) {
            return Err(EndpointError::Rewritten(url.into()));
        }
        Ok(Self { text: text.to_owned(), url })
    }

    /// As entered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Parsed.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Scheme, host and port, in one spelling: whoever answers there gets the credentials.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

/// Path and query of a URL as they were entered.
fn entered_path(text: &str) -> &str {
    let behind_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    behind_scheme.find(['/', '?', '\\']).map_or("", |start| &behind_scheme[start..])
}

impl TryFrom<String> for Endpoint {
    type Error = EndpointError;
    fn try_from(text: String) -> Result<Self, EndpointError> {
        Self::parse(&text)
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.text
    }
}

#[cfg(test)]
mod tests;
