//! When a failed delivery is tried again: pure functions of (schedule, attempt, class, roll).

use crate::limits;
use std::time::Duration;

/// The waits after the first, second, … failed try: nine tries in about 28 hours.
pub const SCHEDULE: [Duration; 8] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
];

/// A throw of dice in `0.0..1.0`, made in the shell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roll(f64);

impl Roll {
    /// Keeps a number in range.
    pub fn new(number: f64) -> Self {
        Self(if number.is_finite() { number.clamp(0.0, 1.0) } else { 0.0 })
    }

    /// A time between these, `from` for the lowest throw.
    pub fn between(self, from: Duration, to: Duration) -> Duration {
        from + to.saturating_sub(from).mul_f64(self.0)
    }
}

/// How a failed try is to be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// On the schedule.
    Ordinary,
    /// On the schedule, and not within a minute: a time-out or a 429.
    SlowDown,
}

/// How long to wait before the next try, or none when the tries are used up.
///
/// `failed` counts the tries made, this one included. `hint` is a `Retry-After`; it can lengthen the wait
/// up to ten hours and never adds tries. Jitter adds up to a fifth and never takes anything off.
pub fn next(failed: u32, class: Class, hint: Option<Duration>, roll: Roll) -> Option<Duration> {
    let step = *SCHEDULE.get(usize::try_from(failed.checked_sub(1)?).ok()?)?;
    let scheduled = step.mul_f64(1.0 + 0.2 * roll.0);
    let floor = match class {
        Class::Ordinary => Duration::ZERO,
        Class::SlowDown => Duration::from_millis(limits::SLOW_DOWN_MS),
    };
    let hinted = hint.unwrap_or_default().min(Duration::from_millis(limits::RETRY_AFTER_MS));
    Some(scheduled.max(floor).max(hinted))
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn nine_tries_and_then_none() {
        let waits: Vec<_> = (1..=9).map(|n| next(n, Class::Ordinary, None, Roll::new(0.0))).collect();
        let schedule: Vec<_> = SCHEDULE.into_iter().map(Some).chain([None]).collect();
        assert_eq!(waits, schedule);
    }

    #[test]
    fn jitter_lengthens_by_a_fifth_at_most_and_never_shortens() {
        for roll in [0.0, 0.3, 1.0, f64::NAN, 9.0] {
            for (tried, step) in (1..).zip(SCHEDULE) {
                let wait = next(tried, Class::Ordinary, None, Roll::new(roll)).expect("on the schedule");
                assert!(wait >= step && wait <= step.mul_f64(1.2), "{wait:?} after {tried}");
            }
        }
    }

    #[test]
    fn a_hint_or_a_slow_receiver_lengthens_the_wait() {
        let check = |failed, class, hint, wait| {
            assert_eq!(next(failed, class, hint, Roll::new(0.0)), Some(wait), "{failed} {class:?} {hint:?}");
        };
        check(1, Class::Ordinary, Some(S(120)), S(120));
        check(1, Class::Ordinary, Some(S(1)), S(5));
        check(1, Class::SlowDown, None, S(60));
        check(1, Class::SlowDown, Some(S(90)), S(90));
        check(4, Class::SlowDown, None, S(1_800));
        check(1, Class::Ordinary, Some(S(u64::MAX)), S(36_000));
    }
}
