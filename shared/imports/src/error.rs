//! Why a file can't be read on.

use std::io;
use std::sync::Arc;

/// Why a file can't be read, or not to its end. All rows before were given; the files after it can be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be opened.
    #[error("can't open {name}")]
    Open {
        /// Which.
        name: Arc<str>,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file can't be read on: the system says so, or its compressed data is damaged or ends too early.
    #[error("can't read {name} beyond line {line} ({bytes} bytes of the file were taken)")]
    Read {
        /// Which.
        name: Arc<str>,
        /// The last line that was read whole.
        line: u64,
        /// Bytes of the file as it lies on the disk, which may be compressed.
        bytes: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The header is of none of the exports.
    #[error("the header of {name} is of none of the exports: {missing}")]
    NotAnExport {
        /// Which.
        name: Arc<str>,
        /// The columns that are missing, in words.
        missing: String,
    },
    /// A column other than `Reserved` comes twice.
    #[error("the header of {name} has the column \"{column}\" twice")]
    Twice {
        /// Which.
        name: Arc<str>,
        /// The column.
        column: String,
    },
    /// The first line is neither a JSON object nor a header.
    #[error("{name} begins with neither a JSON object nor the header of an export: {why}")]
    Unknown {
        /// Which.
        name: Arc<str>,
        /// What it begins with.
        why: &'static str,
    },
    /// The temporary file can't be written or read.
    #[error("the temporary file for the backfill's series can't be used")]
    Scratch(#[source] io::Error),
}
