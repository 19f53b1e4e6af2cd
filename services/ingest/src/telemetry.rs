//! What ingest tells: names, labels and log lines in one file.

use contract::body::Rejection;
use metrics::counter;

/// Documents read. Labels `entrance`, `outcome` (`accepted`, `rejected`).
const DOCUMENTS: &str = "tributary_ingest_documents_total";
/// Events published. Label `entrance`.
const EVENTS: &str = "tributary_ingest_events_total";
/// Events dropped because they were accepted before. Label `entrance`.
const DUPLICATES: &str = "tributary_ingest_duplicates_total";

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
