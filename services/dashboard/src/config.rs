//! What the dashboard needs to know.

use ipnet::IpNet;
use runtime::config::Reader;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::time::Duration;

/// Where the API listens and who may use it.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and port; port 0 takes a free one. `dashboard.listen`, 127.0.0.1:8080.
    pub listen: SocketAddr,
    /// Bearer tokens, `dashboard.tokens`; any one of them opens the API.
    pub tokens: Vec<SecretString>,
    /// Networks in which endpoints may lie besides public ones: those of the sender.
    pub allow_networks: Vec<IpNet>,
    /// Backfills of files give way while live deliveries are later than this, as those of the history do.
    pub live_age: Duration,
}

impl Config {
    /// Reads its options and notes their mistakes. `allow_networks` are the sender's, `live_age` the runner's.
    pub fn read(reader: &mut Reader, allow_networks: &[IpNet], live_age: Duration) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self {
            listen: reader.or("dashboard.listen", listen, "an address and a port such as 127.0.0.1:8080"),
            tokens: reader.secrets("dashboard.tokens"),
            allow_networks: allow_networks.to_vec(),
            live_age,
        }
    }
}
