//! How many rows a second one core reads: `cargo run --release -p imports --example speed [ROWS]`.
#![expect(clippy::print_stdout, reason = "a program for people")]

use imports::sample::{Gift, Gifts, export};
use imports::{Options, Reader, Record, Source};
use jiff::Timestamp;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Gifts that are in memory at the same time while a file is made.
const AT_ONCE: usize = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = std::env::args().nth(1).map_or(Ok(500_000), |rows| rows.parse::<usize>())?;
    let folder = tempfile::tempdir()?;
    let (csv, json) = (folder.path().join("paid.csv"), folder.path().join("messages.ndjson"));
    make_export(&csv, rows)?;
    make_messages(&csv, &json)?;
    for (name, path) in [("CSV", &csv), ("NDJSON", &json)] {
        let mut reader = reader(path, folder.path());
        let begun = Instant::now();
        reader.prepare(&mut |_| true)?;
        let prepared = begun.elapsed();
        let (mut read, mut events, mut bad) = (0_u32, 0, 0);
        for record in reader {
            read += 1;
            match record? {
                Record::Row(row) => events += row.items.len(),
                Record::Bad(_) => bad += 1,
            }
        }
        let all = begun.elapsed();
        let rate = |time: Duration| f64::from(read) / time.as_secs_f64();
        println!(
            "{name}: {read} rows, {events} events, {bad} bad; {:.0} rows/s ({:.0} rows/s to prepare, {:.0} to read)",
            rate(all),
            rate(prepared),
            rate(all.saturating_sub(prepared))
        );
    }
    println!("the contract's check alone, of the same messages: {:.0} rows/s", check_alone(&json)?);
    println!("highest memory: {}", highest_memory());
    Ok(())
}

fn reader(path: &Path, scratch: &Path) -> Reader {
    Reader::new(vec![Source::file(path)], Options::new(Timestamp::UNIX_EPOCH, scratch))
}

fn make_export(path: &Path, rows: usize) -> io::Result<()> {
    let mut out = io::BufWriter::new(std::fs::File::create(path)?);
    let mut gifts = Gifts::new(7, 100);
    for begin in (0..rows).step_by(AT_ONCE) {
        let some: Vec<Gift> = gifts.by_ref().take(AT_ONCE.min(rows - begin)).collect();
        let mut part = Vec::new();
        export(&mut part, &some)?;
        // Every part begins with the header.
        let header = if begin == 0 { 0 } else { imports::sample::HEADER.len() + 2 };
        out.write_all(&part[header..])?;
    }
    out.flush()
}

fn make_messages(export: &Path, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut out = io::BufWriter::new(std::fs::File::create(path)?);
    for record in reader(export, &std::env::temp_dir()) {
        let Record::Row(row) = record? else { continue };
        for item in row.items {
            writeln!(out, r#"{{"type":"{}","data":{}}}"#, item.event.kind.name(), item.event.body)?;
        }
    }
    Ok(out.flush()?)
}

fn check_alone(path: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    let (mut rows, mut taken) = (0_u32, Duration::ZERO);
    for line in io::BufReader::new(std::fs::File::open(path)?).lines() {
        let line = line?;
        let begun = Instant::now();
        std::hint::black_box(contract::upstream::native(line.as_bytes(), Timestamp::UNIX_EPOCH)?);
        taken += begun.elapsed();
        rows += 1;
    }
    Ok(f64::from(rows) / taken.as_secs_f64())
}

/// As Linux tells it.
fn highest_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "not told by this system".to_owned(), |text| text.trim().to_owned())
}
