//! Queues: one facade, two backends.
//!
//! [`Broker`] opens the topology, [`Publisher`] publishes and waits for the confirm, [`Consumer`] hands out
//! [`Delivery`] values that are consumed by settling. Every backend passes the same conformance suite.
//!
//! **What a confirm means.** When a publish returns `Ok`, an acknowledgement made afterwards can't survive a
//! crash that the published message doesn't survive. So a stage that publishes successors, waits, and then
//! acknowledges loses nothing. [`Broker::flush`] is stronger: everything confirmed is on disk.

mod amqp;
mod backend;
mod broker;
mod config;
mod consumer;
mod embedded;
mod error;
mod message;
mod queue;

pub use broker::{Broker, Depth, HistoryReader, Publisher, Status, Tally, Verdict};
pub use config::{BackendConfig, Config};
pub use consumer::{Acknowledged, Consumer, Delivery};
pub use error::{Error, OpenError};
pub use message::{Note, Outgoing, Stored};
pub use queue::{Queue, Sending};
