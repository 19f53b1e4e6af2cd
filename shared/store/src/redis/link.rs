//! The connection for commands, replaced whenever it does not answer.

use crate::error::{Error, Silent, with_causes};
use arc_swap::ArcSwap;
use contract::limits;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation};
use runtime::health::Probe;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const CALL: Duration = Duration::from_millis(limits::STORE_CALL_MS);

pub(crate) struct Link {
    client: Client,
    /// The library's manager reconnects after I/O errors only: it stays with a server that was loading or
    /// refused the password, and with a connection on which nothing comes back. `watch` replaces it then.
    manager: ArcSwap<ConnectionManager>,
}

impl Link {
    /// Connects with the first command.
    pub(crate) fn new(client: Client) -> RedisResult<Self> {
        let manager = ArcSwap::from_pointee(connect(&client)?);
        Ok(Self { client, manager })
    }

    pub(crate) async fn command<T: FromRedisValue>(&self, key: &str, command: &Cmd) -> Result<T, Error> {
        let mut manager = self.manager();
        within(key, command.query_async(&mut manager)).await
    }

    pub(crate) async fn pipeline<T: FromRedisValue>(&self, key: &str, pipeline: &Pipeline) -> Result<T, Error> {
        let mut manager = self.manager();
        within(key, pipeline.query_async(&mut manager)).await
    }

    pub(crate) async fn script<T: FromRedisValue>(&self, key: &str, script: &ScriptInvocation<'_>) -> Result<T, Error> {
        let mut manager = self.manager();
        within(key, script.invoke_async(&mut manager)).await
    }

    fn manager(&self) -> ConnectionManager {
        ConnectionManager::clone(&self.manager.load())
    }

    fn replace(&self) {
        match connect(&self.client) {
            Ok(manager) => self.manager.store(Arc::new(manager)),
            Err(error) => tracing::error!(%error, "no new connection to the store can be made"),
        }
    }
}

/// A manager that tries once for each command that needs a connection; `watch` sees to it that one does.
fn connect(client: &Client) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(CALL))
        .set_response_timeout(Some(CALL))
        .set_pipeline_buffer_size(limits::STORE_QUEUE);
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

/// The deadline holds for connecting and answering together.
async fn within<T>(key: &str, call: impl Future<Output = RedisResult<T>>) -> Result<T, Error> {
    match tokio::time::timeout(CALL, call).await {
        Ok(answer) => answer.map_err(|error| failed(key, error)),
        Err(_) => Err(Error::unavailable(Silent)),
    }
}

/// Only an answer of the wrong type can't be healed by waiting; everything else (away, loading, out of
/// memory, read-only, wrong password) is repaired at the server.
fn failed(key: &str, error: RedisError) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedReturnType | ErrorKind::Parse => Error::corrupt(key, error),
        _ if error.code() == Some("WRONGTYPE") => Error::corrupt(key, error),
        _ => Error::unavailable(error),
    }
}

/// Asks the server again and again whether it is there, which also reconnects after an outage.
pub(crate) async fn watch(link: Arc<Link>, probe: Probe, closing: CancellationToken) {
    let mut ping = tokio::time::interval(Duration::from_millis(limits::STORE_PROBE_MS));
    ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut away = false;
    loop {
        tokio::select! {
            () = closing.cancelled() => return,
            _ = ping.tick() => {}
        }
        match link.command::<String>("PING", &redis::cmd("PING")).await {
            Ok(_) => {
                if away {
                    tracing::info!("the store is available again");
                }
                away = false;
                probe.ready();
            }
            Err(error) => {
                let reason = with_causes(&error);
                if !away {
                    tracing::warn!(error = reason, "the store is not available");
                }
                away = true;
                probe.not_ready(reason);
                link.replace();
            }
        }
    }
}
