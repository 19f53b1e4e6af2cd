//! Cutting bytes into rows: lines, or rows of a CSV file whose quoted cells may hold line breaks.
//!
//! One row is in memory at a time, and none that is longer than its limit.

use contract::limits::{IMPORT_READ_BYTES, IMPORT_ROW_BYTES, IMPORT_ROW_SHOWN_BYTES};
use memchr::{memchr, memchr_iter, memchr2};
use std::io::{self, Read};

/// What ends a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Every line end.
    Lines,
    /// A line end outside quotes (RFC 4180).
    Csv,
}

/// One row, without its line end. Never blank.
#[derive(Debug)]
pub(crate) struct Cutting<'a> {
    pub(crate) bytes: &'a [u8],
    /// The line on which it begins, counted from 1.
    pub(crate) line: u64,
    pub(crate) fault: Option<Fault>,
}

/// Why a row is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Longer than the limit; only its beginning is here.
    TooLong,
    /// A quote that nothing closes, or something behind a closing quote. Its first line is here, and the next row
    /// begins behind it, so that an open quote takes no neighbour along.
    Quote,
}

/// The rows of a source, in order.
pub(crate) struct Rows {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What lies in the buffer and was not given.
    start: usize,
    end: usize,
    /// The line at `start`.
    line: u64,
    over: bool,
}

/// What a look at the beginning of a row told. Lengths count from that beginning.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// The row is this long, and the next one begins there.
    Row { length: usize, next: usize },
    /// The row's quoting is not sound.
    Broken,
    /// Not all of the row is there.
    Partial,
}

impl Rows {
    pub(crate) fn new(input: Box<dyn Read + Send>) -> Self {
        Self { input, buffer: vec![0; IMPORT_READ_BYTES], start: 0, end: 0, line: 1, over: false }
    }

    /// The first byte that is neither white space nor the mark of UTF-8. None if there is none.
    pub(crate) fn first_byte(&mut self) -> io::Result<Option<u8>> {
        while !self.over && self.end - self.start < 3 {
            self.fill()?;
        }
        if self.unread().starts_with(b"\xef\xbb\xbf") {
            self.start += 3;
        }
        loop {
            if let Some(byte) = self.unread().iter().find(|byte| !byte.is_ascii_whitespace()) {
                return Ok(Some(*byte));
            }
            if self.over {
                return Ok(None);
            }
            let blank = self.end - self.start;
            self.take(blank);
            self.fill()?;
        }
    }

    /// The line that is read next.
    pub(crate) const fn line(&self) -> u64 {
        self.line
    }

    /// The next row. After an error the part of a row before it is forgotten, and there are no more.
    pub(crate) fn next(&mut self, cut: Cut) -> io::Result<Option<Cutting<'_>>> {
        loop {
            if self.start == self.end && !self.fill_or_end()? {
                return Ok(None);
            }
            let (line, over) = (self.line, self.over);
            match look(self.unread(), cut, over) {
                Look::Row { length, next } if length <= IMPORT_ROW_BYTES => {
                    let from = self.start;
                    self.take(next);
                    let bytes = &self.buffer[from..from + length];
                    if !bytes.trim_ascii().is_empty() {
                        // Once more for the borrow checker, which sees no end to a loan that a loop may give back.
                        return Ok(Some(Cutting { bytes: &self.buffer[from..from + length], line, fault: None }));
                    }
                }
                Look::Partial if self.unread().len() <= IMPORT_ROW_BYTES => {
                    self.fill_or_end()?;
                }
                Look::Broken | Look::Row { .. } | Look::Partial => return self.first_line(cut).map(Some),
            }
        }
    }

    /// Gives the first line of what is no row, and goes on behind it.
    fn first_line(&mut self, cut: Cut) -> io::Result<Cutting<'_>> {
        let line = self.line;
        while !self.over && self.unread().len() <= IMPORT_ROW_BYTES && memchr(b'\n', self.unread()).is_none() {
            self.fill_or_end()?;
        }
        let from = self.start;
        let end = memchr(b'\n', self.unread());
        let length = end.unwrap_or(self.end - self.start);
        if length <= IMPORT_ROW_BYTES && (end.is_some() || self.over) {
            self.take(end.map_or(length, |end| end + 1));
            let bytes = trim_cr(&self.buffer[from..from + length]);
            let fault = if cut == Cut::Csv { Fault::Quote } else { Fault::TooLong };
            return Ok(Cutting { bytes, line, fault: Some(fault) });
        }
        // The shown part is moved to the front, and the rest of the line runs through behind it.
        self.buffer.copy_within(from..from + IMPORT_ROW_SHOWN_BYTES, 0);
        if let Some(end) = end {
            self.take(end + 1);
        } else {
            self.skip_line()?;
        }
        Ok(Cutting { bytes: &self.buffer[..IMPORT_ROW_SHOWN_BYTES], line, fault: Some(Fault::TooLong) })
    }

    /// Reads to the end of the line without keeping it. The beginning of the buffer stays as it is.
    fn skip_line(&mut self) -> io::Result<()> {
        while !self.over {
            (self.start, self.end) = (IMPORT_ROW_SHOWN_BYTES, IMPORT_ROW_SHOWN_BYTES);
            self.read()?;
            if let Some(end) = memchr(b'\n', self.unread()) {
                self.take(end + 1);
                break;
            }
            self.start = self.end;
        }
        Ok(())
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn take(&mut self, length: usize) {
        self.line += memchr_iter(b'\n', &self.buffer[self.start..self.start + length]).count() as u64;
        self.start += length;
    }

    /// Reads more. Tells whether anything is unread.
    fn fill_or_end(&mut self) -> io::Result<bool> {
        if !self.over {
            self.fill()?;
        }
        Ok(self.start < self.end)
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        self.read()
    }

    /// Reads into the free end of the buffer. An error ends the source, and what is unread is forgotten.
    fn read(&mut self) -> io::Result<()> {
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(length) => {
                    self.end += length;
                    self.over = length == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    (self.start, self.end, self.over) = (0, 0, true);
                    return Err(error);
                }
            }
        }
    }
}

/// Looks for the end of the row with which `bytes` begin. `over` says that nothing follows them.
fn look(bytes: &[u8], cut: Cut, over: bool) -> Look {
    // Most rows hold no quote before their line end.
    let first = if cut == Cut::Lines { memchr(b'\n', bytes) } else { memchr2(b'\n', b'"', bytes) };
    match first {
        Some(at) if bytes[at] == b'\n' => line_end(bytes, at),
        Some(_) => quoted(bytes, over),
        None => end(bytes, over),
    }
}

/// Goes cell by cell. A quote opens at the beginning of a cell; anywhere else in an unquoted one it is text.
fn quoted(bytes: &[u8], over: bool) -> Look {
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        if *first != b'"' {
            match memchr2(b',', b'\n', &bytes[at..]) {
                Some(length) if bytes[at + length] == b',' => at += length + 1,
                Some(length) => return line_end(bytes, at + length),
                None => return end(bytes, over),
            }
            continue;
        }
        let Some(closing) = closing(bytes, at + 1, over) else {
            return if over { Look::Broken } else { Look::Partial };
        };
        match &bytes[closing + 1..] {
            [b',', ..] => at = closing + 2,
            [b'\n', ..] => return Look::Row { length: closing + 1, next: closing + 2 },
            [b'\r', b'\n', ..] => return Look::Row { length: closing + 1, next: closing + 3 },
            [] | [b'\r'] => return end(bytes, over),
            _ => return Look::Broken,
        }
    }
    end(bytes, over)
}

/// The quote that closes the cell whose text begins at `at`; two quotes stand for one.
fn closing(bytes: &[u8], mut at: usize, over: bool) -> Option<usize> {
    loop {
        let quote = at + memchr(b'"', bytes.get(at..)?)?;
        match bytes.get(quote + 1) {
            Some(b'"') => at = quote + 2,
            Some(_) => return Some(quote),
            None => return over.then_some(quote),
        }
    }
}

fn line_end(bytes: &[u8], at: usize) -> Look {
    Look::Row { length: trim_cr(&bytes[..at]).len(), next: at + 1 }
}

fn end(bytes: &[u8], over: bool) -> Look {
    if over { Look::Row { length: trim_cr(bytes).len(), next: bytes.len() } } else { Look::Partial }
}

fn trim_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests;
