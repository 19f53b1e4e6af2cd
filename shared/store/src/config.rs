//! What the store needs to know.

use crate::sealing::SecretKeys;
use secrecy::SecretString;
use std::path::PathBuf;

/// Where the state is, and the keys that seal credentials in it.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which backend.
    pub backend: BackendConfig,
    /// What every Redis key begins with, `tributary:` by default. The embedded store has its own file and
    /// needs none.
    pub key_prefix: String,
    /// Seal and open credentials; [`SecretKeys::none`] for a process that neither reads nor writes them.
    pub secret_key: SecretKeys,
}

/// Which backend keeps the state.
#[derive(Debug, Clone)]
pub enum BackendConfig {
    /// A Redis server, shared by all processes.
    Redis {
        /// `redis://…`, or `rediss://…` for TLS. It can hold a password.
        url: SecretString,
    },
    /// The file `store.redb`, for one process.
    Embedded {
        /// Its folder; made with owner-only permissions if it is missing.
        dir: PathBuf,
    },
}
