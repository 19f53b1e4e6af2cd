//! A private Redis: its own port, its own folder, every write on disk before it is answered.

use crate::amqp::{connect, decoded};
use crate::process::Server;
use crate::{environment, port};
use anyhow::{Context, ensure};
use std::io::{BufRead, BufReader, Write};
use std::process::Command;
use tempfile::TempDir;
use url::Url;

/// Another process may take the port between the moment it was found free and the server's start.
const START_TRIES: u32 = 3;
const DEFAULT_PORT: u16 = 6379;

/// A private Redis server, which ends with this value.
#[derive(Debug)]
pub struct Redis {
    // The server before the folder: fields are dropped in order.
    server: Option<Server>,
    port: u16,
    folder: TempDir,
}

impl Redis {
    /// Starts a server of this test alone, which it may kill.
    pub async fn start_private() -> anyhow::Result<Self> {
        tokio::task::spawn_blocking(|| {
            let mut tries = 1;
            loop {
                match Self::try_start() {
                    Err(error) if tries == START_TRIES => return Err(error),
                    Err(_) => tries += 1,
                    started => return started,
                }
            }
        })
        .await?
    }

    fn try_start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("tributary-redis-").tempdir()?;
        let mut server = Self { server: None, port: port::free()?, folder };
        server.boot()?;
        Ok(server)
    }

    /// `redis://…`
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// The process id, unless it was killed.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Server::pid)
    }

    /// Kills the server as a power cut would, and returns when it is gone.
    pub fn kill9(&mut self) {
        self.server = None;
    }

    /// Starts it again with the same port and the same folder.
    pub async fn start_again(mut self) -> anyhow::Result<Self> {
        self.kill9();
        tokio::task::spawn_blocking(move || self.boot().map(|()| self)).await?
    }

    fn boot(&mut self) -> anyhow::Result<()> {
        let program = environment::variable(environment::REDIS_SERVER).unwrap_or_else(|| "redis-server".to_owned());
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""])
            .args(["--maxmemory-policy", "noeviction"]);
        let log = self.folder.path().join("output.log");
        let mut server = Server::start("Redis", command, &log, Some(self.folder.path()))
            .context("install the package redis-server, or set REDIS_SERVER to the program")?;
        let url = self.url();
        server.wait_until_ready(|| ping(&url))?;
        self.server = Some(server);
        Ok(())
    }
}

/// Fails unless the server answers and has loaded its data.
pub(crate) fn ping(url: &str) -> anyhow::Result<()> {
    let answer = call(url, &["PING"])?;
    ensure!(answer == "+PONG", "Redis answered {answer}");
    Ok(())
}

/// Removes every key that begins with `prefix`.
pub(crate) fn remove_keys(url: &str, prefix: &str) -> anyhow::Result<()> {
    const SCRIPT: &str = "local cursor = '0' \
        repeat local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1], 'COUNT', 1000) cursor = page[1] \
        for _, key in ipairs(page[2]) do redis.call('UNLINK', key) end until cursor == '0' return 'done'";
    let answer = call(url, &["EVAL", SCRIPT, "0", &format!("{prefix}*")])?;
    ensure!(answer.starts_with('$'), "Redis answered {answer}");
    Ok(())
}

/// The first line of the answer to one command, after logging in and choosing the database of the URL.
fn call(url: &str, command: &[&str]) -> anyhow::Result<String> {
    let url = Url::parse(url).context("not a Redis URL")?;
    let host = url.host_str().context("the Redis URL has no host")?;
    let mut stream = connect(host, url.port().unwrap_or(DEFAULT_PORT))?;
    let mut answers = BufReader::new(stream.try_clone()?);
    if let Some(password) = url.password() {
        let user = if url.username().is_empty() { "default" } else { url.username() };
        let answer = exchange(&mut stream, &mut answers, &["AUTH", &decoded(user), &decoded(password)])?;
        ensure!(answer == "+OK", "Redis answered the login with {answer}");
    }
    let database = url.path().trim_start_matches('/');
    if !database.is_empty() {
        let answer = exchange(&mut stream, &mut answers, &["SELECT", database])?;
        ensure!(answer == "+OK", "Redis answered the choice of database {database} with {answer}");
    }
    exchange(&mut stream, &mut answers, command)
}

fn exchange(to: &mut impl Write, from: &mut impl BufRead, command: &[&str]) -> anyhow::Result<String> {
    write!(to, "*{}\r\n", command.len())?;
    for word in command {
        write!(to, "${}\r\n{word}\r\n", word.len())?;
    }
    let mut answer = String::new();
    from.read_line(&mut answer)?;
    Ok(answer.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_killed_server_starts_again_on_the_same_port_with_its_data() {
        let mut server = Redis::start_private().await.unwrap();
        let (url, first) = (server.url(), server.pid().unwrap());
        assert_eq!(call(&url, &["SET", "kept", "1"]).unwrap(), "+OK");

        server.kill9();
        assert_eq!(server.pid(), None);
        assert!(ping(&url).is_err());

        let server = server.start_again().await.unwrap();
        assert_eq!(server.url(), url);
        assert_ne!(server.pid(), Some(first));
        assert_eq!(call(&url, &["EXISTS", "kept"]).unwrap(), ":1");
    }

    #[tokio::test]
    async fn only_the_keys_of_a_prefix_are_removed() {
        let server = Redis::start_private().await.unwrap();
        for key in ["a:1", "a:2", "b:1"] {
            assert_eq!(call(&server.url(), &["SET", key, "1"]).unwrap(), "+OK");
        }
        remove_keys(&server.url(), "a:").unwrap();
        assert_eq!(call(&server.url(), &["DBSIZE"]).unwrap(), ":1");
        assert_eq!(call(&server.url(), &["EXISTS", "b:1"]).unwrap(), ":1");
    }
}
