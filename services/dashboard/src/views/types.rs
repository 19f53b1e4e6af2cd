//! The types of webhooks that people can choose.

use contract::webhook::Rate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A type, as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TypeView {
    /// What a webhook's `type` says.
    #[schema(example = "numero")]
    pub id: String,
    /// Its name for people.
    #[schema(example = "Numero")]
    pub label: String,
    /// `direct` or `vendor`.
    pub group: String,
    /// The kinds of event that it takes; of every other kind a skip is recorded.
    pub kinds: Vec<String>,
    /// What to enter as the endpoint.
    pub endpoint_hint: String,
    /// What the user name is called there.
    pub username_label: String,
    /// What the password is called there.
    pub password_label: String,
    /// Requests a second, unless the webhook says otherwise.
    #[schema(value_type = f64)]
    pub rate_per_s: Rate,
    /// Deliveries in flight, unless the webhook says otherwise.
    pub in_flight: u32,
    /// What it can't express.
    pub cannot: Vec<String>,
    /// What to know before setting it up.
    pub notes: Vec<String>,
}

/// Types.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TypeList {
    /// The direct ones, then the vendors by their labels.
    pub types: Vec<TypeView>,
}
