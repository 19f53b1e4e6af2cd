//! Processes under measurement: started, watched through `/proc`, ended by their id.

use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running process with a name for the table.
pub struct Process {
    /// `ingest`, `relay`, …
    pub name: String,
    child: Child,
}

/// What a process used.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Usage {
    /// Which process.
    pub name: String,
    /// Processor time so far, seconds.
    pub cpu_s: f64,
    /// Resident memory now, MiB.
    pub resident_mib: f64,
    /// Most resident memory so far, MiB.
    pub peak_mib: f64,
}

/// Clock ticks a second in `/proc/*/stat`: 100 on every Linux that Rust supports (`USER_HZ`).
const TICKS_PER_S: f64 = 100.0;

impl Process {
    /// Starts a program with its log in `folder/{name}.log`.
    pub fn start(name: &str, program: &Path, args: &[&str], env: &[(String, String)], folder: &Path) -> Result<Self> {
        let log = File::create(folder.join(format!("{name}.log")))?;
        let child = Command::new(program)
            .args(args)
            .envs(env.iter().cloned())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it used so far.
    pub fn usage(&self) -> Result<Usage> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
        // The second field is the name in brackets and may hold spaces: count from its end.
        let after = stat.rsplit(')').next().context("no name in stat")?;
        let field = |index: usize| -> f64 {
            after.split_whitespace().nth(index).and_then(|text| text.parse().ok()).unwrap_or_default()
        };
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let mib = |key: &str| -> f64 {
            let line = status.lines().find(|line| line.starts_with(key));
            line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
        };
        Ok(Usage {
            name: self.name.clone(),
            cpu_s: (field(11) + field(12)) / TICKS_PER_S,
            resident_mib: mib("VmRSS:"),
            peak_mib: mib("VmHWM:"),
        })
    }

    /// Waits until it has ended by itself. The exit code, or none when a signal ended it.
    pub fn wait(&mut self) -> Result<Option<i32>> {
        Ok(self.child.wait()?.code())
    }

    /// Asks it to end and waits. The exit code, or none when a signal ended it.
    pub fn end(&mut self) -> Result<Option<i32>> {
        let id = self.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().context("kill")?;
        Ok(self.child.wait()?.code())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A bench that fails half way leaves no process behind; one that has ended already is no error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The `tributary` program that was built beside this one.
pub fn tributary() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.parent().context("this program lies in no folder")?;
    // Test programs lie one folder below the others.
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    let program = folder.join("tributary");
    anyhow::ensure!(
        program.exists(),
        "{} is not built; ./scripts/test and ./scripts/bench build it",
        program.display()
    );
    Ok(program)
}
