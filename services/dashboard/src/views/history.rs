//! The history.

use contract::backfill::{Sum, Tally};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which events of the history are meant.
#[derive(Debug, Clone, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryFilter {
    /// Whose they are.
    #[param(example = 4411)]
    pub entity: u64,
    /// Those that were received from here on: a day in US Eastern time, or a time with an offset.
    #[param(example = "2024-01-01")]
    pub from: String,
    /// And before this; until now by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Those of this kind: `contribution`, `refund` or `cancellation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// Events, counted as far as a line says.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CountedHistory {
    /// The oldest first.
    pub months: Vec<MonthView>,
    /// Whether these are all of them. A last line says so; what has none was broken off.
    pub is_done: bool,
}

/// The events of one kind that happened in one month.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MonthView {
    /// In US Eastern time.
    #[schema(example = "2024-01")]
    pub month: String,
    /// `contribution`, `refund` or `cancellation`.
    pub kind: String,
    /// How many.
    pub events: u64,
    /// What they come to, in cents of a US dollar; nothing for cancellations.
    pub cents: u64,
}

impl MonthView {
    /// Every month and kind of a tally.
    pub fn all(tally: &Tally) -> Vec<Self> {
        let view = |(month, kind, Sum { events, cents }): (&str, &str, Sum)| Self {
            month: month.to_owned(),
            kind: kind.to_owned(),
            events,
            cents,
        };
        tally.rows().map(view).collect()
    }
}
