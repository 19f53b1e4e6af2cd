//! Measures the pipeline beside a bare relay, in one run on one machine. `./scripts/bench` starts it.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod backfill;
mod checks;
mod figures;
mod isolation;
mod load;
mod past;
mod relay;
mod runs;
mod sink;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Measures the pipeline beside a bare relay of four quorum-queue hops and a POST, in one run")]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Events of each run at saturation.
    #[arg(long, default_value_t = 20_000)]
    events: u32,
    /// Seconds of each run at a steady rate.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Send this many events through the embedded pipeline too, and report how its memory grew.
    #[arg(long, default_value_t = 200_000)]
    soak: u32,
    /// Only the relay and the pipeline with one webhook an event.
    #[arg(long)]
    quick: bool,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "bench.json")]
    json: PathBuf,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Runs a large backfill whose runner is killed on the way, and checks what arrives, what the broker holds and
    /// how memory grows
    Backfill(backfill::Sizes),
    /// Measures live deliveries beside a backfill at full speed and beside one whose receiver hangs, and checks that
    /// they are not much later than without
    Isolation(isolation::Sizes),
    /// The relay's own process; started by the bench.
    #[command(hide = true)]
    Relay { url: String, prefix: String, sink: String },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    // reqwest asks for a provider even where every address is plain http.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    runtime.block_on(async {
        match arguments.part {
            Some(Part::Relay { url, prefix, sink }) => relay::run(&url, &prefix, &sink).await,
            Some(Part::Backfill(sizes)) => backfill::run(&sizes).await,
            Some(Part::Isolation(sizes)) => isolation::run(&sizes).await,
            None => {
                let Arguments { events, seconds, soak, quick, .. } = arguments;
                let report = runs::all(&runs::Sizes { events, seconds, soak, quick }).await?;
                figures::print(&report);
                std::fs::write(&arguments.json, serde_json::to_vec_pretty(&report)?).context("writing the figures")?;
                println!("\nwritten to {}", arguments.json.display());
                Ok(())
            }
        }
    })
}
