//! Entities.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An entity.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EntityView {
    /// Its number.
    pub id: u64,
    /// Its name, as `form.managingEntityName` writes it.
    pub name: String,
    /// The name of its committee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committee_name: Option<String>,
}

/// What is known of an entity.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntity {
    /// Its name, as `form.managingEntityName` writes it.
    #[schema(example = "Okonedo for Harbor County")]
    pub name: String,
    /// The name of its committee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committee_name: Option<String>,
}
