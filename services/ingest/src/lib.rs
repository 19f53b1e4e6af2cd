//! Ingest: takes what upstream publishes, over AMQP and over HTTP, and makes one event of each line item.
//!
//! Both entrances share one path, [`accept`]: read, drop repeats, publish to the router and to history,
//! and remember the events only after that is confirmed.

mod accept;
mod config;
mod credential;
mod handler;
mod http;
mod telemetry;
mod trace;

pub use config::Config;
pub use credential::Credentials;
pub use handler::Ingest;

use accept::Acceptance;
use broker::{Broker, Queue};
use contract::limits;
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
    health: Health,
}

/// Builds the role and takes its port.
pub async fn build(config: Config, broker: Broker, store: &Store, health: &Health) -> io::Result<Role> {
    let listener = TcpListener::bind(config.listen).await?;
    let address = listener.local_addr()?;
    let acceptance = Acceptance::new(broker.clone(), store.dedup().clone(), config.dedup_window);
    let routes = http::routes(acceptance.clone(), config.credentials);
    let stage = Stage::new(Ingest::new(acceptance), broker, health.clone()).queue(Queue::Ingest, 1);
    Ok(Role { stage, listener, address, routes, health: health.clone() })
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
        let served = serve(self.listener, self.routes, tasks);
        let (drained, ()) = tokio::join!(self.stage.run(tasks), served);
        drained
    }
}

async fn serve(listener: TcpListener, routes: axum::Router, tasks: &Tasks) {
    let stop = tasks.stop().clone();
    let serving = axum::serve(listener, routes).with_graceful_shutdown(stop.clone().cancelled_owned());
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(Duration::from_millis(limits::DRAIN_GRACE_MS)).await;
    };
    tokio::select! {
        ended = serving => {
            if let Err(error) = ended {
                tracing::error!(%error, "the HTTP entrance ended");
                stop.cancel();
            }
        }
        () = overdue => tracing::warn!("requests were cut off; whoever sent them has no answer and sends them again"),
    }
}

#[cfg(test)]
mod testbed;

#[cfg(test)]
mod tests;
