//! The gate before each request: rate and deliveries in flight, per webhook.
//!
//! **Who waits where.** A delivery that is over a limit of its webhook either waits here, in one of the
//! sender's slots, or goes to a delay queue. Waiting here is right for endpoints that answer: the next place
//! is free in a moment, and a round through the broker would cost more than the request. It is wrong for one
//! that hangs: its deliveries would fill all slots, and everybody else's would wait behind them. So:
//!
//! - the wait is estimated from the pace at which this webhook's deliveries get through, and nobody waits
//!   here for more than [`limits::WAIT_IN_PLACE_MS`];
//! - one webhook has at most an eighth of the slots waiting, unless they will be through in a moment;
//! - all webhooks together have at most three quarters of the slots waiting, and one webhook has at most a
//!   quarter sending, whatever its own setting says;
//! - who has to go gets an appointment: deferrals of a webhook are spread at its pace, so that they come
//!   back one after the other and not all at once, only to be deferred again.

use crate::away::Away;
use crate::client::Answer;
use crate::pace::{Limit, Pace, Place, Room, Seat};
use crate::quota;
use crate::telemetry;
use contract::id::WebhookId;
use contract::limits;
use contract::retry::Roll;
use contract::webhook::{Rate, Webhook};
use governor::clock::{Clock, DefaultClock};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::Limits;
use tokio::time::Instant;

/// May it go?
#[derive(Debug)]
pub(crate) enum Entry {
    /// Now. The place is given back when it is dropped.
    Go(Place),
    /// Not yet.
    Later {
        /// How long to wait.
        after: Duration,
        /// A metric label.
        why: &'static str,
    },
}

/// The wait for this is too long.
#[derive(Debug)]
struct TooLong(Limit);

/// Rates and places of all webhooks in this process.
pub(crate) struct Gate {
    concurrency: usize,
    room: Arc<Room>,
    paces: Mutex<Paces>,
    shared: Limits,
    away: Away,
}

struct Paces {
    of: HashMap<WebhookId, Arc<Pace>>,
    /// Idle ones are forgotten when there are so many.
    sweep_at: usize,
}

impl Gate {
    /// A gate for a sender with so many slots. `shared` are the limits across all copies.
    pub(crate) fn new(concurrency: usize, shared: Limits, away: Away) -> Self {
        let paces = Mutex::new(Paces { of: HashMap::new(), sweep_at: limits::GATES_KEPT });
        Self { concurrency, room: Arc::new(Room::new(concurrency)), paces, shared, away }
    }

    /// Asks for a place to send in, first for the rate, then in flight. Waits in place when that is short.
    pub(crate) async fn enter(&self, webhook: &Webhook, roll: Roll) -> Entry {
        let pace = self.pace(webhook);
        let until = Instant::now() + Duration::from_millis(limits::WAIT_IN_PLACE_MS);
        let passed = async {
            self.own_rate(&pace, until).await?;
            self.shared_rate(&webhook.id, &pace, until).await?;
            self.place(&pace, until).await
        };
        match passed.await {
            Ok(place) => Entry::Go(place),
            Err(TooLong(limit)) => {
                Entry::Later { after: pace.appointment(limit, Instant::now(), roll), why: limit.name() }
            }
        }
    }

    /// Asks for one more request of a delivery that has its place, and waits in place when that is short; else the
    /// error says how long to wait, and why.
    pub(crate) async fn turn(&self, webhook: &Webhook) -> Result<(), (Duration, &'static str)> {
        let pace = self.pace(webhook);
        let until = Instant::now() + Duration::from_millis(limits::WAIT_IN_PLACE_MS);
        let passed = async {
            self.own_rate(&pace, until).await?;
            self.shared_rate(&webhook.id, &pace, until).await
        };
        let later = |TooLong(limit)| {
            let roll = Roll::new(rand::random());
            (pace.appointment(limit, Instant::now(), roll), limit.name())
        };
        passed.await.map_err(later)
    }

    /// Obeys a target that says that nothing more is allowed until some time (`formats/plans.md` §13). It is known
    /// in this process only; what others send meanwhile meets a 429.
    pub(crate) fn heed(&self, webhook: &Webhook, answer: &Answer, now: Timestamp) {
        if let Some(wait) = quota::exhausted(answer, now) {
            let longest = Duration::from_millis(limits::DEFER_RATE_MS);
            self.pace(webhook).pause(Instant::now() + wait.min(longest));
        }
    }

    /// The rate in this process.
    async fn own_rate(&self, pace: &Arc<Pace>, until: Instant) -> Result<(), TooLong> {
        let mut seat = None;
        loop {
            let wait = match pace.paused(Instant::now()) {
                Some(wait) => wait,
                None => match pace.rate.check() {
                    Ok(()) => return Ok(()),
                    Err(not_until) => not_until.wait_time_from(DefaultClock::default().now()),
                },
            };
            self.sit(&mut seat, pace, Limit::Rate)?;
            sleep_within(wait, until).await?;
        }
    }

    /// The rate across all copies. Without the store each copy keeps to the rate by itself.
    async fn shared_rate(&self, id: &WebhookId, pace: &Arc<Pace>, until: Instant) -> Result<(), TooLong> {
        let mut seat = None;
        loop {
            if self.away.lately() {
                return Ok(());
            }
            let Err(wanted) = pace.leased(Instant::now()) else { return Ok(()) };
            match self.shared.acquire_n(id, pace.rate_of, pace.rate_of.burst(), wanted).await {
                Ok(grant) if grant.granted > 0 => {
                    pace.lease(grant.granted - 1, Instant::now());
                    return Ok(());
                }
                Ok(grant) => {
                    self.sit(&mut seat, pace, Limit::Rate)?;
                    sleep_within(grant.wait, until).await?;
                }
                Err(error) => {
                    let news = self.away.note();
                    telemetry::local_rate_only(id.as_str(), &error, news);
                }
            }
        }
    }

    /// A place in flight. Permits are given in the order in which they were asked for.
    async fn place(&self, pace: &Arc<Pace>, until: Instant) -> Result<Place, TooLong> {
        if let Some(place) = Pace::try_place(pace) {
            return Ok(place);
        }
        let mut seat = None;
        self.sit(&mut seat, pace, Limit::InFlight)?;
        tokio::time::timeout_at(until, Pace::place(pace)).await.ok().flatten().ok_or(TooLong(Limit::InFlight))
    }

    /// Takes a seat to wait in, unless it has one.
    fn sit(&self, seat: &mut Option<Seat>, pace: &Arc<Pace>, limit: Limit) -> Result<(), TooLong> {
        if seat.is_none() {
            *seat = Some(Seat::take(pace, limit, &self.room, Instant::now()).ok_or(TooLong(limit))?);
        }
        Ok(())
    }

    /// The webhook's pace, with its settings of now. After a change of them the places that are held do not
    /// count against the new number, for as long as these requests last.
    fn pace(&self, webhook: &Webhook) -> Arc<Pace> {
        let rate = webhook.options.rate_per_s.max(Rate::SLOWEST);
        let most = (self.concurrency / 4).max(1);
        let places = usize::try_from(webhook.options.in_flight).unwrap_or(most).clamp(1, most);
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = paces.of.get(&webhook.id).filter(|pace| pace.is_of(rate, places)) {
            return Arc::clone(known);
        }
        let now = Instant::now();
        paces.sweep(now);
        let made = Arc::new(Pace::new(rate, places, now));
        paces.of.insert(webhook.id.clone(), Arc::clone(&made));
        made
    }
}

impl Paces {
    fn sweep(&mut self, now: Instant) {
        if self.of.len() >= self.sweep_at {
            let idle = Duration::from_millis(limits::GATE_IDLE_MS);
            self.of.retain(|_, pace| Arc::strong_count(pace) > 1 || !pace.is_idle(idle, now));
            self.sweep_at = limits::GATES_KEPT.max(2 * self.of.len());
        }
    }
}

async fn sleep_within(wait: Duration, until: Instant) -> Result<(), TooLong> {
    if Instant::now() + wait > until {
        return Err(TooLong(Limit::Rate));
    }
    tokio::time::sleep(wait).await;
    Ok(())
}
