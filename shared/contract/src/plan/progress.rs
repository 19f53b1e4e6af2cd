//! How far a plan has come: it travels with the delivery while a retry waits.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What earlier attempts of a plan left behind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The step at which the next attempt begins.
    pub step: usize,
    /// Captured so far.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captured: BTreeMap<String, Value>,
    /// A step that is not a `GET` has succeeded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
    /// An earlier attempt ended unclear: `recheck` steps run first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unclear: bool,
    /// `recheck` steps before this one have run since.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rechecked: usize,
    /// The ledger has not taken all that was captured for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owed: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Progress {
    /// Nothing has happened yet.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
