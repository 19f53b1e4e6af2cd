//! Finished spans in the form of OpenTelemetry.
//!
//! They are made as values and not by the SDK's tracer: when a span is recorded everything about it is known, and
//! where a `traceparent` names it its id is too, which the tracer would choose itself.

use super::exporter::Exporter;
use super::{Attempt, Door, Error, Hop, Target, Trace, telemetry};
use crate::clock;
use crate::task::{OnPanic, Tasks};
use contract::limits;
use contract::trace::Traceparent;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SpanData, SpanEvents, SpanLinks};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// One process exports to one collector, and spans come from everywhere in it, as with metrics.
static SPANS: OnceLock<Spans> = OnceLock::new();

pub(super) fn hop(hop: &Hop<'_>) {
    if let Some(spans) = SPANS.get() {
        spans.hop(hop);
    }
}

pub(super) fn attempt(attempt: &Attempt<'_>) {
    if let Some(spans) = SPANS.get() {
        spans.attempt(attempt);
    }
}

pub(super) fn export(target: &Target<'_>, tasks: &Tasks) -> Result<(), Error> {
    let (spans, exporter) = Spans::to(target)?;
    SPANS.set(spans).map_err(|_| Error::Already)?;
    tasks.spawn("trace export", OnPanic::Log, exporter.run(tasks.stop().clone()));
    Ok(())
}

/// Where spans are recorded.
#[derive(Debug)]
pub(super) struct Spans {
    queue: mpsc::Sender<SpanData>,
    /// Those that found the queue full, until the exporter tells of them.
    overflow: Arc<AtomicU64>,
    ids: RandomIdGenerator,
    scope: InstrumentationScope,
}

impl Spans {
    /// The two ends of the queue to a collector.
    pub(super) fn to(target: &Target<'_>) -> Result<(Self, Exporter), Error> {
        let (queue, finished) = mpsc::channel(limits::TRACE_QUEUE_SPANS);
        let overflow = Arc::default();
        let exporter = Exporter::new(target, finished, Arc::clone(&overflow))?;
        let scope = InstrumentationScope::builder("tributary").with_version(env!("CARGO_PKG_VERSION")).build();
        Ok((Self { queue, overflow, ids: RandomIdGenerator::default(), scope }, exporter))
    }

    pub(super) fn hop(&self, hop: &Hop<'_>) {
        let Some(span) = self.of(hop.trace) else { return };
        let mut attributes = vec![KeyValue::new("stage", hop.stage), KeyValue::new("outcome", hop.outcome)];
        attributes.extend(hop.id.map(|id| KeyValue::new("message.id", id.to_owned())));
        let ended = SystemTime::from(clock::now());
        self.keep(SpanData {
            name: hop.stage.into(),
            span_kind: match hop.door {
                Door::Queue => SpanKind::Consumer,
                Door::Http => SpanKind::Server,
            },
            start_time: ended.checked_sub(hop.began.elapsed()).unwrap_or(ended),
            end_time: ended,
            attributes,
            status: if hop.failed { Status::error(hop.outcome) } else { Status::Unset },
            ..span
        });
    }

    pub(super) fn attempt(&self, attempt: &Attempt<'_>) {
        let Some(span) = self.of(Trace::Continued(attempt.trace)) else { return };
        // What follows the first colon is for people and may name a host.
        let reason = attempt.reason.split(':').next().unwrap_or_default();
        let mut attributes = vec![
            KeyValue::new("stage", "sender"),
            KeyValue::new("outcome", attempt.outcome),
            KeyValue::new("reason", reason.to_owned()),
            KeyValue::new("webhook.id", attempt.webhook.to_owned()),
            KeyValue::new("delivery.id", attempt.delivery.to_owned()),
            KeyValue::new("delivery.tries", i64::from(attempt.number)),
        ];
        attributes.extend(attempt.status.map(|status| KeyValue::new("http.response.status_code", i64::from(status))));
        let began = SystemTime::from(attempt.began);
        self.keep(SpanData {
            name: "attempt".into(),
            span_kind: SpanKind::Client,
            start_time: began,
            end_time: began.checked_add(attempt.took).unwrap_or(began),
            attributes,
            status: if attempt.failed { Status::error(reason.to_owned()) } else { Status::Unset },
            ..span
        });
    }

    /// Spans that found the queue full and are not told of yet.
    #[cfg(test)]
    pub(super) fn overflow(&self) -> u64 {
        self.overflow.load(Ordering::Relaxed)
    }

    /// An empty span at its place in its trace; none when whoever began the trace does not want spans of it.
    fn of(&self, trace: Trace<'_>) -> Option<SpanData> {
        let (Trace::Begun(text) | Trace::Continued(text)) = trace;
        let named = Traceparent::parse(text).filter(|named| named.is_sampled())?;
        let (id, parent) = match trace {
            Trace::Begun(_) => (SpanId::from(named.span()), SpanId::INVALID),
            Trace::Continued(_) => (self.ids.new_span_id(), SpanId::from(named.span())),
        };
        let flags = TraceFlags::new(named.flags());
        Some(SpanData {
            span_context: SpanContext::new(TraceId::from(named.trace()), id, flags, false, TraceState::NONE),
            parent_span_id: parent,
            // The span before it was most often another process's; nobody can tell.
            parent_span_is_remote: parent != SpanId::INVALID,
            span_kind: SpanKind::Internal,
            name: "".into(),
            start_time: SystemTime::UNIX_EPOCH,
            end_time: SystemTime::UNIX_EPOCH,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        })
    }

    /// Queues it, and never waits for that.
    fn keep(&self, span: SpanData) {
        match self.queue.try_send(span) {
            // Closed: the process stops, and what is left was sent.
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(_)) => {
                self.overflow.fetch_add(1, Ordering::Relaxed);
                telemetry::overflowed();
            }
        }
    }
}

#[cfg(test)]
mod tests;
