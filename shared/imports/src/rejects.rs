//! Bad rows in files of their own, for people to correct and read again.
//!
//! Beside `x.csv` or `x.csv.gz` stand `x.csv.rejected`, the rows as they stood under their header, and
//! `x.csv.rejected.txt`, one line for each of them that says where it stood and what is wrong. They are two files so
//! that the first can be corrected in a spreadsheet and read again as it is; a column of reasons in it would make
//! every row one that no export has.

use crate::record::BadRow;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const PACKED: [&str; 4] = ["gz", "gzip", "zst", "zstd"];

/// Why bad rows can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum RejectsError {
    /// The file is there already, perhaps with rows that someone is correcting.
    #[error("{} exists: remove it, or ask for it to be replaced", .0.display())]
    Exists(PathBuf),
    /// The file can't be written.
    #[error("can't write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The rows as they stood.
    pub rows: PathBuf,
    /// Where they stood and what is wrong with them.
    pub reasons: PathBuf,
    /// How many.
    pub count: u64,
}

/// Keeps the bad rows of one source. The files are made with the first of them, for their owner only, because the
/// rows hold donors' data. Ends with [`finish`](Self::finish).
#[derive(Debug)]
pub struct Rejects {
    path: PathBuf,
    replace: bool,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    rows: BufWriter<File>,
    reasons: BufWriter<File>,
    count: u64,
}

impl Rejects {
    /// For the rows of the file `input`: beside it. `replace` says whether what is there may be replaced.
    pub fn beside(input: &Path, replace: bool) -> Self {
        let packed = input.extension().is_some_and(|end| PACKED.iter().any(|packed| end.eq_ignore_ascii_case(packed)));
        let plain = if packed { input.with_extension("") } else { input.to_owned() };
        Self::at(with(&plain, ".rejected"), replace)
    }

    /// For the rows of a stream: at this path, and at the same with `.txt` behind it.
    pub fn at(path: impl Into<PathBuf>, replace: bool) -> Self {
        Self { path: path.into(), replace, open: None }
    }

    /// Adds a row of this source.
    pub fn push(&mut self, bad: &BadRow) -> Result<(), RejectsError> {
        let failed = |source| RejectsError::Write { path: self.path.clone(), source };
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let rows = make(&self.path, self.replace)?;
                let reasons = make(&with(&self.path, ".txt"), self.replace)?;
                let mut open = Open { rows, reasons, count: 0 };
                if let Some(header) = &bad.header {
                    open.row(header, true).map_err(failed)?;
                }
                none.insert(open)
            }
        };
        open.push(bad).map_err(failed)
    }

    /// Writes what is left. None if there was no bad row, and so no file.
    pub fn finish(self) -> Result<Option<Written>, RejectsError> {
        let Some(mut open) = self.open else { return Ok(None) };
        let written = open.rows.flush().and_then(|()| open.reasons.flush());
        let reasons = with(&self.path, ".txt");
        match written {
            Ok(()) => Ok(Some(Written { rows: self.path, reasons, count: open.count })),
            Err(source) => Err(RejectsError::Write { path: self.path, source }),
        }
    }
}

impl Open {
    fn push(&mut self, bad: &BadRow) -> io::Result<()> {
        self.count += 1;
        write!(self.reasons, "line {}", bad.place.line)?;
        for (n, reason) in bad.reasons.iter().enumerate() {
            write!(self.reasons, "{} {reason}", if n == 0 { ":" } else { ";" })?;
        }
        if bad.header.is_none()
            && let Some(byte) = &bad.place.column
        {
            write!(self.reasons, " (at byte {byte} of the line)")?;
        }
        writeln!(self.reasons, "{}", if bad.whole { "" } else { " (only its beginning is kept)" })?;
        self.row(&bad.raw, bad.header.is_some())
    }

    fn row(&mut self, raw: &[u8], export: bool) -> io::Result<()> {
        self.rows.write_all(raw)?;
        self.rows.write_all(if export { b"\r\n" } else { b"\n" })
    }
}

/// Makes a file that only its owner can read.
fn make(path: &Path, replace: bool) -> Result<BufWriter<File>, RejectsError> {
    let failed = |source| RejectsError::Write { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let made = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && replace => {
            // Not written over, because that would keep its permissions.
            fs::remove_file(path).and_then(|()| options.open(path))
        }
        made => made,
    };
    match made {
        Ok(file) => Ok(BufWriter::new(file)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(RejectsError::Exists(path.to_owned())),
        Err(error) => Err(failed(error)),
    }
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
