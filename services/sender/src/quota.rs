//! `RateLimit-Remaining` and `RateLimit-Reset`: how a target says that its limit is reached.

use crate::client::Answer;
use jiff::Timestamp;
use std::time::Duration;

/// Numbers from here on are moments (Unix seconds), those below are seconds from now.
const A_MOMENT: i64 = 1_000_000_000;

/// How long nothing more is allowed, if an answer says so.
pub(crate) fn exhausted(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let number = |name: &str| answer.header(name)?.trim().parse::<i64>().ok();
    if number("ratelimit-remaining")? > 0 {
        return None;
    }
    let reset = number("ratelimit-reset")?;
    let seconds = if reset >= A_MOMENT { reset.checked_sub(now.as_second())? } else { reset };
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Extent;
    use reqwest::header::{HeaderMap, HeaderValue};

    #[test]
    fn an_exhausted_quota_says_how_long() {
        let now: Timestamp = "2026-11-02T19:05:09Z".parse().expect("a time");
        let check = |remaining: Option<&'static str>, reset: &str, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            if let Some(remaining) = remaining {
                headers.insert("ratelimit-remaining", HeaderValue::from_static(remaining));
            }
            headers.insert("ratelimit-reset", HeaderValue::from_str(reset).expect("a value"));
            let answer = Answer { status: 200, headers, body: Vec::new(), extent: Extent::Whole };
            assert_eq!(exhausted(&answer, now), expected.map(Duration::from_secs), "{remaining:?} {reset}");
        };
        let moment = (now.as_second() + 8).to_string();
        check(Some("0"), &moment, Some(8));
        check(Some("0"), "8", Some(8));
        check(Some("1"), &moment, None);
        check(None, &moment, None);
        check(Some("0"), &(now.as_second() - 1).to_string(), None);
        check(Some("0"), "0", None);
        check(Some("0"), "soon", None);
        check(Some("many"), "8", None);
    }
}
