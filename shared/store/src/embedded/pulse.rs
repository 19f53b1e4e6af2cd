//! The pulse in memory: one process needs no more.

use super::Embedded;
use crate::backend::Ages;
use crate::error::Error;
use async_trait::async_trait;
use contract::limits;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

const KEPT: Duration = Duration::from_secs(limits::PULSE_S);

/// The ages that were told lately, in ms. Each is told about once a second, so their time bounds their number.
#[derive(Default)]
pub(crate) struct Told(Mutex<VecDeque<(Instant, u64)>>);

impl Told {
    fn tell(&self, age_ms: u64, now: Instant) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut told, now);
        // A larger age hides the smaller ones before it, for as long as they would have counted.
        while told.back().is_some_and(|(_, before)| *before <= age_ms) {
            told.pop_back();
        }
        told.push_back((now, age_ms));
    }

    fn largest(&self, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut told, now);
        told.front().map(|(_, age_ms)| *age_ms)
    }
}

fn forget(told: &mut VecDeque<(Instant, u64)>, now: Instant) {
    while told.front().is_some_and(|(at, _)| now.duration_since(*at) > KEPT) {
        told.pop_front();
    }
}

#[async_trait]
impl Ages for Embedded {
    async fn tell_age(&self, age_ms: u64) -> Result<(), Error> {
        self.told.tell(age_ms, Instant::now());
        Ok(())
    }

    async fn largest_age(&self) -> Result<Option<u64>, Error> {
        Ok(self.told.largest(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_age_counts_until_it_is_old() {
        let (told, start) = (Told::default(), Instant::now());
        let at = |second| start + Duration::from_secs(second);
        assert_eq!(told.largest(at(0)), None);
        for (second, age_ms) in [(0, 50), (1, 900), (2, 30), (3, 70)] {
            told.tell(age_ms, at(second));
        }
        for (second, largest) in [(3, Some(900)), (11, Some(900)), (12, Some(70)), (13, Some(70)), (14, None)] {
            assert_eq!(told.largest(at(second)), largest, "at {second}");
        }
    }
}
