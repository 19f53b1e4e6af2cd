//! What was measured, and its table.

use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tests::process::Usage;

/// All runs.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// In the order they ran; the first is the relay.
    pub(crate) runs: Vec<Run>,
    /// Resident memory of each process before any load, MiB.
    pub(crate) idle_mib: BTreeMap<String, f64>,
    /// The long run.
    pub(crate) soak: Option<Soak>,
}

/// One system under load.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    /// What ran.
    pub(crate) name: String,
    /// Events from the queue or entrance to the sink, a second, at saturation.
    pub(crate) events_per_s: f64,
    /// Requests at the sink, a second, at saturation.
    pub(crate) deliveries_per_s: f64,
    /// From hand-over to arrival at 200 events a second.
    pub(crate) at_200: Option<Latency>,
    /// From hand-over to arrival at 1,000 events a second.
    pub(crate) at_1000: Option<Latency>,
    /// Of each process, at saturation.
    pub(crate) processes: Vec<Cost>,
}

/// Latency.
#[derive(Debug, Serialize)]
pub(crate) struct Latency {
    /// Median, ms.
    pub(crate) p50: f64,
    /// 95th percentile, ms.
    pub(crate) p95: f64,
    /// 99th percentile, ms.
    pub(crate) p99: f64,
}

/// What a process used.
#[derive(Debug, Serialize)]
pub(crate) struct Cost {
    /// Which.
    pub(crate) name: String,
    /// Processor seconds for 1,000 deliveries.
    pub(crate) cpu_s_per_1000: f64,
    /// Most resident memory, MiB.
    pub(crate) peak_mib: f64,
}

/// Memory over a long run of the embedded pipeline, MiB.
#[derive(Debug, Serialize)]
pub(crate) struct Soak {
    /// Events sent in all.
    pub(crate) events: u32,
    /// Resident memory after each quarter.
    pub(crate) resident_mib: Vec<f64>,
}

impl Latency {
    /// Of pairs of hand-over and arrival; none when nothing arrived.
    pub(crate) fn of(pairs: impl Iterator<Item = (Instant, Instant)>) -> Option<Self> {
        let mut took: Vec<Duration> = pairs.map(|(handed, came)| came.saturating_duration_since(handed)).collect();
        took.sort_unstable();
        let at = |share: usize| took.get((took.len() * share / 100).min(took.len().saturating_sub(1)));
        let ms = |share| at(share).map(|took| took.as_secs_f64() * 1_000.0);
        Some(Self { p50: ms(50)?, p95: ms(95)?, p99: ms(99)? })
    }
}

impl Cost {
    /// Of a process that started before the load and this many deliveries.
    pub(crate) fn of(usage: &Usage, before: &Usage, deliveries: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a run has far fewer than 2^52 deliveries")]
        let thousands = (deliveries as f64 / 1_000.0).max(0.001);
        Self {
            name: usage.name.clone(),
            cpu_s_per_1000: (usage.cpu_s - before.cpu_s) / thousands,
            peak_mib: usage.peak_mib,
        }
    }
}

/// Prints the table, ratios against the relay of the same run.
pub(crate) fn print(report: &Report) {
    let Some(relay) = report.runs.first() else { return };
    println!(
        "\n{:<34}{:>10}{:>8}{:>12}{:>26}{:>26}",
        "", "events/s", "ratio", "deliveries/s", "200/s p50/p95/p99 ms", "1,000/s p50/p95/p99 ms"
    );
    for run in &report.runs {
        println!(
            "{:<34}{:>10.0}{:>8.2}{:>12.0}{:>26}{:>26}",
            run.name,
            run.events_per_s,
            run.events_per_s / relay.events_per_s,
            run.deliveries_per_s,
            show(run.at_200.as_ref()),
            show(run.at_1000.as_ref()),
        );
    }
    println!("\n{:<34}{:<14}{:>22}{:>12}", "", "process", "CPU s/1,000 deliveries", "peak MiB");
    for run in &report.runs {
        for cost in &run.processes {
            println!("{:<34}{:<14}{:>22.3}{:>12.1}", run.name, cost.name, cost.cpu_s_per_1000, cost.peak_mib);
        }
    }
    println!("\nidle, MiB: {:.1?}", report.idle_mib);
    if let Some(soak) = &report.soak {
        println!("resident after each quarter of {} events, MiB: {:.1?}", soak.events, soak.resident_mib);
    }
}

/// `p50 / p95 / p99`
pub(crate) fn show(latency: Option<&Latency>) -> String {
    latency.map_or_else(|| "-".into(), |l| format!("{:.1} / {:.1} / {:.1}", l.p50, l.p95, l.p99))
}
