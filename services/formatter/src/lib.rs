//! The formatter: turns a delivery into a plan, the HTTP requests that make it, as data.
//!
//! It never sees a credential and never connects to an endpoint.

mod form;
mod format;
mod formats;
mod handler;
mod input;
mod json;
mod value;
mod view;

pub use format::{Refusal, plan};
pub use handler::Formatter;

use broker::{Broker, Queue};
use contract::lane::Lane;
use runtime::health::Health;
use runtime::task::Tasks;
use stage::{Drained, Stage};
use store::Store;

/// The role, ready to run.
pub struct Role(Stage<Formatter>);

/// Builds the role. It binds nothing.
pub fn build(broker: Broker, store: &Store, health: &Health) -> Role {
    let handler = Formatter::new(store);
    let stage = Stage::new(handler, broker, health.clone());
    Role(stage.queue(Queue::Formatter(Lane::Live), 75).queue(Queue::Formatter(Lane::Backfill), 25))
}

impl Role {
    /// Runs until asked to stop, then finishes what it holds.
    pub async fn run(self, tasks: &Tasks) -> Drained {
        self.0.run(tasks).await
    }
}
