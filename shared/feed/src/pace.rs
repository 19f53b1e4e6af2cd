//! How fast a backfill goes: as fast as it can while nothing is live, and beside live deliveries in steps so small
//! that none of these waits long behind one. Where there is work enough to keep every processor busy, that decides,
//! whatever shares the lanes have.

use contract::limits;
use std::time::Duration;

/// How many deliveries may be outstanding, how many are published together, and how long nothing is published then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub(crate) outstanding: u64,
    pub(crate) at_once: usize,
    pub(crate) rest: Duration,
}

impl Pace {
    /// `late` says how late live deliveries are; none when nothing live was handled for a while.
    pub(crate) const fn beside(late: Option<Duration>) -> Self {
        match late {
            None => Self { outstanding: limits::BACKFILL_OUTSTANDING, at_once: usize::MAX, rest: Duration::ZERO },
            Some(_) => Self {
                outstanding: limits::BACKFILL_OUTSTANDING_BESIDE_LIVE,
                at_once: limits::BACKFILL_STEP_BESIDE_LIVE,
                rest: Duration::from_millis(limits::BACKFILL_REST_BESIDE_LIVE_MS),
            },
        }
    }
}
