//! The order in which a process ends: not ready, stop taking, finish what is held, close.

use crate::exit::Exit;
use crate::health::Health;
use crate::task::Tasks;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT, which ask for the same thing.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on; without this a signal ends the process at once.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The next signal.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits for a signal, or for a task to stop everything, then stops `tasks` and waits until they have ended.
///
/// Readiness goes first, so that nobody sends anything new. A second signal ends the wait at once with
/// [`Exit::Interrupted`]; tasks that have not ended after `grace` make it [`Exit::Failure`], and so does a stop
/// that no signal asked for.
pub async fn serve(tasks: &Tasks, health: &Health, signals: &mut Signals, grace: Duration) -> Exit {
    let asked = tokio::select! {
        () = signals.next() => true,
        () = tasks.stop().cancelled() => false,
    };
    health.probe("process").not_ready("stopping");
    tracing::info!(asked, "stopping");
    tasks.stop().cancel();
    tokio::select! {
        ended = tokio::time::timeout(grace, tasks.finished()) => match (ended, asked) {
            (Ok(()), true) => Exit::Success,
            (Ok(()), false) => {
                tracing::error!("stopped because a task failed");
                Exit::Failure
            }
            (Err(_), _) => {
                tracing::error!(grace_s = grace.as_secs(), "not everything was finished within the grace");
                Exit::Failure
            }
        },
        () = signals.next() => {
            tracing::warn!("ended at once by a second signal; what was held will be repeated");
            Exit::Interrupted
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::OnPanic;

    fn kill(signal: &str) {
        let status = std::process::Command::new("kill").args([signal, &std::process::id().to_string()]).status();
        assert!(status.expect("kill exists").success());
    }

    #[tokio::test]
    async fn a_signal_makes_it_not_ready_and_lets_tasks_finish() {
        let (tasks, health) = (Tasks::new(), Health::default());
        let mut signals = Signals::listen().expect("signals");
        let stop = tasks.stop().clone();
        tasks.spawn("worker", OnPanic::Stop, async move { stop.cancelled().await });
        kill("-TERM");
        let exit = serve(&tasks, &health, &mut signals, Duration::from_secs(5)).await;
        assert_eq!(exit, Exit::Success);
        assert_eq!(health.not_ready(), [("process".to_owned(), "stopping".to_owned())]);
    }

    #[tokio::test]
    async fn a_second_signal_ends_at_once() {
        let (tasks, health) = (Tasks::new(), Health::default());
        let mut signals = Signals::listen().expect("signals");
        let stop = tasks.stop().clone();
        let handle = tasks.spawn("stuck", OnPanic::Stop, async move {
            stop.cancelled().await;
            kill("-INT");
            std::future::pending::<()>().await;
        });
        kill("-INT");
        assert_eq!(serve(&tasks, &health, &mut signals, Duration::from_secs(30)).await, Exit::Interrupted);
        handle.abort();
    }

    #[tokio::test]
    async fn a_panic_of_a_vital_task_is_a_failure() {
        let (tasks, health) = (Tasks::new(), Health::default());
        let mut signals = Signals::listen().expect("signals");
        tasks.spawn("vital", OnPanic::Stop, async { panic!("on purpose") });
        assert_eq!(serve(&tasks, &health, &mut signals, Duration::from_secs(5)).await, Exit::Failure);
    }
}
