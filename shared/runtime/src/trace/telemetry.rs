//! What the export of spans tells: names, labels and log lines in one file.

use metrics::counter;

/// Spans that a collector took.
const EXPORTED: &str = "tributary_trace_spans_exported_total";
/// Spans that were dropped. Label `reason` (`queue_full`, `export_failed`).
const DROPPED: &str = "tributary_trace_spans_dropped_total";

/// Spans go to a collector from now on.
pub(super) fn begun(endpoint: &str) {
    tracing::info!(otlp.endpoint = endpoint, "exporting traces");
}

/// A span found the queue full.
pub(super) fn overflowed() {
    counter!(DROPPED, "reason" => "queue_full").increment(1);
}

/// A collector took spans.
pub(super) fn exported(spans: usize) {
    counter!(EXPORTED).increment(spans as u64);
}

/// A collector did not take spans.
pub(super) fn failed(spans: usize) {
    counter!(DROPPED, "reason" => "export_failed").increment(spans as u64);
}

/// Spans were lost since this was told last. The pipeline does not mind.
pub(super) fn lost(spans: u64, error: Option<&str>) {
    tracing::warn!(spans, error, "spans are dropped: the collector does not take them, or not fast enough");
}

/// The collector takes spans again.
pub(super) fn recovered() {
    tracing::info!("the collector takes spans again");
}

/// The process ends, and spans that it held end with it.
pub(super) fn cut_off(spans: usize) {
    failed(spans);
    tracing::warn!(spans, "spans were not exported before the process had to end");
}
