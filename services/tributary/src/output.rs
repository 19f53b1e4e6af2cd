//! The one place that prints: tables for people, JSON for programs.

use crate::failure::Failure;
use runtime::exit::Exit;
use serde::Serialize;
use std::io::{self, Write};

/// Prints answers to standard output and failures to standard error.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

/// A table: a heading and rows of the same length.
pub struct Table<const N: usize> {
    /// What the columns are called.
    pub heading: [&'static str; N],
    /// What they hold.
    pub rows: Vec<[String; N]>,
}

impl Output {
    /// Prints JSON instead of text, or not.
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints an answer: the document itself, or what `text` makes of it.
    pub fn answer<T: Serialize>(&self, document: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        let text = if self.json {
            serde_json::to_string_pretty(document).map_err(|error| Failure::of("the answer", &error))?
        } else {
            text(document)
        };
        print(&text)
    }

    /// Prints one entry of a stream: a JSON object in one line, or a line of text.
    pub fn entry<T: Serialize>(&self, document: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        let text = if self.json {
            serde_json::to_string(document).map_err(|error| Failure::of("the answer", &error))?
        } else {
            text(document)
        };
        print(&text)
    }

    /// Prints a line for people; nothing when a program reads.
    pub fn note(&self, text: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { print(text) }
    }

    /// Prints a remark to standard error, where it is not taken for an answer.
    pub fn remark(&self, text: &str) {
        complain(&harmless(text));
    }

    /// Prints why a command failed, and gives its exit code.
    pub fn failure(&self, failure: &Failure) -> Exit {
        if self.json {
            let document = serde_json::json!({ "error": failure.message, "exit": failure.exit.code() });
            complain(&document.to_string());
        } else if !failure.message.is_empty() {
            complain(&format!("tributary: {}", harmless(&failure.message)));
        }
        failure.exit
    }
}

/// Prints what clap says: help and version are answers, everything else is a mistake in the arguments.
pub fn explain(error: &clap::Error) -> Exit {
    // Nobody is left to tell when this fails.
    let _printed = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Success }
}

impl<const N: usize> Table<N> {
    /// The table with aligned columns; `none` when it has no rows.
    pub fn render(&self, none: &str) -> String {
        if self.rows.is_empty() {
            return none.to_owned();
        }
        let rows: Vec<_> =
            self.rows.iter().map(|row| row.each_ref().map(|cell| harmless(cell).replace('\n', " "))).collect();
        let widths: Vec<_> = (0..N)
            .map(|at| rows.iter().map(|row| row[at].chars().count()).chain([self.heading[at].len()]).max().unwrap_or(0))
            .collect();
        let line = |cells: Vec<&str>| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let heading = line(self.heading.to_vec());
        let rows = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
        std::iter::once(heading).chain(rows).collect::<Vec<_>>().join("\n")
    }
}

/// Text without control characters: answers of endpoints must not steer a terminal.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

fn print(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{text}") {
        // Whoever read has had enough; that is no error of ours.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Err(Failure { exit: Exit::Success, message: String::new() })
        }
        Err(error) => Err(Failure::of("the answer can't be printed", &error)),
        Ok(()) => Ok(()),
    }
}

fn complain(text: &str) {
    // Nobody is left to tell when this fails.
    let _written = writeln!(io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_and_harmless() {
        let table = Table {
            heading: ["ID", "STATUS"],
            rows: vec![["wh_1".to_owned(), "active".to_owned()], ["wh_1234".to_owned(), "x\u{1b}[2J\ny".to_owned()]],
        };
        assert_eq!(table.render("none"), "ID       STATUS\nwh_1     active\nwh_1234  x\u{fffd}[2J y");
        let empty: Table<2> = Table { heading: ["A", "B"], rows: Vec::new() };
        assert_eq!(empty.render("none"), "none");
    }
}
