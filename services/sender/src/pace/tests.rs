use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// A pace whose places are all held.
fn full(rate_of: u32, places: usize) -> (Arc<Pace>, Vec<Place>) {
    let pace = Arc::new(Pace::new(Rate::per_s(rate_of), places, Instant::now()));
    let held = (0..places).map(|_| Pace::try_place(&pace).expect("a free place")).collect();
    (pace, held)
}

/// How many may sit down at `now`, of 500 and in a sender with 256 slots.
fn seats(pace: &Arc<Pace>, limit: Limit, now: Instant) -> usize {
    let room = Arc::new(Room::new(256));
    let seats: Vec<_> = (0..500).map_while(|_| Seat::take(pace, limit, &room, now)).collect();
    let taken = seats.len();
    drop(seats);
    assert_eq!(room.taken.load(Ordering::Relaxed), 0, "every seat was given back");
    assert_eq!(pace.state().waiting, [0, 0]);
    taken
}

#[test]
fn a_fast_endpoint_may_fill_three_quarters_of_the_slots_with_waiting() {
    let (pace, _held) = full(10_000, 64);
    assert_eq!(seats(&pace, Limit::InFlight, Instant::now()), 192);
}

#[test]
fn nobody_waits_for_an_endpoint_that_hangs() {
    let (pace, held) = full(10_000, 10);
    let filled = Instant::now();
    assert_eq!(seats(&pace, Limit::InFlight, filled + MS(300)), 3, "three times 300 ms fit into a second");
    assert_eq!(seats(&pace, Limit::InFlight, filled + MS(1_000)), 0);
    drop(held);
    assert!(seats(&pace, Limit::InFlight, Instant::now()) > 0, "it moves again");
}

#[test]
fn a_slow_rate_keeps_no_more_than_fit_into_a_second() {
    let now = Instant::now();
    let check = |rate, expected| {
        let pace = Arc::new(Pace::new(Rate::per_s(rate), 10, now));
        assert_eq!(seats(&pace, Limit::Rate, now), expected, "{rate} a second");
    };
    check(1, 0);
    check(5, 4);
    check(100, 32); // an eighth of the slots: 25 are there in a moment
    check(400, 99); // as many as are there in a moment
}

#[test]
fn appointments_are_a_second_away_at_least_and_one_after_the_other() {
    let now = Instant::now();
    let pace = Pace::new(Rate::per_s(10), 10, now);
    let booked: Vec<_> = (0..4).map(|_| pace.appointment(Limit::InFlight, now, Roll::new(0.5))).collect();
    assert_eq!(booked, [1_100, 1_200, 1_300, 1_400].map(MS));
    assert_eq!(
        pace.appointment(Limit::InFlight, now + MS(60_000), Roll::new(0.5)),
        MS(1_100),
        "a pause clears the book"
    );
}

#[test]
fn beyond_the_longest_deferral_returns_are_spread() {
    let now = Instant::now();
    let pace = Pace::new(Rate::per_s(1), 1, now);
    let booked: Vec<_> = (0..29).map(|_| pace.appointment(Limit::InFlight, now, Roll::new(0.0))).collect();
    assert_eq!(booked[28], MS(limits::DEFER_MS));
    assert_eq!(pace.appointment(Limit::InFlight, now, Roll::new(0.0)), MS(limits::DEFER_MS) / 2);
    assert_eq!(pace.appointment(Limit::InFlight, now, Roll::new(1.0)), MS(limits::DEFER_MS));
}

#[test]
fn a_lease_is_used_up_and_runs_out() {
    let now = Instant::now();
    let pace = Pace::new(Rate::per_s(100), 10, now);
    assert_eq!(pace.leased(now), Err(5), "as many as fit into 50 ms");
    pace.lease(2, now);
    assert_eq!([pace.leased(now), pace.leased(now), pace.leased(now)], [Ok(()), Ok(()), Err(5)]);
    pace.lease(2, now);
    assert_eq!(pace.leased(now + MS(50)), Err(5));
    assert_eq!(Pace::new(Rate::per_s(10), 10, now).leased(now), Err(1));
}

#[test]
fn a_pace_is_idle_when_nothing_moves_and_no_appointment_is_open() {
    let now = Instant::now();
    let pace = Pace::new(Rate::per_s(1), 1, now);
    assert!(!pace.is_idle(MS(1_000), now + MS(999)));
    assert!(pace.is_idle(MS(1_000), now + MS(1_000)));
    pace.appointment(Limit::InFlight, now, Roll::new(0.0));
    assert!(!pace.is_idle(MS(1_000), now + MS(1_000)));
}

#[test]
fn a_pause_holds_everything_and_appointments_lie_behind_it() {
    let now = Instant::now();
    let pace = Pace::new(Rate::per_s(10), 10, now);
    assert_eq!(pace.paused(now), None);
    pace.pause(now + MS(7_000));
    pace.pause(now + MS(3_000));
    assert_eq!(pace.paused(now + MS(2_000)), Some(MS(5_000)), "the longer pause counts");
    assert_eq!(pace.appointment(Limit::Rate, now, Roll::new(0.5)), MS(7_100));
    assert_eq!(pace.paused(now + MS(7_000)), None);
}
