//! Credentials and what is filled in: write-only.

use super::Hidden;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Which credentials a webhook has; never their values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CredentialsView {
    /// `none`, `basic` or `bearer`.
    pub authorization: String,
    /// Names of the headers of its own.
    pub headers: Vec<String>,
    /// The secret fields of its connection that are filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// Credentials to set. What is absent stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredentials {
    /// The `Authorization` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<NewAuthorization>,
    /// Headers of its own; they replace all that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<NewHeader>>,
}

/// An `Authorization` header to set.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "scheme", rename_all = "snake_case", deny_unknown_fields)]
pub enum NewAuthorization {
    /// None is sent.
    None,
    /// HTTP Basic.
    Basic {
        /// Sent with every request.
        username: String,
        /// Never shown again.
        password: Hidden,
    },
    /// A bearer token.
    Bearer {
        /// Never shown again.
        token: Hidden,
    },
}

/// A header to send with every request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHeader {
    /// Its name.
    #[schema(example = "X-Api-Key")]
    pub name: String,
    /// Never shown again.
    pub value: Hidden,
}

/// What is filled in, by the ids of the connection's fields, secret ones among them. `null` clears a field. Numbers
/// are text, and so can be a box (`"true"`), a list and a table (their JSON).
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct FieldValues(pub BTreeMap<String, Value>);

impl std::fmt::Debug for FieldValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
