//! `tributary history`

use super::dollars;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Table};
use clap::{Args, Subcommand};
use contract::backfill::{Sum, Tally};
use contract::event::Kind;
use dashboard::views::{CountedHistory, HistoryFilter, MonthView};
use runtime::exit::Exit;
use serde::Serialize;
use std::io::{self, BufWriter, Write};

/// `tributary history`
#[derive(Debug, Subcommand)]
pub enum History {
    /// Count an entity's events by kind and month
    Count(Which),
    /// Print an entity's events, one message a line, as publish and backfill run take them
    Export(Which),
}

/// Which events of the history are meant.
#[derive(Debug, Args)]
pub struct Which {
    /// Whose they are
    #[arg(long, value_name = "N")]
    entity: u64,
    /// Those that were received from here on: a day in US Eastern time, or a time with an offset
    #[arg(long, value_name = "WHEN")]
    from: String,
    /// And before this; until now by default
    #[arg(long, value_name = "WHEN")]
    to: Option<String>,
    /// Those of this kind: contribution, refund or cancellation
    #[arg(long)]
    kind: Option<Kind>,
}

/// What was counted.
#[derive(Debug, Serialize)]
struct Counted {
    events: u64,
    months: Vec<MonthView>,
}

pub(crate) async fn run(history: History, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match history {
        History::Count(which) => {
            let tally = count(client, "/api/v1/history/count", &filter(which)).await?;
            output.answer(&Counted { events: tally.total().events, months: MonthView::all(&tally) }, table)?;
        }
        History::Export(which) => export(client, &filter(which)).await?,
    }
    Ok(Exit::Success)
}

/// Waits for the last line of a count.
pub(super) async fn count(client: &Client, path: &str, query: &impl Serialize) -> Result<Tally, Failure> {
    let mut last = None;
    let keep = |line: &[u8]| {
        let counted: CountedHistory = serde_json::from_slice(line).map_err(|error| Failure::of("the count", &error))?;
        last = Some(counted);
        Ok(())
    };
    client.lines(path, query, keep).await?;
    let counted = last.filter(|counted| counted.is_done).ok_or_else(|| Failure::new("the count broke off"))?;
    let mut tally = Tally::default();
    for MonthView { month, kind, events, cents } in counted.months {
        let kind = kind.parse().map_err(|error| Failure::of("the count", &error))?;
        tally.add(month, kind, Sum { events, cents });
    }
    Ok(tally)
}

async fn export(client: &Client, filter: &HistoryFilter) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout());
    let failed = |error: io::Error| match error.kind() {
        // Whoever read has had enough; that is no error of ours.
        io::ErrorKind::BrokenPipe => Failure { exit: Exit::Success, message: String::new() },
        _ => Failure::of("the history can't be printed", &error),
    };
    let print = |line: &[u8]| out.write_all(line).and_then(|()| out.write_all(b"\n")).map_err(failed);
    client.lines("/api/v1/history/export", filter, print).await?;
    out.flush().map_err(failed)
}

fn filter(which: Which) -> HistoryFilter {
    let Which { entity, from, to, kind } = which;
    HistoryFilter { entity, from, to, kind: kind.map(|kind| kind.name().to_owned()) }
}

fn table(counted: &Counted) -> String {
    let row = |row: &MonthView| [row.month.clone(), row.kind.clone(), row.events.to_string(), dollars(row.cents)];
    let rows = counted.months.iter().map(row).collect();
    let table = Table { heading: ["MONTH", "KIND", "EVENTS", "US DOLLARS"], rows };
    format!("{}\n{} in all", table.render("no events"), counted.events)
}
