//! How a receiver answers, well or badly.

use bytes::{BufMut, Bytes, BytesMut};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ENDLESS_CHUNK_BYTES: usize = 64 * 1024;
const HUGE_HEADER_BYTES: usize = 4 * 1024 * 1024;

/// Names and values, in their order.
type Headers = Vec<(String, String)>;

/// What one request gets.
#[derive(Debug, Clone)]
pub struct Answer {
    delay: Duration,
    conduct: Conduct,
}

#[derive(Debug, Clone)]
enum Conduct {
    Http { status: u16, headers: Headers, body: Bytes },
    Hang,
    Reset,
    Endless,
    Drip(Duration),
    HugeHeaders,
    Truncated,
    Garbage,
}

/// Whether the connection can carry another request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Then {
    KeepOpen,
    Close,
}

impl Answer {
    /// An ordinary answer without a body.
    pub fn status(status: u16) -> Self {
        Self::of(Conduct::Http { status, headers: Vec::new(), body: Bytes::new() })
    }

    /// A redirect.
    pub fn redirect(to: &str) -> Self {
        Self::status(302).header("location", to)
    }

    /// Takes the request and says nothing until the other side hangs up.
    pub fn hang() -> Self {
        Self::of(Conduct::Hang)
    }

    /// Takes the request and resets the connection.
    pub fn reset() -> Self {
        Self::of(Conduct::Reset)
    }

    /// 200 with a body that never ends, as fast as the other side reads it.
    pub fn endless_body() -> Self {
        Self::of(Conduct::Endless)
    }

    /// 200 with a body of which one byte comes each `interval`.
    pub fn drip(interval: Duration) -> Self {
        Self::of(Conduct::Drip(interval))
    }

    /// 200 with 4 MiB of headers.
    pub fn huge_headers() -> Self {
        Self::of(Conduct::HugeHeaders)
    }

    /// 200 with a body that ends before its announced length.
    pub fn truncated() -> Self {
        Self::of(Conduct::Truncated)
    }

    /// Bytes that are not HTTP.
    pub fn garbage() -> Self {
        Self::of(Conduct::Garbage)
    }

    /// Adds a header to an ordinary answer, such as `retry-after`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Conduct::Http { headers, .. } = &mut self.conduct {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The body of an ordinary answer.
    #[must_use]
    pub fn body(mut self, text: impl Into<Bytes>) -> Self {
        if let Conduct::Http { body, .. } = &mut self.conduct {
            *body = text.into();
        }
        self
    }

    /// Begins the answer this much later.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    fn of(conduct: Conduct) -> Self {
        Self { delay: Duration::ZERO, conduct }
    }

    /// The status of an ordinary answer.
    pub(super) fn http_status(&self) -> Option<u16> {
        match self.conduct {
            Conduct::Http { status, .. } => Some(status),
            _ => None,
        }
    }

    /// Status, headers and body of an ordinary answer.
    #[cfg(test)]
    pub(crate) fn told(&self) -> Option<(u16, Headers, Bytes)> {
        match &self.conduct {
            Conduct::Http { status, headers, body } => Some((*status, headers.clone(), body.clone())),
            _ => None,
        }
    }

    pub(super) async fn give(&self, stream: &mut TcpStream) -> std::io::Result<Then> {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        match &self.conduct {
            Conduct::Http { status, headers, body } => {
                stream.write_all(&ordinary(*status, headers, body)).await?;
                return Ok(Then::KeepOpen);
            }
            Conduct::Hang => while stream.read(&mut [0; 64]).await? > 0 {},
            Conduct::Reset => stream.set_zero_linger()?,
            Conduct::Endless => endless(stream).await?,
            Conduct::Drip(interval) => drip(stream, *interval).await?,
            Conduct::HugeHeaders => huge_headers(stream).await?,
            Conduct::Truncated => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf of").await?,
            Conduct::Garbage => stream.write_all(b"\x16\x03\x01 220 mail.example.org ESMTP\r\n\r\n").await?,
        }
        Ok(Then::Close)
    }
}

fn ordinary(status: u16, headers: &[(String, String)], body: &Bytes) -> BytesMut {
    let mut out = BytesMut::with_capacity(128 + body.len());
    // 204 and 304 have no body and say nothing about its length.
    let length = match status {
        204 | 304 => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    out.put_slice(format!("HTTP/1.1 {status} as told\r\n{length}").as_bytes());
    for (name, value) in headers {
        out.put_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    out.put_slice(b"\r\n");
    if !length.is_empty() {
        out.put_slice(body);
    }
    out
}

async fn endless(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    let mut chunk = format!("{ENDLESS_CHUNK_BYTES:x}\r\n").into_bytes();
    chunk.extend(std::iter::repeat_n(b'x', ENDLESS_CHUNK_BYTES));
    chunk.extend(b"\r\n");
    loop {
        stream.write_all(&chunk).await?;
    }
}

async fn drip(stream: &mut TcpStream, interval: Duration) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await?;
    loop {
        tokio::time::sleep(interval).await;
        stream.write_all(b"x").await?;
    }
}

async fn huge_headers(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
    let line = format!("x-filler: {}\r\n", "x".repeat(1_000));
    for _ in 0..HUGE_HEADER_BYTES / line.len() {
        stream.write_all(line.as_bytes()).await?;
    }
    stream.write_all(b"content-length: 0\r\n\r\n").await
}
