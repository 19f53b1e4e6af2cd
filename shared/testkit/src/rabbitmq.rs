//! A private RabbitMQ: its own ports, its own folder, no container.

use crate::management::Management;
use crate::process::Server;
use crate::{amqp, environment, port};
use anyhow::{Context, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Where Debian's package puts the server's own script. The wrapper on the path can't be used: it wants to
/// be root and then changes to another user.
const DEBIAN_FOLDER: &str = "/usr/lib/rabbitmq/lib";
/// Another process may take a port between the moment it was found free and the server's start.
const START_TRIES: u32 = 3;

/// A private RabbitMQ server, which ends with this value.
#[derive(Debug)]
pub struct RabbitMq {
    // Servers before the folder: fields are dropped in order.
    server: Option<Server>,
    epmd: Option<Server>,
    ports: Ports,
    with_management: bool,
    folder: TempDir,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    amqp: u16,
    management: u16,
    distribution: u16,
    epmd: u16,
}

impl Ports {
    fn free() -> anyhow::Result<Self> {
        Ok(Self { amqp: port::free()?, management: port::free()?, distribution: port::free()?, epmd: port::free()? })
    }
}

impl RabbitMq {
    /// Starts a server of this test alone, which it may kill. Takes several seconds; tests that do not harm
    /// the server share one through [`crate::isolated`].
    pub async fn start_private() -> anyhow::Result<Self> {
        Self::start(false).await
    }

    /// Starts a server whose management API makes virtual hosts.
    pub(crate) async fn start_with_management() -> anyhow::Result<Self> {
        Self::start(true).await
    }

    async fn start(with_management: bool) -> anyhow::Result<Self> {
        tokio::task::spawn_blocking(move || {
            let mut tries = 1;
            loop {
                match Self::try_start(with_management) {
                    Err(error) if tries == START_TRIES => return Err(error),
                    Err(_) => tries += 1,
                    started => return started,
                }
            }
        })
        .await?
    }

    fn try_start(with_management: bool) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("tributary-rabbitmq-").tempdir()?;
        let mut server = Self { server: None, epmd: None, ports: Ports::free()?, with_management, folder };
        server.write_configuration()?;
        server.boot()?;
        Ok(server)
    }

    /// `amqp://…` of the default virtual host.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.ports.amqp)
    }

    /// `http://…` of the management API, if it was asked for.
    pub(crate) fn management_url(&self) -> Option<String> {
        self.with_management.then(|| format!("http://guest:guest@127.0.0.1:{}", self.ports.management))
    }

    /// The process id, unless it was killed.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Server::pid)
    }

    /// Kills the server as a power cut would, and returns when it is gone.
    pub fn kill9(&mut self) {
        self.server = None;
    }

    /// Starts it again with the same ports and the same folder.
    pub async fn start_again(mut self) -> anyhow::Result<Self> {
        self.kill9();
        tokio::task::spawn_blocking(move || self.boot().map(|()| self)).await?
    }

    /// Runs `rabbitmqctl` on this server.
    pub async fn control(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(script()?.with_file_name("rabbitmqctl"));
        self.name_node(&mut command);
        command.args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        ensure!(output.status.success(), "rabbitmqctl: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    fn write_configuration(&self) -> anyhow::Result<()> {
        let Ports { amqp, management, .. } = self.ports;
        // Only virtual hosts are wanted of the management API; gathering statistics would cost what tests measure.
        let management = if self.with_management {
            format!(
                "management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n\
                 management_agent.disable_metrics_collector = true\n"
            )
        } else {
            String::new()
        };
        let configuration = format!(
            "listeners.tcp.1 = 127.0.0.1:{amqp}\ndisk_free_limit.absolute = 50MB\nlog.file.level = warning\n{management}"
        );
        std::fs::write(self.path("rabbitmq.conf"), configuration)?;
        let plugins = if self.with_management { "[rabbitmq_management]." } else { "[]." };
        std::fs::write(self.path("enabled_plugins"), plugins)?;
        Ok(())
    }

    fn boot(&mut self) -> anyhow::Result<()> {
        if self.epmd.is_none() {
            let mut epmd = Command::new("epmd");
            epmd.args(["-address", "127.0.0.1", "-port", &self.ports.epmd.to_string()]);
            self.epmd = Some(Server::start("epmd", epmd, &self.path("epmd.log"), None)?);
        }
        let mut server =
            Server::start("RabbitMQ", self.command()?, &self.path("output.log"), Some(self.folder.path()))?;
        let management = self.management_url().map(|url| Management::new(&url)).transpose()?;
        let url = self.url();
        server.wait_until_ready(|| {
            amqp::handshake(&url)?;
            management.as_ref().map_or(Ok(()), Management::probe)
        })?;
        self.server = Some(server);
        Ok(())
    }

    fn command(&self) -> anyhow::Result<Command> {
        let mut command = Command::new(script()?);
        self.name_node(&mut command);
        command
            // Makes the script become the server, so that its process id is the server's.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .env("RABBITMQ_MNESIA_BASE", self.path("data"))
            .env("RABBITMQ_LOG_BASE", self.path("log"))
            .env("RABBITMQ_CONFIG_FILE", self.path("rabbitmq"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", self.path("enabled_plugins"))
            .env("RABBITMQ_DIST_PORT", self.ports.distribution.to_string())
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
            .env("ERL_EPMD_ADDRESS", "127.0.0.1");
        Ok(command)
    }

    /// What the server and its tools must agree on to find each other.
    fn name_node(&self, command: &mut Command) {
        let Ports { distribution, epmd, .. } = self.ports;
        command
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path()) // where the Erlang cookie is made
            .env("RABBITMQ_NODENAME", format!("tributary{distribution}@localhost"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("ERL_EPMD_PORT", epmd.to_string());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn script() -> anyhow::Result<PathBuf> {
    if let Some(given) = environment::variable(environment::RABBITMQ_SERVER) {
        return Ok(given.into());
    }
    newest_script(Path::new(DEBIAN_FOLDER))
}

fn newest_script(folder: &Path) -> anyhow::Result<PathBuf> {
    let missing = || {
        let (folder, variable) = (folder.display(), environment::RABBITMQ_SERVER);
        format!(
            "no RabbitMQ under {folder}: install the package rabbitmq-server, or set {variable} to its sbin/rabbitmq-server script"
        )
    };
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(missing)?
        .filter_map(|entry| Some(entry.ok()?.path().join("sbin/rabbitmq-server")))
        .filter(|script| script.is_file())
        .collect();
    found.sort();
    let Some(script) = found.pop() else { bail!(missing()) };
    Ok(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_server_is_an_error_that_says_what_to_install() {
        let empty = tempfile::tempdir().unwrap();
        for folder in [empty.path(), Path::new("/nonexistent")] {
            let error = newest_script(folder).unwrap_err().to_string();
            assert!(error.contains("install the package rabbitmq-server"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_killed_server_starts_again_on_the_same_ports_with_its_data() {
        let mut server = RabbitMq::start_with_management().await.unwrap();
        let (url, first) = (server.url(), server.pid().unwrap());
        let management = Management::new(&server.management_url().unwrap()).unwrap();
        management.add_vhost("kept").unwrap();
        let kept = url.replace("%2f", "kept");
        amqp::handshake(&kept).unwrap();

        server.kill9();
        assert_eq!(server.pid(), None);
        assert!(amqp::handshake(&url).is_err());

        let server = server.start_again().await.unwrap();
        assert_eq!(server.url(), url);
        assert_ne!(server.pid(), Some(first));
        amqp::handshake(&kept).unwrap();
        management.remove_vhost("kept").unwrap();
        assert!(amqp::handshake(&kept).is_err());
    }
}
