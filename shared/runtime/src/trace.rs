//! Spans: what an event's way through the pipeline looks like in OpenTelemetry.
//!
//! The way is known without it: every envelope carries a W3C `traceparent` from the entrance to the last try.
//! With the feature `otel`, and once [`export`] was called, each hop and each attempt is a finished span of that
//! trace as well. Without the feature a span is recorded by an empty function.
//!
//! What a span says is what the fields here hold, and no more: never a payload, a credential, a donor's field
//! or a URL.

#[cfg(feature = "otel")]
mod exporter;
#[cfg(not(feature = "otel"))]
mod nowhere;
#[cfg(feature = "otel")]
mod spans;
#[cfg(feature = "otel")]
mod telemetry;

#[cfg(not(feature = "otel"))]
use nowhere as spans;

use crate::task::Tasks;
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Whether this program was built with the feature `otel`.
pub const AVAILABLE: bool = cfg!(feature = "otel");

/// How a span belongs to the `traceparent` of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace<'a> {
    /// It is the very span that the `traceparent` names: the trace begins with it.
    Begun(&'a str),
    /// It comes after the span that the `traceparent` names.
    Continued(&'a str),
}

/// By which kind of door an item came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// From a queue.
    Queue,
    /// As an HTTP request.
    Http,
}

/// What one role did with one item. The span has the name of the role.
#[derive(Debug, Clone, Copy)]
pub struct Hop<'a> {
    /// The role.
    pub stage: &'static str,
    /// Where it belongs.
    pub trace: Trace<'a>,
    /// How the item came in.
    pub door: Door,
    /// The event's id or, behind the formatter, the delivery's; none at the entrance, where one item can be many.
    pub id: Option<&'a str>,
    /// When the role took the item.
    pub began: Instant,
    /// What became of it: of a closed set.
    pub outcome: &'static str,
    /// The outcome is one that nobody wants.
    pub failed: bool,
}

impl Hop<'_> {
    /// Records the span; it ends now.
    #[inline]
    pub fn record(&self) {
        spans::hop(self);
    }
}

/// One try at a delivery. The span's name is `attempt`.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The delivery's `traceparent`.
    pub trace: &'a str,
    /// The delivery's id.
    pub delivery: &'a str,
    /// The webhook's id.
    pub webhook: &'a str,
    /// Which try it is, counted from 1.
    pub number: u32,
    /// When the request was made.
    pub began: Timestamp,
    /// Until the answer was read.
    pub took: Duration,
    /// What became of the delivery: of a closed set.
    pub outcome: &'static str,
    /// The status of the answer, when there was one.
    pub status: Option<u16>,
    /// Why. What stands before its first colon is of a closed set; the rest is not told.
    pub reason: &'a str,
    /// The receiver does not have it.
    pub failed: bool,
}

impl Attempt<'_> {
    /// Records the span.
    #[inline]
    pub fn record(&self) {
        spans::attempt(self);
    }
}

/// Where spans go, and what they say about this process.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The collector's base URL, such as `http://127.0.0.1:4318`; `/v1/traces` is added.
    pub endpoint: &'a str,
    /// What the process runs: a role, or `all`.
    pub role: &'a str,
}

/// Why spans can't be exported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The feature `otel` is missing.
    #[error("this program was built without the feature otel")]
    Unavailable,
    /// One process exports to one collector.
    #[error("spans are exported already")]
    Already,
    /// The exporter refuses its configuration.
    #[error("the exporter can't be set up")]
    Exporter(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Exports spans from now on, once per process, until `tasks` are stopped; what is left then goes out within
/// [`contract::limits::TRACE_FLUSH_MS`].
///
/// A collector that is slow or away costs nothing but the spans: they wait in a bounded queue, and what does not
/// fit is dropped and counted.
pub fn export(target: &Target<'_>, tasks: &Tasks) -> Result<(), Error> {
    spans::export(target, tasks)
}
