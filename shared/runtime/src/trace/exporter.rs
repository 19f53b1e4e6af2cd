//! Takes finished spans to a collector, in batches, over OTLP as protobuf over HTTP.
//!
//! One task in the place of the SDK's batch processor: that one has a thread of its own, on which an HTTP client
//! of tokio can't run, and which nobody stops in order.

use super::{Error, Target, telemetry};
use contract::limits;
use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SpanData, SpanExporter as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// The collector's end of the queue.
#[derive(Debug)]
pub(super) struct Exporter {
    collector: SpanExporter,
    queue: mpsc::Receiver<SpanData>,
    /// Spans of the batch that is under way.
    under_way: usize,
    overflow: Arc<AtomicU64>,
    losses: Losses,
}

impl Exporter {
    pub(super) fn new(
        target: &Target<'_>,
        queue: mpsc::Receiver<SpanData>,
        overflow: Arc<AtomicU64>,
    ) -> Result<Self, Error> {
        let endpoint = format!("{}/v1/traces", target.endpoint.trim_end_matches('/'));
        let mut collector = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&endpoint)
            .with_timeout(Duration::from_millis(limits::TRACE_EXPORT_MS))
            .build()
            .map_err(|error| Error::Exporter(error.into()))?;
        collector.set_resource(&resource(target.role));
        telemetry::begun(&endpoint);
        Ok(Self { collector, queue, under_way: 0, overflow, losses: Losses::default() })
    }

    /// Exports until it is stopped, and then what is left, as far as the time for that goes.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let no_longer = async {
            stop.cancelled().await;
            tokio::time::sleep(Duration::from_millis(limits::TRACE_FLUSH_MS)).await;
        };
        tokio::select! {
            () = self.export_all(&stop) => {}
            () = no_longer => telemetry::cut_off(self.under_way + self.queue.len()),
        }
    }

    async fn export_all(&mut self, stop: &CancellationToken) {
        loop {
            let batch = self.gather(stop).await;
            if batch.is_empty() {
                return;
            }
            self.export(batch).await;
        }
    }

    /// The next batch: full, or what came in a while, or what is left after the stop. Empty when that is nothing.
    async fn gather(&mut self, stop: &CancellationToken) -> Vec<SpanData> {
        let mut batch = Vec::new();
        let mut late = None;
        while batch.len() < limits::TRACE_BATCH_SPANS {
            let room = limits::TRACE_BATCH_SPANS - batch.len();
            let patience = async {
                match late {
                    Some(late) => sleep_until(late).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled(), if !self.queue.is_closed() => self.queue.close(),
                taken = self.queue.recv_many(&mut batch, room) => match taken {
                    0 => break,
                    _ => late = late.or_else(|| Some(Instant::now() + Duration::from_millis(limits::TRACE_GATHER_MS))),
                },
                () = patience => break,
            }
        }
        batch
    }

    async fn export(&mut self, batch: Vec<SpanData>) {
        let spans = batch.len();
        self.under_way = spans;
        // The exporter's own time-out bounds one request; it may repeat it.
        let within = Duration::from_millis(limits::TRACE_EXPORT_MS);
        let error = match timeout(within, self.collector.export(batch)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("no answer in time".to_owned()),
        };
        self.under_way = 0;
        let mut lost = self.overflow.swap(0, Ordering::Relaxed);
        if error.is_some() {
            telemetry::failed(spans);
            lost += spans as u64;
        } else {
            telemetry::exported(spans);
        }
        match self.losses.after(lost, Instant::now()) {
            News::None => {}
            News::Lost(spans) => telemetry::lost(spans, error.as_deref()),
            News::Recovered => telemetry::recovered(),
        }
    }
}

/// What the collector is told of the process.
fn resource(role: &str) -> Resource {
    // Not the environment's resource attributes: only `config` reads the environment. An instance is whatever has
    // an id that no other has.
    let instance = RandomIdGenerator::default().new_trace_id().to_string();
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_service_name("tributary")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", instance))
        .with_attribute(KeyValue::new("tributary.role", role.to_owned()))
        .build()
}

/// What is worth a log line about spans that are lost: seldom, whatever happens.
#[derive(Debug, Default)]
struct Losses {
    untold: u64,
    told: Option<Instant>,
    troubled: bool,
}

/// What to tell.
#[derive(Debug, PartialEq, Eq)]
enum News {
    None,
    /// So many since it was told last.
    Lost(u64),
    Recovered,
}

impl Losses {
    /// After a batch, at which so many spans were found to be lost.
    fn after(&mut self, lost: u64, now: Instant) -> News {
        self.untold += lost;
        let pause = Duration::from_millis(limits::TRACE_NEWS_MS);
        let quiet = self.told.is_some_and(|told| now.duration_since(told) < pause);
        if lost == 0 {
            return if std::mem::take(&mut self.troubled) { News::Recovered } else { News::None };
        }
        if quiet {
            return News::None;
        }
        self.told = Some(now);
        self.troubled = true;
        News::Lost(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_told_once_in_a_while_and_none_is_left_out() {
        let (mut losses, began) = (Losses::default(), Instant::now());
        let pause = Duration::from_millis(limits::TRACE_NEWS_MS);
        let soon = began + pause / 2;
        for (lost, at, expected) in [
            (0, began, News::None),
            (5, began, News::Lost(5)),
            (7, soon, News::None),
            (0, soon, News::Recovered),
            (0, soon, News::None),
            (1, soon, News::None),
            (0, soon, News::None),
            (2, began + pause, News::Lost(10)),
        ] {
            assert_eq!(losses.after(lost, at), expected, "{lost} at {:?}", at - began);
        }
    }
}
