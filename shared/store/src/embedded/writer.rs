//! Group commit: one task takes every write that waits and commits them in one transaction.

use super::file::File;
use super::{dedup, done_marks, ledger};
use crate::error::Error;
use contract::limits;
use redb::WriteTransaction;
use runtime::health::Probe;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const SWEEP: Duration = Duration::from_millis(limits::STORE_SWEEP_MS);

/// Hands writes to the writer, in order.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Box<dyn Write>>);

trait Write: Send {
    /// Whether somebody waits for it to be on disk.
    fn awaited(&self) -> bool;
    fn apply(&mut self, transaction: &WriteTransaction) -> Result<(), redb::Error>;
    /// The transaction has ended.
    fn end(self: Box<Self>, outcome: &Result<(), Error>);
}

struct Awaited<F, T> {
    write: Option<F>,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<F, T> Write for Awaited<F, T>
where
    T: Send,
    F: FnOnce(&WriteTransaction) -> Result<T, redb::Error> + Send,
{
    fn awaited(&self) -> bool {
        true
    }

    fn apply(&mut self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        if let Some(write) = self.write.take() {
            self.result = Some(write(transaction)?);
        }
        Ok(())
    }

    fn end(self: Box<Self>, outcome: &Result<(), Error>) {
        let answer = match (outcome, self.result) {
            (Ok(()), Some(result)) => Ok(result),
            (Ok(()), None) => Err(Error::gone()),
            (Err(error), _) => Err(error.clone()),
        };
        // A caller that went away no longer wants the answer.
        drop(self.reply.send(answer));
    }
}

/// `after` is dropped when the transaction has ended, either way.
struct Later<F, A> {
    write: Option<F>,
    after: A,
}

impl<F, A> Write for Later<F, A>
where
    A: Send,
    F: FnOnce(&WriteTransaction) -> Result<(), redb::Error> + Send,
{
    fn awaited(&self) -> bool {
        false
    }

    fn apply(&mut self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        self.write.take().map_or(Ok(()), |write| write(transaction))
    }

    fn end(self: Box<Self>, _: &Result<(), Error>) {
        drop(self.after);
    }
}

impl Writer {
    /// Runs a write and returns its result once it is on disk.
    pub(crate) async fn run<T, F>(&self, write: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&WriteTransaction) -> Result<T, redb::Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.hand_over(Box::new(Awaited { write: Some(write), result: None, reply })).await?;
        answer.await.unwrap_or_else(|_| Err(Error::gone()))
    }

    /// Queues a write that nobody waits for. It keeps its place in the order of all writes; `after` is
    /// dropped when it is on disk, or lost because the disk failed.
    pub(crate) async fn later<F, A>(&self, write: F, after: A) -> Result<(), Error>
    where
        A: Send + 'static,
        F: FnOnce(&WriteTransaction) -> Result<(), redb::Error> + Send + 'static,
    {
        self.hand_over(Box::new(Later { write: Some(write), after })).await
    }

    /// Returns once everything handed over so far is on disk.
    pub(crate) async fn flush(&self) -> Result<(), Error> {
        self.run(|_| Ok(())).await
    }

    async fn hand_over(&self, write: Box<dyn Write>) -> Result<(), Error> {
        self.0.send(write).await.map_err(|_| Error::gone())
    }
}

/// The writer and the task that it needs. The task ends after `closing`, when what waited is written.
pub(crate) fn new(
    file: Arc<File>,
    probe: Probe,
    closing: CancellationToken,
) -> (Writer, impl Future<Output = ()> + Send) {
    let (sender, waiting) = mpsc::channel(limits::STORE_QUEUE);
    probe.ready();
    let committer = Committer { file, probe, waiting, swept: Instant::now(), failing: false };
    (Writer(sender), committer.run(closing))
}

struct Committer {
    file: Arc<File>,
    probe: Probe,
    waiting: mpsc::Receiver<Box<dyn Write>>,
    swept: Instant,
    failing: bool,
}

impl Committer {
    async fn run(mut self, closing: CancellationToken) {
        let mut batch: Vec<Box<dyn Write>> = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = closing.cancelled(), if !self.waiting.is_closed() => self.waiting.close(),
                taken = self.waiting.recv_many(&mut batch, limits::STORE_QUEUE) => {
                    if taken == 0 {
                        return;
                    }
                    self.wait_for_company(&mut batch).await;
                    if self.swept.elapsed() >= SWEEP {
                        // With the writes of others: a store at rest does not grow and needs no commit.
                        self.swept = Instant::now();
                        batch.push(sweeping());
                    }
                    self.commit(std::mem::take(&mut batch)).await;
                }
            }
        }
    }

    /// When nobody waits for any of it, more may come and share the commit.
    async fn wait_for_company(&mut self, batch: &mut Vec<Box<dyn Write>>) {
        let end = Instant::now() + Duration::from_millis(limits::STORE_RELAXED_MS);
        while batch.len() < limits::STORE_QUEUE && !batch.iter().any(|write| write.awaited()) {
            let room = limits::STORE_QUEUE - batch.len();
            match tokio::time::timeout_at(end, self.waiting.recv_many(batch, room)).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        }
    }

    async fn commit(&mut self, mut batch: Vec<Box<dyn Write>>) {
        let file = Arc::clone(&self.file);
        let committed = tokio::task::spawn_blocking(move || {
            let outcome = file.write(|transaction| batch.iter_mut().try_for_each(|write| write.apply(transaction)));
            for write in batch {
                write.end(&outcome);
            }
            outcome
        });
        match committed.await {
            Ok(outcome) => self.report(outcome),
            // A write that panics breaks a promise of this crate: the process has to stop.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn report(&mut self, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) if self.failing => {
                self.failing = false;
                tracing::info!("the store file can be written again");
                self.probe.ready();
            }
            Ok(()) => {}
            Err(error) => {
                let reason = crate::error::with_causes(&error);
                if !self.failing {
                    tracing::error!(error = reason, "the store file can't be written");
                }
                self.failing = true;
                self.probe.not_ready(reason);
            }
        }
    }
}

/// Removes what has expired, so that the file is bounded by time.
fn sweeping() -> Box<dyn Write> {
    let write = |transaction: &WriteTransaction| {
        let now = dedup::now_ms();
        dedup::sweep(transaction, now)?;
        done_marks::sweep(transaction, now)?;
        ledger::sweep(transaction, now)
    };
    Box::new(Later { write: Some(write), after: () })
}
