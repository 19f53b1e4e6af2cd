//! The commands for people. Each asks the API of a running instance and prints its answer.

mod attempts;
pub(crate) mod backfill;
pub(crate) mod entity;
pub(crate) mod healthcheck;
pub(crate) mod history;
mod parked;
mod publish;
mod queues;
mod types;
mod undelivered;
pub(crate) mod webhook;

use crate::cli::{ClientCommand, Target};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use runtime::exit::Exit;

/// Runs one of them.
pub(crate) async fn run(
    command: ClientCommand,
    target: &Target,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let client = || Client::new(settings, target);
    match command {
        ClientCommand::Publish(publish) => publish::run(publish, target, settings, output).await,
        ClientCommand::Webhook(webhook) => webhook::run(webhook, &client()?, output).await,
        ClientCommand::Entity(entity) => entity::run(entity, &client()?, output).await,
        ClientCommand::History(history) => history::run(history, &client()?, output).await,
        ClientCommand::Attempts(attempts) => attempts::run(attempts, &client()?, output).await,
        ClientCommand::Undelivered(undelivered) => undelivered::run(undelivered, &client()?, output).await,
        ClientCommand::Parked(parked) => parked::run(parked, &client()?, output).await,
        ClientCommand::Types { id } => types::run(id, &client()?, output).await,
        ClientCommand::Queues => queues::run(&client()?, output).await,
    }
}

/// An amount in US dollars.
fn dollars(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// A path of the API with an identifier in it, which can be anything that a person typed.
fn path(before: &str, id: &str, after: &str) -> Result<String, Failure> {
    let good = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    if id.is_empty() || id.starts_with('.') || !id.chars().all(good) {
        return Err(Failure::usage(format!("{id:?} is not an identifier: copy one from a list")));
    }
    Ok(format!("/api/v1/{before}/{id}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_never_leaves_its_place_in_the_path() {
        assert_eq!(path("webhooks", "wh_1", "/test").expect("good"), "/api/v1/webhooks/wh_1/test");
        for bad in ["", "..", "a/b", "a?b", "a b", "%2e"] {
            assert_eq!(path("webhooks", bad, "").expect_err("bad").exit, Exit::Usage, "{bad}");
        }
    }
}
