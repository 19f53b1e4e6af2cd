//! Consume, handle, publish, settle: the loop of every service, written once.
//!
//! A stage takes what waits on its queues, hands each line to its [`Handler`], publishes everything that the
//! outcomes led to, waits for the confirms, and only then acknowledges. Killing the process at any point
//! loses nothing; it can only repeat.

mod handler;
mod settle;
mod slots;
mod stage;
mod telemetry;
mod unit;

pub use handler::{Enveloped, Handler, Item, Made, Outcome, Poison, Taken, Unavailable, envelopes};
pub use stage::{Drained, GATHERED_UNITS, Stage};
