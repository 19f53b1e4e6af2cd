//! What can go wrong.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a call to the store failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The store is away, or did not answer in time. What was asked may or may not have been done, so
    /// every call can be made again.
    #[error("the store is not available")]
    Unavailable(#[source] Cause),
    /// What is stored under `key` is sealed with a secret key that is not among the configured ones. The row
    /// is sound: somebody has to configure the key.
    #[error("what is stored under {key} is sealed with a secret key that is not configured here")]
    UnknownKey {
        /// Where it lies.
        key: String,
    },
    /// This process has no secret key, because it is not meant to read or write secrets. The row, if there is
    /// one, is sound.
    #[error("{key} can't be read or written here: this process has no secret key")]
    NoKey {
        /// Where it lies.
        key: String,
    },
    /// A value for the ledger, or its name, is longer than a limit allows. Nothing was written.
    #[error(
        "a value for {key} is longer than {} characters, or its name than {} bytes",
        contract::limits::CAPTURED_CHARS,
        contract::limits::LEDGER_NAME_BYTES
    )]
    TooLong {
        /// Where it was to lie.
        key: String,
    },
    /// What is stored under `key` can't be read: another version wrote it, or it was damaged.
    #[error("what is stored under {key} can't be read")]
    Corrupt {
        /// Where it lies.
        key: String,
        /// What is wrong with it.
        #[source]
        source: Cause,
    },
}

impl Error {
    /// Whether waiting can help.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    pub(crate) fn unavailable(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::Unavailable(Cause::new(cause))
    }

    pub(crate) fn gone() -> Self {
        Self::unavailable(Closed)
    }

    pub(crate) fn corrupt(key: impl Into<String>, cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::Corrupt { key: key.into(), source: Cause::new(cause) }
    }
}

/// An error of a library or of the system. Cheap to clone, because one failure can have many callers.
#[derive(Clone)]
pub struct Cause(Arc<dyn StdError + Send + Sync>);

impl Cause {
    pub(crate) fn new(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self(Arc::new(cause))
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// The store was closed.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
struct Closed;

/// It did not answer within [`contract::limits::STORE_CALL_MS`].
#[derive(Debug, thiserror::Error)]
#[error("no answer within {} ms", contract::limits::STORE_CALL_MS)]
pub(crate) struct Silent;

/// Why the store can't be opened. Waiting does not help.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a Redis URL.
    #[error(
        "the Redis URL can't be used: write it as redis://[user:password@]host:port[/database], or rediss:// for TLS"
    )]
    Url(#[source] Cause),
    /// Another process has the file open.
    #[error("{} is in use by another process: stop it, or choose another data folder", .0.display())]
    Locked(PathBuf),
    /// The file or its folder can't be opened.
    #[error("can't open {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
}

/// The message and those of its sources, for a log line or a probe.
pub(crate) fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
