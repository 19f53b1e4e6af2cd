//! Natural batching of small writes: one task sends all commands that wait in one round trip.

use super::link::Link;
use crate::error::Error;
use contract::limits;
use redis::{Cmd, Pipeline};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Hands commands to the writer. Only commands that may run twice: one that timed out may have run.
#[derive(Clone)]
pub(crate) struct Batch(mpsc::Sender<Write>);

struct Write {
    commands: Vec<Cmd>,
    reply: oneshot::Sender<Result<(), Error>>,
}

impl Batch {
    /// Returns when Redis has answered all of the commands.
    pub(crate) async fn run(&self, commands: Vec<Cmd>) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Write { commands, reply }).await.map_err(|_| Error::gone())?;
        answer.await.unwrap_or_else(|_| Err(Error::gone()))
    }
}

/// The writer and the task that it needs. The task ends after `closing`, when what waited is sent.
pub(crate) fn new(link: Arc<Link>, closing: CancellationToken) -> (Batch, impl Future<Output = ()> + Send) {
    let (sender, waiting) = mpsc::channel(limits::STORE_QUEUE);
    (Batch(sender), send(link, waiting, closing))
}

async fn send(link: Arc<Link>, mut waiting: mpsc::Receiver<Write>, closing: CancellationToken) {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            biased;
            () = closing.cancelled(), if !waiting.is_closed() => waiting.close(),
            taken = waiting.recv_many(&mut batch, limits::STORE_BATCH) => {
                if taken == 0 {
                    return;
                }
                let outcome = send_together(&link, &batch).await;
                for write in batch.drain(..) {
                    // A caller that went away no longer wants the answer.
                    drop(write.reply.send(outcome.clone()));
                }
            }
        }
    }
}

async fn send_together(link: &Link, batch: &[Write]) -> Result<(), Error> {
    let mut pipeline = Pipeline::new();
    for command in batch.iter().flat_map(|write| &write.commands) {
        pipeline.add_command(command.clone()).ignore();
    }
    link.pipeline("a batch of writes", &pipeline).await
}
