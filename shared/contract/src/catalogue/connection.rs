//! What a webhook of a type speaks, and how it authenticates.

use super::field::Field;
use crate::event::Kind;
use crate::plan::OnUnclear;
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
    /// What a person fills in besides the endpoint, in the order of the form.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Lists of fields, of each of which at least one is filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Vec<String>>,
    /// Lists of fields, of each of which all are filled in or none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<Vec<String>>,
    /// How requests authenticate.
    pub auth: Scheme,
    /// Whether the receiver ignores headers that it does not know, so that every request can be signed.
    #[serde(default)]
    pub signed: bool,
    /// Requests a second, unless the webhook says otherwise.
    pub rate_per_s: Rate,
    /// Deliveries in flight, unless the webhook says otherwise.
    pub in_flight: u32,
    /// What becomes of a delivery after an unclear answer, unless the webhook's setting `after_unclear` says
    /// otherwise.
    #[serde(default)]
    pub on_unclear: OnUnclear,
    /// Whether 410 Gone means that nobody listens there any more (`formats/standard-webhooks.md` §7).
    #[serde(default)]
    pub gone_deactivates: bool,
    /// Whether it is of use to send it what happened before the webhook was activated.
    #[serde(default = "yes")]
    pub backfill: bool,
    /// Query pairs added to the endpoint of backfill requests, unless the URL already has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backfill_query: Vec<(String, String)>,
    /// What it can't express, in sentences for people.
    #[serde(default)]
    pub cannot: Vec<String>,
    /// Sentences shown to the customer.
    #[serde(default)]
    pub notes: Vec<String>,
    /// A warning of the test button: what a test leaves behind at the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_note: Option<String>,
}

fn yes() -> bool {
    true
}

/// Who makes plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The ActBlue Default bodies (`formats/default.md`).
    Default,
    /// `formats/actionkit.md`
    ActionKit,
    /// `formats/action-network.md`
    ActionNetwork,
    /// `formats/blue-state-digital.md`
    BlueStateDigital,
    /// `formats/ad-tracking.md` §5
    Ga4,
    /// `formats/ispolitical.md`
    Ispolitical,
    /// `formats/ad-tracking.md` §4
    Meta,
    /// `formats/nationbuilder.md` §3
    NationBuilderV1,
    /// `formats/nationbuilder.md` §2
    NationBuilderV2,
    /// `formats/ngpvan.md`
    NgpVan,
    /// `formats/osdi.md`
    Osdi,
    /// `formats/salsa.md` A
    SalsaClassic,
    /// `formats/salsa.md` B
    SalsaEngage,
    /// `formats/switchboard.md`
    Switchboard,
    /// `formats/tatango.md`
    Tatango,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 15] = [
        Self::Default,
        Self::ActionKit,
        Self::ActionNetwork,
        Self::BlueStateDigital,
        Self::Ga4,
        Self::Ispolitical,
        Self::Meta,
        Self::NationBuilderV1,
        Self::NationBuilderV2,
        Self::NgpVan,
        Self::Osdi,
        Self::SalsaClassic,
        Self::SalsaEngage,
        Self::Switchboard,
        Self::Tatango,
    ];
}

/// Where requests go.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EndpointRule {
    /// The customer enters the URL.
    Entered {
        /// Shown beside the field.
        hint: String,
        /// A URL that does not match this regular expression gives a warning, not an error.
        #[serde(default)]
        pattern: Option<String>,
    },
    /// A URL in which `{field}` stands for what was entered there.
    Of(String),
}

/// How the sender authenticates, on every attempt (`formats/plans.md` §11). In a text, `{field}` stands for what was
/// entered there, secret or not.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "scheme", deny_unknown_fields)]
pub enum Scheme {
    /// The credentials that the webhook was given: Basic, a bearer token, headers of its own, or nothing.
    Entered {
        /// What the user name is called there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username_label: Option<String>,
        /// What the password is called there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password_label: Option<String>,
    },
    /// HTTP Basic, sent without a challenge.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// A named header.
    HeaderToken {
        /// Its name.
        header: String,
        /// Its value.
        value: String,
    },
    /// A named query parameter.
    QueryToken {
        /// Its name.
        parameter: String,
        /// Its value.
        value: String,
    },
    /// A header or a query parameter, as the setting `token_in` says (`header` or `query`); nothing without a token.
    TokenIn {
        /// The name of the header.
        header: String,
        /// The name of the parameter.
        parameter: String,
        /// The value.
        value: String,
    },
    /// A query that is signed with HMAC-SHA1 (`formats/blue-state-digital.md` §2.1). Fields `api_id` and `api_secret`;
    /// HTTP Basic beside it when `http_user` and `http_password` are filled in.
    BsdHmac,
    /// A login, then a session cookie (`formats/salsa.md` A2.1). Fields `email` and `password`.
    SalsaSession,
    /// A bearer token that is renewed with a refresh token (`formats/nationbuilder.md` §1.1). Fields `client_id`,
    /// `client_secret` and `refresh_token`.
    Oauth2Refresh,
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

    /// The field of this id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }
}
