//! The copies of accepted events in history.
//!
//! A copy is worth less than its delivery: when history alone can't be used, events go on without one. Copies
//! go first and in a call of their own, so that nothing which failed for history's sake is delivered twice; who
//! reads history tells repeats by the event's id.

use crate::telemetry;
use broker::{Broker, Error, Outgoing, Queue, Status};
use bytes::Bytes;
use contract::{envelope, limits};
use runtime::health::Probe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const WAIT: Duration = Duration::from_millis(limits::HISTORY_CONFIRM_MS);
const PAUSE: Duration = Duration::from_millis(limits::HISTORY_PAUSE_MS);

/// Keeps copies. Cheap to clone; clones share what they know of history's state.
#[derive(Clone)]
pub(crate) struct History {
    broker: Broker,
    probe: Probe,
    /// Since when it is left alone.
    paused: Arc<Mutex<Option<Instant>>>,
}

impl History {
    pub(crate) fn new(broker: Broker, probe: Probe) -> Self {
        probe.ready();
        Self { broker, probe, paused: Arc::default() }
    }

    /// Keeps a copy of each line, or counts those it could not keep. An error means that the broker as a whole
    /// is away and that nothing was accepted.
    pub(crate) async fn keep(&self, lines: Vec<Bytes>) -> Result<(), Error> {
        let events = lines.len();
        if self.is_paused() {
            telemetry::history_missed(events);
            return Ok(());
        }
        let batches = envelope::batches(lines, limits::BATCH_LINES, limits::BATCH_BYTES).into_iter();
        let copies = batches.map(|body| Outgoing::new(Queue::History, body)).collect();
        let error = match tokio::time::timeout(WAIT, self.broker.publisher().publish_all(copies)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error,
            Err(_) => Error::unavailable("history did not confirm in time"),
        };
        if let Status::NotReady(_) = self.broker.status() {
            return Err(error);
        }
        self.pause(&error);
        telemetry::history_missed(events);
        Ok(())
    }

    /// Says so when history is tried again. Runs until `stop`.
    pub(crate) async fn watch(&self, stop: &CancellationToken) {
        while tokio::time::timeout(PAUSE, stop.cancelled()).await.is_err() {
            self.is_paused();
        }
    }

    /// Whether history is left alone for now: each try holds up its events, and the broker's other publishes.
    fn is_paused(&self) -> bool {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        // While the broker as a whole is away nothing is known of history.
        let away = matches!(self.broker.status(), Status::NotReady(_));
        if paused.is_some_and(|since| away || since.elapsed() >= PAUSE) {
            *paused = None;
            self.probe.ready();
        }
        paused.is_some()
    }

    fn pause(&self, error: &Error) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        // Of those that failed together the first one tells: one line a pause.
        if paused.is_none() {
            self.probe.not_ready("history takes no copies; deliveries go on without");
            telemetry::history_paused(error, PAUSE);
        }
        *paused = Some(Instant::now());
    }
}
