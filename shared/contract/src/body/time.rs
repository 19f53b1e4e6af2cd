//! Times: RFC 3339 with an offset in, US Eastern wall time without a fraction out.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use std::fmt::Write as _;
use std::sync::LazyLock;

#[expect(clippy::expect_used, reason = "the time zone database is compiled into the program and a test reads it")]
static EASTERN: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("America/New_York").expect("the compiled-in database has New York"));

/// Years that a time may have. Before them US Eastern had no whole-minute offset; after them lies the end
/// of the calendar.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=9998;

/// Reads an RFC 3339 time; nothing else that looks like one, such as a time without an offset.
pub fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let (head, rest) = bytes.split_at_checked(19)?;
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| head[*at] != *mark) || !head[10].eq_ignore_ascii_case(&b'T') {
        return None;
    }
    let year = number(&head[0..4])?;
    let [month, day] = [number(&head[5..7])?, number(&head[8..10])?];
    let [hour, minute] = [number(&head[11..13])?, number(&head[14..16])?];
    // RFC 3339 allows a leap second; it is the second before it.
    let second = if &head[17..19] == b"60" { 59 } else { number(&head[17..19])? };
    let (nanosecond, rest) = fraction(rest)?;
    let wall =
        DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, nanosecond);
    let wall = wall.ok().filter(|wall| YEARS.contains(&wall.year()))?;
    offset(rest)?.to_timestamp(wall).ok()
}

/// Writes `YYYY-MM-DDTHH:MM:SS±HH:MM` in US Eastern wall time. A fraction is cut off, not rounded.
pub fn eastern(time: Timestamp) -> String {
    let mut text = String::with_capacity(25);
    write_eastern(&mut text, time);
    text
}

/// 00:00 US Eastern of a day. None beyond the ends of the calendar.
pub fn eastern_midnight(day: Date) -> Option<Timestamp> {
    let day = Some(day).filter(|day| YEARS.contains(&day.year()))?;
    EASTERN.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

pub(crate) fn write_eastern(out: &mut String, time: Timestamp) {
    let offset = EASTERN.to_offset(time);
    let wall = offset.to_datetime(time);
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    let (date, clock) = (wall.date(), wall.time());
    // Writing to a string can't fail.
    let _ = write!(
        out,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        date.year(),
        date.month(),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second(),
        minutes / 60,
        minutes % 60
    );
}

/// The nanoseconds of an optional `.digits`, cut off after nine, and what follows it.
fn fraction(text: &[u8]) -> Option<(i32, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at(length);
    let kept = digits.iter().copied().chain(std::iter::repeat(b'0')).take(9);
    (length > 0).then(|| (kept.fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0')), rest))
}

fn offset(text: &[u8]) -> Option<Offset> {
    let (sign, hour, minute) = match text {
        b"Z" | b"z" => return Some(Offset::UTC),
        [b'+', h1, h2, b':', m1, m2] => (1, number(&[*h1, *h2])?, number(&[*m1, *m2])?),
        [b'-', h1, h2, b':', m1, m2] => (-1, number(&[*h1, *h2])?, number(&[*m1, *m2])?),
        _ => return None,
    };
    let valid = hour <= 23 && minute <= 59;
    valid.then(|| Offset::from_seconds(sign * (i32::from(hour) * 3_600 + i32::from(minute) * 60)).ok()).flatten()
}

fn number(digits: &[u8]) -> Option<i16> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0')))
}

fn small(number: i16) -> Option<i8> {
    number.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_eastern_wall_time_with_an_offset() {
        let check = |text: &str, sent: &str| assert_eq!(parse(text).map(eastern).as_deref(), Some(sent), "{text}");
        check("2024-03-05T18:22:41-05:00", "2024-03-05T18:22:41-05:00");
        check("2024-03-05T23:22:41Z", "2024-03-05T18:22:41-05:00");
        check("2024-07-19t11:40:10.999999999999z", "2024-07-19T07:40:10-04:00");
        check("2024-03-10T01:59:59.9-05:00", "2024-03-10T01:59:59-05:00");
        check("2024-03-10T02:00:00-05:00", "2024-03-10T03:00:00-04:00");
        check("2024-11-03T01:30:00-04:00", "2024-11-03T01:30:00-04:00");
        check("2024-11-03T01:30:00-05:00", "2024-11-03T01:30:00-05:00");
        check("2016-12-31T23:59:60Z", "2016-12-31T18:59:59-05:00");
        check("2054-07-01T00:00:00+05:45", "2054-06-30T14:15:00-04:00");
    }

    #[test]
    fn a_day_begins_at_midnight_eastern() {
        let check = |day: &str, begins: &str| {
            let day = day.parse().expect("a day");
            assert_eq!(eastern_midnight(day).map(eastern).as_deref(), Some(begins), "{day}");
        };
        check("2024-01-01", "2024-01-01T00:00:00-05:00");
        check("2024-03-10", "2024-03-10T00:00:00-05:00");
        check("2024-03-11", "2024-03-11T00:00:00-04:00");
        check("2024-11-03", "2024-11-03T00:00:00-04:00");
        assert_eq!(eastern_midnight(Date::MIN), None);
        assert_eq!(eastern_midnight(Date::MAX), None);
    }

    #[test]
    fn anything_but_rfc_3339_with_an_offset_is_no_time() {
        for bad in [
            "",
            "2024-03-05",
            "2024-03-05T18:22:41",
            "2024-03-05 18:22:41Z",
            "2024-03-05T18:22:41-0500",
            "2024-03-05T18:22:41-05",
            "2024-03-05T18:22:41.Z",
            "2024-03-05T18:22:41Z ",
            "2024-02-30T18:22:41Z",
            "2024-03-05T24:00:00Z",
            "2024-03-05T18:22:41+24:00",
            "2024-03-05T18:22:41[America/New_York]",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "é024-03-05T18:22:41Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_the_same_second(second in -2_208_970_800_i64..253_370_764_800) {
            let time = Timestamp::from_second(second).expect("in range");
            proptest::prop_assert_eq!(parse(&eastern(time)), Some(time));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            if let Some(time) = parse(&text) {
                proptest::prop_assert_eq!(eastern(time).len(), 25);
            }
        }
    }
}
