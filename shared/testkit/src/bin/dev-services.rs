//! Private RabbitMQ and Redis servers around a command, or until it is interrupted.
//!
//! `dev-services run COMMAND…` and `dev-services up`. Servers that `TEST_AMQP_URL` and `TEST_REDIS_URL` name
//! are used, not started.

use anyhow::{Context, bail};
use std::io::Write;
use std::process::{Command, ExitCode};
use testkit::services::Services;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [word, program, rest @ ..] if word == "run" => run(program, rest).await,
        [word] if word == "up" => up().await,
        _ => bail!("usage: dev-services run COMMAND [ARGUMENT…] | dev-services up"),
    }
}

async fn run(program: &str, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let services = Services::start().await?;
    let mut child = Command::new(program)
        .args(arguments)
        .envs(services.variables())
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let child_id = child.id().to_string();
    let mut end = tokio::task::spawn_blocking(move || child.wait());
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let status = loop {
        tokio::select! {
            status = &mut end => break status??,
            // The terminal interrupts the child as well: the servers stay until it has ended.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => { Command::new("kill").arg(&child_id).status()?; }
        }
    };
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

async fn up() -> anyhow::Result<ExitCode> {
    let services = Services::start().await?;
    let mut out = std::io::stdout();
    for (name, value) in services.variables() {
        writeln!(out, "export {name}='{value}'")?;
    }
    writeln!(out, "export TRIBUTARY__AMQP_URL='{}'", services.amqp_url())?;
    writeln!(out, "export TRIBUTARY__REDIS_URL='{}'", services.redis_url())?;
    writeln!(out, "# They run until this process is interrupted.")?;
    out.flush()?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(ExitCode::SUCCESS)
}
