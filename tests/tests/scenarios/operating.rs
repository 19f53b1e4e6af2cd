//! What people who run it rely on.

use super::{header, lineitems, text, verify};
use anyhow::Result;
use serde_json::{Value, json};
use testkit::builders::message;
use testkit::receiver::Receiver;
use tests::installation::{Installation, PATIENCE};

pub(crate) async fn the_test_button_shows_request_and_answer(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let draft = json!({"activate": false});
    let webhook = pipeline.webhook(1, "default", &receiver.url("/"), draft).await?;
    let result = pipeline.api("POST", &format!("/webhooks/{}/test", webhook.id), None).await?;
    assert_eq!(result.get("delivered"), Some(&json!(true)));
    let requests = receiver.received();
    assert_eq!(requests.len(), 1);
    let attempts = result.get("attempts").and_then(Value::as_array).cloned().unwrap_or_default();
    for (attempt, request) in attempts.iter().zip(&requests) {
        assert_eq!(attempt.get("status"), Some(&json!(200)));
        assert_eq!(Some(text(attempt, "delivery")), header(request, "webhook-id"));
        verify(&webhook.secret, request)?;
    }
    assert_eq!(attempts.len(), 1);
    Ok(())
}

pub(crate) async fn sigterm_under_load_repeats_nothing(mut pipeline: Installation) -> Result<()> {
    const EVENTS: u64 = 2_000;
    let receiver = Receiver::start().await?;
    pipeline.webhook(1, "default", &receiver.url("/"), json!({"in_flight": 50})).await?;
    let documents: Vec<_> = (1..=EVENTS).map(|id| message("contribution").lineitems(&[(1, id)]).to_vec()).collect();
    pipeline.publish(&documents).await?;
    receiver.wait_for(100).await?;
    pipeline.restart().await?;

    receiver.wait_for_within(usize::try_from(EVENTS)?, PATIENCE).await?;
    pipeline.idle().await?;
    assert_eq!(lineitems(&receiver.received())?, (1..=EVENTS).collect::<Vec<_>>());
    Ok(())
}
