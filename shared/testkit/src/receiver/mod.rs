//! A scripted HTTP/1.1 receiver: it writes down what it gets and answers as it is told, also badly.

mod answer;
mod connection;
mod request;
mod state;
#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use request::{Arrival, Request};

use crate::port;
use anyhow::Context;
use state::State;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A receiver on a loopback port of its own. It ends with this value.
#[derive(Debug)]
pub struct Receiver {
    port: u16,
    state: Arc<State>,
    up: Option<Up>,
}

/// The listener and the connections, while the receiver is up.
#[derive(Debug)]
struct Up {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Drop for Up {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Receiver {
    /// Answers 200 to everything until told otherwise, and keeps every request.
    pub async fn start() -> anyhow::Result<Self> {
        Self::with(State::new(true)).await
    }

    /// Keeps only who came when ([`Receiver::arrivals`]), for hundreds of thousands of requests.
    pub async fn counting() -> anyhow::Result<Self> {
        Self::with(State::new(false)).await
    }

    async fn with(state: State) -> anyhow::Result<Self> {
        let mut receiver = Self { port: port::free()?, state: Arc::new(state), up: None };
        receiver.up().await?;
        Ok(receiver)
    }

    /// `http://127.0.0.1:{port}{path}`
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The port, which stays the same while the receiver is down.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The next request gets this answer, before anything else applies. Said several times, it is a queue.
    pub fn answer_next(&self, answer: Answer) {
        self.state.change(|told| told.script.push_back(answer));
    }

    /// What every request gets for which the script has nothing.
    pub fn set_default(&self, answer: Answer) {
        self.state.change(|told| told.default = answer);
    }

    /// Decides by the request where the script has nothing; `None` leaves it to the default.
    pub fn set_responder(&self, responder: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) {
        self.state.change(|told| told.responder = Some(Arc::new(responder)));
    }

    /// Holds every answer back from now on. Requests are still taken and written down.
    pub fn gate(&self) {
        self.state.gated.send_replace(true);
    }

    /// Lets the held answers go.
    pub fn release(&self) {
        self.state.gated.send_replace(false);
    }

    /// Stops listening and breaks every connection. Returns when nothing of it is left.
    pub async fn down(&mut self) {
        if let Some(up) = self.up.take() {
            up.stop.cancel();
            up.tasks.close();
            up.tasks.wait().await;
        }
    }

    /// Listens again, on the same port.
    pub async fn up(&mut self) -> anyhow::Result<()> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.context("the receiver can't listen")?;
        let up = Up { tasks: TaskTracker::new(), stop: CancellationToken::new() };
        let (tasks, stop, state) = (up.tasks.clone(), up.stop.clone(), Arc::clone(&self.state));
        up.tasks.spawn(up.stop.clone().run_until_cancelled_owned(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = connection::serve(stream, Arc::clone(&state));
                tasks.spawn(stop.clone().run_until_cancelled_owned(connection));
            }
        }));
        self.up = Some(up);
        Ok(())
    }

    /// Every request so far, in the order of arrival. Empty for a counting receiver.
    pub fn received(&self) -> Vec<Request> {
        self.state.read(|told| told.requests.clone())
    }

    /// Who came when, in the order of arrival.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.state.read(|told| told.arrivals.clone())
    }

    /// Requests so far.
    pub fn count(&self) -> usize {
        self.state.read(|told| told.arrivals.len())
    }

    /// Requests so far by `webhook-id`; those without one are left out.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.counts_of(|_| true)
    }

    /// The same, of those that were answered (or are about to be answered) with a 2xx.
    pub fn accepted_counts(&self) -> BTreeMap<String, usize> {
        self.counts_of(|arrival| arrival.status.is_some_and(|status| (200..300).contains(&status)))
    }

    fn counts_of(&self, counts: impl Fn(&Arrival) -> bool) -> BTreeMap<String, usize> {
        let mut by_id = BTreeMap::new();
        self.state.read(|told| {
            for arrival in told.arrivals.iter().filter(|arrival| counts(arrival)) {
                if let Some(id) = &arrival.webhook_id {
                    *by_id.entry(id.clone()).or_default() += 1;
                }
            }
        });
        by_id
    }

    /// The most requests that were being handled at the same time.
    pub fn most_at_once(&self) -> usize {
        self.state.read(|told| told.most_at_once)
    }

    /// Forgets what was received, not what was told.
    pub fn forget(&self) {
        self.state.change(|told| {
            told.requests.clear();
            told.arrivals.clear();
            told.most_at_once = told.at_once;
        });
    }

    /// Waits until at least `count` requests have come, and returns them all. Fails after 30 s.
    pub async fn wait_for(&self, count: usize) -> anyhow::Result<Vec<Request>> {
        self.wait_for_within(count, PATIENCE).await?;
        Ok(self.received())
    }

    /// Waits until at least `count` requests have come; fails when the time is over.
    pub async fn wait_for_within(&self, count: usize, patience: Duration) -> anyhow::Result<()> {
        self.wait(patience, || self.count() >= count)
            .await
            .with_context(|| format!("{count} requests were expected, {} came in {patience:?}", self.count()))
    }

    /// Waits until the requests so far satisfy `holds`, and returns them. Fails after 30 s.
    pub async fn wait_until(&self, holds: impl Fn(&[Request]) -> bool) -> anyhow::Result<Vec<Request>> {
        self.wait(PATIENCE, || self.state.read(|told| holds(&told.requests))).await.with_context(|| {
            format!("the {} requests that came in {PATIENCE:?} are not what was expected", self.count())
        })?;
        Ok(self.received())
    }

    async fn wait(&self, patience: Duration, holds: impl Fn() -> bool) -> anyhow::Result<()> {
        let mut changes = self.state.changes.subscribe();
        let waiting = changes.wait_for(|()| holds());
        tokio::time::timeout(patience, waiting).await??;
        Ok(())
    }
}
