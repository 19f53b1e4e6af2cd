//! Free ports.

use anyhow::Context;
use std::net::{Ipv4Addr, TcpListener};

/// A loopback port on which nothing listens.
///
/// Below the range from which the kernel takes the local ports of outgoing connections: a client that keeps
/// trying to reach a stopped server would otherwise one day get the server's own port as its local port,
/// connect to itself and keep the server from coming back.
pub fn free() -> anyhow::Result<u16> {
    (0..100)
        .map(|_| rand::random_range(12_000..32_000))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .context("found no free port between 12000 and 32000")
}
