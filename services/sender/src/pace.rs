//! The pace of one webhook: its rate, its places in flight, and how fast deliveries get through.

use contract::limits;
use contract::retry::Roll;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Taken for how long a request lasts before one has ended.
const FIRST_GUESS: Duration = Duration::from_millis(20);
/// A wait that may hold more than a webhook's own share of the slots.
const MOMENT: Duration = Duration::from_millis(100);
/// The shortest deferral: the shortest delay queue.
const SHORTEST: Duration = Duration::from_secs(1);

/// Rate and places of one webhook, with settings that do not change.
#[derive(Debug)]
pub(crate) struct Pace {
    pub(crate) rate_per_s: u32,
    pub(crate) rate: DefaultDirectRateLimiter,
    most: usize,
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Deliveries that wait in place.
    waiting: usize,
    /// How long a place is held, on the running average.
    held: Duration,
    /// When a place was last taken or given back. With all places held, nothing has moved since.
    moved: Instant,
    /// The last appointment.
    booked: Instant,
}

impl Pace {
    pub(crate) fn new(rate_per_s: u32, places: usize) -> Self {
        let now = Instant::now();
        let quota = Quota::per_second(NonZeroU32::new(rate_per_s).unwrap_or(NonZeroU32::MIN));
        Self {
            rate_per_s,
            rate: RateLimiter::direct(quota),
            most: places,
            places: Arc::new(Semaphore::new(places)),
            state: Mutex::new(State { waiting: 0, held: FIRST_GUESS, moved: now, booked: now }),
        }
    }

    pub(crate) fn is_of(&self, rate_per_s: u32, places: usize) -> bool {
        self.rate_per_s == rate_per_s && self.most == places
    }

    /// Nothing has moved for so long, and no appointment is open.
    pub(crate) fn is_idle(&self, long: Duration) -> bool {
        let (state, now) = (self.state(), Instant::now());
        now.duration_since(state.moved) >= long && state.booked <= now
    }

    /// A place, if one is free and nobody waits for it.
    pub(crate) fn try_place(pace: &Arc<Self>) -> Option<Place> {
        let permit = Arc::clone(&pace.places).try_acquire_owned().ok()?;
        Some(Place::new(pace, permit))
    }

    /// The next free place.
    pub(crate) async fn place(pace: &Arc<Self>) -> Option<Place> {
        let permit = Arc::clone(&pace.places).acquire_owned().await.ok()?;
        Some(Place::new(pace, permit))
    }

    /// How long to stay away: at least a second, and behind all earlier appointments. Beyond
    /// [`limits::DEFER_MS`] the pace is a guess; there `roll` spreads the returns instead.
    pub(crate) fn appointment(&self, roll: Roll) -> Duration {
        let (now, longest) = (Instant::now(), Duration::from_millis(limits::DEFER_MS));
        let mut state = self.state();
        let booked = state.booked.max(now + SHORTEST) + self.one(&state, now);
        if booked.duration_since(now) > longest {
            return roll.between(longest / 2, longest);
        }
        state.booked = booked;
        booked.duration_since(now)
    }

    /// How long one delivery takes to get through, by the slower of rate and places.
    fn one(&self, state: &State, now: Instant) -> Duration {
        let by_rate = Duration::from_secs(1) / self.rate_per_s.max(1);
        let by_places = state.held / u32::try_from(self.most).unwrap_or(u32::MAX);
        let stuck = match self.places.available_permits() {
            0 => now.duration_since(state.moved),
            _ => Duration::ZERO,
        };
        by_rate.max(by_places).max(stuck)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in flight. Given back when dropped, panic included.
#[derive(Debug)]
pub(crate) struct Place {
    pace: Arc<Pace>,
    since: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn new(pace: &Arc<Pace>, permit: OwnedSemaphorePermit) -> Self {
        let since = Instant::now();
        pace.state().moved = since;
        Self { pace: Arc::clone(pace), since, _permit: permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut state = self.pace.state();
        state.held = (state.held * 7 + now.duration_since(self.since)) / 8;
        state.moved = now;
    }
}

/// A seat to wait in. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    pace: Arc<Pace>,
    all: Arc<AtomicUsize>,
}

impl Seat {
    /// A seat, unless the wait is going to be too long or too many wait. `all` counts the seats of all
    /// webhooks, `slots` is how many deliveries the sender handles at the same time.
    pub(crate) fn take(pace: &Arc<Pace>, all: &Arc<AtomicUsize>, slots: usize) -> Option<Self> {
        let mut state = pace.state();
        let ahead = u32::try_from(state.waiting).unwrap_or(u32::MAX);
        let wait = pace.one(&state, Instant::now()).saturating_mul(ahead.saturating_add(1));
        let short = wait < Duration::from_millis(limits::WAIT_IN_PLACE_MS);
        if !short || (state.waiting >= (slots / 8).max(1) && wait >= MOMENT) {
            return None;
        }
        let most = (slots * 3 / 4).max(1);
        all.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seats| (seats < most).then_some(seats + 1)).ok()?;
        state.waiting += 1;
        drop(state);
        Some(Self { pace: Arc::clone(pace), all: Arc::clone(all) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.pace.state().waiting -= 1;
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(pace: &Arc<Pace>, all: &Arc<AtomicUsize>, slots: usize, most: usize) -> Vec<Seat> {
        (0..most).map_while(|_| Seat::take(pace, all, slots)).collect()
    }

    async fn hold(pace: &Arc<Pace>, places: usize) -> Vec<Place> {
        let mut held = Vec::new();
        for _ in 0..places {
            held.push(Pace::place(pace).await.expect("the semaphore is open"));
        }
        held
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_endpoint_may_fill_three_quarters_of_the_slots_with_waiting() {
        let (pace, all) = (Arc::new(Pace::new(10_000, 64)), Arc::default());
        let _held = hold(&pace, 64).await;
        assert_eq!(seats(&pace, &all, 256, 500).len(), 192);
        assert_eq!(all.load(Ordering::Relaxed), 0, "every seat was given back");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_an_endpoint_that_hangs() {
        let (pace, all) = (Arc::new(Pace::new(10_000, 10)), Arc::default());
        let held = hold(&pace, 10).await;
        tokio::time::advance(Duration::from_millis(200)).await;
        assert_eq!(seats(&pace, &all, 256, 500).len(), 4, "200 ms without a movement: four fit into a second");
        tokio::time::advance(Duration::from_millis(800)).await;
        assert!(Seat::take(&pace, &all, 256).is_none());
        drop(held);
        assert!(Seat::take(&pace, &all, 256).is_some(), "it moves again, a second for ten places");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_rate_keeps_no_more_than_fit_into_a_second() {
        let (pace, all) = (Arc::new(Pace::new(5, 10)), Arc::default());
        assert_eq!(seats(&pace, &all, 256, 500).len(), 4);
        let pace = Arc::new(Pace::new(100, 10));
        assert_eq!(seats(&pace, &all, 256, 500).len(), 32, "an eighth of the slots");
    }

    #[tokio::test(start_paused = true)]
    async fn appointments_are_a_second_away_at_least_and_one_after_the_other() {
        let pace = Pace::new(10, 10);
        let ms: Vec<_> = (0..4).map(|_| pace.appointment(Roll::new(0.5)).as_millis()).collect();
        assert_eq!(ms, [1_100, 1_200, 1_300, 1_400]);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(pace.appointment(Roll::new(0.5)).as_millis(), 1_100, "a pause clears the book");
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_the_longest_deferral_returns_are_spread() {
        let pace = Pace::new(1, 1);
        for _ in 0..29 {
            pace.appointment(Roll::new(0.0));
        }
        let longest = Duration::from_millis(limits::DEFER_MS);
        assert_eq!(pace.appointment(Roll::new(0.0)), longest / 2);
        assert_eq!(pace.appointment(Roll::new(1.0)), longest);
    }
}
