//! The program: its roles, the commands for people, and the demonstration.

pub mod cli;
mod client;
mod commands;
mod demo;
pub mod failure;
pub mod instance;
pub mod output;
pub mod settings;
pub mod tokens;

use cli::{Backfill, Cli, Command};
use client::Client;
use failure::Failure;
use instance::{Instance, RoleName};
use output::Output;
use runtime::config::Sources;
use runtime::exit::Exit;
use runtime::shutdown::Signals;
use settings::{Purpose, Settings};

/// Threads that run tasks. A single role takes half of the processors that it may use, and at least one: beside it
/// run the broker and the other roles, and work that stays on one thread costs a fifth less; see
/// `docs/adr/0007-threads.md`.
pub fn worker_threads(cli: &Cli) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    match &cli.command {
        Some(
            Command::Ingest
            | Command::Router
            | Command::Formatter
            | Command::Sender
            | Command::Backfill(Backfill { command: None })
            | Command::Dashboard,
        ) => (processors / 2).max(1),
        _ => processors,
    }
}

/// Does what the command line asks for.
pub async fn run(cli: Cli, output: &Output) -> Result<Exit, Failure> {
    let sources = Sources::of_process(cli.config.as_deref());
    match cli.command.unwrap_or(Command::All) {
        Command::All => serve(sources, &RoleName::ALL).await,
        Command::Ingest => serve(sources, &[RoleName::Ingest]).await,
        Command::Router => serve(sources, &[RoleName::Router]).await,
        Command::Formatter => serve(sources, &[RoleName::Formatter]).await,
        Command::Sender => serve(sources, &[RoleName::Sender]).await,
        Command::Backfill(Backfill { command: None }) => serve(sources, &[RoleName::Backfill]).await,
        Command::Backfill(Backfill { command: Some(command) }) => {
            let settings = Settings::load(sources, Purpose::Client)?;
            commands::backfill::run(command, &Client::new(&settings, &cli.target)?, output).await
        }
        Command::Dashboard => serve(sources, &[RoleName::Dashboard]).await,
        Command::Demo(demo) => demo::run(demo, output).await,
        Command::Healthcheck(check) => commands::healthcheck::run(check, output).await,
        Command::Client(command) => {
            let settings = Settings::load(sources, Purpose::Client)?;
            commands::run(command, &cli.target, &settings, output).await
        }
    }
}

/// Runs roles until a signal ends them.
async fn serve(sources: Sources, roles: &[RoleName]) -> Result<Exit, Failure> {
    let settings = Settings::load(sources, Purpose::Roles(roles))?;
    runtime::telemetry::log(&settings.log).map_err(|error| Failure::of("the log can't begin", &error))?;
    let mut signals = Signals::listen().map_err(|error| Failure::of("signals can't be heard", &error))?;
    let instance = Instance::start(&settings, roles).await?;
    Ok(instance.serve(&mut signals).await)
}
