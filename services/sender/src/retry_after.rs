//! `Retry-After` (RFC 9110 §10.2.3): seconds, or an HTTP date.

use jiff::Timestamp;
use std::time::{Duration, SystemTime};

/// How long the header asks to wait, from `now`. A malformed value asks for nothing, and so does a date
/// that has passed.
pub(crate) fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large to be one is still a long wait; the schedule caps it.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    until.duration_since(SystemTime::from(now)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_anything_else_is_ignored() {
        let now: Timestamp = "2026-11-02T19:05:09Z".parse().expect("a time");
        let check = |text: &str, seconds: Option<u64>| {
            assert_eq!(parse(text, now), seconds.map(Duration::from_secs), "{text:?}");
        };
        check("120", Some(120));
        check(" 120 ", Some(120));
        check("0", Some(0));
        check("99999999999999999999999", Some(u64::MAX));
        check("Mon, 02 Nov 2026 19:06:09 GMT", Some(60));
        check("Monday, 02-Nov-26 19:06:09 GMT", Some(60));
        check("Mon Nov  2 19:06:09 2026", Some(60));
        check("Mon, 02 Nov 2026 19:05:09 GMT", Some(0));
        check("Mon, 02 Nov 2026 19:04:09 GMT", None);
        for malformed in ["", " ", "-1", "1.5", "+5", "soon", "12s", "2026-11-02T19:06:09Z", "٣"] {
            check(malformed, None);
        }
    }
}
