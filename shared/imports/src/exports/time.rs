//! Times of the exports: US Eastern wall time without an offset (`formats/history-csv.md` §4).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::sync::LazyLock;

#[expect(clippy::expect_used, reason = "the time zone database is compiled into the program and a test reads it")]
static EASTERN: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("America/New_York").expect("the compiled-in database has New York"));

/// What a reason says was expected.
pub(super) const EXPECTED: &str = "a time as YYYY-MM-DD HH:MM:SS in US Eastern, such as 2026-05-11 12:15:54";

/// Reads `YYYY-MM-DD`, which is its midnight, or `YYYY-MM-DD HH:MM:SS`. Both may stand with a `T`, a fraction,
/// which is cut off, or an offset, which makes it an instant like any other.
///
/// An hour that the clocks go through twice is the first of the two; one that they leave out is an hour later.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let Some(rest) = rest.strip_prefix([' ', 'T']) else { return wall(&format!("{date}T00:00:00"), rest) };
    let (clock, rest) = rest.split_at_checked(8)?;
    let rest = fraction(rest)?;
    let mut head = String::with_capacity(25);
    head.push_str(date);
    head.push('T');
    head.push_str(clock);
    if rest.is_empty() {
        return wall(&head, rest);
    }
    head.push_str(&offset(rest)?);
    contract::body::parse_time(&head)
}

/// The date in US Eastern, of anything that [`read`] reads.
pub(super) fn date(time: Timestamp) -> Date {
    EASTERN.to_datetime(time).date()
}

/// Wall time as RFC 3339 has it, without the offset. `rest` is what follows it: nothing.
fn wall(text: &str, rest: &str) -> Option<Timestamp> {
    // The contract's reader knows which forms, days and years there are.
    let as_if = contract::body::parse_time(&format!("{text}Z")).filter(|_| rest.is_empty())?;
    // jiff's "compatible" is RFC 5545: the earlier of two, and forward over a gap.
    EASTERN.to_ambiguous_timestamp(TimeZone::UTC.to_datetime(as_if)).compatible().ok()
}

/// What follows an optional `.digits`.
fn fraction(text: &str) -> Option<&str> {
    let Some(digits) = text.strip_prefix('.') else { return Some(text) };
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < digits.len()).then_some(rest)
}

/// `Z`, `±HH:MM`, `±HHMM` or `±HH`, as PostgreSQL and spreadsheets write them, in the form of RFC 3339.
fn offset(text: &str) -> Option<Cow<'_, str>> {
    let digits = text.get(1..)?.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        3 if digits => Some(Cow::Owned(format!("{text}:00"))),
        5 if digits => Some(Cow::Owned(format!("{}:{}", &text[..3], &text[3..]))),
        _ => Some(Cow::Borrowed(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::body::eastern;

    fn check(cell: &str, sent: &str) {
        assert_eq!(read(cell).map(eastern).as_deref(), Some(sent), "{cell}");
    }

    #[test]
    fn wall_time_gets_the_offset_in_force() {
        check("2026-01-15 09:00:00", "2026-01-15T09:00:00-05:00");
        check("2026-05-11 12:15:54", "2026-05-11T12:15:54-04:00");
        check("2024-02-29 23:59:59", "2024-02-29T23:59:59-05:00");
        check("1999-12-31 00:00:00", "1999-12-31T00:00:00-05:00");
    }

    #[test]
    fn a_bare_date_is_midnight_eastern() {
        check("2026-05-11", "2026-05-11T00:00:00-04:00");
        check("2026-11-02", "2026-11-02T00:00:00-05:00");
    }

    #[test]
    fn a_value_with_an_offset_keeps_its_instant() {
        check("2026-05-11 12:15:54-07:00", "2026-05-11T15:15:54-04:00");
        check("2026-05-11 16:15:54+00", "2026-05-11T12:15:54-04:00");
        check("2026-05-11 16:15:54+0000", "2026-05-11T12:15:54-04:00");
        check("2026-05-11T16:15:54Z", "2026-05-11T12:15:54-04:00");
        check("2026-11-01 01:30:00-05:00", "2026-11-01T01:30:00-05:00");
    }

    #[test]
    fn fractions_are_cut_off() {
        check("2026-05-11 12:15:54.999999", "2026-05-11T12:15:54-04:00");
        check("2026-05-11 16:15:54.5+00", "2026-05-11T12:15:54-04:00");
    }

    /// The days on which the clocks changed: the second Sunday of March and the first of November, since 2007; before,
    /// the first of April and the last of October.
    const CHANGES: [(&str, &str); 7] = [
        ("2006-04-02", "2006-10-29"),
        ("2019-03-10", "2019-11-03"),
        ("2023-03-12", "2023-11-05"),
        ("2024-03-10", "2024-11-03"),
        ("2025-03-09", "2025-11-02"),
        ("2026-03-08", "2026-11-01"),
        ("2040-03-11", "2040-11-04"),
    ];

    #[test]
    fn the_missing_hour_is_moved_one_hour_forward() {
        for (day, _) in CHANGES {
            check(&format!("{day} 01:59:59"), &format!("{day}T01:59:59-05:00"));
            check(&format!("{day} 02:00:00"), &format!("{day}T03:00:00-04:00"));
            check(&format!("{day} 02:30:00"), &format!("{day}T03:30:00-04:00"));
            check(&format!("{day} 02:59:59"), &format!("{day}T03:59:59-04:00"));
            check(&format!("{day} 03:00:00"), &format!("{day}T03:00:00-04:00"));
        }
    }

    #[test]
    fn the_ambiguous_hour_is_the_first_of_the_two() {
        for (_, day) in CHANGES {
            check(&format!("{day} 00:59:59"), &format!("{day}T00:59:59-04:00"));
            check(&format!("{day} 01:00:00"), &format!("{day}T01:00:00-04:00"));
            check(&format!("{day} 01:30:00"), &format!("{day}T01:30:00-04:00"));
            check(&format!("{day} 01:59:59"), &format!("{day}T01:59:59-04:00"));
            check(&format!("{day} 02:00:00"), &format!("{day}T02:00:00-05:00"));
            check(&format!("{day} 02:30:00"), &format!("{day}T02:30:00-05:00"));
        }
    }

    #[test]
    fn any_other_form_is_no_time() {
        for bad in [
            "",
            "05/11/2026",
            "05/11/2026 12:15:54",
            "2026-5-11",
            "2026-05-11 12:15",
            "2026-05-11  12:15:54",
            "2026-05-11 12:15:54 EST",
            "2026-05-11 12:15:54.",
            "2026-05-11 12:15:54-4",
            "2026-05-11 12:15:54-04:00:00",
            "2026-05-11T",
            "2026-05-11-04:00",
            "2026-02-29",
            "2026-13-01",
            "2026-05-11 24:00:00",
            "1776-07-04",
            "2026-05-1é",
            "yesterday",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            if let Some(time) = read(&text) {
                proptest::prop_assert_eq!(date(time).to_string(), &eastern(time)[..10]);
            }
        }

        #[test]
        fn an_instant_with_its_offset_is_read_as_that_instant(second in 0_i64..4_000_000_000) {
            let time = Timestamp::from_second(second).expect("in range");
            proptest::prop_assert_eq!(read(&eastern(time).replace('T', " ")), Some(time));
        }
    }
}
