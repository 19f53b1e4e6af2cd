//! Where a backfill stands.

use serde::{Deserialize, Serialize};

/// Where a backfill stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has a start date, and its webhook is not active yet.
    Requested,
    /// Its webhook is active; staff may start it.
    Ready,
    /// Its events are being sent.
    Running,
    /// A person paused it, and a person resumes it.
    Paused,
    /// It paused by itself because live deliveries are late, and goes on by itself.
    Yielding,
    /// Every event of it was delivered, skipped or given up.
    Completed,
    /// It met something that it can't go on with. Another one can be requested.
    Failed,
    /// A person ended it. Another one can be requested.
    Cancelled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Ready,
        Self::Running,
        Self::Paused,
        Self::Yielding,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The word that commands, pages, indexes and stored backfills use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Yielding => "yielding",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing can happen to it any more.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether it was started and has not ended: then a runner holds it.
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Yielding)
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
#[error("the status must be requested, ready, running, paused, yielding, completed, failed or cancelled")]
pub struct UnknownStatus;
