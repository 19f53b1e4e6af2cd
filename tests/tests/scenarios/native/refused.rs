//! Receivers that refuse, slow down or break off.

use super::books::Breaking;
use super::connections as on;
use super::donor::{Donor, FIRST};
use super::listeners::{ended, first};
use super::watched::{Watched, every, named, refundable};
use crate::scenarios::text;
use anyhow::Result;
use serde_json::Value;
use tests::installation::Installation;

pub(crate) async fn a_refund_waits_for_its_contribution_and_calls_nobody(pipeline: Installation) -> Result<()> {
    let targets = refundable(&pipeline).await?;
    let donor = Donor::new();
    let (payment, refund) = (donor.payment(0), donor.refund(0));
    pipeline.publish(&[refund.to_vec()]).await?;
    for target in &targets {
        let attempt = first(&pipeline, target.webhook(), &refund, |_| true).await?;
        assert_eq!(text(&attempt, "outcome"), "retrying", "{}", target.name());
        assert!(text(&attempt, "reason").starts_with("original_not_delivered"), "{attempt}");
        assert!(attempt.get("next_at").is_some(), "{attempt}");
        assert_eq!(target.requests(), 0, "{}: no request is made", target.name());
    }
    pipeline.publish(&[payment.to_vec()]).await?;
    for target in &targets {
        for event in [&payment, &refund] {
            let end = ended(&pipeline, target.webhook(), event).await?;
            assert_eq!(text(&end, "outcome"), "delivered", "{} {end}", target.name());
        }
        assert_eq!(target.refunds().len(), 1, "{}", target.name());
        assert_eq!(target.faults(), [""; 0]);
    }
    Ok(())
}

pub(crate) async fn a_refusal_inside_a_success_is_tried_again(pipeline: Installation) -> Result<()> {
    let targets = every(&pipeline).await?;
    let names = ["action_network", "blue_state_digital", "isp", "meta", "osdi", "salsa", "tatango"];
    let refusing = named(&targets, &names);
    assert_eq!(refusing.len(), names.len() + 1, "Salsa has two");
    refusing.iter().for_each(|target| target.with(&mut |books| books.refuse_inside_200()));
    let payment = Donor::new().payment(0);
    pipeline.publish(&[payment.to_vec()]).await?;
    for target in refusing {
        let attempt = first(&pipeline, target.webhook(), &payment, |_| true).await?;
        assert_eq!(text(&attempt, "outcome"), "retrying", "{} {attempt}", target.name());
        assert!(text(&attempt, "reason").starts_with("rejected: answered 20"), "{attempt}");
        let end = ended(&pipeline, target.webhook(), &payment).await?;
        assert_eq!(text(&end, "outcome"), "delivered", "{} {end}", target.name());
        assert_eq!((target.payments().len(), target.faults()), (1, Vec::new()), "{}", target.name());
    }
    Ok(())
}

pub(crate) async fn a_limit_is_obeyed(pipeline: Installation) -> Result<()> {
    let targets = every(&pipeline).await?;
    let names = ["action_network", "ga4", "meta", "nationbuilder", "engage", "switchboard", "tatango"];
    let limiting = named(&targets, &names);
    assert_eq!(limiting.len(), names.len() + 1, "NationBuilder has two");
    limiting.iter().for_each(|target| target.with(&mut |books| books.limit()));
    let payment = Donor::new().payment(0);
    pipeline.publish(&[payment.to_vec()]).await?;
    for target in limiting {
        let attempt = first(&pipeline, target.webhook(), &payment, |_| true).await?;
        let told = (text(&attempt, "outcome"), attempt.get("status"));
        assert_eq!(told, ("retrying", Some(&429.into())), "{} {attempt}", target.name());
        let time = |name| text(&attempt, name).parse::<jiff::Timestamp>();
        let wait = time("next_at")?.duration_since(time("at")?);
        assert!(wait.as_secs() >= 60, "{}: a minute at least, not {wait}", target.name());
        assert_eq!(target.payments(), [], "{}", target.name());
    }
    Ok(())
}

pub(crate) async fn what_was_stored_before_the_connection_broke_is_not_stored_twice(
    pipeline: Installation,
) -> Result<()> {
    let targets: [Box<dyn Watched>; 7] = [
        Box::new(on::actionkit().held_by(Breaking::new).connect(&pipeline).await?),
        Box::new(on::blue_state_digital().held_by(Breaking::new).connect(&pipeline).await?),
        Box::new(on::isp().held_by(Breaking::new).connect(&pipeline).await?),
        Box::new(on::nationbuilder("v2").held_by(Breaking::new).connect(&pipeline).await?),
        Box::new(on::ngpvan(true).held_by(Breaking::new).connect(&pipeline).await?),
        Box::new(on::salsa_engage().held_by(Breaking::new).connect(&pipeline).await?),
        Box::new(on::switchboard().held_by(Breaking::new).connect(&pipeline).await?),
    ];
    let donor = Donor::new();
    let payment = donor.payment(0);
    pipeline.publish(&[payment.to_vec()]).await?;
    for target in &targets {
        let lost = first(&pipeline, target.webhook(), &payment, |_| true).await?;
        assert_eq!(text(&lost, "outcome"), "retrying", "{} {lost}", target.name());
        let end = ended(&pipeline, target.webhook(), &payment).await?;
        assert_eq!(text(&end, "outcome"), "delivered", "{} {end}", target.name());
        assert_eq!(target.payments(), [(donor.lines[0], FIRST.1)], "{}", target.name());
        assert_eq!(target.faults(), [""; 0]);
    }
    Ok(())
}

pub(crate) async fn what_may_have_been_stored_is_held_where_nothing_tells_repeats(
    pipeline: Installation,
) -> Result<()> {
    let targets: [Box<dyn Watched>; 4] = [
        Box::new(on::action_network(true).held_by(Breaking::new).connect(&pipeline).await?),
        Box::new(on::nationbuilder("v1").held_by(Breaking::new).connect(&pipeline).await?),
        Box::new(on::osdi(true).held_by(Breaking::new).connect(&pipeline).await?),
        Box::new(on::salsa_classic(true).held_by(Breaking::new).connect(&pipeline).await?),
    ];
    let payment = Donor::new().payment(0);
    pipeline.publish(&[payment.to_vec()]).await?;
    for target in &targets {
        let end = ended(&pipeline, target.webhook(), &payment).await?;
        assert_eq!(text(&end, "outcome"), "undelivered", "{} {end}", target.name());
        assert!(text(&end, "reason").starts_with("unclear: "), "{end}");
        let held = |answer: &Value| {
            answer.get("undelivered").and_then(Value::as_array).is_some_and(|listed| listed.len() == 1)
        };
        pipeline.wait_api(&format!("/webhooks/{}/undelivered", target.webhook().id), held).await?;
        assert_eq!(target.payments().len(), 1, "{}: once, and not again", target.name());
    }
    Ok(())
}
