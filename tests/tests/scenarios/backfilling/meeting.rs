//! Where live ends and the backfill begins.

use super::{ENTITY, text};
use super::{activate, becomes, count, draft, once, publish, request, times, told};
use anyhow::Result;
use serde_json::json;
use testkit::builders::{message, unique};
use testkit::receiver::{Receiver, Request};
use tests::installation::Installation;

pub(crate) async fn live_and_backfill_meet_and_each_event_comes_once(pipeline: Installation) -> Result<()> {
    let receiver = Receiver::start().await?;
    let webhook = draft(&pipeline, &receiver, 10_000.0).await?;
    let backfill = request(&pipeline, &webhook).await?;
    let mut ids = publish(&pipeline, 200).await?;
    let refused = told(&pipeline, &backfill, "run").await;
    assert!(refused.is_err_and(|error| error.to_string().contains("409")), "the webhook is not active yet");

    // In the middle of a stream.
    let entrance = pipeline.entrance();
    let more: Vec<u64> = (0..400).map(|_| unique()).collect();
    let documents: Vec<_> =
        more.iter().map(|id| message("contribution").entity(ENTITY).lineitem(*id).to_vec()).collect();
    let publishing = async {
        for part in documents.chunks(10) {
            let answer = entrance.post(part).await?;
            anyhow::ensure!(answer.status() == 202, "ingest answered {}", answer.status());
        }
        anyhow::Ok(())
    };
    let (published, activated) = tokio::join!(publishing, activate(&pipeline, &webhook));
    published.and(activated)?;
    ids.extend(more);
    ids.extend(publish(&pipeline, 50).await?);

    let running = told(&pipeline, &backfill, "run").await?;
    assert_eq!(text(&running, "status"), "running");
    let done = becomes(&pipeline, &backfill, "completed").await?;
    pipeline.idle().await?;
    receiver.wait_for(ids.len()).await?;
    assert_eq!(times(&receiver.received())?, once(&ids));
    assert!(count(&done, "done") >= 200, "{done}");
    assert_eq!((count(&done, "sent"), count(&done, "outstanding")), (count(&done, "done"), 0), "{done}");

    let again = request(&pipeline, &webhook).await?;
    told(&pipeline, &again, "run").await?;
    let again = becomes(&pipeline, &again, "completed").await?;
    assert_eq!((count(&again, "sent"), count(&again, "repeated")), (0, count(&done, "done")), "{again}");
    assert_eq!(times(&receiver.received())?, once(&ids), "running again repeats nothing");
    Ok(())
}

pub(crate) async fn only_the_kinds_that_were_named_are_sent(pipeline: Installation) -> Result<()> {
    const EACH: usize = 20;
    let receiver = Receiver::start().await?;
    let draft = json!({"activate": false, "credentials": {"authorization": {"scheme": "none"}}});
    let webhook = pipeline.webhook(ENTITY, "numero", &receiver.url("/"), draft).await?;
    let kinds = ["contribution", "refund", "cancellation"];
    let documents: Vec<_> = (0..EACH).flat_map(|_| kinds.map(|kind| message(kind).entity(ENTITY).to_vec())).collect();
    pipeline.publish(&documents).await?;
    activate(&pipeline, &webhook).await?;

    let backfill = request(&pipeline, &webhook).await?;
    let refunds = Some(json!({"kinds": ["refund"]}));
    let running = pipeline.api("POST", &format!("/backfills/{backfill}/run"), refunds.as_ref()).await?;
    assert_eq!(running.get("kinds"), Some(&json!(["refund"])), "{running}");
    let done = becomes(&pipeline, &backfill, "completed").await?;
    assert_eq!((count(&done, "done"), count(&done, "skipped")), (EACH, 0), "{done}");
    let is_refund = |request: &Request| request.json().pointer("/lineitems/0/refundedAt").is_some();
    let requests = receiver.received();
    assert!(requests.len() == EACH && requests.iter().all(is_refund), "{} came", requests.len());

    let rest = request(&pipeline, &webhook).await?;
    told(&pipeline, &rest, "run").await?;
    let rest = becomes(&pipeline, &rest, "completed").await?;
    assert_eq!((count(&rest, "done"), count(&rest, "repeated")), (2 * EACH, EACH), "{rest}");
    assert_eq!(receiver.received().iter().filter(|request| is_refund(request)).count(), EACH);
    Ok(())
}
