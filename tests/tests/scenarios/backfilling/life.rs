//! What happens to a backfill while it runs.

use super::super::header;
use super::{activate, becomes, count, draft, hurry, once, publish, request, text, times, told};
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::limits;
use serde_json::{Value, json};
use testkit::receiver::{Answer, Receiver, Request};
use tests::installation::Installation;

/// Events of a backfill that is restarted.
const RESTARTED: usize = 3_000;
/// What a restart can repeat: the chunk that the run was at, and what came at the time of its cursor. Both are read
/// again, and what of them is still outstanding might never have been published.
const IN_DOUBT: usize = 2 * limits::BACKFILL_CHUNK;
const _: () = assert!(RESTARTED > 2 * IN_DOUBT, "a bound that every event twice would meet shows nothing");

pub(crate) async fn a_backfill_is_paused_resumed_and_cancelled(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    // So slow that nearly all of it waits.
    let webhook = draft(&pipeline, &receiver, 2.0).await?;
    let ids = publish(&pipeline, 40).await?;
    activate(&pipeline, &webhook).await?;
    let backfill = request(&pipeline, &webhook).await?;
    told(&pipeline, &backfill, "run").await?;
    let all_sent = |now: &Value| count(now, "sent") == ids.len();
    pipeline.wait_api(&format!("/backfills/{backfill}"), all_sent).await?;
    let paused = told(&pipeline, &backfill, "pause").await?;
    assert_eq!(text(&paused, "status"), "paused");
    hurry(&pipeline, &webhook).await?;
    told(&pipeline, &backfill, "resume").await?;
    becomes(&pipeline, &backfill, "completed").await?;
    assert_eq!(times(&receiver.received())?, once(&ids));
    let refused = told(&pipeline, &backfill, "resume").await;
    assert!(refused.is_err(), "what has ended is not taken up again");

    let silent = Receiver::start().await?;
    let other = draft(&pipeline, &silent, 2.0).await?;
    activate(&pipeline, &other).await?;
    let backfill = request(&pipeline, &other).await?;
    told(&pipeline, &backfill, "run").await?;
    pipeline.wait_api(&format!("/backfills/{backfill}"), all_sent).await?;
    let cancelled = told(&pipeline, &backfill, "cancel").await?;
    assert_eq!((text(&cancelled, "status"), count(&cancelled, "outstanding")), ("cancelled", 0));
    pipeline.idle().await?;
    assert!(silent.count() < ids.len() / 2, "{} of {} went out", silent.count(), ids.len());
    Ok(())
}

pub(crate) async fn a_backfill_survives_its_runner(mut pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = draft(&pipeline, &receiver, 400.0).await?;
    let ids = publish(&pipeline, 600).await?;
    activate(&pipeline, &webhook).await?;
    let backfill = request(&pipeline, &webhook).await?;
    told(&pipeline, &backfill, "run").await?;
    let path = format!("/backfills/{backfill}");
    pipeline.wait_api(&path, |now| count(now, "done") > 20).await?;
    let role = if pipeline.is_embedded() { "all" } else { "backfill" };
    pipeline.kill(role);
    pipeline.start(role).await?;
    becomes(&pipeline, &backfill, "completed").await?;
    pipeline.idle().await?;
    let times = times(&receiver.received())?;
    assert_eq!(times.keys().copied().collect::<Vec<_>>(), once(&ids).into_keys().collect::<Vec<_>>(), "all arrived");
    Ok(())
}

pub(crate) async fn a_backfill_of_a_webhook_that_is_switched_off_sends_no_more(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = draft(&pipeline, &receiver, 2.0).await?;
    let ids = publish(&pipeline, 60).await?;
    activate(&pipeline, &webhook).await?;
    let backfill = request(&pipeline, &webhook).await?;
    told(&pipeline, &backfill, "run").await?;
    pipeline.wait_api(&format!("/backfills/{backfill}"), |now| count(now, "sent") == ids.len()).await?;
    pipeline.api("POST", &format!("/webhooks/{}/deactivate", webhook.id), None).await?;
    let done = becomes(&pipeline, &backfill, "completed").await?;
    assert_eq!(count(&done, "done") + count(&done, "failed") + count(&done, "skipped"), ids.len(), "{done}");
    assert!(count(&done, "failed") > 0 && receiver.count() < ids.len(), "{done}");
    Ok(())
}

pub(crate) async fn a_backfill_goes_on_after_everything_was_restarted(mut pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = draft(&pipeline, &receiver, 400.0).await?;
    let ids = publish(&pipeline, RESTARTED).await?;
    activate(&pipeline, &webhook).await?;
    let backfill = request(&pipeline, &webhook).await?;
    told(&pipeline, &backfill, "run").await?;
    pipeline.wait_api(&format!("/backfills/{backfill}"), |now| count(now, "done") > 100).await?;
    pipeline.restart().await?;
    assert!(receiver.count() < ids.len(), "it was in the middle");
    hurry(&pipeline, &webhook).await?;
    becomes(&pipeline, &backfill, "completed").await?;
    pipeline.idle().await?;
    let times = times(&receiver.received())?;
    let repeats = times.values().sum::<usize>() - times.len();
    assert_eq!(times.into_keys().collect::<Vec<_>>(), ids, "all arrived");
    assert!(repeats <= IN_DOUBT, "{repeats} repeats, at most {IN_DOUBT} were in doubt");
    Ok(())
}

pub(crate) async fn a_password_that_is_changed_meanwhile_is_used_from_then_on(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = draft(&pipeline, &receiver, 10.0).await?;
    let path = format!("/webhooks/{}", webhook.id);
    pipeline.api("PATCH", &path, Some(&password("old"))).await?;
    let ids = publish(&pipeline, 40).await?;
    activate(&pipeline, &webhook).await?;
    let backfill = request(&pipeline, &webhook).await?;
    receiver.set_responder(demands("old"));
    told(&pipeline, &backfill, "run").await?;
    receiver.wait_for(10).await?;
    // The receiver's people change it, and a moment later tell the webhook's.
    receiver.set_responder(demands("new"));
    receiver.wait_until(|requests| requests.iter().any(|request| !request.is_accepted())).await?;
    pipeline.api("PATCH", &path, Some(&password("new"))).await?;

    let done = becomes(&pipeline, &backfill, "completed").await?;
    assert_eq!((count(&done, "done"), count(&done, "failed")), (ids.len(), 0), "{done}");
    let (accepted, refused): (Vec<_>, Vec<_>) = receiver.received().into_iter().partition(Request::is_accepted);
    assert_eq!(times(&accepted)?, once(&ids));
    let changed = accepted.iter().filter(|request| header(request, "authorization") == Some(&basic("new"))).count();
    assert!((1..ids.len()).contains(&changed), "{changed} of {} came with the new password", ids.len());
    assert!(refused.iter().all(|request| header(request, "authorization") == Some(&basic("old"))));
    Ok(())
}

/// A change of a webhook's credentials.
fn password(password: &str) -> Value {
    json!({"credentials": {"authorization": {"scheme": "basic", "username": "u", "password": password}}})
}

fn basic(password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("u:{password}")))
}

/// Turns away whoever comes with another password.
fn demands(password: &str) -> impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static {
    let basic = basic(password);
    move |request| (header(request, "authorization") != Some(&basic)).then(|| Answer::status(401))
}
