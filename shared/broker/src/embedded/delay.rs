//! Waits that end: moves messages from the delay queues to where they go then.

use super::engine::Engine;
use contract::limits::EMBEDDED_IDLE_CHECK_MS;
use runtime::clock;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Runs until the process stops; what waits then lies in the file.
pub(super) async fn forward(engine: Arc<Engine>, stop: CancellationToken) {
    loop {
        let mut sooner = pin!(engine.signals.timers.notified());
        sooner.as_mut().enable();
        let next = {
            let mut state = engine.lock();
            if state.closing {
                return;
            }
            state.forward_due(clock::now())
        };
        // The wall clock decides and can be set, so no sleep is long.
        let most = Duration::from_millis(EMBEDDED_IDLE_CHECK_MS);
        let sleep = tokio::time::sleep(next.map_or(most, |next| next.min(most)));
        tokio::select! {
            () = stop.cancelled() => return,
            () = sooner => {}
            () = sleep => {}
        }
    }
}
