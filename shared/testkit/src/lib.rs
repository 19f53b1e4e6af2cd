//! What tests are made of: private servers, a scripted receiver, a TCP proxy that misbehaves on request,
//! messages as upstream publishes them, and an oracle that counts.
//!
//! A server that is missing is an error, never a skipped test. Nothing here talks to anything but loopback
//! addresses, and what is started here is stopped by its process id, also when the test is killed.
#![warn(missing_docs)]

mod amqp;
pub mod builders;
pub mod conservation;
mod environment;
mod isolated;
mod management;
pub mod otlp;
pub mod port;
mod process;
pub mod proxy;
pub mod rabbitmq;
pub mod receiver;
pub mod redis;
pub mod services;
pub mod targets;

pub use environment::seed;
pub use isolated::{Isolated, isolated};
