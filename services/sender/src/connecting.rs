//! Tells whether a request used a connection that was open before it.
//!
//! A receiver may close an idle connection at the very moment a request is written to it. Only then is an
//! instant repeat right: on a new connection the same failure is an answer of a kind. hyper asks the
//! connector within the request's own task and only when the pool has nothing, so a request whose
//! connector was never called went over a pooled connection.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tower::{Layer, Service};

tokio::task_local! {
    static CONNECTED: Arc<AtomicBool>;
}

/// Runs a request; true beside its result means that it was served by an open connection.
pub(crate) async fn watch<T>(request: impl Future<Output = T>) -> (T, bool) {
    let connected = Arc::new(AtomicBool::new(false));
    let result = CONNECTED.scope(Arc::clone(&connected), request).await;
    (result, !connected.load(Ordering::Relaxed))
}

/// Goes round reqwest's connector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched;

impl<S> Layer<S> for Watched {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Connector<S> {
        Connector(inner)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Connector<S>(S);

impl<S: Service<R>, R> Service<R> for Connector<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        // Outside of `watch` nobody asks.
        let _ = CONNECTED.try_with(|connected| connected.store(true, Ordering::Relaxed));
        self.0.call(request)
    }
}
