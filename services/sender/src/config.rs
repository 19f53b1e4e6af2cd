//! What the sender can be told.

use contract::limits;
use ipnet::IpNet;
use runtime::config::Reader;
use std::path::PathBuf;
use std::time::Duration;

const DAY_S: u64 = 24 * 3_600;

/// Options of the section `sender`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Networks that endpoints may lie in although they are private. Inside them plain http and any port are
    /// accepted too. None by default; meant for tests and private installations.
    pub allow_networks: Vec<IpNet>,
    /// Deliveries that one process handles at the same time; 256 by default.
    pub concurrency: usize,
    /// How long what targets returned is kept after its last use; 548 days by default.
    pub ledger: Duration,
    /// A PEM file of root certificates that are trusted besides the system's. None by default.
    pub extra_roots: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        let ledger = Duration::from_secs(limits::LEDGER_S);
        Self { allow_networks: Vec::new(), concurrency: limits::SENDER_CONCURRENCY, ledger, extra_roots: None }
    }
}

impl Config {
    /// Reads the section `sender`. Mistakes are noted in the reader.
    pub fn read(reader: &mut Reader) -> Self {
        let default = Self::default();
        let allow_networks = reader.list("sender.allow_networks", "a network such as 10.0.0.0/8");
        let concurrency = reader.or("sender.concurrency", default.concurrency, "a whole number such as 256");
        if !(limits::SENDER_CONCURRENCY_MIN..=limits::SENDER_CONCURRENCY_MAX).contains(&concurrency) {
            let (least, most) = (limits::SENDER_CONCURRENCY_MIN, limits::SENDER_CONCURRENCY_MAX);
            reader.mistake("sender.concurrency", format!("{concurrency} is not between {least} and {most}"));
        }
        let days = reader.or("sender.ledger_days", default.ledger.as_secs() / DAY_S, "a number of days");
        if !(1..=limits::LEDGER_MAX_S / DAY_S).contains(&days) {
            let most = limits::LEDGER_MAX_S / DAY_S;
            reader.mistake("sender.ledger_days", format!("{days} is not between 1 and {most}"));
        }
        let ledger = Duration::from_secs(days.saturating_mul(DAY_S));
        let extra_roots = reader.optional("sender.extra_roots", "the path of a PEM file");
        Self { allow_networks, concurrency, ledger, extra_roots }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::config::Sources;

    fn read(environment: &[(&str, &str)]) -> (Config, Option<String>) {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut reader = Reader::open(Sources::new(None, environment)).expect("no file is read");
        let config = Config::read(&mut reader);
        (config, reader.finish().err().map(|mistakes| mistakes.to_string()))
    }

    #[test]
    fn everything_has_a_default() {
        assert_eq!(read(&[]), (Config::default(), None));
    }

    #[test]
    fn networks_are_a_list() {
        let (config, mistakes) = read(&[("TRIBUTARY__SENDER__ALLOW_NETWORKS", "127.0.0.0/8, ::1/128")]);
        assert_eq!(config.allow_networks, ["127.0.0.0/8", "::1/128"].map(|net| net.parse().expect("a network")));
        assert_eq!(mistakes, None);
    }

    #[test]
    fn a_mistake_names_the_option() {
        for (name, value) in [("ALLOW_NETWORKS", "127.0.0.1"), ("CONCURRENCY", "0"), ("CONCURRENCY", "many")] {
            let name = format!("TRIBUTARY__SENDER__{name}");
            let (_, mistakes) = read(&[(&name, value)]);
            assert!(mistakes.is_some_and(|text| text.contains(&name)), "{name}={value}");
        }
    }
}
