//! The test button leaves nothing behind in our own books.

use super::connections as on;
use super::events::reference;
use super::listeners::{Connected, first};
use super::watched::every;
use crate::scenarios::text;
use anyhow::Result;
use serde_json::{Value, json};
use testkit::receiver::Receiver;
use testkit::targets::Target;
use tests::installation::{Installation, Webhook};

/// Connections that can be told that something is a test, the sign of it in the request, and whether they count it all
/// the same.
const MARKS: [(&str, &str, bool); 3] = [
    ("ad_tracking.ga4", "/debug/mp/collect", false),
    ("ad_tracking.meta", on::TRIAL, true),
    ("switchboard.ingestion", "\"test_mode\":true", false),
];

/// The line item of every test.
const TESTED: u64 = 1;
/// The order of every test.
const TESTED_ORDER: &str = "TEST300000118";

pub(crate) async fn a_real_refund_knows_nothing_of_the_test_before_it(pipeline: Installation) -> Result<()> {
    let actionkit = on::actionkit().connect(&pipeline).await?;
    let network = on::action_network(true).connect(&pipeline).await?;
    let van = on::ngpvan(true).connect(&pipeline).await?;
    let nation = on::nationbuilder("v2").connect(&pipeline).await?;
    let old_nation = on::nationbuilder("v1").connect(&pipeline).await?;
    let osdi = on::osdi(true).connect(&pipeline).await?;
    let classic = on::salsa_classic(true).connect(&pipeline).await?;
    let engage = on::salsa_engage().connect(&pipeline).await?;
    let isp = on::isp().connect(&pipeline).await?;
    let tested = [
        test(&pipeline, &actionkit, &["contribution", "refund", "cancellation"]).await?,
        test(&pipeline, &network, &["contribution", "refund", "cancellation"]).await?,
        test(&pipeline, &van, &["contribution", "refund"]).await?,
        test(&pipeline, &nation, &["contribution", "refund"]).await?,
        test(&pipeline, &old_nation, &["contribution", "refund"]).await?,
        test(&pipeline, &osdi, &["contribution", "refund", "cancellation"]).await?,
        test(&pipeline, &classic, &["contribution", "refund"]).await?,
        test(&pipeline, &engage, &["contribution", "refund"]).await?,
        test(&pipeline, &isp, &["contribution", "refund"]).await?,
    ];

    let [_, _, refund, _] = reference();
    let refund = refund.lineitem(TESTED).order(TESTED_ORDER);
    let before = tested.map(|(_, receiver)| receiver.count());
    pipeline.publish(&[refund.to_vec()]).await?;
    for ((webhook, receiver), before) in tested.into_iter().zip(before) {
        let attempt = first(&pipeline, webhook, &refund, |_| true).await?;
        assert_eq!(text(&attempt, "outcome"), "retrying", "{attempt}");
        assert!(text(&attempt, "reason").starts_with("original_not_delivered: "), "{attempt}");
        assert_eq!((attempt.get("number"), receiver.count()), (Some(&json!(0)), before), "no request is made");
        assert!(attempt.get("next_at").is_some(), "{attempt}");
    }
    Ok(())
}

pub(crate) async fn tests_are_marked_and_show_no_secret(pipeline: Installation) -> Result<()> {
    let encoded = on::SECRET.replace('/', "%2F").replace('&', "%26").replace('?', "%3F");
    for target in every(&pipeline).await? {
        let name = target.name();
        let result = pipeline.api("POST", &format!("/webhooks/{}/test", target.webhook().id), None).await?;
        assert_eq!(result.get("delivered"), Some(&json!(true)), "{name} {result}");
        assert_eq!(target.faults(), [""; 0], "{name}");
        let shown = result.to_string();
        assert!(!shown.contains(on::SECRET) && !shown.contains(&encoded), "{name} {shown}");
        let mark = MARKS.iter().find(|(marked, ..)| *marked == name);
        let attempts = result.get("attempts").and_then(Value::as_array).cloned().unwrap_or_default();
        for attempt in &attempts {
            let request = text(attempt, "request");
            assert!(!request.is_empty() && attempt.get("status").is_some(), "{name} {attempt}");
            assert!(mark.is_none_or(|(_, mark, _)| request.contains(mark)), "{name} {request}");
        }
        let mut known = 0;
        target.with(&mut |books| known = books.tests());
        assert_eq!(known, if mark.is_some() { attempts.len() } else { 0 }, "{name}: what came marked as a test");
        let counts = mark.is_none_or(|(.., counts)| *counts);
        assert_eq!(target.payments().len(), usize::from(counts), "{name}: what it stored");
    }
    Ok(())
}

/// Presses the test button: these kinds are sent, and all of them are taken.
async fn test<'a, T: Target>(
    pipeline: &Installation,
    to: &'a Connected<T>,
    kinds: &[&str],
) -> Result<(&'a Webhook, &'a Receiver)> {
    let result = pipeline.api("POST", &format!("/webhooks/{}/test", to.webhook.id), None).await?;
    assert_eq!(result.get("delivered"), Some(&json!(true)), "{result}");
    let attempts = result.get("attempts").and_then(Value::as_array).cloned().unwrap_or_default();
    let sent: Vec<&str> = attempts.iter().map(|attempt| text(attempt, "kind")).collect();
    assert_eq!(sent, kinds, "{result}");
    assert_eq!(to.mock.faults(), [""; 0]);
    Ok((&to.webhook, to.mock.receiver()))
}
