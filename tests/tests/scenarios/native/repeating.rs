//! What a receiver has stored before its answer was lost, to the end: the repeat, and what refers to it later.

use super::books::Breaking;
use super::connections as on;
use super::events::reference;
use super::listeners::{Connected, ended, first};
use crate::scenarios::text;
use anyhow::Result;
use serde_json::Value;
use testkit::builders::Message;
use testkit::targets::{ActionKit, NgpVan, Target};
use tests::installation::Installation;

pub(crate) async fn van_is_asked_before_a_gift_is_sent_again(pipeline: Installation) -> Result<()> {
    let van: Connected<Breaking<NgpVan>> = on::ngpvan(true).held_by(Breaking::new).connect(&pipeline).await?;
    let [contribution, _, refund, _] = reference();
    lost_and_found(&pipeline, &van, &contribution, 200).await?;
    delivered(&pipeline, &van, &refund).await?;
    assert_eq!(
        asked(&van),
        [
            "POST /v4/people/findOrCreate",
            "POST /v4/contributions",
            "GET /v4/contributions/onlineReferenceNumber:tributary-612004411",
            "POST /v4/contributions/23453/adjustments",
        ]
    );
    van.stored(|breaking| {
        let made = breaking.target.contributions.iter().map(|made| (made.amount_cents, made.refunded_cents));
        assert_eq!(made.collect::<Vec<_>>(), [(2_750, 2_750)]);
    });
    Ok(())
}

pub(crate) async fn actionkit_knows_a_repeated_gift_and_later_payments_have_their_amount(
    pipeline: Installation,
) -> Result<()> {
    let actionkit: Connected<Breaking<ActionKit>> = on::actionkit().held_by(Breaking::new).connect(&pipeline).await?;
    let [contribution, instalment, refund, cancellation] = reference();
    let third = instalment
        .clone()
        .lineitem(627_400_012)
        .field("lineitems.0.sequence", 2)
        .field("lineitems.0.paidAt", "2024-05-05T18:23:00-04:00");
    lost_and_found(&pipeline, &actionkit, &contribution, 409).await?;
    for event in [&instalment, &third, &refund, &cancellation] {
        delivered(&pipeline, &actionkit, event).await?;
    }
    actionkit.stored(|Breaking { target, .. }| {
        let made = target.transactions.iter().map(|made| (made.trans_id.as_str(), made.amount_cents, made.is_reversed));
        let expected = [
            ("tributary-612004411", 2_750, true),
            ("tributary-620118734", 1_500, false),
            ("tributary-627400012", 1_500, false),
        ];
        assert_eq!(made.collect::<Vec<_>>(), expected);
        assert!(target.profiles.values().all(|profile| profile.cancelled.is_some()), "{:?}", target.profiles);
    });
    Ok(())
}

/// The answer to an event is lost, and the next attempt learns that it was taken, from an answer of this status.
async fn lost_and_found<T: Target>(
    pipeline: &Installation,
    to: &Connected<T>,
    event: &Message,
    status: u16,
) -> Result<()> {
    pipeline.publish(&[event.to_vec()]).await?;
    let lost = first(pipeline, &to.webhook, event, |_| true).await?;
    assert_eq!(text(&lost, "outcome"), "retrying", "{lost}");
    let found = ended(pipeline, &to.webhook, event).await?;
    let told = (text(&found, "outcome"), found.get("status"), found.get("number"));
    assert_eq!(told, ("delivered", Some(&Value::from(status)), Some(&Value::from(2))), "{found}");
    Ok(())
}

async fn delivered<T: Target>(pipeline: &Installation, to: &Connected<T>, event: &Message) -> Result<()> {
    pipeline.publish(&[event.to_vec()]).await?;
    let attempt = ended(pipeline, &to.webhook, event).await?;
    assert_eq!(text(&attempt, "outcome"), "delivered", "{attempt}");
    Ok(())
}

/// Methods and paths of all requests.
fn asked<T: Target>(of: &Connected<T>) -> Vec<String> {
    of.mock.receiver().received().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}
