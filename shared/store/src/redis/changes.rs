//! Hears what other processes changed, on a connection of its own.

use crate::directory::{Change, Shelves};
use backon::{BackoffBuilder, ExponentialBuilder};
use contract::limits;
use futures_util::StreamExt;
use redis::{Client, RedisResult};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const CALL: Duration = Duration::from_millis(limits::STORE_CALL_MS);
/// A connection that says nothing for so long is asked whether it still lives.
const QUIET: Duration = Duration::from_millis(limits::DIRECTORY_PING_MS);

/// Listens for ever. After every new beginning everything counts as changed, because announcements may
/// have been missed.
pub(crate) async fn hear(client: Client, channel: String, shelves: Arc<Shelves>, closing: CancellationToken) {
    let mut pauses = pauses();
    loop {
        let mut began = false;
        let ended = tokio::select! {
            () = closing.cancelled() => return,
            ended = listen(&client, &channel, &shelves, &mut began) => ended,
        };
        if began {
            pauses = self::pauses();
        }
        // The probe tells people that the store is away; here it is only the reason for trying again.
        tracing::debug!(error = ended.err().map(|error| error.to_string()), "no announcements from the store");
        tokio::select! {
            () = closing.cancelled() => return,
            () = tokio::time::sleep(pauses.next().unwrap_or(CALL)) => {}
        }
    }
}

async fn listen(client: &Client, channel: &str, shelves: &Shelves, began: &mut bool) -> RedisResult<()> {
    let connected = timeout(CALL, async {
        let mut connection = client.get_async_pubsub().await?;
        connection.subscribe(channel).await?;
        RedisResult::Ok(connection)
    });
    let (mut asking, mut announced) = connected.await.map_err(silent)??.split();
    *began = true;
    shelves.apply(&Change::Everything);
    loop {
        shelves.heard(Instant::now());
        match timeout(QUIET, announced.next()).await {
            Ok(Some(message)) => shelves.apply(&Change::parse(&message.get_payload::<String>().unwrap_or_default())),
            Ok(None) => return Ok(()),
            // The answer is sent after all that was announced before it.
            Err(_) => drop(timeout(CALL, asking.ping::<redis::Value>()).await.map_err(silent)??),
        }
    }
}

fn silent(_: tokio::time::error::Elapsed) -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_millis(limits::STORE_PROBE_MS))
        .without_max_times()
        .with_jitter()
        .build()
}
