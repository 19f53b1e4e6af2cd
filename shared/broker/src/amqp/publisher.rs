//! Publishing with confirms: a few tasks, each with a channel of its own and a bounded window.
//!
//! One task a channel, because two tasks that share one mix up lapin's confirms; all messages of one call go
//! through one task, so that they keep their order and are written together.

use super::connection::{CALL, Link, call, explained};
use super::squeeze;
use super::topology::Topology;
use super::window::{Outcome, Ticket, Window};
use super::wire;
use crate::error::Error;
use crate::message::Outgoing;
use contract::limits;
use jiff::Timestamp;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation};
use runtime::clock;
use runtime::task::{OnPanic, Tasks};
use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// Channels that publish. More of them write less at a time; fewer wait for one another's window.
const LANES: usize = 2;
/// Calls that wait for one lane.
const WAITING_CALLS: usize = 64;
/// No queue is meant to be absent, and none ever needs its consumer to be there at once.
const OPTIONS: BasicPublishOptions = BasicPublishOptions { mandatory: true, immediate: false };

type Answer = Result<Vec<Outgoing>, Error>;

struct Job {
    messages: Vec<Outgoing>,
    answer: oneshot::Sender<Answer>,
}

/// The lanes.
pub(super) struct Pool {
    lanes: Vec<mpsc::Sender<Job>>,
    next: AtomicUsize,
}

impl Pool {
    /// Starts the lanes. When `stop` is cancelled they finish what they hold and end.
    pub(super) fn start(link: &Link, topology: &Arc<Topology>, tasks: &Tasks, stop: &CancellationToken) -> Self {
        let lanes = (0..LANES).map(|_| {
            let (jobs, waiting) = mpsc::channel(WAITING_CALLS);
            let lane = Lane { link: link.clone(), topology: Arc::clone(topology), jobs: waiting, stop: stop.clone() };
            tasks.spawn("broker-publish", OnPanic::Stop, lane.run());
            jobs
        });
        Self { lanes: lanes.collect(), next: AtomicUsize::new(0) }
    }

    /// Publishes all and returns those for which there is no queue. A lane answers within the time of a call
    /// after the last sign of progress.
    pub(super) async fn publish(&self, messages: Vec<Outgoing>) -> Answer {
        let (answer, answered) = oneshot::channel();
        let lane = &self.lanes[self.next.fetch_add(1, Ordering::Relaxed) % self.lanes.len()];
        lane.send(Job { messages, answer }).await.map_err(|_| Error::unavailable("closed"))?;
        answered.await.map_err(|_| Error::unavailable("closed"))?
    }

    /// Ends the lanes when they have published what they hold.
    pub(super) async fn close(&self, stop: &CancellationToken) {
        stop.cancel();
        for lane in &self.lanes {
            lane.closed().await;
        }
    }
}

struct Lane {
    link: Link,
    topology: Arc<Topology>,
    jobs: mpsc::Receiver<Job>,
    stop: CancellationToken,
}

impl Lane {
    async fn run(mut self) {
        loop {
            let connection = tokio::select! {
                biased;
                () = self.stop.cancelled() => return self.refuse_waiting("closed"),
                connection = self.link.usable() => connection,
                Some(job) = self.jobs.recv() => {
                    let error = self.link.connection().err();
                    drop(job.answer.send(Err(error.unwrap_or_else(|| Error::unavailable("connecting")))));
                    continue;
                }
            };
            let Some(connection) = connection else { return self.refuse_waiting("closed") };
            let opened = async {
                let channel = call(connection.create_channel()).await?;
                call(channel.confirm_select(ConfirmSelectOptions::default())).await?;
                Ok(channel)
            };
            let served = match opened.await {
                Ok(channel) => Serving::new(&channel, &self.topology).run(&mut self.jobs, &self.stop).await,
                Err(error) => {
                    sleep(Duration::from_millis(limits::BROKER_RECONNECT_MIN_MS)).await;
                    Err(error)
                }
            };
            let Err(error) = served else { return };
            tracing::debug!(reason = %explained(&error), "a publishing channel is opened again");
            self.refuse_waiting(&explained(&error));
            self.link.left(&connection).await;
        }
    }

    fn refuse_waiting(&mut self, reason: &str) {
        while let Ok(job) = self.jobs.try_recv() {
            // Who asked may have given up.
            drop(job.answer.send(Err(Error::unavailable(reason))));
        }
    }
}

/// A call that is being served.
struct Work {
    messages: Vec<Outgoing>,
    /// How many were given to the channel.
    begun: usize,
    /// How many of those are decided.
    decided: usize,
    returned: Vec<usize>,
    refused: bool,
    answer: oneshot::Sender<Answer>,
}

/// A lane while its channel lives.
struct Serving<'a> {
    channel: &'a Channel,
    topology: &'a Topology,
    window: Window<'a>,
    work: HashMap<u64, Work>,
    /// The call whose messages did not all fit into the window.
    partly: Option<u64>,
    next_job: u64,
}

impl<'a> Serving<'a> {
    fn new(channel: &'a Channel, topology: &'a Topology) -> Self {
        Self { channel, topology, window: Window::default(), work: HashMap::new(), partly: None, next_job: 0 }
    }

    /// Serves until `stop`, or until the channel is of no more use; then every call in it is told so.
    async fn run(mut self, jobs: &mut mpsc::Receiver<Job>, stop: &CancellationToken) -> Result<(), Error> {
        let result = self.serve(jobs, stop).await;
        for (_, work) in self.work.drain() {
            let reason = result.as_ref().err().map_or_else(|| "closed".into(), explained);
            drop(work.answer.send(Err(Error::unavailable(reason))));
        }
        result
    }

    async fn serve(&mut self, jobs: &mut mpsc::Receiver<Job>, stop: &CancellationToken) -> Result<(), Error> {
        let (mut open, mut stopping) = (true, false);
        loop {
            self.fill()?;
            if !open && self.window.is_empty() {
                return Ok(());
            }
            let room = open && self.has_room();
            let deadline = self.window.oldest().unwrap_or_else(Instant::now) + CALL;
            let window = &mut self.window;
            tokio::select! {
                biased;
                decided = poll_fn(|cx| window.poll(cx)) => self.settle(decided)?,
                job = jobs.recv(), if room => match job {
                    Some(job) => self.accept_waiting(job, jobs)?,
                    None => open = false,
                },
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    jobs.close(); // what was asked before is still served
                }
                () = sleep_until(deadline), if !self.work.is_empty() => {
                    return Err(Error::unavailable("no confirm in time"));
                }
            }
        }
    }

    fn has_room(&self) -> bool {
        self.partly.is_none() && self.window.len() < limits::CONFIRM_WINDOW
    }

    /// Takes what waits, while there is room: one look at the window then serves many calls.
    fn accept_waiting(&mut self, job: Job, jobs: &mut mpsc::Receiver<Job>) -> Result<(), Error> {
        self.accept(job);
        self.fill()?;
        while self.has_room() {
            let Ok(job) = jobs.try_recv() else { break };
            self.accept(job);
            self.fill()?;
        }
        Ok(())
    }

    fn accept(&mut self, job: Job) {
        if job.answer.is_closed() {
            return; // who asked gave up before anything was published
        }
        let Job { messages, answer } = job;
        self.next_job += 1;
        self.partly = Some(self.next_job);
        let work = Work { messages, begun: 0, decided: 0, returned: Vec::new(), refused: false, answer };
        self.work.insert(self.next_job, work);
    }

    /// Gives the channel as much of the current call as fits.
    fn fill(&mut self) -> Result<(), Error> {
        let Some(job) = self.partly else { return Ok(()) };
        let Some(work) = self.work.get_mut(&job) else { return Ok(()) };
        let now = clock::now();
        while self.window.len() < limits::CONFIRM_WINDOW
            && let Some(message) = work.messages.get(work.begun)
        {
            let ticket = Ticket { job, index: work.begun };
            work.begun += 1;
            let id = wire::new_id(now);
            let confirm = publish(self.channel, self.topology, message, id, now);
            if let Some(outcome) = self.window.begin(ticket, id, Box::pin(confirm)) {
                return Err(lost(outcome));
            }
        }
        // At once, not when there is room again: by then the call may be answered and forgotten.
        if work.begun == work.messages.len() {
            self.partly = None;
        }
        Ok(())
    }

    fn settle(&mut self, decided: Vec<(Ticket, Outcome)>) -> Result<(), Error> {
        for (Ticket { job, index }, outcome) in decided {
            let Some(work) = self.work.get_mut(&job) else { continue };
            work.decided += 1;
            match outcome {
                Outcome::Confirmed => {}
                Outcome::Returned => work.returned.push(index),
                Outcome::Refused => work.refused = true,
                Outcome::Lost(_) => return Err(lost(outcome)),
            }
            if work.decided == work.messages.len()
                && let Some(work) = self.work.remove(&job)
            {
                work.finish();
            }
        }
        Ok(())
    }
}

impl Work {
    fn finish(mut self) {
        let answer = if self.refused {
            Err(Error::unavailable("a queue refused a message"))
        } else {
            self.returned.sort_unstable();
            let returned = self.returned.iter().rev().map(|index| self.messages.swap_remove(*index));
            let mut returned: Vec<_> = returned.collect();
            returned.reverse();
            Ok(returned)
        };
        drop(self.answer.send(answer));
    }
}

/// Publishes through the default exchange, which has a binding for every queue under the queue's own name.
fn publish<'a>(
    channel: &'a Channel,
    topology: &Topology,
    message: &Outgoing,
    id: uuid::Uuid,
    now: Timestamp,
) -> impl Future<Output = lapin::Result<Confirmation>> + use<'a> {
    let mut properties = wire::properties(message, id, now);
    let queue = topology.name(&message.queue);
    let body = if let Some(squeezed) = squeeze::squeeze(&message.body) {
        properties = properties.with_content_encoding(squeeze::ENCODING.into());
        squeezed.into()
    } else {
        message.body.clone()
    };
    async move { channel.basic_publish("".into(), queue, OPTIONS, &body, properties).await?.await }
}

fn lost(outcome: Outcome) -> Error {
    match outcome {
        Outcome::Lost(error) => Error::unavailable_for("a publish failed", error),
        _ => Error::unavailable("a publish failed"),
    }
}
