//! Every option of the program, its default and its unit. `tributary.example.toml` lists the same.

mod relations;

use crate::instance::RoleName;
use contract::limits;
use reqwest::Url;
use runtime::config::{Mistakes, Reader, Sources};
use runtime::telemetry::Filter;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What the settings are read for: more must be right for roles than for commands.
#[derive(Debug, Clone, Copy)]
pub enum Purpose<'a> {
    /// A command that talks to a running instance.
    Client,
    /// These roles, in one process.
    Roles(&'a [RoleName]),
}

/// Everything that can be configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `data_dir`, `./data`: the embedded broker and store, their key and tokens.
    pub data_dir: PathBuf,
    /// `log`, `info`: a level, or levels by module such as `warn,sender=debug`.
    pub log: Filter,
    /// `amqp_url`, none: RabbitMQ 3.10 or later; without it the broker is embedded.
    pub amqp_url: Option<SecretString>,
    /// `redis_url`, none: Redis 7 or later; without it the store is embedded.
    pub redis_url: Option<SecretString>,
    /// `secret_key`, made in the data folder when embedded: seals credentials at rest, for the roles that use
    /// them; several, separated by commas, while it is being changed.
    pub secret_key: Option<SecretString>,
    /// `queue_prefix`, empty: put before every queue and exchange.
    pub queue_prefix: String,
    /// `key_prefix`, `tributary:`: put before every Redis key.
    pub key_prefix: String,
    /// `[history]`
    pub history: History,
    /// `[ingest]`
    pub ingest: Ingest,
    /// `[sender]`: the way out.
    pub sender: sender::Config,
    /// `[backfill]`: past events.
    pub backfill: backfill::Config,
    /// `[dashboard]`: the JSON API.
    pub dashboard: dashboard::Config,
    /// `dashboard.url`, from `dashboard.listen`: where the commands find it.
    pub dashboard_url: Option<Url>,
    /// `[admin]`
    pub admin: Admin,
    /// `[telemetry]`
    pub telemetry: Telemetry,
}

/// How long accepted events are kept for backfills.
#[derive(Debug, Clone)]
pub struct History {
    /// `history.age_h`, 9,600, which is 400 days: hours.
    pub age_h: u64,
    /// `history.size_mb`, 50,000: megabytes.
    pub size_mb: u64,
}

/// The door for upstream.
#[derive(Debug, Clone)]
pub struct Ingest {
    /// `ingest.listen`, `127.0.0.1:8081`.
    pub listen: SocketAddr,
    /// `ingest.url`, from `ingest.listen`: where `tributary publish` finds it.
    pub url: Option<Url>,
    /// `ingest.tokens`, made in the data folder when embedded: bearer tokens of `POST /v1/events`.
    pub tokens: Vec<SecretString>,
    /// `ingest.actblue_username`, none: HTTP Basic of `POST /v1/actblue`.
    pub actblue_username: Option<String>,
    /// `ingest.actblue_password`, none.
    pub actblue_password: Option<SecretString>,
    /// `ingest.dedup_window_s`, 86,400: seconds in which a repeated event is dropped.
    pub dedup_window_s: u64,
}

/// Liveness, readiness and metrics.
#[derive(Debug, Clone)]
pub struct Admin {
    /// `admin.listen`, `127.0.0.1:8090`.
    pub listen: SocketAddr,
}

/// What goes to an OpenTelemetry collector.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// `telemetry.otlp_endpoint`, none: the base URL of a collector that takes spans over OTLP/HTTP.
    pub otlp_endpoint: Option<Url>,
}

const ADDRESS: &str = "an address and port such as 127.0.0.1:8081";
const URL: &str = "a URL such as http://127.0.0.1:8080";
const COUNT: &str = "a whole number";

impl Settings {
    /// Reads the settings, with every mistake at once.
    pub fn load(sources: Sources, purpose: Purpose<'_>) -> Result<Self, Mistakes> {
        let mut read = Reader::open(sources)?;
        let settings = Self::read(&mut read);
        relations::check(&settings, purpose, &mut read);
        read.finish()?;
        Ok(settings)
    }

    fn read(read: &mut Reader) -> Self {
        let sender = sender::Config::read(read);
        let backfill = backfill::Config::read(read);
        Self {
            data_dir: read.or("data_dir", PathBuf::from("./data"), "the path of a folder"),
            log: read.or(
                "log",
                Filter::default(),
                "a level (error, warn, info, debug, trace) or a list of module=level",
            ),
            amqp_url: read.secret("amqp_url"),
            redis_url: read.secret("redis_url"),
            secret_key: read.secret("secret_key"),
            queue_prefix: read.or("queue_prefix", String::new(), "text"),
            key_prefix: read.or("key_prefix", "tributary:".to_owned(), "text"),
            history: History {
                age_h: read.or("history.age_h", 9_600, COUNT),
                size_mb: read.or("history.size_mb", 50_000, COUNT),
            },
            ingest: Ingest {
                listen: read.or("ingest.listen", SocketAddr::from(([127, 0, 0, 1], 8081)), ADDRESS),
                url: read.optional("ingest.url", URL),
                tokens: read.secrets("ingest.tokens"),
                actblue_username: read.optional("ingest.actblue_username", "text"),
                actblue_password: read.secret("ingest.actblue_password"),
                dedup_window_s: read.or("ingest.dedup_window_s", limits::DEDUP_WINDOW_S, COUNT),
            },
            dashboard: dashboard::Config::read(read, &sender.allow_networks, backfill.live_age),
            sender,
            backfill,
            dashboard_url: read.optional("dashboard.url", URL),
            admin: Admin { listen: read.or("admin.listen", SocketAddr::from(([127, 0, 0, 1], 8090)), ADDRESS) },
            telemetry: Telemetry {
                otlp_endpoint: read.optional("telemetry.otlp_endpoint", "a URL such as http://127.0.0.1:4318"),
            },
        }
    }

    /// What ingest needs to know; `tokens` are those that are configured, or its own.
    pub fn ingest_config(&self, tokens: Vec<SecretString>) -> ingest::Config {
        let Ingest { listen, actblue_username, actblue_password, dedup_window_s, .. } = self.ingest.clone();
        ingest::Config {
            listen,
            credentials: ingest::Credentials::new(tokens, actblue_username.zip(actblue_password)),
            dedup_window: Duration::from_secs(dedup_window_s),
        }
    }

    /// Whether broker and store are files in the data folder.
    pub const fn embedded(&self) -> bool {
        self.amqp_url.is_none() && self.redis_url.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::io::Write;

    const EXAMPLE: &str = include_str!("../../../tributary.example.toml");

    /// The example with every option in force: a comment sign directly before a name comments an option out.
    fn in_force() -> tempfile::NamedTempFile {
        let option = |line: &str| {
            let rest = line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
            rest.filter(|rest| rest.contains(" = ")).unwrap_or(line).to_owned()
        };
        let text: Vec<_> = EXAMPLE.lines().map(option).collect();
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.join("\n").as_bytes()).expect("writes");
        file
    }

    fn without_secrets(mut settings: Settings) -> String {
        settings.amqp_url = None;
        settings.redis_url = None;
        settings.secret_key = None;
        settings.ingest =
            Ingest { url: None, tokens: Vec::new(), actblue_username: None, actblue_password: None, ..settings.ingest };
        settings.dashboard_url = None;
        settings.dashboard.tokens.clear();
        settings.dashboard.allow_networks.clear();
        settings.sender.allow_networks.clear();
        settings.sender.extra_roots = None;
        settings.telemetry.otlp_endpoint = None;
        format!("{settings:?}")
    }

    #[test]
    fn the_example_lists_every_option_with_its_default() {
        let file = in_force();
        let mut read = Reader::open(Sources::new(Some(file.path().to_owned()), BTreeMap::new())).expect("TOML");
        let listed = Settings::read(&mut read);
        let absent: Vec<_> = read.options().filter(|option| !read.is_set(option)).collect();
        assert!(absent.is_empty(), "not in the example: {absent:?}");
        assert_eq!(read.finish(), Ok(()), "the example has nothing that does not exist");

        let mut nothing = Reader::open(Sources::default()).expect("nothing to read");
        assert_eq!(without_secrets(listed), without_secrets(Settings::read(&mut nothing)));
    }

    #[test]
    fn the_example_as_it_is_changes_nothing() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(EXAMPLE.as_bytes()).expect("writes");
        let sources = Sources::new(Some(file.path().to_owned()), BTreeMap::new());
        let loaded = Settings::load(sources, Purpose::Roles(&RoleName::ALL)).expect("valid");
        assert!(loaded.embedded() && loaded.ingest.tokens.is_empty());
    }
}
