//! What ingest tells: names, labels and log lines in one file.

use crate::accept::{Error, Receipt};
use crate::trace::Entered;
use contract::body::Rejection;
use metrics::counter;
use runtime::trace::{Door, Hop};
use std::time::{Duration, Instant};

/// Documents read. Labels `entrance`, `outcome` (`accepted`, `rejected`).
const DOCUMENTS: &str = "tributary_ingest_documents_total";
/// Events published. Label `entrance`.
const EVENTS: &str = "tributary_ingest_events_total";
/// Events dropped because they were accepted before. Label `entrance`.
const DUPLICATES: &str = "tributary_ingest_duplicates_total";

/// Requests whose handler panicked.
const PANICS: &str = "tributary_ingest_panics_total";
/// Accepted events of which history has no copy.
const HISTORY_MISSED: &str = "tributary_history_missed_total";

/// How a document came in: the label `entrance`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entrance {
    Amqp,
    Events,
    Actblue,
}

impl Entrance {
    const fn name(self) -> &'static str {
        match self {
            Self::Amqp => "amqp",
            Self::Events => "events",
            Self::Actblue => "actblue",
        }
    }
}

/// What came in by HTTP is answered for: the span of the request.
pub(crate) fn entered(trace: &Entered, began: Instant, receipt: &Result<Receipt, Error>) {
    let outcome = match receipt {
        Ok(receipt) if receipt.rejected.is_empty() => "accepted",
        Ok(_) => "rejected",
        Err(_) => "turned_away",
    };
    let (trace, failed) = (trace.span(), receipt.is_err());
    Hop { stage: "ingest", trace, door: Door::Http, id: None, began, outcome, failed }.record();
}

/// A document's events are settled: published, or dropped as repeats.
pub(crate) fn accepted(entrance: Entrance, fresh: usize, repeats: usize) {
    let entrance = entrance.name();
    counter!(DOCUMENTS, "entrance" => entrance, "outcome" => "accepted").increment(1);
    counter!(EVENTS, "entrance" => entrance).increment(fresh as u64);
    counter!(DUPLICATES, "entrance" => entrance).increment(repeats as u64);
}

/// A document is put aside. The first reason is logged, all of them lie beside the document.
pub(crate) fn rejected(entrance: Entrance, rejection: &Rejection) {
    counter!(DOCUMENTS, "entrance" => entrance.name(), "outcome" => "rejected").increment(1);
    let reasons = rejection.reasons.len() + rejection.more;
    let path = rejection.reasons.first().map(|reason| reason.path.as_str());
    tracing::warn!(entrance = entrance.name(), reasons, path, "rejected what upstream published");
}

/// Events could not be remembered: their repeats will be delivered again, under the same ids.
pub(crate) fn unmarked(error: &dyn std::error::Error, events: usize) {
    tracing::warn!(%error, events, "accepted events could not be remembered; a repeat of them is not dropped");
}

/// Events go on without a copy in history.
pub(crate) fn history_missed(events: usize) {
    counter!(HISTORY_MISSED).increment(events as u64);
}

/// History failed and is left alone for a while.
pub(crate) fn history_paused(error: &dyn std::error::Error, pause: Duration) {
    tracing::warn!(%error, pause_s = pause.as_secs(), "history takes no copies; deliveries go on without");
}

/// A handler of an HTTP request panicked.
pub(crate) fn panicked() {
    counter!(PANICS).increment(1);
    tracing::error!("a handler of an HTTP request panicked; it was answered with 500");
}
