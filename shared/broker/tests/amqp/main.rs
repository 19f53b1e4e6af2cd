//! What only RabbitMQ does: unroutable messages, outages, blocked connections.

mod outages;
mod place;
mod unroutable;
