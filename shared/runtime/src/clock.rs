//! The only place that reads the wall clock.

use jiff::Timestamp;

/// The time of day. Decisions take it as an argument; only shells call this.
#[expect(clippy::disallowed_methods, reason = "this is the replacement that the lint names")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
