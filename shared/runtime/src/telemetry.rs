//! Logs and metrics of a process.
//!
//! Logs go to standard error: readable on a terminal, one JSON object a line otherwise. What a command answers
//! goes to standard output and is never mixed with them.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// Bounds of histograms of seconds: from half a millisecond to an hour, for stage times and event ages alike.
const SECONDS: [f64; 18] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0];
/// Bounds of histograms of counts: lines of a batch.
const COUNTS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 256.0, 1_024.0];

/// Why telemetry can't begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The process has a logger already.
    #[error("the log can't be set up")]
    Log(#[from] tracing_subscriber::util::TryInitError),
    /// The process has another recorder already.
    #[error("the metrics can't be set up")]
    Metrics,
}

/// Which log lines are written: a level, or levels by module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(String);

impl std::str::FromStr for Filter {
    type Err = tracing_subscriber::filter::ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        EnvFilter::builder().parse(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl Default for Filter {
    /// `info`: the life of the process and one line per final result.
    fn default() -> Self {
        Self("info".to_owned())
    }
}

/// Writes the log from now on. Once per process.
pub fn log(filter: &Filter) -> Result<(), Error> {
    // lapin calls every orderly close an error; the broker says itself what people must know. A filter that
    // names lapin wins.
    let filter = EnvFilter::new(format!("lapin=off,{}", filter.0));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        lines.with_target(false).finish().try_init()?;
    } else {
        let lines = lines.json().flatten_event(true).with_current_span(true).with_span_list(false);
        lines.finish().try_init()?;
    }
    Ok(())
}

/// What the process has counted. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics(PrometheusHandle);

/// The recorder is one per process by the design of the `metrics` crate, so its handle is too.
static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

impl Metrics {
    /// Counts from now on; a second call gives the same.
    pub fn record() -> Result<Self, Error> {
        HANDLE.get_or_init(|| install().ok()).clone().map(Self).ok_or(Error::Metrics)
    }

    /// As Prometheus reads them.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds histogram samples together; without it they pile up until someone asks for them.
    pub fn fold(&self) {
        self.0.run_upkeep();
    }
}

fn install() -> Result<PrometheusHandle, BuildError> {
    // Plain buckets: the exporter's default is quantiles over a window, which can't be added up across copies.
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets(&COUNTS)?
        .install_recorder()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_rendered_with_buckets() {
        let first = Metrics::record().expect("recorder");
        let again = Metrics::record().expect("the same recorder");
        metrics::counter!("tributary_example_total").increment(2);
        metrics::histogram!("tributary_example_seconds").record(0.003);
        first.fold();
        let page = again.render();
        assert!(page.contains("tributary_example_total 2"), "{page}");
        assert!(page.contains("tributary_example_seconds_bucket{le=\"0.005\"} 1"), "{page}");
    }

    #[test]
    fn a_filter_is_checked_before_anything_runs() {
        for good in ["info", "warn,sender=debug", "off"] {
            assert!(good.parse::<Filter>().is_ok(), "{good}");
        }
        for bad in ["sender=loud", "=,="] {
            assert!(bad.parse::<Filter>().is_err(), "{bad}");
        }
    }
}
