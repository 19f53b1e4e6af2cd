//! The role backfill: sends webhooks the past events of their entities, through the same path as live ones.
//!
//! What is to run stands in the store: a backfill with the status `running` is taken up by whichever copy of the role
//! gets its lease, and given up when it is paused or has ended. A crash costs the lease's time.

mod config;
mod count;
mod run;
mod runner;

pub use config::Config;

use broker::Broker;
use runner::Runner;
use runtime::task::Tasks;
use stage::Drained;
use std::sync::Arc;
use store::Store;

/// The role, ready to run.
pub struct Role(Arc<Runner>);

/// Builds the role. It binds nothing.
pub fn build(config: Config, broker: Broker, store: Store) -> Role {
    Role(Arc::new(Runner::new(config, broker, store)))
}

impl Role {
    /// Runs until asked to stop. What it is at is left where it stands, and goes on from there.
    pub async fn run(self, tasks: &Tasks) -> Drained {
        self.0.run(tasks).await;
        Drained { abandoned: 0 }
    }
}
