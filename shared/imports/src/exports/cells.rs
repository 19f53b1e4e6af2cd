//! The cells of one row, read as their formats (`formats/history-csv.md` §3), and what is wrong with them.

use super::header::{Column, Header};
use super::time;
use crate::record::{Code, Reason};
use contract::body::Money;
use csv_core::{ReadRecordResult, ReaderBuilder, Terminator};
use jiff::Timestamp;

/// Takes rows apart. Keeps its buffers from one row to the next.
pub(crate) struct Splitter {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
}

impl Default for Splitter {
    fn default() -> Self {
        // Where a row ends has been decided: a carriage return inside it is text.
        let reader = ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build();
        Self { reader, text: vec![0; 4_096], ends: vec![0; 128], cells: 0 }
    }
}

impl Splitter {
    /// Splits one row that has no line end outside quotes.
    pub(crate) fn split(&mut self, row: &[u8]) {
        self.reader.reset();
        // A cell's text is never longer than the row.
        if self.text.len() < row.len() {
            self.text.resize(row.len(), 0);
        }
        let (mut read, mut written) = (0, 0);
        self.cells = 0;
        loop {
            let (result, input, output, ends) =
                self.reader.read_record(&row[read..], &mut self.text[written..], &mut self.ends[self.cells..]);
            read += input;
            written += output;
            self.cells += ends;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => return,
            }
        }
    }

    /// The cells, unquoted.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.cells).map(|at| &self.text[self.span(at)])
    }

    fn span(&self, at: usize) -> std::ops::Range<usize> {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        start..self.ends[at]
    }
}

/// The cells of one row. Readers of a cell note what is wrong with it and go on, so that a row tells everything.
pub(crate) struct Cells<'a> {
    header: &'a Header,
    splitter: &'a Splitter,
    text: &'a str,
    /// What is wrong so far.
    pub(crate) reasons: Vec<Reason>,
}

impl<'a> Cells<'a> {
    /// Splits `row` and checks that it is a row of text with as many cells as the header.
    pub(crate) fn of(row: &[u8], header: &'a Header, splitter: &'a mut Splitter) -> Result<Self, Vec<Reason>> {
        splitter.split(row);
        let splitter = &*splitter;
        if splitter.cells != header.cells {
            let expected = format!("{} cells, as in the header, and found {}", header.cells, splitter.cells);
            return Err(vec![Reason::new(Code::BadRow, "", expected)]);
        }
        let bad = || {
            let bad = splitter.cells().enumerate().filter(|(_, cell)| std::str::from_utf8(cell).is_err());
            bad.map(|(at, _)| Reason::new(Code::BadValue, header.name(at), "UTF-8")).collect::<Vec<_>>()
        };
        // The row as well as its text: a cell alone could end within a character that the next one ends.
        let whole = std::str::from_utf8(row).is_ok();
        let end = splitter.cells.checked_sub(1).map_or(0, |last| splitter.ends[last]);
        match std::str::from_utf8(&splitter.text[..end]) {
            Ok(text) if whole => Ok(Self { header, splitter, text, reasons: Vec::new() }),
            _ => Err(bad()),
        }
    }

    /// A cell as it stands there. A column that the header does not have is blank, and so is white space.
    pub(crate) fn text(&self, column: Column) -> &'a str {
        let place = self.header.place(column);
        let text = place.and_then(|at| self.text.get(self.splitter.span(at))).unwrap_or("");
        if text.trim_ascii().is_empty() { "" } else { text }
    }

    /// A cell without outer spaces; none if it is blank.
    pub(crate) fn word(&self, column: Column) -> Option<&'a str> {
        Some(self.text(column).trim_ascii()).filter(|word| !word.is_empty())
    }

    /// Notes what was expected in a column.
    pub(crate) fn wrong(&mut self, code: Code, column: Column, expected: &'static str) {
        self.reasons.push(Reason::new(code, column.name(), expected));
    }

    /// A cell that `read` reads; none if it is blank, or wrong and noted.
    pub(crate) fn value<T>(
        &mut self,
        column: Column,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Option<T> {
        let value = read(self.word(column)?);
        if value.is_none() {
            self.wrong(Code::BadValue, column, expected);
        }
        value
    }

    /// A cell that must be there and that `read` reads.
    pub(crate) fn needed<T>(
        &mut self,
        code: Code,
        column: Column,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Option<T> {
        let value = self.word(column).and_then(read);
        if value.is_none() {
            self.wrong(code, column, expected);
        }
        value
    }

    /// `AB` and digits.
    pub(crate) fn receipt(&mut self) -> Option<&'a str> {
        self.needed(Code::NoId, Column::ReceiptId, "AB and 1 to 18 digits, such as AB300000118", |word| {
            super::receipt_number(word).map(|_| word)
        })
    }

    /// `t`, `f` or blank.
    pub(crate) fn flag(&mut self, column: Column) -> Option<bool> {
        self.value(column, "t, f or nothing", |word| match word {
            "t" => Some(true),
            "f" => Some(false),
            _ => None,
        })
    }

    /// A whole number.
    pub(crate) fn number(&mut self, column: Column) -> Option<u64> {
        self.value(column, "a whole number", number)
    }

    /// An amount; `$` and `,` are dropped.
    pub(crate) fn money(&mut self, column: Column) -> Option<Money> {
        self.value(column, "an amount with two decimals, such as 25.00", money)
    }

    /// A time that is not needed.
    pub(crate) fn time(&mut self, column: Column) -> Option<Timestamp> {
        self.value(column, time::EXPECTED, time::read)
    }

    /// A time that is needed.
    pub(crate) fn needed_time(&mut self, column: Column) -> Option<Timestamp> {
        self.needed(Code::BadDate, column, time::EXPECTED, time::read)
    }

    /// A number of payments, or `word` for a series without an end.
    pub(crate) fn length(&mut self, column: Column, word: &'static str) -> Option<Length> {
        let expected = if word == "forever" { "a whole number or forever" } else { "a whole number or unlimited" };
        self.value(column, expected, |text| match text {
            text if text == word => Some(Length::Open),
            text => number(text).map(Length::Payments),
        })
    }
}

/// How long a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// This many payments.
    Payments(u64),
    /// Until it is cancelled.
    Open,
}

impl Length {
    /// Whether it is more than one payment.
    pub(crate) const fn recurs(self) -> bool {
        !matches!(self, Self::Payments(0 | 1))
    }
}

/// `opt_in`, `opt_out` or `unknown`.
pub(crate) fn text_message(word: Option<&str>) -> &'static str {
    match word {
        Some("opt_in" | "t") => "opt_in",
        Some("opt_out" | "f") => "opt_out",
        _ => "unknown",
    }
}

pub(crate) fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

pub(crate) fn money(text: &str) -> Option<Money> {
    if text.contains(['$', ',']) { Money::parse(&text.replace(['$', ','], "")) } else { Money::parse(text) }
}

#[cfg(test)]
mod tests;
