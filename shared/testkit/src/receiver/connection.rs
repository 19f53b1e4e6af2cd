//! One connection: requests in, answers out. HTTP/1.1 by hand, because a proper server can't misbehave.

use super::answer::Then;
use super::request::Request;
use super::state::State;
use anyhow::{Context, ensure};
use bytes::{Bytes, BytesMut};
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEAD_BYTES: usize = 64 * 1024;
const BODY_BYTES: usize = 128 * 1024 * 1024;
const LENGTH_REQUIRED: &[u8] = b"HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Serves until the other side hangs up or sends what is not a request; neither is the receiver's concern.
pub(super) async fn serve(mut stream: TcpStream, state: Arc<State>) {
    stream.set_nodelay(true).ok();
    let mut buffer = BytesMut::with_capacity(16 * 1024);
    while let Ok(Some(request)) = read(&mut stream, &mut buffer, state.keeps_requests).await {
        let (answer, handling) = state.take(request);
        let mut gated = state.gated.subscribe();
        if gated.wait_for(|gated| !gated).await.is_err() {
            return;
        }
        let then = answer.give(&mut stream).await;
        drop(handling);
        if !matches!(then, Ok(Then::KeepOpen)) {
            return;
        }
    }
}

/// The next request, or nothing when the other side has hung up between two.
async fn read(stream: &mut TcpStream, buffer: &mut BytesMut, keep_body: bool) -> anyhow::Result<Option<Request>> {
    let length = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        ensure!(buffer.len() < HEAD_BYTES, "the head is too long");
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let mut request = parse(&buffer.split_to(length))?;
    if request.header("transfer-encoding").is_some() {
        stream.write_all(LENGTH_REQUIRED).await?;
        return Ok(None);
    }
    let length = request.header("content-length").map_or(Ok(0), str::parse)?;
    ensure!(length <= BODY_BYTES, "the body is too long");
    while buffer.len() < length {
        ensure!(stream.read_buf(buffer).await? > 0, "the body ends early");
    }
    let body = buffer.split_to(length);
    if keep_body {
        // Copied: a slice would keep the whole connection's buffer alive as long as the request is kept.
        request.body = Bytes::copy_from_slice(&body);
    }
    request.at = Instant::now();
    Ok(Some(request))
}

fn parse(head: &[u8]) -> anyhow::Result<Request> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n").take_while(|line| !line.is_empty());
    let mut first = lines.next().context("no request line")?.split(' ');
    let (Some(method), Some(path)) = (first.next(), first.next()) else { anyhow::bail!("no request line") };
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers,
        body: Bytes::new(),
        at: Instant::now(),
        status: None,
    })
}
