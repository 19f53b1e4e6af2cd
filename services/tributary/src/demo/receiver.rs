//! The receiver of the demonstration: verifies signatures and reports what arrives.

use crate::failure::Failure;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use contract::id::DeliveryId;
use contract::signature::{Signer, SigningSecret, sign};
use contract::webhook::Type;
use runtime::task::{OnPanic, Tasks};
use serde::Serialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Arrivals that may wait to be printed.
const WAITING: usize = 256;

/// A delivery as it arrived.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Arrival {
    /// The webhook's type, told by the path.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The `webhook-id`.
    pub(super) delivery: String,
    /// Whether the signature is right.
    pub(super) verified: bool,
    /// Whether it has not arrived before.
    pub(super) first: bool,
    donor: String,
    amount: String,
    order: String,
}

/// Listens on a free port of this machine.
pub(super) struct Receiver {
    address: SocketAddr,
    shared: Shared,
    arrivals: mpsc::Receiver<Arrival>,
}

#[derive(Clone)]
struct Shared {
    secrets: Arc<Mutex<HashMap<String, SigningSecret>>>,
    seen: Arc<Mutex<HashSet<String>>>,
    arrived: mpsc::Sender<Arrival>,
}

impl Receiver {
    pub(super) async fn start(tasks: &Tasks) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (arrived, arrivals) = mpsc::channel(WAITING);
        let shared = Shared { secrets: Arc::default(), seen: Arc::default(), arrived };
        let routes = Router::new().route("/{kind}", post(receive)).with_state(shared.clone());
        let stop = tasks.stop().clone().cancelled_owned();
        tasks.spawn("receiver", OnPanic::Log, async move {
            if let Err(error) = axum::serve(listener, routes).with_graceful_shutdown(stop).await {
                tracing::error!(%error, "the receiver ended");
            }
        });
        Ok(Self { address, shared, arrivals })
    }

    /// Where deliveries of this type are to go.
    pub(super) fn endpoint(&self, kind: Type) -> String {
        format!("http://{}/{}", self.address, kind.name())
    }

    /// Deliveries of this type are signed with this secret.
    pub(super) fn expect(&self, kind: Type, secret: Option<&str>) -> Result<(), Failure> {
        let secret = secret.ok_or_else(|| Failure::new("the new webhook has no signing secret"))?;
        let secret = SigningSecret::parse(secret).map_err(|error| Failure::of("the new webhook", &error))?;
        let mut secrets = self.shared.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.insert(kind.name().to_owned(), secret);
        Ok(())
    }

    /// The next delivery.
    pub(super) async fn next(&mut self) -> Arrival {
        match self.arrivals.recv().await {
            Some(arrival) => arrival,
            // This holds a sender itself, so there is always one more to wait for.
            None => std::future::pending().await,
        }
    }
}

async fn receive(
    State(shared): State<Shared>,
    Path(kind): Path<String>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let delivery = header("webhook-id");
    let verified = shared.verify(&kind, &delivery, &header("webhook-timestamp"), &header("webhook-signature"), &body);
    let first = shared.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(delivery.clone());
    let document: Value = serde_json::from_str(&body).unwrap_or_default();
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or("?").to_owned();
    let arrival = Arrival {
        kind,
        delivery,
        verified,
        first,
        donor: format!("{} {}", text("/donor/firstname"), text("/donor/lastname")),
        amount: dollars(&text("/lineitems/0/amount")),
        order: text("/contribution/orderNumber"),
    };
    // Nobody waits any more when the demonstration is ending.
    let _ended = shared.arrived.send(arrival).await;
    if verified { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED }
}

/// `27.5` as people write it.
fn dollars(amount: &str) -> String {
    let cents = contract::body::Money::parse(amount).map(contract::body::Money::cents);
    cents.map_or_else(|| amount.to_owned(), |cents| format!("${}.{:02}", cents / 100, cents % 100))
}

impl Shared {
    /// What every receiver should do: sign the same content and compare.
    fn verify(&self, kind: &str, id: &str, timestamp: &str, signatures: &str, body: &str) -> bool {
        let secret = self.secrets.lock().unwrap_or_else(PoisonError::into_inner).get(kind).cloned();
        let (Some(secret), Ok(id), Ok(at)) = (secret, DeliveryId::parse(id), timestamp.parse()) else { return false };
        let expected = sign(&[Signer { secret, private: None }], &id, at, body.as_bytes());
        expected.is_ok_and(|expected| signatures.split(' ').any(|given| given == expected))
    }
}

impl Arrival {
    /// For people.
    pub(super) fn line(&self) -> String {
        let what = match self.kind.as_str() {
            "default" => "contribution",
            "default_refunds" => "refund",
            "default_cancellations" => "cancellation",
            other => other,
        };
        let signature = if self.verified { "signature ok" } else { "WRONG SIGNATURE" };
        let again = if self.first { "" } else { ", a repeat" };
        format!(
            "  {what:<13} {:>8}  {:<18} {}  {signature}{again}  {}",
            self.amount, self.donor, self.order, self.delivery
        )
    }
}
