//! Times in the forms that targets ask for. Results in the examples are of `2024-03-05T18:22:49-05:00`.

use crate::view::Time;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

fn wall(at: Timestamp) -> DateTime {
    Offset::UTC.to_datetime(at)
}

/// `2024-03-05T23:22:49Z`
pub(crate) fn utc(time: Time<'_>) -> String {
    format!("{}Z", utc_naive(time))
}

/// `2024-03-05T23:22:49.000Z`
pub(crate) fn utc_ms(time: Time<'_>) -> String {
    format!("{}.000Z", utc_naive(time))
}

/// `2024-03-05T23:22:49`
pub(crate) fn utc_naive(time: Time<'_>) -> String {
    wall(time.at).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// `2024-03-05 23:22:49 UTC`
pub(crate) fn utc_text(time: Time<'_>) -> String {
    wall(time.at).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2024-03-05 18:22:49`, US Eastern, in which bodies are written.
pub(crate) fn eastern(time: Time<'_>) -> String {
    time.text.get(..19).unwrap_or_default().replace('T', " ")
}

/// `2024-03-05`, in the offset of the timestamp.
pub(crate) fn date(time: Time<'_>) -> &str {
    time.text.get(..10).unwrap_or_default()
}

/// `1709680969`
pub(crate) fn unix(time: Time<'_>) -> u64 {
    u64::try_from(time.at.as_second()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_results_hold() {
        let text = "2024-03-05T18:22:49-05:00";
        let time = Time { text, at: text.parse().expect("a time") };
        assert_eq!(utc(time), "2024-03-05T23:22:49Z");
        assert_eq!(utc_ms(time), "2024-03-05T23:22:49.000Z");
        assert_eq!(utc_naive(time), "2024-03-05T23:22:49");
        assert_eq!(utc_text(time), "2024-03-05 23:22:49 UTC");
        assert_eq!(eastern(time), "2024-03-05 18:22:49");
        assert_eq!(date(time), "2024-03-05");
        assert_eq!(unix(time), 1_709_680_969);
    }
}
