//! From sources to records, one after the other.

mod gather;
mod rows;

use crate::content::{Content, Opened};
use crate::error::Error;
use crate::record::{BadRow, Code, Place, Reason, Record, Row};
use crate::rows::{Cutting, Fault};
use crate::series::Payment;
use crate::source::Source;
use contract::id::EntityId;
use jiff::Timestamp;
use rows::{Interpreter, Trouble};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Looks up the last payment of a series, by its `Receipt ID`, among the events that are held already.
pub type Held = Box<dyn FnMut(&str) -> Option<Payment> + Send>;

/// How files are read.
pub struct Options {
    /// The `received_at` of every event.
    pub received_at: Timestamp,
    /// Rows of exports for other entities are bad rows, and none is joined to their payments. None reads all; then a
    /// cancelled row of an order for several entities is joined to the last of their payments that the files have.
    pub entity: Option<EntityId>,
    /// Rows that were read before: nothing up to and with the row that begins on this line of this source is given.
    pub after: Option<(usize, u64)>,
    /// Payments beside those of the files.
    pub held: Option<Held>,
    /// Where temporary files are made. They hold donors' data, have no name, and end with the process.
    pub scratch: PathBuf,
}

/// How far a reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The source that is read, counted from 0; the number of sources at the end.
    pub source: usize,
    /// Bytes of it that were taken, as it lies there, which may be compressed.
    pub bytes: u64,
    /// How many it has, if that is known.
    pub size: Option<u64>,
}

/// Reads sources in their order. An iterator: a [`Record`] for every row that is not blank, and an [`Error`] for a
/// source that can't be read on, behind which the next source follows.
pub struct Reader {
    sources: Vec<Source>,
    options: Options,
    interpreter: Interpreter,
    prepared: bool,
    /// The source that is read or comes next.
    at: usize,
    current: Option<Opened>,
}

impl Options {
    /// Every row of every entity.
    pub fn new(received_at: Timestamp, scratch: &Path) -> Self {
        Self { received_at, entity: None, after: None, held: None, scratch: scratch.into() }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { received_at, entity, after, held, scratch } = self;
        let mut out = f.debug_struct("Options");
        out.field("received_at", received_at).field("entity", entity).field("after", after);
        out.field("held", &held.is_some()).field("scratch", scratch).finish()
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("sources", &self.sources).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Reader {
    /// Reads nothing yet.
    pub fn new(sources: Vec<Source>, mut options: Options) -> Self {
        let interpreter = Interpreter::new(options.received_at, options.entity, options.held.take());
        let at = options.after.map_or(0, |(source, _)| source);
        Self { sources, options, interpreter, prepared: false, at, current: None }
    }

    /// Goes over the sources once, so that rows of exports can be joined to other rows of their series. Copies
    /// exports that come as a stream. The first record asks for it if nobody did.
    ///
    /// `go_on` is asked now and then, with the rows that were read so far; once it says no, this ends with false, and
    /// begins again when it is asked again. An error is of the temporary files, and then there are no records: what is
    /// wrong with a source is told when its turn has come.
    pub fn prepare(&mut self, go_on: &mut dyn FnMut(u64) -> bool) -> Result<bool, Error> {
        if self.prepared {
            return Ok(true);
        }
        match self.gather(go_on) {
            Ok(Some(series)) => self.interpreter.series = series,
            Ok(None) => return Ok(false),
            Err(error) => {
                self.give_up();
                return Err(error);
            }
        }
        self.prepared = true;
        Ok(true)
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let (bytes, size) = self.current.as_ref().map_or((0, None), |opened| (opened.taken.get(), opened.size));
        Progress { source: self.at.min(self.sources.len()), bytes, size }
    }

    /// The header of the export that is read, without its line end.
    pub fn header(&self) -> Option<&Arc<[u8]>> {
        match &self.current.as_ref()?.content {
            Content::Export(header) => Some(&header.raw),
            Content::Json | Content::Nothing => None,
        }
    }

    /// Without temporary files the rest would be read wrongly.
    fn give_up(&mut self) {
        (self.prepared, self.at, self.current) = (true, self.sources.len(), None);
    }

    /// The next record of the current source; none at its end.
    fn record(&mut self) -> Result<Option<Record>, Error> {
        let Some(opened) = &mut self.current else { return Ok(None) };
        let before = self.options.after.filter(|(source, _)| *source == self.at).map_or(0, |(_, line)| line);
        loop {
            let cut = opened.cut();
            let row = match opened.rows.next(cut) {
                Ok(Some(row)) if row.line <= before => continue,
                Ok(Some(row)) => row,
                Ok(None) => return Ok(None),
                Err(source) => return Err(opened.failed(source)),
            };
            let place = Place { source: self.at, line: row.line, name: opened.name.clone(), column: None };
            let read = match row.fault {
                None => self.interpreter.read(&opened.content, row.bytes),
                Some(fault) => Err(Trouble::Row(vec![faulty(fault)], None)),
            };
            return match read {
                Ok(items) => Ok(Some(Record::Row(Row { place, items }))),
                Err(Trouble::Row(reasons, column)) => {
                    Ok(Some(Record::Bad(bad(&row, place, reasons, column, &opened.content))))
                }
                Err(Trouble::Scratch(error)) => Err(Error::Scratch(error)),
            };
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.prepare(&mut |_| true) {
            return Some(Err(error));
        }
        while self.at < self.sources.len() {
            let read = match &mut self.current {
                Some(_) => self.record(),
                none => match Opened::open(&mut self.sources[self.at]) {
                    Ok(opened) => {
                        *none = Some(opened);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            if let Ok(Some(record)) = read {
                return Some(Ok(record));
            }
            self.current = None;
            self.at += 1;
            if let Err(error) = read {
                if matches!(error, Error::Scratch(_)) {
                    self.give_up();
                }
                return Some(Err(error));
            }
        }
        None
    }
}

fn faulty(fault: Fault) -> Reason {
    let expected = match fault {
        Fault::TooLong => "a row of at most 1 MiB",
        Fault::Quote => "a closing quote behind every opening one, and a comma or the line's end behind it",
    };
    Reason::new(Code::BadRow, "", expected)
}

fn bad(row: &Cutting<'_>, mut place: Place, reasons: Vec<Reason>, byte: Option<usize>, content: &Content) -> BadRow {
    let header = match content {
        Content::Export(header) => Some(header.raw.clone()),
        Content::Json | Content::Nothing => None,
    };
    place.column = match (byte, &header) {
        (Some(byte), _) => Some(Cow::Owned(byte.to_string())),
        (None, Some(_)) => reasons.first().map(|reason| reason.at.clone()).filter(|at| !at.is_empty()),
        (None, None) => None,
    };
    BadRow { place, reasons, raw: row.bytes.to_vec(), whole: row.fault != Some(Fault::TooLong), header }
}
