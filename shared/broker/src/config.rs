//! What a broker needs to know.

use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// Which broker and under which names.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where messages live.
    pub backend: BackendConfig,
    /// Put before every queue and exchange name; empty by default.
    pub queue_prefix: String,
    /// What connections are called on the broker's pages: the role.
    pub connection_name: String,
    /// Age at which history is dropped.
    pub history_age: Duration,
    /// Size at which the oldest history is dropped.
    pub history_bytes: u64,
}

/// Where messages live.
#[derive(Debug, Clone)]
pub enum BackendConfig {
    /// RabbitMQ 3.10 or later.
    Amqp {
        /// `amqp://user:password@host:5672/vhost`
        url: SecretString,
    },
    /// A file in this folder; one process at a time.
    Embedded {
        /// The data folder.
        dir: PathBuf,
    },
}
