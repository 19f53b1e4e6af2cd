//! A server process that can't outlive its test.

use anyhow::{Context, bail};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Waits for the end of its standard input, which is the end of the process that started it, however that
/// came; then kills the server and removes its folder.
const GUARD: &str = r#"read -r _
kill -9 "$1"
tries=0
while kill -0 "$1" && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
[ -z "$2" ] || rm -rf "$2""#;

const START_TIMEOUT: Duration = Duration::from_secs(90);
const PROBE_INTERVAL: Duration = Duration::from_millis(50);
const LOG_SHOWN_BYTES: usize = 4_000;

/// A running server. Dropping it kills it with SIGKILL and waits for its end.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    guard: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command` in a process group of its own, so that an interrupt at the terminal does not stop the
    /// server before the tests. When this process dies without dropping it, the guard kills the server and
    /// removes `folder`.
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        log: &Path,
        folder: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let output = File::options().create(true).append(true).open(log).context("cannot open the server's log")?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name} ({})", command.get_program().display()))?;
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard", &child.id().to_string()])
            .arg(folder.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        match guard {
            Ok(guard) => Ok(Self { name, child, guard, log: log.to_owned() }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error).context("cannot start the shell that guards the server")
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `probe` succeeds. The error tells what the server wrote last.
    pub(crate) fn wait_until_ready(&mut self, probe: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let Err(error) = probe() else { return Ok(()) };
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended at once ({status}); its log:\n{}", self.name, self.log_end());
            }
            if Instant::now() > deadline {
                let (name, waited) = (self.name, START_TIMEOUT.as_secs());
                return Err(error.context(format!("{name} not ready after {waited} s; its log:\n{}", self.log_end())));
            }
            std::thread::sleep(PROBE_INTERVAL);
        }
    }

    fn log_end(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_SHOWN_BYTES)..]).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The guard first: it must not kill by a process id that has been freed. Errors mean "already dead".
        for process in [&mut self.guard, &mut self.child] {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_ends_at_once_is_an_error_that_shows_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such setting; exit 3"]);
        let mut server = Server::start("broken", command, &folder.path().join("log"), None).unwrap();
        let error = server.wait_until_ready(|| bail!("refused")).unwrap_err().to_string();
        assert!(error.contains("broken ended at once") && error.contains("no such setting"), "{error}");
    }

    #[test]
    fn a_program_that_is_missing_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let command = Command::new("/nonexistent/rabbitmq-server");
        let error = Server::start("RabbitMQ", command, &folder.path().join("log"), None).unwrap_err();
        assert_eq!(error.to_string(), "cannot start RabbitMQ (/nonexistent/rabbitmq-server)");
    }

    #[test]
    fn the_guard_kills_the_server_when_its_starter_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("data");
        std::fs::create_dir(&kept).unwrap();
        let mut command = Command::new("sleep");
        command.arg("600");
        let mut server = Server::start("sleep", command, &folder.path().join("log"), Some(&kept)).unwrap();
        drop(server.guard.stdin.take());
        let status = server.child.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
        assert!(server.guard.wait().unwrap().success());
        assert!(!kept.exists());
    }
}
