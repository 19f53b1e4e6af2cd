//! Lanes and delay tiers: what never queues behind what, and how long something can wait in a queue.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A lane. The two never queue behind one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// What happens now.
    Live,
    /// What happened before a webhook was activated.
    Backfill,
}

impl Lane {
    /// Both lanes.
    pub const ALL: [Self; 2] = [Self::Live, Self::Backfill];

    /// The lane's name in queue names and labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Backfill => "backfill",
        }
    }
}

/// How long a delay queue holds a message. Each tier is a queue of its own, because a queue's messages
/// leave it in order and a short wait would sit behind a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// One second.
    S1,
    /// Five seconds.
    S5,
    /// Thirty seconds.
    S30,
    /// Five minutes.
    M5,
    /// Thirty minutes.
    M30,
    /// Two hours.
    H2,
    /// Five hours.
    H5,
    /// Ten hours.
    H10,
}

impl Tier {
    /// Every tier, shortest first.
    pub const ALL: [Self; 8] = [Self::S1, Self::S5, Self::S30, Self::M5, Self::M30, Self::H2, Self::H5, Self::H10];

    /// The tier's name in queue names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::S1 => "1s",
            Self::S5 => "5s",
            Self::S30 => "30s",
            Self::M5 => "5m",
            Self::M30 => "30m",
            Self::H2 => "2h",
            Self::H5 => "5h",
            Self::H10 => "10h",
        }
    }

    /// How long a message stays.
    pub const fn wait(self) -> Duration {
        Duration::from_secs(match self {
            Self::S1 => 1,
            Self::S5 => 5,
            Self::S30 => 30,
            Self::M5 => 5 * 60,
            Self::M30 => 30 * 60,
            Self::H2 => 2 * 3_600,
            Self::H5 => 5 * 3_600,
            Self::H10 => 10 * 3_600,
        })
    }

    /// The longest tier that does not overshoot `wait`, or none when `wait` is under a second.
    ///
    /// A wait between two tiers takes several hops, so it ends within a second of its time and never early.
    pub fn within(wait: Duration) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|tier| tier.wait() <= wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_takes_the_longest_tier_that_does_not_overshoot() {
        let check = |ms, tier| assert_eq!(Tier::within(Duration::from_millis(ms)), tier, "{ms} ms");
        check(999, None);
        check(1_000, Some(Tier::S1));
        check(5_900, Some(Tier::S5));
        check(90_000, Some(Tier::S30));
        check(100 * 3_600_000, Some(Tier::H10));
    }
}
