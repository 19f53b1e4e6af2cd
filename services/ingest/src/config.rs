//! What ingest needs to know.

use crate::credential::Credentials;
use std::net::SocketAddr;
use std::time::Duration;

/// What ingest needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where HTTP is listened for; port 0 takes any.
    pub listen: SocketAddr,
    /// Who may publish over HTTP. Without any nobody may.
    pub credentials: Credentials,
    /// How long an event is remembered so that a repeat is dropped.
    pub dedup_window: Duration,
}
