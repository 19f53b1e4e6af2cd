//! Vendors that take the Default bodies.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use testkit::builders::message;
use testkit::targets::actblue_default::Kind;
use testkit::targets::{ActBlueDefault, Mock};
use tests::installation::Installation;

/// `formats/presets.md` §2: how many of contribution, refund and cancellation are ticked, in this order.
const PRESETS: [(&str, usize); 9] = [
    ("calltime", 3),
    ("campaign_deputy", 3),
    ("isp", 2),
    ("numero", 3),
    ("switchboard", 3),
    ("tatango", 1),
    ("trilogy", 3),
    ("actionkit", 3),
    ("salesforce", 3),
];

pub(crate) async fn a_preset_gets_what_its_table_ticks_and_a_record_of_the_rest(pipeline: Installation) -> Result<()> {
    let all = [Kind::Contribution, Kind::Refund, Kind::Cancellation];
    let mut receivers = Vec::new();
    for (entity, (preset, ticked)) in (1..).zip(PRESETS.map(|(preset, ticks)| (preset, &all[..ticks]))) {
        let mock = Mock::start(ActBlueDefault::new("/hook?list=7", "ana", "p w", &[]).taking(ticked)).await?;
        let credentials = json!({"authorization": {"scheme": "basic", "username": "ana", "password": "p w"}});
        let url = mock.receiver().url("/hook?list=7");
        let webhook = pipeline.webhook(entity, preset, &url, json!({"credentials": credentials})).await?;
        mock.with(|target| target.set_secrets(&[&webhook.secret]));
        receivers.push((mock, webhook, ticked, entity));
    }
    let kinds = ["contribution", "refund", "cancellation"];
    let documents = receivers.iter().flat_map(|(.., entity)| kinds.map(|kind| message(kind).entity(*entity).to_vec()));
    pipeline.publish(&documents.collect::<Vec<_>>()).await?;

    for (mock, webhook, ticked, _) in &receivers {
        let path = format!("/webhooks/{}/attempts?limit=10", webhook.id);
        let three = |page: &Value| page.get("attempts").and_then(Value::as_array).is_some_and(|all| all.len() == 3);
        let page = pipeline.wait_api(&path, three).await?;
        let attempts = page.get("attempts").and_then(Value::as_array).context("a list")?;
        for (kind, word) in all.iter().zip(kinds) {
            let attempt = attempts.iter().find(|attempt| attempt.get("kind") == Some(&json!(word))).context(word)?;
            let expected = if ticked.contains(kind) { "delivered" } else { "skipped" };
            assert_eq!(attempt.get("outcome"), Some(&json!(expected)), "{attempt}");
        }
        assert_eq!(mock.faults(), [""; 0]);
        let came: Vec<Kind> =
            mock.with(|target| target.received.iter().map(|notification| notification.kind).collect());
        assert_eq!(came.len(), ticked.len());
        assert!(ticked.iter().all(|kind| came.contains(kind)), "{came:?}");
    }
    Ok(())
}
