//! What came of running a plan.

use super::verdict::Verdict;
use contract::plan::Progress;
use jiff::Timestamp;
use std::time::Duration;

/// What came of running a plan.
#[derive(Debug)]
pub(crate) enum Ran {
    /// An attempt was made.
    Attempted(Attempted),
    /// It goes on later, where it stopped; no attempt is spent.
    Later {
        /// How long to wait.
        after: Duration,
        /// A metric label.
        why: &'static str,
        /// Where it goes on.
        progress: Progress,
    },
}

/// What an attempt came to.
#[derive(Debug)]
pub(crate) struct Attempted {
    pub(crate) at: Timestamp,
    pub(crate) verdict: Verdict,
    /// Of the last answer.
    pub(crate) status: Option<u16>,
    pub(crate) duration_ms: u64,
    /// The last request of a test, redacted.
    pub(crate) request: Option<String>,
    /// The beginning of the last answer, redacted; of failed attempts and of tests.
    pub(crate) answer: Option<String>,
    /// Where the next attempt goes on.
    pub(crate) progress: Progress,
}
