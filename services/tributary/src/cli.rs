//! The command line.

use clap::{Args, Parser, Subcommand};
use reqwest::Url;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Without a command and without configuration it runs every role in one process on an embedded broker and store
in ./data: durable across crashes, and made for one machine. With amqp_url and redis_url set, the same roles run
as many processes as you like.

Configuration: built-in defaults < tributary.toml < TRIBUTARY__SECTION__OPTION variables; see
tributary.example.toml for every option.

Exit codes: 0 done, 1 failed, 64 wrong arguments or configuration, 69 the instance can't be reached,
130 ended by a second signal.";

/// Carries contribution events to the webhooks of the organisations that received the money.
#[derive(Debug, Parser)]
#[command(name = "tributary", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// The configuration file; ./tributary.toml by default, if it is there
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Where the commands find an instance.
    #[command(flatten)]
    pub target: Target,
    /// What to do; everything at once by default.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Where the commands find a running instance.
#[derive(Debug, Clone, Default, Args)]
pub struct Target {
    /// The instance to talk to; by default where the configuration says that the dashboard listens
    #[arg(long, global = true, value_name = "URL", value_parser = web_address)]
    pub api: Option<Url>,
    /// A file with the bearer token; by default the first configured token, or the one in the data folder
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run every role in one process (the default)
    All,
    /// Run ingest: take what upstream publishes
    Ingest,
    /// Run the router: find the webhooks of each event
    Router,
    /// Run the formatter: render each webhook's format
    Formatter,
    /// Run the sender: send until the receiver has it
    Sender,
    /// Run the role backfill, or request, run and watch the past events of a webhook
    Backfill(Backfill),
    /// Run the dashboard: the JSON API
    Dashboard,
    /// Run everything with a local receiver and sample contributions, and show deliveries as they arrive
    Demo(Demo),
    /// Check that a URL answers with success, for containers
    Healthcheck(Healthcheck),
    /// Commands for people, which talk to a running instance.
    #[command(flatten)]
    Client(ClientCommand),
}

/// `tributary backfill`, which is a role when nothing stands behind it.
#[derive(Debug, Args)]
pub struct Backfill {
    /// What to do; the role runs without it.
    #[command(subcommand)]
    pub command: Option<crate::commands::backfill::Backfill>,
}

/// Commands that talk to a running instance.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Publish NDJSON, one native message a line, to a running ingest
    Publish(Publish),
    /// Add, show, change, switch and test webhooks
    #[command(subcommand)]
    Webhook(crate::commands::webhook::Webhook),
    /// Set and show the names of entities, by which forms say who manages them
    #[command(subcommand)]
    Entity(crate::commands::entity::Entity),
    /// Count or export the events that were accepted
    #[command(subcommand)]
    History(crate::commands::history::History),
    /// Show the attempts of a webhook
    Attempts(Attempts),
    /// List or replay deliveries that were given up
    #[command(subcommand)]
    Undelivered(Undelivered),
    /// Look at messages that the pipeline could not handle
    #[command(subcommand)]
    Parked(Parked),
    /// List the types of webhooks, or show one with all that is filled in for it
    Types {
        /// The type
        id: Option<String>,
    },
    /// Show all queues and how much lies on them
    Queues,
}

/// `localhost:8080` parses as a URL too, of a scheme that nobody speaks.
fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| "write it as http://127.0.0.1:8080".to_owned())
}

/// `tributary demo`
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// End when the samples have arrived
    #[arg(long)]
    pub once: bool,
}

/// `tributary healthcheck`
#[derive(Debug, Clone, Args)]
pub struct Healthcheck {
    #[arg(value_parser = web_address, help = "For example http://127.0.0.1:8090/readyz")]
    pub url: Url,
}

/// `tributary publish`
#[derive(Debug, Clone, Args)]
pub struct Publish {
    /// A file of NDJSON, or - for standard input
    #[arg(value_name = "FILE|-")]
    pub file: String,
    /// Where ingest listens; by default where the configuration says
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub ingest: Option<Url>,
    /// Begin at this line, to go on after an interruption
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub from_line: u64,
}

/// `tributary attempts`
#[derive(Debug, Clone, Args)]
pub struct Attempts {
    /// The webhook's id, wh_ and letters and digits
    pub webhook: String,
    /// Go on showing attempts as they are made
    #[arg(long)]
    pub follow: bool,
}

/// `tributary undelivered`
#[derive(Debug, Clone, Subcommand)]
pub enum Undelivered {
    /// List deliveries that are kept for replay
    List(UndeliveredArgs),
    /// Count those that would be sent again; with --yes, send them, with all their tries, behind whatever is live
    Replay {
        /// Which.
        #[command(flatten)]
        which: UndeliveredArgs,
        /// Send them; without it they are only counted
        #[arg(long)]
        yes: bool,
    },
}

/// Which deliveries are meant.
#[derive(Debug, Clone, Args)]
pub struct UndeliveredArgs {
    /// The webhook's id, wh_ and letters and digits
    pub webhook: String,
    /// Only those given up at or after this time, 2026-11-02T14:05:09-05:00
    #[arg(long, value_name = "T")]
    pub since: Option<String>,
    /// Only those given up before this time
    #[arg(long, value_name = "T")]
    pub until: Option<String>,
    /// Only those of this kind: contribution, refund or cancellation
    #[arg(long, value_name = "K")]
    pub kind: Option<String>,
    /// Only those whose reason has this text in it
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// `tributary parked`
#[derive(Debug, Clone, Subcommand)]
pub enum Parked {
    /// List parked messages
    List {
        /// At most so many
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show one with its body, which can hold a donor's data
    Show {
        /// The message's id
        id: String,
    },
    /// Put one back on the queue that it was taken from
    Replay {
        /// The message's id
        id: String,
    },
    /// Remove one for good
    Drop {
        /// The message's id
        id: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_is_text_for_a_terminal() {
        fn check(command: &mut clap::Command) {
            let help = command.render_long_help().to_string();
            assert!(!help.contains('`'), "{help}");
            command.get_subcommands_mut().for_each(check);
        }
        check(&mut Cli::command());
    }
}
