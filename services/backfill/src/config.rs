//! What the role can be told.

use contract::limits;
use runtime::config::Reader;
use std::time::Duration;

/// Options of the section `backfill`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Backfills give way while live deliveries reach the sender later than this; 5 s by default.
    pub live_age: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { live_age: Duration::from_secs(limits::BACKFILL_LIVE_AGE_S) }
    }
}

impl Config {
    /// Reads the section `backfill`. Mistakes are noted in the reader.
    pub fn read(reader: &mut Reader) -> Self {
        let seconds = reader.or("backfill.live_age_s", limits::BACKFILL_LIVE_AGE_S, "a number of seconds");
        if seconds == 0 {
            reader.mistake("backfill.live_age_s", "0 lets no backfill run");
        }
        Self { live_age: Duration::from_secs(seconds) }
    }
}
