//! Bad rows in files of their own, for people to correct and read again.
//!
//! Beside `x.csv` or `x.csv.gz` stand `x.csv.rejected`, the rows as they stood under their header, and
//! `x.csv.rejected.txt`, one line for each of them that says where it stood and what is wrong. They are two files so
//! that the first can be corrected in a spreadsheet and read again as it is; a column of reasons in it would make
//! every row one that no export has.

use crate::record::BadRow;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

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

/// Keeps the bad rows of one source, for their owner only, because the rows hold donors' data. The files get their
/// names with [`finish`](Self::finish); without it they vanish.
#[derive(Debug)]
pub struct Rejects {
    path: PathBuf,
    replace: bool,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    rows: BufWriter<NamedTempFile>,
    reasons: BufWriter<NamedTempFile>,
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
                let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let make = || NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map(BufWriter::new);
                let (rows, reasons) = (make().map_err(failed)?, make().map_err(failed)?);
                let mut open = Open { rows, reasons, count: 0 };
                if let Some(header) = &bad.header {
                    open.row(header, true).map_err(failed)?;
                }
                none.insert(open)
            }
        };
        open.push(bad).map_err(failed)
    }

    /// Writes what is left. None if there was no bad row, and so no file. What is there already with the very same
    /// rows stays: the source was read once more.
    pub fn finish(self) -> Result<Option<Written>, RejectsError> {
        let Self { path, replace, open: Some(Open { rows, reasons, count }) } = self else { return Ok(None) };
        let behind = with(&path, ".txt");
        name(rows, &path, replace)?;
        // They follow from the rows, whose file was free or may be replaced.
        name(reasons, &behind, true)?;
        Ok(Some(Written { rows: path, reasons: behind, count }))
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

/// Gives a file its name.
fn name(file: BufWriter<NamedTempFile>, path: &Path, replace: bool) -> Result<(), RejectsError> {
    let failed = |source| RejectsError::Write { path: path.to_owned(), source };
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    if replace {
        return file.persist(path).map(drop).map_err(|error| failed(error.error));
    }
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            let is_same = same(error.file.path(), path).map_err(failed)?;
            if is_same { Ok(()) } else { Err(RejectsError::Exists(path.to_owned())) }
        }
        Err(error) => Err(failed(error.error)),
    }
}

/// Whether two files hold the same. They are as large as what is bad of an export.
fn same(one: &Path, other: &Path) -> io::Result<bool> {
    if fs::metadata(one)?.len() != fs::metadata(other)?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::new(File::open(one)?), BufReader::new(File::open(other)?));
    loop {
        let (a, b) = (one.fill_buf()?, other.fill_buf()?);
        let both = a.len().min(b.len());
        if a[..both] != b[..both] {
            return Ok(false);
        }
        if both == 0 {
            return Ok(a.len() == b.len());
        }
        one.consume(both);
        other.consume(both);
    }
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
