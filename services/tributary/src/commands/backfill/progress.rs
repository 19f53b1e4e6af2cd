//! How a backfill gets on, a line a second.

use contract::backfill::{Counts, Progress, Reading, progress};
use dashboard::views::BackfillView;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::VecDeque;

/// Readings over which the rate is taken.
const READINGS: usize = 10;

/// Tells rates from what was read before.
#[derive(Default)]
pub(super) struct Meter(VecDeque<Reading>);

/// How a backfill gets on at one moment.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    at: Timestamp,
    id: &'a str,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Events that belong to it; absent until they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    sent: u64,
    done: u64,
    failed: u64,
    skipped: u64,
    repeated: u64,
    rejected: u64,
    outstanding: u64,
    /// Events a second that were got through, over the last readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_s: Option<f64>,
    /// Seconds for the rest at that rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_s: Option<u64>,
}

impl Meter {
    /// How it gets on, with what was read before.
    pub(super) fn read<'a>(&mut self, view: &'a BackfillView, at: Timestamp) -> Line<'a> {
        let now = Reading { at, counts: counts(view) };
        let earlier = self.0.front().copied();
        let Progress { per_s, left } = earlier.map_or_else(Progress::default, |earlier| progress(&earlier, &now));
        if self.0.len() == READINGS {
            self.0.pop_front();
        }
        self.0.push_back(now);
        Line {
            at,
            id: &view.id,
            status: &view.status,
            reason: view.reason.as_deref(),
            total: view.total,
            sent: view.sent,
            done: view.done,
            failed: view.failed,
            skipped: view.skipped,
            repeated: view.repeated,
            rejected: view.rejected,
            outstanding: view.outstanding,
            per_s: per_s.map(|per_s| (per_s * 10.0).round() / 10.0),
            left_s: left.map(|left| left.as_secs()),
        }
    }
}

impl Line<'_> {
    /// For people.
    pub(super) fn text(&self) -> String {
        let total = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
        let through = self.done + self.failed + self.skipped + self.repeated;
        let mut text = format!(
            "{:<10}  {through}{total}: done {}  failed {}  skipped {}  repeated {}  on the way {}",
            self.status, self.done, self.failed, self.skipped, self.repeated, self.outstanding
        );
        let more = [
            self.per_s.map(|per_s| format!("{per_s:.0}/s")),
            self.left_s.map(|left| format!("{} left", duration(left))),
            self.reason.map(str::to_owned),
        ];
        for more in more.into_iter().flatten() {
            text.push_str("  ");
            text.push_str(&more);
        }
        text
    }
}

/// Seconds as people read them.
pub(super) fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn counts(view: &BackfillView) -> Counts {
    Counts {
        total: view.total,
        sent: view.sent,
        done: view.done,
        failed: view.failed,
        skipped: view.skipped,
        repeated: view.repeated,
        rejected: view.rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(61), "1 min 1 s");
        assert_eq!(duration(7_260), "2 h 1 min");
    }
}
