//! `tributary demo`: everything in one process, a receiver beside it, and contributions that arrive there.

mod receiver;
mod samples;

use crate::cli::{Demo, Target};
use crate::client::{self, Client, bearer, find_token, unreachable};
use crate::failure::Failure;
use crate::instance::{Instance, RoleName};
use crate::output::Output;
use crate::settings::{Purpose, Settings};
use crate::tokens::Door;
use contract::webhook::Type;
use dashboard::views::{EntityView, NewEntity, NewWebhook, WebhookView};
use receiver::{Arrival, Receiver};
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, Url};
use runtime::config::Sources;
use runtime::exit::Exit;
use runtime::shutdown::Signals;
use runtime::task::Tasks;
use samples::Samples;
use std::path::Path;
use std::time::{Duration, Instant};

/// Who receives the money of the samples.
const ENTITY: u64 = 48_213;
const ENTITY_NAME: &str = "Okonedo for Harbor County";
/// In which the samples must arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two contributions after the samples.
const PAUSE: Duration = Duration::from_secs(3);

/// Everything that the demonstration runs.
struct Stage {
    instance: Instance,
    receiver: Receiver,
    receiver_tasks: Tasks,
    publisher: Publisher,
    samples: Samples,
}

/// Runs the demonstration until the samples have arrived (`--once`) or a signal comes.
pub(crate) async fn run(demo: Demo, output: &Output) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().map_err(|error| Failure::of("signals can't be heard", &error))?;
    let folder = tempfile::Builder::new().prefix("tributary-demo-").tempdir();
    let folder = folder.map_err(|error| Failure::of("no folder for the demonstration", &error))?;
    let mut stage = Stage::set(folder.path(), output).await?;
    let shown = tokio::select! {
        shown = stage.show(demo.once, output) => shown,
        () = signals.next() => Ok(()),
    };
    let stopped = tokio::select! {
        stopped = stage.clear() => stopped,
        () = signals.next() => Exit::Interrupted,
    };
    shown.map(|()| stopped)
}

impl Stage {
    /// Starts everything and adds the webhooks.
    async fn set(folder: &Path, output: &Output) -> Result<Self, Failure> {
        let settings = settings(folder)?;
        runtime::telemetry::log(&settings.log).map_err(|error| Failure::of("the log can't begin", &error))?;
        let receiver_tasks = Tasks::new();
        let receiver = Receiver::start(&receiver_tasks).await;
        let receiver = receiver.map_err(|error| Failure::of("the receiver can't listen", &error))?;
        let instance = Instance::start(&settings, &RoleName::ALL).await?;
        let addresses = instance.addresses();
        let missing = || Failure::new("the demonstration listens nowhere");
        let api = client::url_of(addresses.dashboard.ok_or_else(missing)?)?;
        let ingest = client::url_of(addresses.ingest.ok_or_else(missing)?)?;

        output.note(&format!(
            "Tributary runs here, embedded, in {folder}.\n\
             In another terminal: TRIBUTARY__DATA_DIR={folder} tributary --api {api} webhook list\n",
            folder = folder.display(),
        ))?;
        let target = Target { api: Some(api), token_file: None };
        add_webhooks(&Client::new(&settings, &target)?, &receiver, output).await?;
        let publisher = Publisher::new(&settings, ingest)?;
        Ok(Self { instance, receiver, receiver_tasks, publisher, samples: Samples::new(ENTITY) })
    }

    /// Publishes the samples and prints what arrives.
    async fn show(&mut self, once: bool, output: &Output) -> Result<(), Failure> {
        let messages = self.samples.first();
        let expected = messages.len();
        let began = Instant::now();
        output.note(&format!("\nPublishing {expected} messages …"))?;
        self.publisher.publish(&messages).await?;
        let all = tokio::time::timeout(PATIENCE, self.arrivals(expected, output)).await;
        let took = began.elapsed().as_secs_f64();
        match all {
            Ok(all) => all?,
            Err(_) => return Err(Failure::new(format!("not all of {expected} messages arrived within {took:.1} s"))),
        }
        output.note(&format!("All {expected} arrived and were verified, {took:.2} s after they were published."))?;
        if once {
            return Ok(());
        }
        output.note("\nOne more every few seconds; Ctrl-C ends it.")?;
        loop {
            self.publisher.publish(&[self.samples.next()]).await?;
            self.arrivals(1, output).await?;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits for so many deliveries that nobody has seen before.
    async fn arrivals(&mut self, expected: usize, output: &Output) -> Result<(), Failure> {
        let mut seen = 0;
        while seen < expected {
            let arrival = self.receiver.next().await;
            output.entry(&arrival, Arrival::line)?;
            if !arrival.verified {
                return Err(Failure::new(format!("{} arrived with a wrong signature", arrival.delivery)));
            }
            // At least once: a repeat has an id that was seen.
            seen += usize::from(arrival.first);
        }
        Ok(())
    }

    async fn clear(self) -> Exit {
        let exit = self.instance.stop().await;
        self.receiver_tasks.stop().cancel();
        self.receiver_tasks.finished().await;
        exit
    }
}

/// The settings of a fresh embedded installation that may send to this machine.
fn settings(folder: &Path) -> Result<Settings, Failure> {
    let folder = folder.to_str().ok_or_else(|| Failure::new("the folder for the demonstration has a strange name"))?;
    let environment = [
        ("TRIBUTARY__DATA_DIR", folder),
        ("TRIBUTARY__LOG", "warn"),
        ("TRIBUTARY__INGEST__LISTEN", "127.0.0.1:0"),
        ("TRIBUTARY__DASHBOARD__LISTEN", "127.0.0.1:0"),
        ("TRIBUTARY__ADMIN__LISTEN", "127.0.0.1:0"),
        ("TRIBUTARY__SENDER__ALLOW_NETWORKS", "127.0.0.0/8"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(Settings::load(Sources::new(None, environment.into()), Purpose::Roles(&RoleName::ALL))?)
}

async fn add_webhooks(client: &Client, receiver: &Receiver, output: &Output) -> Result<(), Failure> {
    let entity = NewEntity { name: ENTITY_NAME.to_owned(), committee_name: None };
    let _entity: EntityView = client.send(Method::PUT, &format!("/api/v1/entities/{ENTITY}"), Some(&entity)).await?;
    for kind in [Type::DEFAULT, Type::DEFAULT_REFUNDS, Type::DEFAULT_CANCELLATIONS] {
        let new = NewWebhook {
            entity: ENTITY,
            kind: kind.name().to_owned(),
            endpoint: Some(receiver.endpoint(kind)),
            nickname: Some("demonstration".to_owned()),
            activate: true,
            ..NewWebhook::default()
        };
        let added: WebhookView = client.send(Method::POST, "/api/v1/webhooks", Some(&new)).await?;
        receiver.expect(kind, added.signing_secret.as_deref())?;
        output.note(&format!("Added webhook {} of type {} to {}", added.id, added.kind, added.endpoint))?;
    }
    Ok(())
}

/// Publishes as an upstream system would.
struct Publisher {
    http: reqwest::Client,
    base: Url,
    token: reqwest::header::HeaderValue,
}

impl Publisher {
    fn new(settings: &Settings, base: Url) -> Result<Self, Failure> {
        let token = find_token(settings, None, Door::Ingest, &[])?;
        Ok(Self { http: client::http()?, base, token: bearer(&token)? })
    }

    async fn publish(&self, messages: &[serde_json::Value]) -> Result<(), Failure> {
        let lines: Vec<_> = messages.iter().map(ToString::to_string).collect();
        let url = self.base.join("/v1/events").map_err(|error| Failure::of("ingest", &error))?;
        let request = self.http.post(url).header(AUTHORIZATION, self.token.clone()).body(lines.join("\n"));
        let response = request.send().await.map_err(|error| unreachable(&self.base, &error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let answer = response.text().await.unwrap_or_default();
        Err(Failure::new(format!("ingest answered {status}: {answer}")))
    }
}
