//! What a backfill would send, before it does.

use super::progress::duration;
use super::spool::Found;
use crate::commands::dollars;
use contract::backfill::{Sum, Tally};
use dashboard::views::MonthView;
use serde::Serialize;
use std::collections::BTreeMap;

/// Counts of what a backfill would send.
#[derive(Debug, Serialize)]
pub(super) struct Preview {
    /// Events that belong to the backfill.
    events: u64,
    /// What they come to, in US dollars.
    amount: String,
    months: Vec<MonthView>,
    /// Events of the files that do not belong to it, by why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    outside: BTreeMap<&'static str, u64>,
    /// Events that the files have more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    twice: Option<u64>,
    /// Rows that can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    bad_rows: Option<u64>,
    /// Of those, by what is wrong with them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    bad_rows_by_reason: BTreeMap<&'static str, u64>,
    /// Files that can't be read to their end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    broken_files: Vec<String>,
    /// At the rate that the webhook allows, in seconds; it can take longer, never less.
    estimated_s: u64,
}

impl Preview {
    /// Of what the history holds.
    pub(super) fn of_history(tally: &Tally, rate: f64) -> Self {
        Self::of(tally, rate)
    }

    /// Of what files hold.
    pub(super) fn of_files(found: &Found, rate: f64) -> Self {
        Self {
            outside: found.outside.clone(),
            twice: Some(found.twice),
            bad_rows: Some(found.bad),
            bad_rows_by_reason: found.codes.clone(),
            broken_files: found.broken.clone(),
            ..Self::of(&found.tally, rate)
        }
    }

    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a guess")]
    fn of(tally: &Tally, rate: f64) -> Self {
        let Sum { events, cents } = tally.total();
        Self {
            events,
            amount: dollars(cents),
            months: MonthView::all(tally),
            outside: BTreeMap::new(),
            twice: None,
            bad_rows: None,
            bad_rows_by_reason: BTreeMap::new(),
            broken_files: Vec::new(),
            estimated_s: (events as f64 / rate.max(0.01)).ceil() as u64,
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let row = |row: &MonthView| {
            format!("{:<9} {:<13} {:>10} {:>16}", row.month, row.kind, row.events, dollars(row.cents))
        };
        let mut lines = vec![format!("{:<9} {:<13} {:>10} {:>16}", "MONTH", "KIND", "EVENTS", "US DOLLARS")];
        lines.extend(self.months.iter().map(row));
        lines.push(format!("{:<9} {:<13} {:>10} {:>16}", "all", "", self.events, self.amount));
        let outside = self.outside.iter().map(|(why, count)| format!("{count} events are left out: {why}"));
        lines.extend(outside);
        if let Some(twice @ 1..) = self.twice {
            lines.push(format!("{twice} events are in the files more than once"));
        }
        if let Some(bad @ 1..) = self.bad_rows {
            lines.push(format!("{bad} rows can't be read"));
        }
        lines.extend(self.bad_rows_by_reason.iter().map(|(reason, count)| format!("  {count} {reason}")));
        lines.extend(self.broken_files.iter().map(|broken| format!("not read to its end: {broken}")));
        lines.push(format!("at least {} at the webhook's rate", duration(self.estimated_s)));
        lines.join("\n")
    }
}
