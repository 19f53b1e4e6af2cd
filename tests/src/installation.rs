//! A running installation: its processes, its addresses, and the requests that people make of it.

use crate::process::{Process, tributary};
use anyhow::{Context, Result, ensure};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use testkit::Isolated;

/// The roles of a distributed installation, in the order a message travels.
pub const ROLES: [&str; 6] = ["ingest", "router", "formatter", "sender", "backfill", "dashboard"];
/// How long anything that a test waits for may take.
pub const PATIENCE: Duration = Duration::from_secs(60);
const TOKEN: &str = "token-of-this-test-only";

/// A running installation.
pub struct Installation {
    roles: BTreeMap<String, Process>,
    settings: BTreeMap<String, String>,
    admin: BTreeMap<String, u16>,
    ingest: u16,
    api: u16,
    client: Client,
    folder: TempDir,
    _place: Option<Isolated>,
}

/// What `POST /api/v1/webhooks` answered.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Its signing secret, shown this once.
    pub secret: String,
}

/// The way in over HTTP. It outlives the process behind it.
#[derive(Debug, Clone)]
pub struct Entrance {
    client: Client,
    /// The whole address.
    pub url: String,
    /// The bearer token.
    pub token: String,
}

impl Entrance {
    /// Posts documents as NDJSON and returns the answer, whatever it is.
    pub async fn post(&self, documents: &[Vec<u8>]) -> Result<Response> {
        let request = self.client.post(&self.url).bearer_auth(&self.token).body(documents.join(&b'\n'));
        request.send().await.context("posting messages")
    }
}

/// What a command said.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Told {
    /// The document that it printed.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.out).with_context(|| format!("{self:?}"))
    }
}

impl Installation {
    /// Every role in one process on one folder.
    pub async fn embedded() -> Result<Self> {
        Self::embedded_with(&[]).await
    }

    /// Embedded, with more settings.
    pub async fn embedded_with(settings: &[(&str, &str)]) -> Result<Self> {
        let mut installation = Self::new(None)?;
        installation.set(settings);
        installation.start("all").await?;
        Ok(installation)
    }

    /// One process a role, on a place of its own on the test servers.
    pub async fn distributed() -> Result<Self> {
        let mut installation = Self::distributed_but_stopped().await?;
        installation.start_all().await?;
        Ok(installation)
    }

    /// As [`Installation::distributed`], before anything is started.
    pub async fn distributed_but_stopped() -> Result<Self> {
        let place = testkit::isolated().await?;
        let (amqp, redis) = (place.amqp_url.clone(), place.redis_url.clone());
        let prefixes = [("QUEUE_PREFIX", place.queue_prefix.clone()), ("KEY_PREFIX", place.key_prefix.clone())];
        let mut installation = Self::new(Some(place))?;
        prefixes.into_iter().for_each(|(name, value)| installation.set(&[(name, &value)]));
        installation.set(&[("AMQP_URL", &amqp), ("REDIS_URL", &redis)]);
        Ok(installation)
    }

    /// One process a role, on servers of this test alone.
    pub async fn distributed_on(amqp: &str, redis: &str) -> Result<Self> {
        let mut installation = Self::new(None)?;
        installation.set(&[("AMQP_URL", amqp), ("REDIS_URL", redis)]);
        installation.start_all().await?;
        Ok(installation)
    }

    fn new(place: Option<Isolated>) -> Result<Self> {
        // reqwest asks for a provider even where every address is plain http.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir()?;
        let (ingest, api) = (testkit::port::free()?, testkit::port::free()?);
        let mut installation = Self {
            roles: BTreeMap::new(),
            settings: BTreeMap::new(),
            admin: BTreeMap::new(),
            ingest,
            api,
            client: Client::builder().no_proxy().timeout(PATIENCE).build()?,
            folder,
            _place: place,
        };
        let data = installation.folder.path().join("data").display().to_string();
        installation.set(&[
            ("DATA_DIR", &data),
            ("SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            ("INGEST__LISTEN", &format!("127.0.0.1:{ingest}")),
            ("INGEST__TOKENS", TOKEN),
            ("DASHBOARD__LISTEN", &format!("127.0.0.1:{api}")),
            ("DASHBOARD__TOKENS", TOKEN),
            ("SENDER__ALLOW_NETWORKS", "127.0.0.0/8"),
            ("LOG", "info"),
        ]);
        Ok(installation)
    }

    fn set(&mut self, settings: &[(&str, &str)]) {
        let settings = settings.iter().map(|(name, value)| (format!("TRIBUTARY__{name}"), (*value).to_owned()));
        self.settings.extend(settings);
    }

    async fn start_all(&mut self) -> Result<()> {
        for role in ROLES {
            self.spawn(role)?;
        }
        for role in ROLES {
            self.ready(role).await?;
        }
        Ok(())
    }

    /// Starts a role and waits until it is ready.
    pub async fn start(&mut self, role: &str) -> Result<()> {
        self.spawn(role)?;
        self.ready(role).await
    }

    /// Starts a role; `name#2` is a second copy of `name`.
    pub fn spawn(&mut self, role: &str) -> Result<()> {
        let admin = match self.admin.get(role) {
            Some(port) => *port,
            None => testkit::port::free()?,
        };
        self.admin.insert(role.to_owned(), admin);
        let mut env: Vec<(String, String)> = self.settings.clone().into_iter().collect();
        env.push(("TRIBUTARY__ADMIN__LISTEN".into(), format!("127.0.0.1:{admin}")));
        let command = role.split('#').next().unwrap_or(role);
        let process = Process::start(role, &tributary()?, &[command], &env, self.folder.path())?;
        self.roles.insert(role.to_owned(), process);
        Ok(())
    }

    /// Waits until a role answers that it is ready.
    pub async fn ready(&self, role: &str) -> Result<()> {
        let url = format!("http://127.0.0.1:{}/readyz", self.admin.get(role).context("no such role")?);
        let answer = poll(|| async {
            let answer = self.client.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(())
        });
        let ready = tokio::time::timeout(PATIENCE, answer).await;
        ready.map_err(|_| anyhow::anyhow!("{role} did not get ready; its log ends:\n{}", self.log(role)))
    }

    /// The folder of this installation, in which its processes run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command of `tributary --json` with this on its standard input, and waits for its end.
    pub async fn command(&self, args: &[&str], input: &[u8]) -> Result<Told> {
        let mut command = Command::new(tributary()?);
        command.arg("--json").args(args).envs(&self.settings).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let input = input.to_vec();
        let ended = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().context("starting the command")?;
            let mut stdin = child.stdin.take().context("standard input")?;
            // A command that reads nothing has ended by now, which is no error here.
            let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
            let output = child.wait_with_output()?;
            feeding.join().map_err(|_| anyhow::anyhow!("feeding the command panicked"))?;
            anyhow::Ok(output)
        });
        let output = tokio::time::timeout(PATIENCE * 2, ended).await.context("the command hangs")???;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Told { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) })
    }

    /// Starts a command of `tributary --json` with its output in `command.log`; it is killed when it is dropped.
    pub fn begin_command(&self, args: &[&str]) -> Result<Process> {
        let env: Vec<(String, String)> = self.settings.clone().into_iter().collect();
        Process::start("command", &tributary()?, &[&["--json"], args].concat(), &env, self.folder.path())
    }

    /// The end of a role's log.
    pub fn log(&self, role: &str) -> String {
        let log = std::fs::read_to_string(self.folder.path().join(format!("{role}.log"))).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
    }

    /// A running role.
    pub fn role(&mut self, role: &str) -> Result<&mut Process> {
        self.roles.get_mut(role).with_context(|| format!("{role} does not run"))
    }

    /// Every running process.
    pub fn roles(&self) -> impl Iterator<Item = &Process> {
        self.roles.values()
    }

    /// Ends a role at once, as `kill -9` does.
    pub fn kill(&mut self, role: &str) {
        // Dropping kills it.
        self.roles.remove(role);
    }

    /// Asks a role to end; its exit code.
    pub fn terminate(&mut self, role: &str) -> Result<Option<i32>> {
        let mut process = self.roles.remove(role).with_context(|| format!("{role} does not run"))?;
        process.end()
    }

    /// Asks everything that runs to end, and starts it again.
    pub async fn restart(&mut self) -> Result<()> {
        let roles: Vec<String> = self.roles.keys().cloned().collect();
        for role in &roles {
            let code = self.terminate(role)?;
            ensure!(code == Some(0), "{role} ended with {code:?}:\n{}", self.log(role));
        }
        for role in &roles {
            self.spawn(role)?;
        }
        for role in &roles {
            self.ready(role).await?;
        }
        Ok(())
    }

    /// Where to post messages.
    pub fn entrance(&self) -> Entrance {
        Entrance {
            client: self.client.clone(),
            url: format!("http://127.0.0.1:{}/v1/events", self.ingest),
            token: TOKEN.to_owned(),
        }
    }

    /// Posts documents as NDJSON and returns the answer, whatever it is.
    pub async fn post(&self, documents: &[Vec<u8>]) -> Result<Response> {
        self.entrance().post(documents).await
    }

    /// Posts documents and expects that all are accepted.
    pub async fn publish(&self, documents: &[Vec<u8>]) -> Result<Value> {
        let answer = self.post(documents).await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status == StatusCode::ACCEPTED, "ingest answered {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Adds an active webhook. `more` overrides and adds members.
    pub async fn webhook(&self, entity: u64, kind: &str, endpoint: &str, more: Value) -> Result<Webhook> {
        let mut body =
            json!({"entity": entity, "type": kind, "endpoint": endpoint, "activate": true, "rate_per_s": 10_000});
        merge(&mut body, more);
        let added = self.api("POST", "/webhooks", Some(&body)).await?;
        let text = |name: &str| added.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Webhook { id: text("id"), secret: text("signing_secret") })
    }

    /// A request to the JSON API that must succeed.
    pub async fn api(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("http://127.0.0.1:{}/api/v1{path}", self.api);
        let mut request = self.client.request(method.parse()?, &url).bearer_auth(TOKEN);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("{method} {path}"))?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{method} {path} answered {status}: {text}");
        if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text).context("the answer is not JSON") }
    }

    /// Whether every role is in one process.
    pub fn is_embedded(&self) -> bool {
        !self.settings.contains_key("TRIBUTARY__AMQP_URL")
    }

    /// URL and prefix of its queues.
    pub fn amqp(&self) -> (String, String) {
        let setting = |name: &str| self.settings.get(&format!("TRIBUTARY__{name}")).cloned().unwrap_or_default();
        (setting("AMQP_URL"), setting("QUEUE_PREFIX"))
    }

    /// Puts a message with these lines on a queue of a distributed installation, as a broken program might.
    pub async fn inject(&self, queue: &str, lines: &[Vec<u8>]) -> Result<()> {
        let (amqp, prefix) = self.amqp();
        let connection = lapin::Connection::connect(&amqp, lapin::ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        let key = format!("{prefix}{queue}");
        let options = lapin::options::BasicPublishOptions { mandatory: true, ..Default::default() };
        channel.confirm_select(lapin::options::ConfirmSelectOptions::default()).await?;
        let properties = lapin::BasicProperties::default().with_delivery_mode(2);
        let body = lines.join(&b'\n');
        let confirm = channel.basic_publish("".into(), key.as_str().into(), options, &body, properties).await?.await?;
        ensure!(matches!(confirm, lapin::Confirmation::Ack(None)), "{key} took nothing: {confirm:?}");
        connection.close(200, "done".into()).await.context("closing")
    }

    /// Attempts of a webhook, oldest first.
    pub async fn attempts(&self, webhook: &str) -> Result<Vec<Value>> {
        let page = self.api("GET", &format!("/webhooks/{webhook}/attempts?limit=1000"), None).await?;
        Ok(page.get("attempts").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// Waits until an answer of the API satisfies `enough`.
    pub async fn wait_api(&self, path: &str, enough: impl Fn(&Value) -> bool) -> Result<Value> {
        let found = poll(|| async { self.api("GET", path, None).await.ok().filter(|answer| enough(answer)) });
        let found = tokio::time::timeout(PATIENCE, found).await;
        match found {
            Ok(answer) => Ok(answer),
            Err(_) => {
                anyhow::bail!("{path} never became what was expected; it is {:?}", self.api("GET", path, None).await)
            }
        }
    }

    /// Waits until no queue of the pipeline holds anything; queues for people may.
    pub async fn idle(&self) -> Result<()> {
        self.wait_api("/queues", |answer| {
            let queues = answer.get("queues").and_then(Value::as_array).cloned().unwrap_or_default();
            !queues.is_empty()
                && queues.iter().all(|queue| {
                    let name = queue.get("queue").and_then(Value::as_str).unwrap_or_default();
                    let people = ["history", "parked", "ingest.rejected", "undelivered."];
                    people.iter().any(|prefix| name.starts_with(prefix))
                        || queue.get("ready").and_then(Value::as_u64) == Some(0)
                })
        })
        .await
        .map(drop)
    }
}

/// Asks until there is an answer. The caller bounds it in time; what is asked is another process, which has
/// no way to tell us.
async fn poll<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    loop {
        tick.tick().await;
        if let Some(answer) = ask().await {
            return answer;
        }
    }
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
