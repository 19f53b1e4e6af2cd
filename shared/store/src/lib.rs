//! The state: webhooks, their secrets, entities, the dedup window, rate limits, the attempt log, done
//! marks, the ledger, leases, backfills with what they sent, notices, and the cached [`Directory`] that the router
//! and the sender read.
//!
//! [`Store`] is the whole of it, cheap to clone and without type parameters. Two backends keep it: Redis,
//! shared by all processes, and the embedded file of one process. Neither is visible outside; both pass
//! `tests/conformance`.
#![warn(missing_docs)]

mod attempts;
mod backend;
pub mod backfills;
mod cache;
mod config;
mod credentials;
mod dedup;
mod directory;
mod done_marks;
mod embedded;
mod ends;
mod entities;
mod error;
mod keys;
mod leases;
mod ledger;
mod limits;
mod notices;
mod pulse;
mod redis;
mod row;
mod sealing;
mod secrets;
mod sent;
mod store;
mod webhooks;
mod window;

pub use attempts::{Attempts, Cursor, NotACursor, Page};
pub use backfills::Backfills;
pub use config::{BackendConfig, Config};
pub use credentials::Credentials;
pub use dedup::Dedup;
pub use directory::Directory;
pub use done_marks::DoneMarks;
pub use ends::Ends;
pub use entities::{Entities, Entity};
pub use error::{Cause, Error, OpenError};
pub use leases::Leases;
pub use ledger::{Entry, Ledger, Place, Remembered};
pub use limits::{Grant, Limits};
pub use notices::Notices;
pub use pulse::Pulse;
pub use sealing::{KeyError, SecretKeys};
pub use secrets::{Access, Authorization, Secrets, SigningKey};
pub use sent::Sent;
pub use store::Store;
pub use webhooks::{AddError, ChangeError, Filter, UpdateError, Webhooks};
pub use window::{Admission, Begun, Window};
