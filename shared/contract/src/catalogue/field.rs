//! What a person fills in.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A field of a type's form.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Unique in its connection.
    pub id: String,
    /// What stands beside it.
    pub label: String,
    /// A sentence of help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Whether it must be filled in. A field with a default is never missing.
    #[serde(default)]
    pub required: bool,
    /// Kept sealed, and shown to nobody.
    #[serde(default)]
    pub secret: bool,
    /// What it takes.
    pub input: Input,
    /// What counts when nothing was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// What a field takes, and so how it is shown and checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Input {
    /// One line of text.
    Text {
        /// Characters, at most.
        max: usize,
        /// A regular expression that the whole text matches.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pattern: Option<String>,
        /// What is said when it does not: "must be …".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// `0-9` only.
    Digits,
    /// A host name, without scheme and path.
    Host,
    /// One email address.
    Email,
    /// A URL with the host of the endpoint.
    Url,
    /// `true` or `false`.
    Checkbox,
    /// One of these.
    Choice(Vec<Choice>),
    /// A list of names.
    Names {
        /// Names, at most.
        max: usize,
    },
    /// A table: a list of objects with these keys.
    Rows(Vec<Column>),
    /// A custom field map (`formats/plans.md` §3): a list of `{"value": …, "name": …}`, where `value` is one of the
    /// values on offer or `question:` and a question's label.
    FieldMap,
}

/// One of several values.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What is shown.
    pub label: String,
}

/// A column of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its key.
    pub id: String,
    /// Its heading.
    pub label: String,
    /// Only `0-9` in it.
    #[serde(default)]
    pub digits: bool,
}

/// Values that a custom field map offers, beside answers to named questions.
pub const MAPPED_VALUES: [&str; 10] = [
    "employer",
    "occupation",
    "order_number",
    "lineitem_id",
    "form",
    "refcode",
    "refcode2",
    "recipient",
    "payment_number",
    "recurring_period",
];
/// What stands before the label of a question in a custom field map.
pub const QUESTION: &str = "question:";
