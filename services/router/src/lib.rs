//! The router: finds every webhook that takes an event and makes a delivery for each.

mod handler;

pub use handler::Router;

use broker::{Broker, Queue};
use contract::lane::Lane;
use runtime::health::Health;
use runtime::task::Tasks;
use stage::{Drained, Stage};
use store::Store;

/// The role, ready to run.
pub struct Role(Stage<Router>);

/// Builds the role. It binds nothing.
pub fn build(broker: Broker, store: &Store, health: &Health) -> Role {
    let handler = Router::new(store.directory().clone(), store.backfills().clone());
    let stage = Stage::new(handler, broker, health.clone());
    Role(stage.queue(Queue::Router(Lane::Live), 75).queue(Queue::Router(Lane::Backfill), 25))
}

impl Role {
    /// Runs until asked to stop, then finishes what it holds.
    pub async fn run(self, tasks: &Tasks) -> Drained {
        self.0.run(tasks).await
    }
}
