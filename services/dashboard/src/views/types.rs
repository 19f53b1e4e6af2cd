//! The types of webhooks: what a person can choose and has to fill in, as the catalogue has it.

use contract::webhook::Rate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// All types.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TypeList {
    /// The direct ones first, then the vendors by their labels.
    pub types: Vec<TypeView>,
}

/// A type of webhook.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TypeView {
    /// What `type` of a webhook says.
    #[schema(example = "actionkit")]
    pub id: String,
    /// Its name for people.
    #[schema(example = "ActionKit")]
    pub label: String,
    /// `direct` or `vendor`.
    pub group: String,
    /// What it can speak; the first one unless a webhook says another.
    pub connections: Vec<ConnectionView>,
}

/// One way of speaking to a target.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConnectionView {
    /// What `connection` of a webhook says; unique in its type.
    #[schema(example = "receiver")]
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// The kinds of event that it takes: `contribution`, `refund` or `cancellation`.
    pub kinds: Vec<String>,
    /// Where requests go.
    pub endpoint: EndpointView,
    /// What `credentials` are called there; absent where they are among the fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<CredentialLabels>,
    /// What is filled in, in the order of a form.
    pub fields: Vec<FieldView>,
    /// Lists of fields, of each of which at least one is filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Vec<String>>,
    /// Lists of fields, of each of which all are filled in or none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<Vec<String>>,
    /// Whether requests are signed after Standard Webhooks.
    pub signed: bool,
    /// Requests a second, unless the webhook says otherwise.
    #[schema(value_type = f64)]
    pub rate_per_s: Rate,
    /// Deliveries in flight in one sender process, unless the webhook says otherwise.
    pub in_flight: u32,
    /// Whether it is of use to send it what happened before the webhook was activated.
    pub backfill: bool,
    /// What it can't express.
    pub cannot: Vec<String>,
    /// What to know before choosing it.
    pub notes: Vec<String>,
    /// What a test leaves behind at the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_note: Option<String>,
}

/// How the endpoint of a webhook is found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum EndpointView {
    /// It is entered.
    Entered {
        /// Shown beside the field.
        hint: String,
        /// A regular expression; an endpoint that it does not match gives a warning.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pattern: Option<String>,
    },
    /// It follows from the settings.
    Fixed {
        /// `{host}` stands for what is filled in there.
        #[schema(example = "https://{host}/rest/v1")]
        url: String,
    },
}

/// What the receiver calls its credentials.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CredentialLabels {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: String,
}

/// A field of a form.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FieldView {
    /// Its name in `settings`.
    pub id: String,
    /// What stands beside it.
    pub label: String,
    /// A sentence of help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Whether it must be filled in. A field with a default is never missing.
    pub required: bool,
    /// Kept sealed, and shown to nobody.
    pub secret: bool,
    /// What it takes.
    pub input: InputView,
    /// What counts when nothing is filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub default: Option<Value>,
}

/// What a field takes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InputView {
    /// One line of text.
    Text {
        /// Characters, at most.
        max: usize,
        /// A regular expression that the whole text matches.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pattern: Option<String>,
        /// What is said when it does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// Text of `0-9`.
    Digits,
    /// A host name, without scheme and path.
    Host,
    /// One email address.
    Email,
    /// A URL with the scheme, host and port of the endpoint.
    Url,
    /// `true` or `false`.
    Checkbox,
    /// One of several values.
    Choice {
        /// The values.
        choices: Vec<ChoiceView>,
    },
    /// A list of names.
    Names {
        /// Names, at most.
        max: usize,
    },
    /// A list of objects with these keys, all of them text.
    Rows {
        /// Rows, at most.
        max: usize,
        /// The keys.
        columns: Vec<ColumnView>,
    },
    /// A list of objects with `value`, what is sent, and `name`, the custom field of the target that takes it.
    FieldMap {
        /// Rows, at most.
        max: usize,
        /// What `value` can be, beside answers to questions.
        values: Vec<String>,
        /// What stands before the label of a question in `value`.
        question: String,
    },
}

/// One of several values.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChoiceView {
    /// What is filled in.
    pub value: String,
    /// What is shown.
    pub label: String,
}

/// A column of a table.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ColumnView {
    /// Its key.
    pub id: String,
    /// Its heading.
    pub label: String,
    /// Only `0-9` in it.
    pub digits: bool,
}
