//! Feeds past events to the backfill lane: what the role `backfill`, which reads the history, and the API, which takes
//! what a command reads from files, have in common.
//!
//! [`History`] gives events in the order in which they were received; [`Feed`] says whether a backfill goes on,
//! publishes its events as its window takes them, and ends it.
#![warn(missing_docs)]

mod feed;
mod history;
mod notices;
mod pace;

pub use feed::{Begun, Doubt, Error, Feed, Standing};
pub use history::{Chunk, History, Selected};
pub use pace::Pace;
