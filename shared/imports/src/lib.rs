//! Reads files of past contributions, one after the other, and gives their events or says what is wrong with a row.
//!
//! Blocking, and flat in memory: it waits for nothing but its files, and knows no clock, network or environment.
//! In the order data flows: a [`Source`] is opened and unpacked, cut into rows, each row becomes a [`Record`], and
//! the [`Rejects`] keep the bad ones for people to correct. [`Reader`] does all but the last.
//!
//! JSON lines are upstream messages, checked as ingest checks them. The platform's CSV exports are read as
//! `formats/history-csv.md` says; what their rows say is checked by the same code. So an event of a file has the id
//! that the live event of the same thing has.
#![warn(missing_docs)]

mod content;
mod error;
mod exports;
mod json;
mod reader;
mod record;
mod rejects;
mod rows;
mod series;
mod source;

#[cfg(feature = "sample")]
pub mod sample;

pub use error::Error;
pub use reader::{Held, Options, Progress, Reader};
pub use record::{BadRow, Code, Item, Place, Reason, Record, Row, RowKey};
pub use rejects::{Rejects, RejectsError, Written};
pub use series::Payment;
pub use source::Source;
