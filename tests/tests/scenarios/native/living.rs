//! What several events of one donor come to, in the order in which they happened and in others.

use super::donor::{Donor, FIRST, LATER};
use super::listeners::ended;
use super::watched::refundable;
use crate::scenarios::text;
use anyhow::Result;
use testkit::builders::Message;
use tests::installation::Installation;

/// Contribution, two later payments, the refund of the second, the end of the series.
const EVENTS: usize = 5;
/// Orders in which they come in at once.
const SHUFFLES: [[usize; EVENTS]; 3] = [[4, 3, 2, 1, 0], [3, 0, 4, 2, 1], [2, 4, 1, 3, 0]];

pub(crate) async fn the_life_of_a_donor_is_told_whatever_the_order(pipeline: Installation) -> Result<()> {
    let targets = refundable(&pipeline).await?;
    let mut donors = vec![Donor::new()];
    for event in life(&donors[0]) {
        pipeline.publish(&[event.to_vec()]).await?;
        for target in &targets {
            ended(&pipeline, target.webhook(), &event).await?;
        }
    }
    for order in SHUFFLES {
        let donor = Donor::new();
        let events = life(&donor);
        pipeline.publish(&order.map(|event| events[event].to_vec())).await?;
        donors.push(donor);
    }
    for target in &targets {
        let name = target.name();
        // Who has no series can't be told of its end.
        let cancels = name == "actionkit.api";
        for event in donors.iter().flat_map(life) {
            let end = ended(&pipeline, target.webhook(), &event).await?;
            let skipped = text(&end, "kind") == "cancellation" && !cancels;
            assert_eq!(text(&end, "outcome"), if skipped { "skipped" } else { "delivered" }, "{name} {end}");
        }
        assert_eq!(target.faults(), [""; 0], "{name}");
        let expected = donors.iter().flat_map(|donor| donor.lines.into_iter().zip([FIRST.1, LATER.1, LATER.1]));
        let mut expected: Vec<(u64, u64)> = expected.collect();
        expected.sort_unstable();
        assert_eq!(target.payments(), expected, "{name}: each payment once");
        let (refunds, series) = (target.refunds(), target.cancellations());
        assert_eq!(refunds.len(), donors.len(), "{name}: {refunds:?}");
        for donor in &donors {
            let refunded = donor.lines[2].to_string();
            assert!(refunds.iter().any(|key| key.ends_with(&refunded)), "{name}: {refunded} in {refunds:?}");
            let ended = series.iter().any(|series| series.contains(&donor.order));
            assert_eq!(ended, cancels, "{name}: {} in {series:?}", donor.order);
        }
    }
    Ok(())
}

fn life(donor: &Donor) -> [Message; EVENTS] {
    [donor.payment(0), donor.payment(1), donor.payment(2), donor.refund(2), donor.cancellation()]
}
