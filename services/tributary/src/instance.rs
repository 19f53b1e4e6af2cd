//! Roles in one process: built on one broker and one store, run together, stopped in order.

use crate::failure::Failure;
use crate::settings::Settings;
use crate::tokens::{self, Door};
use broker::Broker;
use contract::limits;
use runtime::admin::Admin;
use runtime::config::environment_name;
use runtime::exit::Exit;
use runtime::health::Health;
use runtime::shutdown::{self, Signals};
use runtime::task::{OnPanic, Tasks};
use runtime::telemetry::Metrics;
use runtime::trace;
use secrecy::SecretString;
use stage::Drained;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use store::{SecretKeys, Store};
use tokio::sync::oneshot;

/// A role of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleName {
    /// Takes what upstream publishes.
    Ingest,
    /// Finds the webhooks of each event.
    Router,
    /// Renders each webhook's format.
    Formatter,
    /// Sends until the receiver has it.
    Sender,
    /// Sends past events.
    Backfill,
    /// The JSON API.
    Dashboard,
}

impl RoleName {
    /// Every role, in the order a message travels.
    pub const ALL: [Self; 6] =
        [Self::Ingest, Self::Router, Self::Formatter, Self::Sender, Self::Backfill, Self::Dashboard];

    /// The command that runs it alone.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Router => "router",
            Self::Formatter => "formatter",
            Self::Sender => "sender",
            Self::Backfill => "backfill",
            Self::Dashboard => "dashboard",
        }
    }

    /// Whether it reads or writes credentials, and so needs `secret_key`. The others don't get it.
    pub const fn uses_credentials(self) -> bool {
        match self {
            Self::Sender | Self::Dashboard => true,
            Self::Ingest | Self::Router | Self::Formatter | Self::Backfill => false,
        }
    }
}

/// Running roles and what they run on.
pub struct Instance {
    broker: Broker,
    store: Store,
    health: Health,
    /// Of the roles: stopped first, and awaited.
    roles: Tasks,
    /// Of what the roles need while they drain: stopped last.
    support: Tasks,
    abandoned: Arc<AtomicUsize>,
    addresses: Addresses,
}

/// Where the roles listen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Addresses {
    /// `POST /v1/events`, when ingest runs here.
    pub ingest: Option<SocketAddr>,
    /// The JSON API, when the dashboard runs here.
    pub dashboard: Option<SocketAddr>,
    /// `/livez`, `/readyz` and `/metrics`.
    pub admin: Option<SocketAddr>,
}

impl Instance {
    /// Opens broker and store, binds every port, and lets the roles run.
    pub async fn start(settings: &Settings, roles: &[RoleName]) -> Result<Self, Failure> {
        let (health, support) = (Health::default(), Tasks::new());
        // Not ready until every role runs: what is not built yet has no probe that could say so.
        let process = health.probe("process");
        let metrics = Metrics::record().map_err(|error| Failure::of("metrics", &error))?;
        let admin = Admin::bind(settings.admin.listen, health.clone(), metrics).await;
        let admin = admin.map_err(|error| no_port("admin.listen", settings.admin.listen, &error))?;
        if let Some(endpoint) = &settings.telemetry.otlp_endpoint {
            let target = trace::Target { endpoint: endpoint.as_str(), role: role_of(roles) };
            trace::export(&target, &support).map_err(|error| Failure::of("telemetry.otlp_endpoint", &error))?;
        }
        let store = open_store(settings, roles, &support, &health).await?;
        let broker = open_broker(settings, roles, &support, &health).await?;
        let addresses = Addresses { admin: Some(admin.local_addr()), ..Addresses::default() };
        admin.run(&support);
        let roles_tasks = Tasks::new();
        let abandoned = Arc::default();
        let mut instance = Self { broker, store, health, roles: roles_tasks, support, abandoned, addresses };
        instance.build_and_run(settings, roles).await?;
        process.ready();
        let Addresses { ingest, dashboard, admin } = instance.addresses;
        tracing::info!(
            ingest = ingest.map(tracing::field::display),
            dashboard = dashboard.map(tracing::field::display),
            admin = admin.map(tracing::field::display),
            embedded = settings.embedded(),
            "started"
        );
        Ok(instance)
    }

    /// Where the roles listen.
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Builds every role before any of them runs: a port that is taken stops nothing half way.
    async fn build_and_run(&mut self, settings: &Settings, roles: &[RoleName]) -> Result<(), Failure> {
        let (broker, store, health) = (self.broker.clone(), self.store.clone(), self.health.clone());
        let wanted = |role| roles.contains(&role);
        let ingest = if wanted(RoleName::Ingest) {
            Some(build_ingest(settings, broker.clone(), &store, &health).await?)
        } else {
            None
        };
        let dashboard = if wanted(RoleName::Dashboard) {
            Some(build_dashboard(settings, broker.clone(), store.clone(), &health).await?)
        } else {
            None
        };
        let sender = if wanted(RoleName::Sender) {
            let built = sender::build(&settings.sender, broker.clone(), store.clone(), &health);
            Some(built.map_err(|error| Failure::of("the sender", &error))?)
        } else {
            None
        };
        let formatter = wanted(RoleName::Formatter).then(|| formatter::build(broker.clone(), &store, &health));
        let router = wanted(RoleName::Router).then(|| router::build(broker.clone(), &store, &health));
        let backfill = wanted(RoleName::Backfill).then(|| backfill::build(settings.backfill, broker, store));
        self.addresses.ingest = ingest.as_ref().map(ingest::Role::address);
        self.addresses.dashboard = dashboard.as_ref().map(dashboard::Role::local_addr);

        // Last in the flow first: whatever comes in finds its way out open.
        let running = [
            sender.map(|role| self.run("sender", |tasks| async move { role.run(&tasks).await })),
            formatter.map(|role| self.run("formatter", |tasks| async move { role.run(&tasks).await })),
            router.map(|role| self.run("router", |tasks| async move { role.run(&tasks).await })),
            ingest.map(|role| self.run("ingest", |tasks| async move { role.run(&tasks).await })),
            backfill.map(|role| self.run("backfill", |tasks| async move { role.run(&tasks).await })),
            dashboard.map(|role| {
                self.run("dashboard", |tasks| async move {
                    role.run(&tasks).await;
                    Drained { abandoned: 0 }
                })
            }),
        ];
        for begun in running.into_iter().flatten() {
            // A role that ended before it began has stopped everything, which is noticed elsewhere.
            let _begun = begun.await;
        }
        Ok(())
    }

    /// Runs a role. What is returned comes when the role's probes are in place and can say what it waits for.
    fn run<F: Future<Output = Drained> + Send + 'static>(
        &self,
        name: &'static str,
        role: impl FnOnce(Tasks) -> F,
    ) -> oneshot::Receiver<()> {
        let (abandoned, role) = (Arc::clone(&self.abandoned), role(self.roles.clone()));
        let (began, begun) = oneshot::channel();
        self.roles.spawn(name, OnPanic::Stop, async move {
            let mut role = pin!(role);
            let drained = tokio::select! {
                biased; // the role is polled once before the other branch says so
                drained = &mut role => drained,
                () = std::future::ready(()) => {
                    let _nobody_waits = began.send(());
                    role.await
                }
            };
            abandoned.fetch_add(drained.abandoned, Ordering::Relaxed);
        });
        begun
    }

    /// Runs until a signal or a failed task ends it, then stops in order: not ready, stop taking, finish what
    /// is held, flush, close. Every stage stops taking at once; what it still makes is confirmed by the broker
    /// and waits there for the next start.
    pub async fn serve(self, signals: &mut Signals) -> Exit {
        // A broken broker or store can't be drained into.
        let (support, roles) = (self.support.stop().clone(), self.roles.stop().clone());
        self.support.spawn("support watch", OnPanic::Log, async move {
            support.cancelled().await;
            roles.cancel();
        });
        let grace = Duration::from_millis(limits::DRAIN_GRACE_MS + limits::CLOSE_GRACE_MS);
        let exit = shutdown::serve(&self.roles, &self.health, signals, grace).await;
        if exit == Exit::Interrupted {
            return exit;
        }
        let closed = self.close().await;
        if exit == Exit::Success { closed } else { exit }
    }

    /// Stops in order without a signal.
    pub async fn stop(self) -> Exit {
        self.roles.stop().cancel();
        let grace = Duration::from_millis(limits::DRAIN_GRACE_MS + limits::CLOSE_GRACE_MS);
        let drained = tokio::time::timeout(grace, self.roles.finished()).await.is_ok();
        let closed = self.close().await;
        if drained { closed } else { Exit::Failure }
    }

    async fn close(self) -> Exit {
        let closing = async {
            if let Err(error) = self.broker.flush().await {
                tracing::warn!(%error, "the broker could not be flushed");
            }
            self.broker.close().await;
            self.store.close().await;
            self.support.stop().cancel();
            self.support.finished().await;
        };
        let in_time = tokio::time::timeout(Duration::from_millis(limits::CLOSE_GRACE_MS), closing).await.is_ok();
        let abandoned = self.abandoned.load(Ordering::Relaxed);
        tracing::info!(abandoned, in_time, "stopped");
        if abandoned == 0 && in_time { Exit::Success } else { Exit::Failure }
    }
}

/// What a process is called after what it runs.
const fn role_of(roles: &[RoleName]) -> &'static str {
    if let [role] = roles { role.name() } else { "all" }
}

async fn open_store(settings: &Settings, roles: &[RoleName], tasks: &Tasks, health: &Health) -> Result<Store, Failure> {
    let keys = match &settings.secret_key {
        _ if !roles.iter().any(|role| role.uses_credentials()) => Ok(SecretKeys::none()),
        Some(key) => SecretKeys::parse(key),
        None => SecretKeys::in_folder(&settings.data_dir),
    };
    let secret_key = keys.map_err(|error| Failure::of("secret_key", &error))?;
    let backend = match &settings.redis_url {
        Some(url) => store::BackendConfig::Redis { url: url.clone() },
        None => store::BackendConfig::Embedded { dir: settings.data_dir.clone() },
    };
    let config = store::Config { backend, key_prefix: settings.key_prefix.clone(), secret_key };
    Store::open(config, tasks, health).await.map_err(|error| match error {
        store::OpenError::Url(_) => Failure::usage(format!("redis_url: {error}")),
        error => Failure::of("the store can't be opened", &error),
    })
}

async fn open_broker(
    settings: &Settings,
    roles: &[RoleName],
    tasks: &Tasks,
    health: &Health,
) -> Result<Broker, Failure> {
    let backend = match &settings.amqp_url {
        Some(url) => broker::BackendConfig::Amqp { url: url.clone() },
        None => broker::BackendConfig::Embedded { dir: settings.data_dir.clone() },
    };
    let config = broker::Config {
        backend,
        queue_prefix: settings.queue_prefix.clone(),
        connection_name: format!("tributary {}", role_of(roles)),
        history_age: Duration::from_secs(settings.history.age_h * 3_600),
        history_bytes: settings.history.size_mb * 1_000_000,
    };
    Broker::open(config, tasks, health).await.map_err(|error| match error {
        broker::OpenError::Url(_) => Failure::usage(error.to_string()),
        error => Failure::of("the broker can't be opened", &error),
    })
}

/// Ingest, with a token of its own when none is configured.
async fn build_ingest(
    settings: &Settings,
    broker: Broker,
    store: &Store,
    health: &Health,
) -> Result<ingest::Role, Failure> {
    let mut tokens = settings.ingest.tokens.clone();
    if tokens.is_empty() {
        tokens.push(own_token(&settings.data_dir, Door::Ingest)?);
    }
    let built = ingest::build(settings.ingest_config(tokens), broker, store, health).await;
    built.map_err(|error| no_port("ingest.listen", settings.ingest.listen, &error))
}

/// The dashboard, with a token of its own when none is configured.
async fn build_dashboard(
    settings: &Settings,
    broker: Broker,
    store: Store,
    health: &Health,
) -> Result<dashboard::Role, Failure> {
    let mut config = settings.dashboard.clone();
    if config.tokens.is_empty() {
        config.tokens.push(own_token(&settings.data_dir, Door::Api)?);
    }
    let built = dashboard::build(config, broker, store, health).await;
    built.map_err(|dashboard::BuildError::Listen { address, source }| no_port("dashboard.listen", address, &source))
}

fn no_port(option: &str, address: SocketAddr, error: &std::io::Error) -> Failure {
    let name = environment_name(option);
    Failure::new(format!("{name}: can't listen on {address}: {error}. Does another instance run? Choose another port"))
}

fn own_token(data_dir: &Path, door: Door) -> Result<SecretString, Failure> {
    let failed = |error| Failure::of(&format!("data_dir {}", data_dir.display()), &error);
    tokens::find_or_make(data_dir, door).map_err(failed)
}
