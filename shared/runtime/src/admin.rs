//! The admin endpoint of a process: `/livez`, `/readyz` and `/metrics`.

use crate::health::Health;
use crate::http;
use crate::task::{OnPanic, Tasks};
use crate::telemetry::Metrics;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use contract::limits;
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// How often histogram samples are folded together.
const FOLD_EVERY: Duration = Duration::from_secs(5);

/// The endpoint, bound and not yet serving.
#[derive(Debug)]
pub struct Admin {
    listener: TcpListener,
    address: SocketAddr,
    state: Shared,
}

#[derive(Debug, Clone)]
struct Shared {
    health: Health,
    metrics: Metrics,
}

/// What `/readyz` answers.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_ready: Vec<Reason>,
}

#[derive(Debug, Serialize)]
struct Reason {
    what: String,
    why: String,
}

impl Admin {
    /// Takes the port.
    pub async fn bind(address: SocketAddr, health: Health, metrics: Metrics) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, state: Shared { health, metrics } })
    }

    /// Where it listens; tells the port when 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `tasks` stop. Give it tasks that outlive the roles, so that it can say that they drain.
    pub fn run(self, tasks: &Tasks) {
        let stop = tasks.stop().clone();
        let metrics = self.state.metrics.clone();
        tasks.spawn("metrics", OnPanic::Log, {
            let stop = stop.clone();
            async move { while fold_later(&metrics, &stop).await {} }
        });
        let routes = axum::Router::new()
            .route("/livez", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics_page))
            .with_state(self.state);
        let of_server = tasks.clone();
        tasks.spawn("admin", OnPanic::Log, async move {
            let cut =
                http::serve(self.listener, routes, &of_server, Duration::from_millis(limits::ADMIN_GRACE_MS)).await;
            tracing::debug!(cut, "the admin endpoint ended");
        });
    }
}

/// Folds after a while; false when it is time to stop.
async fn fold_later(metrics: &Metrics, stop: &tokio_util::sync::CancellationToken) -> bool {
    let stopped = tokio::time::timeout(FOLD_EVERY, stop.cancelled()).await.is_ok();
    metrics.fold();
    !stopped
}

async fn ready(State(shared): State<Shared>) -> Response {
    let not_ready: Vec<_> = shared.health.not_ready().into_iter().map(|(what, why)| Reason { what, why }).collect();
    let status = if not_ready.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready: not_ready.is_empty(), not_ready })).into_response()
}

async fn metrics_page(State(shared): State<Shared>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], shared.metrics.render())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("reads");
        answer
    }

    #[tokio::test]
    async fn readiness_names_what_is_missing() {
        let (tasks, health) = (Tasks::new(), Health::default());
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let metrics = Metrics::record().expect("recorder");
        let admin = Admin::bind(any, health.clone(), metrics).await.expect("binds");
        let address = admin.local_addr();
        admin.run(&tasks);

        let probe = health.probe("broker");
        probe.not_ready("connecting");
        let answer = get(address, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.ends_with(r#"{"ready":false,"not_ready":[{"what":"broker","why":"connecting"}]}"#), "{answer}");

        probe.ready();
        let answer = get(address, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"ready":true}"#), "{answer}");
        assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
        metrics::counter!("tributary_admin_example_total").increment(1);
        assert!(get(address, "/metrics").await.contains("tributary_admin_example_total 1"));

        tasks.stop().cancel();
        tasks.finished().await;
        assert!(TcpStream::connect(address).await.is_err(), "it stopped listening");
    }
}
