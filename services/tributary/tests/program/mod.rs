//! The program, started as a process of its own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, where a panic is how a test fails")]

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long the program may take to become ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command that sees no configuration but this data folder.
pub(crate) fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(cargo_bin!("tributary"));
    command.current_dir(data_dir).env_clear().env("TRIBUTARY__DATA_DIR", data_dir).stdin(Stdio::null());
    command
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// A running process on free ports: every role, embedded, or one role. Killed when dropped.
pub(crate) struct Program {
    child: Child,
    folder: tempfile::TempDir,
    ports: [u16; 3],
}

impl Program {
    /// Starts all roles and waits until they are ready.
    pub(crate) fn start() -> Self {
        Self::start_with(&[], &[])
    }

    /// Starts one role on these servers and waits until it is ready.
    pub(crate) fn start_role(role: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_with(&[role], settings)
    }

    /// Starts what the arguments say, with these settings, and waits until it is ready.
    pub(crate) fn start_with(arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = [(); 3].map(|()| testkit::port::free().unwrap());
        let mut command = command(folder.path());
        command.args(arguments).envs(settings.iter().map(|(name, value)| (format!("TRIBUTARY__{name}"), value)));
        let child = configure(&mut command, ports).stderr(Stdio::inherit()).spawn().unwrap();
        let program = Self { child, folder, ports };
        let ready = format!("http://127.0.0.1:{}/readyz", ports[2]);
        let began = Instant::now();
        while !program.run(&["healthcheck", &ready]).status.success() {
            assert!(began.elapsed() < PATIENCE, "the program does not become ready");
        }
        program
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command against it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        configure(&mut command(self.folder.path()), self.ports).arg("--json").args(arguments).output().unwrap()
    }

    /// Runs a command that must succeed and gives its answer.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        json(&output)
    }

    /// The same, with something on standard input.
    pub(crate) fn ask_with(&self, arguments: &[&str], input: &str) -> Value {
        let mut command = command(self.folder.path());
        configure(&mut command, self.ports).arg("--json").args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        json(&output)
    }

    /// Runs a command that does not end by itself, and gives the first line of its answer.
    pub(crate) fn first_line(&self, arguments: &[&str]) -> Value {
        let mut command = command(self.folder.path());
        configure(&mut command, self.ports).arg("--json").args(arguments).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Asks it to stop and gives its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn configure(command: &mut Command, [ingest, dashboard, admin]: [u16; 3]) -> &mut Command {
    command
        .env("TRIBUTARY__INGEST__LISTEN", format!("127.0.0.1:{ingest}"))
        .env("TRIBUTARY__DASHBOARD__LISTEN", format!("127.0.0.1:{dashboard}"))
        .env("TRIBUTARY__ADMIN__LISTEN", format!("127.0.0.1:{admin}"))
        .env("TRIBUTARY__SENDER__ALLOW_NETWORKS", "127.0.0.0/8")
        .env("TRIBUTARY__LOG", "warn")
}
