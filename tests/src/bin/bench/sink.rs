//! Where everything arrives: an HTTP/1.1 endpoint that answers 200 and notes when each line item came.
//!
//! The relay and the pipeline post to the same sink. It is as thin as it can be, so that what is measured is
//! the sender.

use anyhow::{Context, Result};
use runtime::task::{OnPanic, Tasks};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const LINEITEM: &[u8] = b"\"lineitemId\":";

/// A running sink.
pub(crate) struct Sink {
    address: SocketAddr,
    arrived: Arc<Arrived>,
}

struct Arrived {
    began: Instant,
    count: AtomicU64,
    /// Line items that came, each counted once.
    distinct: AtomicU64,
    /// Microseconds after `began` at which line item `first_id + index` came first; 0 = not yet.
    at: Vec<AtomicU64>,
    first_id: u64,
    changed: Notify,
}

impl Sink {
    /// Listens on a free port, ready to note line items `first_id .. first_id + events`.
    pub(crate) async fn start(tasks: &Tasks, first_id: u64, events: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let at = (0..events).map(|_| AtomicU64::new(0)).collect();
        let (count, distinct) = (AtomicU64::new(0), AtomicU64::new(0));
        let arrived =
            Arc::new(Arrived { began: Instant::now(), count, distinct, at, first_id, changed: Notify::new() });
        let (accepting, noting) = (tasks.clone(), Arc::clone(&arrived));
        tasks.spawn("sink", OnPanic::Stop, async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = accepting.stop().cancelled() => return,
                };
                let Ok((stream, _)) = accepted else { continue };
                let (noting, stop) = (Arc::clone(&noting), accepting.stop().clone());
                accepting.spawn("sink connection", OnPanic::Log, async move {
                    tokio::select! {
                        // A client that goes away in the middle is the client's affair.
                        _ = serve(stream, &noting) => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
        });
        Ok(Self { address, arrived })
    }

    /// Where to post.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Requests so far.
    pub(crate) fn count(&self) -> u64 {
        self.arrived.count.load(Ordering::Acquire)
    }

    /// Line items so far, each counted once.
    pub(crate) fn distinct(&self) -> u64 {
        self.arrived.distinct.load(Ordering::Acquire)
    }

    /// Waits until this many requests came, or fails with how many did.
    pub(crate) async fn wait_for(&self, count: u64, most: Duration) -> Result<()> {
        let waiting = async {
            loop {
                let changed = self.arrived.changed.notified();
                if self.count() >= count {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(most, waiting)
            .await
            .with_context(|| format!("{} of {count} arrived within {most:?}", self.count()))
    }

    /// How long after `began` line item number `index` came, if it did.
    pub(crate) fn arrival(&self, index: usize) -> Option<Instant> {
        let micros = self.arrived.at.get(index)?.load(Ordering::Acquire);
        (micros > 0).then(|| self.arrived.began + Duration::from_micros(micros))
    }
}

impl Arrived {
    fn note(&self, body: &[u8]) {
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        if let Some(index) = lineitem(body).and_then(|id| usize::try_from(id.checked_sub(self.first_id)?).ok())
            && let Some(at) = self.at.get(index)
        {
            // A repeat does not move the first arrival.
            let first = at.compare_exchange(0, micros, Ordering::AcqRel, Ordering::Relaxed).is_ok();
            self.distinct.fetch_add(u64::from(first), Ordering::AcqRel);
        }
        self.count.fetch_add(1, Ordering::AcqRel);
        self.changed.notify_waiters();
    }
}

fn lineitem(body: &[u8]) -> Option<u64> {
    let at = find(body, LINEITEM)? + LINEITEM.len();
    let digits = body.get(at..)?.iter().skip_while(|byte| **byte == b' ').take_while(|byte| byte.is_ascii_digit());
    digits.copied().try_fold(0_u64, |id, digit| id.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// Reads requests with `content-length` bodies until the client closes.
async fn serve(mut stream: TcpStream, arrived: &Arrived) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        let head = loop {
            if let Some(end) = find(&buffer, b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let length = content_length(buffer.get(..head).unwrap_or_default()).context("no content-length")?;
        while buffer.len() < head + length {
            anyhow::ensure!(stream.read_buf(&mut buffer).await? > 0, "closed in the middle of a body");
        }
        arrived.note(buffer.get(head..head + length).unwrap_or_default());
        buffer.drain(..head + length);
        stream.write_all(OK).await?;
    }
}

fn content_length(head: &[u8]) -> Option<usize> {
    let head = std::str::from_utf8(head).ok()?;
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-length:"))?;
    line.split(':').nth(1)?.trim().parse().ok()
}
