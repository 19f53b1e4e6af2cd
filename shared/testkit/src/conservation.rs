//! The oracle of the promise: everything accepted is accounted for, nothing is invented, and repeats are at
//! most what was in flight.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ids that a report names; more are counted.
const NAMED_IDS: usize = 10;

/// What was accepted and what became of it, by delivery id. Share it by reference or in an `Arc`.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<BTreeMap<String, Entry>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Entry {
    accepted: bool,
    delivered: usize,
    undelivered: usize,
    skipped: usize,
}

impl Entry {
    fn ends(self) -> usize {
        self.delivered + self.undelivered + self.skipped
    }
}

impl Ledger {
    /// Nothing accepted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The pipeline has taken responsibility for this delivery. Saying so twice is saying so once.
    pub fn accepted(&self, delivery: impl fmt::Display) {
        self.entry(&delivery, |entry| entry.accepted = true);
    }

    /// The receiver got it and said so, once more.
    pub fn delivered(&self, delivery: impl fmt::Display) {
        self.entry(&delivery, |entry| entry.delivered += 1);
    }

    /// It was found among the undelivered, once more.
    pub fn undelivered(&self, delivery: impl fmt::Display) {
        self.entry(&delivery, |entry| entry.undelivered += 1);
    }

    /// A record says that it was not sent on purpose, once more.
    pub fn skipped(&self, delivery: impl fmt::Display) {
        self.entry(&delivery, |entry| entry.skipped += 1);
    }

    /// Counts. `max_duplicates` is the number of repeats that are allowed over all deliveries together: what
    /// was in flight at the moments of failure.
    pub fn check(&self, max_duplicates: usize) -> Result<(), Report> {
        let mut report = Report { allowed: max_duplicates, ..Report::default() };
        for (id, entry) in self.entries().iter() {
            report.accepted += usize::from(entry.accepted);
            match (entry.accepted, entry.ends()) {
                (true, 0) => report.lost.push(id.clone()),
                (false, _) => report.invented.push(id.clone()),
                (true, 1) => {}
                (true, times) => {
                    report.duplicates += times - 1;
                    report.duplicated.push((id.clone(), times));
                }
            }
        }
        let good = report.lost.is_empty() && report.invented.is_empty() && report.duplicates <= max_duplicates;
        if good { Ok(()) } else { Err(report) }
    }

    fn entry(&self, delivery: &dyn fmt::Display, change: impl FnOnce(&mut Entry)) {
        change(self.entries().entry(delivery.to_string()).or_default());
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a ledger does not balance.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// Deliveries that were accepted.
    pub accepted: usize,
    /// Accepted, and nothing became of it.
    pub lost: Vec<String>,
    /// Never accepted, and something became of it all the same.
    pub invented: Vec<String>,
    /// What ended more than once, and how often.
    pub duplicated: Vec<(String, usize)>,
    /// Ends beyond the first, over all deliveries.
    pub duplicates: usize,
    /// How many of those were allowed.
    pub allowed: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of {} accepted deliveries", self.accepted)?;
        write!(f, ", {} lost{}", self.lost.len(), some_of(&self.lost))?;
        write!(f, ", {} invented{}", self.invented.len(), some_of(&self.invented))?;
        let repeated: Vec<String> = self.duplicated.iter().map(|(id, times)| format!("{id} × {times}")).collect();
        write!(f, ", {} repeats where {} are allowed{}", self.duplicates, self.allowed, some_of(&repeated))
    }
}

impl std::error::Error for Report {}

fn some_of(ids: &[String]) -> String {
    let named = ids[..ids.len().min(NAMED_IDS)].join(", ");
    match ids.len() {
        0 => String::new(),
        1..=NAMED_IDS => format!(" ({named})"),
        _ => format!(" ({named}, …)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_counts_as_an_end() {
        let ledger = Ledger::new();
        for id in ["a", "b", "c"] {
            ledger.accepted(id);
        }
        ledger.delivered("a");
        ledger.undelivered("b");
        ledger.skipped("c");
        assert_eq!(ledger.check(0), Ok(()));
    }

    #[test]
    fn what_is_lost_and_what_is_invented_is_named() {
        let ledger = Ledger::new();
        ledger.accepted("lost");
        ledger.delivered("invented");
        let report = ledger.check(usize::MAX).unwrap_err();
        assert_eq!(report.lost, ["lost"]);
        assert_eq!(report.invented, ["invented"]);
        let text = "of 1 accepted deliveries, 1 lost (lost), 1 invented (invented), \
            0 repeats where 18446744073709551615 are allowed";
        assert_eq!(report.to_string(), text);
    }

    #[test]
    fn repeats_are_allowed_up_to_the_number_in_flight() {
        let ledger = Ledger::new();
        for id in ["a", "b"] {
            ledger.accepted(id);
            ledger.accepted(id);
            ledger.delivered(id);
        }
        ledger.delivered("a");
        ledger.undelivered("b");
        assert_eq!(ledger.check(2), Ok(()));
        let report = ledger.check(1).unwrap_err();
        assert_eq!((report.duplicates, report.allowed), (2, 1));
        assert_eq!(report.duplicated, [("a".to_owned(), 2), ("b".to_owned(), 2)]);
    }

    #[test]
    fn a_long_report_names_only_some() {
        let ledger = Ledger::new();
        for id in 0..25 {
            ledger.accepted(format!("d{id:02}"));
        }
        let text = ledger.check(0).unwrap_err().to_string();
        assert!(text.contains("25 lost (d00, ") && text.contains("d09, …)") && !text.contains("d10"), "{text}");
    }
}
