//! `tributary attempts`

use super::path;
use crate::cli::Attempts;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use dashboard::views::{AttemptFilter, AttemptPage, AttemptView};
use runtime::exit::Exit;
use std::time::Duration;

/// How often new attempts are asked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(crate) async fn run(attempts: Attempts, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let path = path("webhooks", &attempts.webhook, "/attempts")?;
    let mut after = None;
    let mut shown = 0;
    loop {
        let filter = AttemptFilter { after: after.clone(), limit: None };
        let page: AttemptPage = client.get(&path, &filter).await?;
        for attempt in &page.attempts {
            output.entry(attempt, line)?;
        }
        shown += page.attempts.len();
        after = page.next;
        if page.attempts.is_empty() {
            if !attempts.follow {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    if shown == 0 {
        output.note("no attempts yet")?;
    }
    Ok(Exit::Success)
}

/// One attempt in one line.
pub(super) fn line(attempt: &AttemptView) -> String {
    let test = if attempt.test { " (test)" } else { "" };
    let next = attempt.next_at.map(|at| format!(", again at {at}")).unwrap_or_default();
    format!(
        "{}  {:<11}  {:<12}  try {}  {} ms  {}{next}  {}{test}",
        attempt.at,
        attempt.outcome,
        attempt.kind,
        attempt.number,
        attempt.duration_ms,
        attempt.reason,
        attempt.delivery
    )
}
