//! What only RabbitMQ does: unroutable messages, outages, blocked connections.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod outages;
mod place;
mod unroutable;
