//! Just enough AMQP 0-9-1 to know that a broker serves a virtual host.

use anyhow::{Context, bail, ensure};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_PORT: u16 = 5672;
const FRAME_END: u8 = 0xCE;
const METHOD_FRAME: u8 = 1;
const START: [u16; 2] = [10, 10];
const START_OK: [u16; 2] = [10, 11];
const TUNE: [u16; 2] = [10, 30];
const TUNE_OK: [u16; 2] = [10, 31];
const OPEN: [u16; 2] = [10, 40];
const OPEN_OK: [u16; 2] = [10, 41];

/// Logs in, opens the virtual host and hangs up.
pub(crate) fn handshake(url: &str) -> anyhow::Result<()> {
    let url = Url::parse(url).context("not an AMQP URL")?;
    let host = url.host_str().context("the AMQP URL has no host")?;
    let mut stream = connect(host, url.port().unwrap_or(DEFAULT_PORT))?;

    stream.write_all(b"AMQP\x00\x00\x09\x01")?;
    expect(&mut stream, START)?;

    let mut start = 0_u32.to_be_bytes().to_vec(); // no client properties
    short_text(&mut start, "PLAIN")?;
    let login = format!("\0{}\0{}", decoded(url.username()), decoded(url.password().unwrap_or("guest")));
    start.extend(u32::try_from(login.len())?.to_be_bytes());
    start.extend(login.as_bytes());
    short_text(&mut start, "en_US")?;
    send(&mut stream, START_OK, &start)?;

    let mut limits = expect(&mut stream, TUNE)?;
    ensure!(limits.len() == 8, "the broker's limits are incomplete");
    limits[6..].fill(0); // no heartbeats in an exchange this short
    send(&mut stream, TUNE_OK, &limits)?;

    let mut open = Vec::new();
    short_text(&mut open, &vhost(&url))?;
    open.extend([0, 0]); // two reserved fields
    send(&mut stream, OPEN, &open)?;
    expect(&mut stream, OPEN_OK)?;
    Ok(())
}

/// Opens a connection on which nothing waits for ever.
pub(crate) fn connect(host: &str, port: u16) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).with_context(|| format!("cannot connect to {host}:{port}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// Undoes percent-encoding.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.first_chunk::<2>().and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn vhost(url: &Url) -> String {
    match url.path() {
        "" | "/" => "/".to_owned(),
        path => decoded(&path[1..]),
    }
}

fn short_text(out: &mut Vec<u8>, text: &str) -> anyhow::Result<()> {
    out.push(u8::try_from(text.len()).context("too long for a short text")?);
    out.extend(text.as_bytes());
    Ok(())
}

fn send(stream: &mut TcpStream, method: [u16; 2], arguments: &[u8]) -> anyhow::Result<()> {
    let mut frame = vec![METHOD_FRAME, 0, 0];
    frame.extend(u32::try_from(arguments.len() + 4)?.to_be_bytes());
    frame.extend(method.iter().flat_map(|part| part.to_be_bytes()));
    frame.extend(arguments);
    frame.push(FRAME_END);
    stream.write_all(&frame)?;
    Ok(())
}

fn expect(stream: &mut TcpStream, method: [u16; 2]) -> anyhow::Result<Vec<u8>> {
    let mut head = [0; 7];
    stream.read_exact(&mut head).context("the broker hung up")?;
    ensure!(head[0] == METHOD_FRAME, "the other side does not speak AMQP 0-9-1");
    let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
    ensure!((4..128 * 1024).contains(&length), "a frame of {length} bytes");
    let mut payload = vec![0; length as usize + 1];
    stream.read_exact(&mut payload).context("the broker hung up")?;
    ensure!(payload.pop() == Some(FRAME_END), "a frame without its end");
    let arguments = payload.split_off(4);
    let expected: Vec<u8> = method.iter().flat_map(|part| part.to_be_bytes()).collect();
    if payload != expected {
        bail!("the broker answered {:?} with {}", method, String::from_utf8_lossy(&arguments));
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_virtual_host_is_read_from_the_url() {
        let check = |url: &str, name| assert_eq!(vhost(&Url::parse(url).unwrap()), name, "{url}");
        check("amqp://127.0.0.1", "/");
        check("amqp://127.0.0.1/%2f", "/");
        check("amqp://u:p@127.0.0.1:5673/t%20est", "t est");
        check("amqp://127.0.0.1/100%", "100%");
    }
}
