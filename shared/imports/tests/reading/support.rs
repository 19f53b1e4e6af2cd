//! Reading made-up files.

use imports::sample::{HEADER, row};
use imports::{BadRow, Error, Item, Options, Reader, Record, Source};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) fn received_at() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

pub(crate) fn options() -> Options {
    Options::new(received_at(), &std::env::temp_dir())
}

pub(crate) fn stream(bytes: impl AsRef<[u8]>) -> Source {
    Source::stream("standard input", std::io::Cursor::new(bytes.as_ref().to_vec()))
}

/// Everything that was read.
#[derive(Debug, Default)]
pub(crate) struct All {
    pub(crate) items: Vec<Item>,
    pub(crate) good_lines: Vec<u64>,
    pub(crate) bad: Vec<BadRow>,
    pub(crate) errors: Vec<Error>,
}

pub(crate) fn read_all(sources: Vec<Source>, options: Options) -> All {
    let mut all = All::default();
    for record in Reader::new(sources, options) {
        match record {
            Ok(Record::Row(row)) => {
                all.good_lines.push(row.place.line);
                all.items.extend(row.items);
            }
            Ok(Record::Bad(bad)) => all.bad.push(bad),
            Err(error) => all.errors.push(error),
        }
    }
    all
}

pub(crate) fn read(bytes: impl AsRef<[u8]>) -> All {
    read_all(vec![stream(bytes)], options())
}

impl All {
    /// Lines and codes of the bad rows.
    pub(crate) fn codes(&self) -> Vec<(u64, &'static str)> {
        self.bad.iter().map(|bad| (bad.place.line, bad.reasons[0].code.name())).collect()
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.items.iter().map(body).collect()
    }
}

pub(crate) fn body(item: &Item) -> Value {
    serde_json::from_str(item.event.body.get()).expect("JSON")
}

/// A row that is right, with these cells in place of its own.
pub(crate) fn paid(cells: &[(&str, &str)]) -> String {
    let own = [
        ("Receipt ID", "AB300000118"),
        ("Date", "2026-05-11 12:15:54"),
        ("Amount", "25.00"),
        ("Lineitem ID", "612004411"),
        ("Recipient ID", "48213"),
        ("Donor First Name", "Marisol"),
        ("Donor Last Name", "Quade"),
    ];
    row(HEADER, &[cells, &own].concat())
}

/// An export of these rows.
pub(crate) fn export(rows: &[String]) -> String {
    let rows = rows.iter().flat_map(|row| [row, "\r\n"]);
    [HEADER, "\r\n"].into_iter().chain(rows).collect()
}
