//! The pace of one webhook: its rate, its places in flight, and how fast deliveries get through.

use contract::limits;
use contract::retry::Roll;
use contract::webhook::Rate;
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
const MOMENT: Duration = Duration::from_millis(250);
/// An endpoint that has answered nothing for so long counts as stuck; a busy sender itself can be silent for less.
const STUCK_AFTER: Duration = Duration::from_millis(250);
/// The shortest deferral: the shortest delay queue.
const SHORTEST: Duration = Duration::from_secs(1);

/// Rate and places of one webhook, with settings that do not change.
#[derive(Debug)]
pub(crate) struct Pace {
    pub(crate) rate_of: Rate,
    pub(crate) rate: DefaultDirectRateLimiter,
    most: usize,
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

/// The same rate for this process alone.
fn quota(rate: Rate) -> Quota {
    let burst = NonZeroU32::new(rate.burst()).unwrap_or(NonZeroU32::MIN);
    let period = Duration::from_micros(rate.interval_us());
    Quota::with_period(period).unwrap_or(Quota::per_second(burst)).allow_burst(burst)
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The rate.
    Rate,
    /// A place in flight.
    InFlight,
}

impl Limit {
    /// The label of deferrals.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate_limit",
            Self::InFlight => "in_flight",
        }
    }
}

/// Requests that the store has granted and that were not made yet.
#[derive(Debug)]
struct Lease {
    left: u32,
    until: Instant,
}

/// How long a lease is good for. Long enough to spare the store most questions about a busy webhook, short
/// enough that what a copy leaves unused is soon granted to another.
const LEASE: Duration = Duration::from_millis(50);

#[derive(Debug)]
struct State {
    lease: Lease,
    /// Deliveries that wait in place, for each [`Limit`].
    waiting: [usize; 2],
    /// How long a place is held, on the running average.
    held: Duration,
    /// When a place was last taken or given back. With all places held, nothing has moved since.
    moved: Instant,
    /// The last appointment.
    booked: Instant,
    /// Nothing is sent before: the target said so.
    paused_until: Instant,
}

impl Pace {
    pub(crate) fn new(rate_of: Rate, places: usize, now: Instant) -> Self {
        let quota = quota(rate_of);
        Self {
            rate_of,
            rate: RateLimiter::direct(quota),
            most: places,
            places: Arc::new(Semaphore::new(places)),
            state: Mutex::new(State {
                lease: Lease { left: 0, until: now },
                waiting: [0; 2],
                held: FIRST_GUESS,
                moved: now,
                booked: now,
                paused_until: now,
            }),
        }
    }

    pub(crate) fn is_of(&self, rate: Rate, places: usize) -> bool {
        self.rate_of == rate && self.most == places
    }

    /// Nothing has moved for so long, and no appointment is open.
    pub(crate) fn is_idle(&self, long: Duration, now: Instant) -> bool {
        let state = self.state();
        now.duration_since(state.moved) >= long && state.booked <= now
    }

    /// Nothing more until then, and appointments only behind it.
    pub(crate) fn pause(&self, until: Instant) {
        let mut state = self.state();
        state.paused_until = state.paused_until.max(until);
        state.booked = state.booked.max(until);
    }

    /// How long nothing is to be sent, if so.
    pub(crate) fn paused(&self, now: Instant) -> Option<Duration> {
        self.state().paused_until.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// One request of the lease, if there is one; else how many to ask the store for.
    pub(crate) fn leased(&self, now: Instant) -> Result<(), u32> {
        let mut state = self.state();
        if state.lease.left > 0 && now < state.lease.until {
            state.lease.left -= 1;
            return Ok(());
        }
        let most = u128::from(self.rate_of.per_1000_s()) * LEASE.as_millis() / 1_000_000;
        Err(u32::try_from(most).unwrap_or(u32::MAX).max(1))
    }

    /// The store granted these beside the one that is made now.
    pub(crate) fn lease(&self, more: u32, now: Instant) {
        if more > 0 {
            self.state().lease = Lease { left: more, until: now + LEASE };
        }
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

    /// How long to stay away from this limit: at least a second, and behind all earlier appointments. Where
    /// the book is full `roll` spreads the returns instead. A rate is known, so its book is long, and a backlog
    /// does not go round in circles; how long an endpoint hangs is a guess, so that one is short.
    pub(crate) fn appointment(&self, limit: Limit, now: Instant, roll: Roll) -> Duration {
        let longest = Duration::from_millis(match limit {
            Limit::Rate => limits::DEFER_RATE_MS,
            Limit::InFlight => limits::DEFER_MS,
        });
        let mut state = self.state();
        let one = self.one(Limit::Rate, &state, now).max(self.one(Limit::InFlight, &state, now));
        let booked = state.booked.max(now + SHORTEST) + one;
        if booked.duration_since(now) > longest {
            return roll.between(longest / 2, longest);
        }
        state.booked = booked;
        booked.duration_since(now)
    }

    /// How long one delivery takes to get past a limit.
    fn one(&self, limit: Limit, state: &State, now: Instant) -> Duration {
        match limit {
            Limit::Rate => Duration::from_micros(self.rate_of.interval_us()),
            Limit::InFlight => {
                let usual = state.held / u32::try_from(self.most).unwrap_or(u32::MAX);
                let silent = now.duration_since(state.moved);
                let stuck = self.places.available_permits() == 0 && silent >= STUCK_AFTER;
                if stuck { usual.max(silent) } else { usual }
            }
        }
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
    limit: Limit,
    room: Arc<Room>,
}

/// The seats of all webhooks.
#[derive(Debug)]
pub(crate) struct Room {
    taken: AtomicUsize,
    /// How many deliveries the sender handles at the same time.
    slots: usize,
}

impl Room {
    pub(crate) fn new(slots: usize) -> Self {
        Self { taken: AtomicUsize::new(0), slots }
    }

    fn take(&self) -> bool {
        let most = (self.slots * 3 / 4).max(1);
        let taken = |seats| (seats < most).then_some(seats + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok()
    }
}

impl Seat {
    /// A seat, unless the wait is going to be too long or too many wait.
    pub(crate) fn take(pace: &Arc<Pace>, limit: Limit, room: &Arc<Room>, now: Instant) -> Option<Self> {
        let mut state = pace.state();
        let ahead = state.waiting[limit as usize];
        let places_in_line = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
        let wait = pace.one(limit, &state, now).saturating_mul(places_in_line);
        let short = wait < Duration::from_millis(limits::WAIT_IN_PLACE_MS);
        let own_share = ahead < (room.slots / 8).max(1);
        if !short || !(own_share || wait < MOMENT) || !room.take() {
            return None;
        }
        state.waiting[limit as usize] += 1;
        drop(state);
        Some(Self { pace: Arc::clone(pace), limit, room: Arc::clone(room) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.pace.state().waiting[self.limit as usize] -= 1;
        self.room.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
