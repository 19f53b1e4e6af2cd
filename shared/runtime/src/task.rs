//! The only place that spawns: every task has a name, is awaited at shutdown and says what its end means.

use futures_util::FutureExt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What the end of a task means for its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPanic {
    /// The process can't keep its promises without it: stop everything in order.
    Stop,
    /// Only the task's own work is lost, and someone else notices.
    Log,
}

/// The tasks of one process (or of one test), and the token that asks them to stop.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// No tasks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process is to stop.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Tasks whose stop token is a child of this one, so that they can be stopped alone.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { tracker: self.tracker.clone(), stop: self.stop.child_token() }
    }

    /// Spawns and tracks a task. The handle may be dropped; the task goes on.
    pub fn spawn<F>(&self, name: &'static str, on_panic: OnPanic, task: F) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tracing::error!(task = name, stops = on_panic == OnPanic::Stop, "a task panicked");
                if on_panic == OnPanic::Stop {
                    stop.cancel();
                }
            }
        })
    }

    /// Waits until every task has ended. Call it after [`Tasks::stop`] was cancelled.
    pub async fn finished(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
