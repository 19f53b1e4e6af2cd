//! Ingest: takes what upstream publishes, over AMQP and over HTTP, and makes one event of each line item.
//!
//! Both entrances share one path, [`accept`]: read, drop repeats, publish to the router and to history,
//! and remember the events only after that is confirmed.

mod accept;
mod config;
mod credential;
mod handler;
mod history;
mod http;
mod in_hand;
mod telemetry;
mod trace;

pub use config::Config;
pub use credential::Credentials;
pub use handler::Ingest;

use accept::Acceptance;
use broker::{Broker, Queue};
use contract::limits;
use history::History;
use runtime::health::Health;
use runtime::task::Tasks;
use stage::{Drained, Stage};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use store::Store;
use tokio::net::TcpListener;

/// The role, bound and not yet running.
pub struct Role {
    stage: Stage<Ingest>,
    listener: TcpListener,
    address: SocketAddr,
    routes: axum::Router,
    history: History,
    health: Health,
}

/// Builds the role and takes its port.
pub async fn build(config: Config, broker: Broker, store: &Store, health: &Health) -> io::Result<Role> {
    let listener = TcpListener::bind(config.listen).await?;
    let address = listener.local_addr()?;
    let acceptance = Acceptance::new(broker.clone(), store.dedup().clone(), config.dedup_window, health);
    let routes = http::routes(acceptance.clone(), config.credentials);
    let history = acceptance.history().clone();
    let stage = Stage::new(Ingest::new(acceptance), broker, health.clone()).queue(Queue::Ingest, 1);
    Ok(Role { stage, listener, address, routes, history, health: health.clone() })
}

impl Role {
    /// Where it listens for HTTP; tells the port when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until asked to stop, then answers the requests that it has and finishes what it holds.
    pub async fn run(self, tasks: &Tasks) -> Drained {
        let probe = self.health.probe("ingest.http");
        probe.ready();
        let served =
            runtime::http::serve(self.listener, self.routes, tasks, Duration::from_millis(limits::DRAIN_GRACE_MS));
        let (drained, cut, ()) = tokio::join!(self.stage.run(tasks), served, self.history.watch(tasks.stop()));
        if cut > 0 {
            tracing::warn!(cut, "requests were cut off; whoever sent them has no answer and sends them again");
        }
        drained
    }
}

#[cfg(test)]
mod testbed;

#[cfg(test)]
mod tests;
