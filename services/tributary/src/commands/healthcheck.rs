//! `tributary healthcheck`: whether a URL answers with success, without a shell or curl in the container.

use crate::cli::Healthcheck;
use crate::client;
use crate::failure::Failure;
use crate::output::Output;
use runtime::exit::Exit;
use serde::Serialize;

#[derive(Serialize)]
struct Health {
    healthy: bool,
    status: u16,
}

pub(crate) async fn run(check: Healthcheck, output: &Output) -> Result<Exit, Failure> {
    let answer = client::http()?.get(check.url.clone()).send().await;
    let response = answer.map_err(|error| {
        let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), crate::failure::chain);
        Failure::unavailable(format!("{} can't be reached: {why}", check.url))
    })?;
    let status = response.status();
    let health = Health { healthy: status.is_success(), status: status.as_u16() };
    output.answer(&health, |_| format!("{} answered {status}", check.url))?;
    Ok(if health.healthy { Exit::Success } else { Exit::Failure })
}
