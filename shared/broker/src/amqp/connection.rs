//! Connections that come back: each is watched by a task that builds it anew, topology included, for ever.

use super::topology::Topology;
use crate::broker::Status;
use crate::error::{Error, OpenError};
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use contract::limits;
use futures_util::StreamExt;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, ErrorKind, Event};
use runtime::health::Probe;
use runtime::task::{OnPanic, Tasks};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long a call may take.
pub(super) const CALL: Duration = Duration::from_millis(limits::BROKER_CALL_MS);
/// How long the closing of a connection may take.
const GOODBYE: Duration = Duration::from_millis(limits::BROKER_GOODBYE_MS);
/// The queue exists with other arguments.
pub(super) const PRECONDITION_FAILED: u16 = 406;
/// There is no such queue.
pub(super) const NOT_FOUND: u16 = 404;

/// Awaits a call to the broker, but not for ever.
pub(super) async fn call<T>(answer: impl Future<Output = lapin::Result<T>>) -> Result<T, Error> {
    match timeout(CALL, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Error::unavailable_for("a call failed", error)),
        Err(_) => Err(Error::unavailable("no answer in time")),
    }
}

/// The reply code with which the broker closed a channel.
pub(super) fn soft_error(error: &Error) -> Option<u16> {
    let Error::Unavailable { source: Some(source), .. } = error else { return None };
    match source.downcast_ref::<lapin::Error>()?.kind() {
        ErrorKind::ProtocolError(error) => Some(error.get_id()),
        _ => None,
    }
}

/// How one connection stands.
#[derive(Clone)]
enum State {
    Connecting,
    Down(String),
    Up(Arc<Connection>),
    /// The broker is short of memory or disk and reads nothing more from this connection.
    Blocked(String),
}

impl State {
    fn check(&self) -> Result<&Arc<Connection>, String> {
        match self {
            Self::Connecting => Err("connecting".into()),
            Self::Down(reason) => Err(reason.clone()),
            Self::Up(connection) => Ok(connection),
            Self::Blocked(reason) => Err(format!("blocked by the broker: {reason}")),
        }
    }
}

/// How all connections stand together, for the probe and for callers.
#[derive(Clone)]
pub(super) struct Standing(Arc<Mutex<(Probe, BTreeMap<&'static str, String>)>>);

impl Standing {
    pub(super) fn new(probe: Probe) -> Self {
        Self(Arc::new(Mutex::new((probe, BTreeMap::new()))))
    }

    pub(super) fn status(&self) -> Status {
        let standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        standing.1.values().next().map_or(Status::Ready, |reason| Status::NotReady(reason.clone()))
    }

    fn set(&self, connection: &'static str, state: &State) {
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (probe, reasons) = &mut *standing;
        match state.check() {
            Ok(_) => drop(reasons.remove(connection)),
            Err(reason) => drop(reasons.insert(connection, reason)),
        }
        match reasons.values().next() {
            None => probe.ready(),
            Some(reason) => probe.not_ready(reason.clone()),
        }
    }
}

/// One connection, whichever incarnation of it is alive. Cheap to clone.
#[derive(Clone)]
pub(super) struct Link(watch::Receiver<State>);

impl Link {
    /// Starts the task that keeps the connection; it ends when `stop` is cancelled and everything was closed.
    pub(super) fn start(
        purpose: &'static str,
        settings: &Settings,
        standing: &Standing,
        tasks: &Tasks,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (state, link) = watch::channel(State::Connecting);
        standing.set(purpose, &State::Connecting);
        let supervisor = Supervisor { purpose, settings: settings.clone(), standing: standing.clone(), state };
        let task = tasks.spawn("broker-connection", OnPanic::Stop, supervisor.run(stop));
        (Self(link), task)
    }

    /// Waits until the first try to connect has ended, one way or the other.
    pub(super) async fn tried(&self) {
        let mut state = self.0.clone();
        let tried = state.wait_for(|state| !matches!(state, State::Connecting));
        let _ = timeout(CALL, tried).await;
    }

    /// The connection, if it can be used now.
    pub(super) fn connection(&self) -> Result<Arc<Connection>, Error> {
        self.0.borrow().check().map(Arc::clone).map_err(Error::unavailable)
    }

    /// Waits until the connection can be used; `None` when it never will again.
    pub(super) async fn usable(&mut self) -> Option<Arc<Connection>> {
        let state = self.0.wait_for(|state| state.check().is_ok()).await.ok()?;
        state.check().ok().map(Arc::clone)
    }

    /// Returns when a connection that is gone is no longer taken for usable; at once when it is not gone.
    pub(super) async fn left(&mut self, connection: &Arc<Connection>) {
        if connection.status().connected() {
            return;
        }
        let left = self.0.wait_for(|state| !state.check().is_ok_and(|current| Arc::ptr_eq(current, connection)));
        let _ = timeout(CALL, left).await;
    }

    /// A new channel.
    pub(super) async fn channel(&self) -> Result<Channel, Error> {
        let connection = self.connection()?;
        call(connection.create_channel()).await
    }
}

/// What is needed to connect.
#[derive(Clone)]
pub(super) struct Settings {
    uri: AMQPUri,
    name: String,
    topology: Arc<Topology>,
}

impl Settings {
    pub(super) fn new(url: &SecretString, name: &str, topology: &Arc<Topology>) -> Result<Self, OpenError> {
        let mut uri: AMQPUri = url.expose_secret().parse().map_err(|reason: String| OpenError::Url(reason.into()))?;
        if uri.vhost.is_empty() {
            // "amqp://host/" names the virtual host "", which nobody has; people mean the default one.
            uri.vhost = "/".into();
        }
        uri.query.heartbeat = Some(limits::BROKER_HEARTBEAT_S);
        uri.query.connection_timeout = Some(limits::BROKER_CALL_MS);
        Ok(Self { uri, name: name.to_owned(), topology: Arc::clone(topology) })
    }

    async fn connect(&self, purpose: &str) -> Result<Connection, Error> {
        let name = format!("{}-{purpose}", self.name);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connection = call(Connection::connect_uri(self.uri.clone(), properties)).await?;
        self.topology.declare(&connection).await?;
        Ok(connection)
    }
}

struct Supervisor {
    purpose: &'static str,
    settings: Settings,
    standing: Standing,
    state: watch::Sender<State>,
}

impl Supervisor {
    async fn run(self, stop: CancellationToken) {
        let mut waits = waits();
        loop {
            let connected = tokio::select! {
                () = stop.cancelled() => break,
                connected = self.settings.connect(self.purpose) => connected,
            };
            let lost = match connected {
                Ok(connection) => {
                    let since = Instant::now();
                    let Some(reason) = self.watch(Arc::new(connection), &stop).await else { break };
                    // A connection that lived is forgiven; one that dies at once waits longer each time.
                    if since.elapsed() > CALL {
                        waits = self::waits();
                    }
                    reason
                }
                Err(error) => explained(&error),
            };
            tracing::warn!(connection = self.purpose, reason = %lost, "no connection to the broker");
            metrics::counter!("tributary_broker_connections_lost_total", "connection" => self.purpose).increment(1);
            self.set(State::Down(lost));
            let wait = waits.next().unwrap_or(CALL);
            tokio::select! {
                () = stop.cancelled() => break,
                () = sleep(wait) => {}
            }
        }
        self.set(State::Down("closed".into()));
    }

    /// Returns why the connection was lost, or nothing when it was closed on purpose.
    async fn watch(&self, connection: Arc<Connection>, stop: &CancellationToken) -> Option<String> {
        let mut events = std::pin::pin!(connection.events_listener());
        tracing::info!(connection = self.purpose, "connected to the broker");
        self.set(State::Up(Arc::clone(&connection)));
        loop {
            tokio::select! {
                () = stop.cancelled() => {
                    // Only politeness, and the answer can be missing where the connection was just made.
                    let _ = timeout(GOODBYE, connection.close(200, "closed".into())).await;
                    return None;
                }
                event = events.next() => match event {
                    Some(Event::ConnectionBlocked(reason)) => {
                        tracing::warn!(connection = self.purpose, %reason, "blocked by the broker");
                        self.set(State::Blocked(reason));
                    }
                    Some(Event::ConnectionUnblocked) => self.set(State::Up(Arc::clone(&connection))),
                    Some(Event::Error(error)) if !connection.status().connected() => return Some(error.to_string()),
                    Some(_) => {}
                    None => return Some("the connection ended".into()),
                },
                // Belt and braces: a connection whose end was not told is found out.
                () = sleep(Duration::from_millis(limits::BROKER_CHECK_MS)) => {
                    if !connection.status().connected() {
                        return Some("the connection ended".into());
                    }
                }
            }
        }
    }

    fn set(&self, state: State) {
        self.standing.set(self.purpose, &state);
        self.state.send_replace(state);
    }
}

/// Waits between tries, for ever.
pub(super) fn waits() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(limits::BROKER_RECONNECT_MIN_MS))
        .with_max_delay(Duration::from_millis(limits::BROKER_RECONNECT_MAX_MS))
        .without_max_times()
        .with_jitter()
        .build()
}

/// An error and its cause on one line.
pub(super) fn explained(error: &Error) -> String {
    match error {
        Error::Unavailable { reason, source: Some(source) } => format!("{reason}: {source}"),
        other => other.to_string(),
    }
}
