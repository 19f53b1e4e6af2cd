//! The dashboard: webhooks, attempts and queues for people, as a JSON API.
//!
//! [`functions::Functions`] is what can be done; `http` makes it an API; [`views`] are its documents.

mod config;
pub mod functions;
mod http;
pub mod problem;
pub mod sample;
pub mod views;

pub use config::Config;

use broker::Broker;
use contract::limits;
use functions::Functions;
use http::Tokens;
use runtime::health::{Health, Probe};
use runtime::task::Tasks;
use std::net::SocketAddr;
use std::time::Duration;
use store::Store;
use tokio::net::TcpListener;

/// The role, bound and not yet serving.
pub struct Role {
    listener: TcpListener,
    address: SocketAddr,
    router: axum::Router,
    probe: Probe,
}

/// Why the role can't be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The port is taken or the address is not this machine's.
    #[error("the dashboard can't listen on {address}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Builds the role and takes its port.
pub async fn build(config: Config, broker: Broker, store: Store, health: &Health) -> Result<Role, BuildError> {
    let failed = |source| BuildError::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let functions = Functions::new(store, broker, &config.allow_networks, config.live_age);
    let router = http::router(functions, Tokens::new(config.tokens));
    Ok(Role { listener, address, router, probe: health.probe("dashboard") })
}

impl Role {
    /// Where it listens; tells the port when 0 was asked for.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until asked to stop, then finishes the requests that it has.
    pub async fn run(self, tasks: &Tasks) {
        self.probe.ready();
        let grace = Duration::from_millis(limits::DRAIN_GRACE_MS);
        let cut = runtime::http::serve(self.listener, self.router, tasks, grace).await;
        if cut > 0 {
            tracing::warn!(cut, "requests were cut off; whoever sent them has no answer");
        }
        self.probe.not_ready("stopped");
    }
}
