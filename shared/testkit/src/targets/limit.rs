//! How many calls a system takes, and what it does with those that are too many.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a refusal asked for by a test says in `Retry-After`, in seconds.
const ASKED_WAIT_S: u64 = 2;

/// So many calls in a time; more are refused, and so are those that a test wants refused.
#[derive(Debug, Default)]
pub(super) struct Limit {
    window: Option<Window>,
    refuse: u32,
}

#[derive(Debug)]
struct Window {
    calls: usize,
    per: Duration,
    made: VecDeque<Instant>,
}

impl Limit {
    pub(super) fn of(calls: usize, per: Duration) -> Self {
        Self { window: Some(Window { calls, per, made: VecDeque::new() }), refuse: 0 }
    }

    /// The next so many calls are too many.
    pub(super) fn refuse_next(&mut self, calls: u32) {
        self.refuse = calls;
    }

    /// Counts a call. If it is too many, the error is the wait in whole seconds for `Retry-After`.
    pub(super) fn take(&mut self, at: Instant) -> Result<(), u64> {
        if self.refuse > 0 {
            self.refuse -= 1;
            return Err(ASKED_WAIT_S);
        }
        let Some(window) = &mut self.window else { return Ok(()) };
        while window.made.front().is_some_and(|made| at.saturating_duration_since(*made) >= window.per) {
            window.made.pop_front();
        }
        if window.made.len() < window.calls {
            window.made.push_back(at);
            return Ok(());
        }
        Err(self.reset_s(at).max(1))
    }

    /// Calls that are left.
    pub(super) fn remaining(&self) -> usize {
        self.window.as_ref().map_or(usize::MAX, |window| window.calls - window.made.len())
    }

    /// Seconds until the oldest call does not count any more.
    pub(super) fn reset_s(&self, at: Instant) -> u64 {
        self.window.as_ref().map_or(0, |window| {
            let since = window.made.front().map_or(window.per, |made| at.saturating_duration_since(*made));
            window.per.saturating_sub(since).as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_beyond_the_limit_wait_for_the_oldest() {
        let second = Duration::from_secs(1);
        let start = Instant::now();
        let mut limit = Limit::of(2, 10 * second);
        assert_eq!([limit.take(start), limit.take(start + 4 * second)], [Ok(()), Ok(())]);
        assert_eq!((limit.remaining(), limit.take(start + 5 * second)), (0, Err(5)));
        assert_eq!([limit.take(start + 10 * second), limit.take(start + 13 * second)], [Ok(()), Err(1)]);
    }

    #[test]
    fn a_test_can_ask_for_refusals() {
        let now = Instant::now();
        let mut limit = Limit::default();
        limit.refuse_next(2);
        assert_eq!([limit.take(now), limit.take(now), limit.take(now)], [Err(2), Err(2), Ok(())]);
    }
}
