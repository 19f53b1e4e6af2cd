//! Dates and times as texts, and the wall time of New York.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a target has a clock of its own to hold signatures against")]
pub(in crate::targets) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A wall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wall {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
}

/// Seconds since 1970 of `2024-03-05T23:22:49Z`.
pub(in crate::targets) fn unix_of(utc: &str) -> Option<u64> {
    let wall = time(utc, "T", "Z").filter(|wall| wall.year >= 1970)?;
    let earlier = (1970..wall.year).map(|year| (1..=12).map(|month| days_in(year, month)).sum::<u32>());
    let days = earlier.chain((1..wall.month).map(|month| days_in(wall.year, month))).sum::<u32>() + wall.day - 1;
    Some(((u64::from(days) * 24 + u64::from(wall.hour)) * 60 + u64::from(wall.minute)) * 60 + u64::from(wall.second))
}

/// `2024-03-05`, and a day that exists.
pub(in crate::targets) fn is_date(text: &str) -> bool {
    date(text).is_some()
}

/// A date, the separator, `HH:MM:SS` and the end.
pub(super) fn is_time(text: &str, separator: &str, end: &str) -> bool {
    time(text, separator, end).is_some()
}

/// US Eastern wall time with the offset that it has: `2024-03-05T18:22:49-05:00`. Both offsets are right for the
/// hour that comes twice, none for the hour that is left out.
pub(in crate::targets) fn eastern(text: &str) -> bool {
    let right = |end: &str, summer: bool| {
        time(text, "T", end).is_some_and(|wall| match phase(wall) {
            Phase::Winter => !summer,
            Phase::Summer => summer,
            Phase::Both => true,
            Phase::Neither => false,
        })
    };
    right("-05:00", false) || right("-04:00", true)
}

fn date(text: &str) -> Option<Wall> {
    let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
    (day >= 1 && (1..=12).contains(&month) && day <= days_in(year, month)).then_some(Wall {
        year,
        month,
        day,
        hour: 0,
        minute: 0,
        second: 0,
    })
}

fn time(text: &str, separator: &str, end: &str) -> Option<Wall> {
    let (day, clock) = text.strip_suffix(end)?.split_once(separator)?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let wall = date(day)?;
    (hour < 24 && minute < 60 && second < 60).then_some(Wall { hour, minute, second, ..wall })
}

/// Three numbers of so many digits each.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[u32; 3]> {
    let mut parts = text.split(separator);
    let mut found = [0; 3];
    for (number, digits) in found.iter_mut().zip(digits) {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Which offset a wall time has.
enum Phase {
    Winter,
    Summer,
    Both,
    Neither,
}

/// The rule since 2007 (Energy Policy Act of 2005): from the second Sunday in March to the first in November, at two
/// o'clock. From 1987 to 2006 it was the first in April to the last in October.
fn phase(wall: Wall) -> Phase {
    let (begin, end) = match wall.year {
        ..2007 => ((4, sunday(wall.year, 4, 1)), (10, sunday(wall.year, 10, 25))),
        _ => ((3, sunday(wall.year, 3, 8)), (11, sunday(wall.year, 11, 1))),
    };
    let day = (wall.month, wall.day);
    match wall.hour {
        2 if day == begin => Phase::Neither,
        1 if day == end => Phase::Both,
        hour if (day, hour) > (begin, 2) && (day, hour) < (end, 1) => Phase::Summer,
        _ => Phase::Winter,
    }
}

/// The first Sunday of the month on or after this day, by Zeller's congruence.
fn sunday(year: u32, month: u32, day: u32) -> u32 {
    let (year, shifted) = if month < 3 { (year - 1, month + 12) } else { (year, month) };
    let weekday = (day + 13 * (shifted + 1) / 5 + year + year / 4 - year / 100 + year / 400) % 7;
    // Zeller counts from Saturday, which is 0.
    day + (8 - weekday) % 7
}
