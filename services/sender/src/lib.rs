//! The sender: executes plans until the receiver has the event.

mod auth;
mod away;
mod backfills;
mod client;
mod conclude;
mod config;
mod connecting;
mod current;
mod execute;
mod failure;
mod gate;
mod guard;
mod handler;
mod memory;
mod pace;
mod quota;
mod record;
mod redact;
mod retry_after;
mod spelling;
mod spent;
mod telemetry;
#[cfg(test)]
mod tests;

pub use client::BuildError;
pub use config::Config;
pub use handler::Sender;

use broker::{Broker, Queue, Sending};
use client::{Client, Patience};
use contract::limits;
use guard::{Guard, SystemLookup};
use runtime::health::Health;
use runtime::task::Tasks;
use stage::{Drained, Stage};
use std::sync::Arc;
use store::Store;

/// The role, ready to run.
pub struct Role(Stage<Sender>);

/// Builds the role. It binds nothing and connects to nothing.
pub fn build(config: &Config, broker: Broker, store: Store, health: &Health) -> Result<Role, BuildError> {
    let guard = Guard::new(&config.allow_networks, Arc::new(SystemLookup::new(limits::NAME_LOOKUPS)));
    let client = Client::new(guard, Patience::default(), config.extra_roots.as_deref())?;
    let sender = Sender::new(client, store, config);
    let stage = Stage::new(sender, broker, health.clone()).concurrency(config.concurrency).one_message_a_unit();
    // Retries and backfills never take the place of a first attempt; idle shares are lent.
    Ok(Role(
        stage
            .queue(Queue::Sender(Sending::Live), 60)
            .queue(Queue::Sender(Sending::Retry), 20)
            .queue(Queue::Sender(Sending::Backfill), 20),
    ))
}

impl Role {
    /// Runs until asked to stop, then finishes what it holds.
    pub async fn run(self, tasks: &Tasks) -> Drained {
        self.0.run(tasks).await
    }
}
