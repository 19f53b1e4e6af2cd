//! Messages that were acknowledged and whose done marks have not been cleared yet.
//!
//! An acknowledgement is written, not answered: when broker or process are killed the moment after, the message
//! is handed out again and needs its marks. So they stay a little longer than that can take.

use contract::limits;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The messages, in the order of their acknowledgements.
#[derive(Debug, Default)]
pub(crate) struct Spent(Mutex<VecDeque<(Instant, String)>>);

impl Spent {
    /// Adds a message that was acknowledged now, and returns those whose marks can go.
    pub(crate) fn add(&self, message: String, now: Instant) -> Vec<String> {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spent.push_back((now, message));
        let kept = Duration::from_millis(limits::DONE_MARKS_OUTLAST_MS);
        let old = spent.iter().take_while(|(since, _)| now.duration_since(*since) >= kept).count();
        spent.drain(..old).map(|(_, message)| message).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_outlast_the_acknowledgement() {
        let (spent, now) = (Spent::default(), Instant::now());
        let later = |ms| now + Duration::from_millis(ms);
        assert!(spent.add("a".into(), now).is_empty());
        assert!(spent.add("b".into(), later(limits::DONE_MARKS_OUTLAST_MS - 1)).is_empty());
        assert_eq!(spent.add("c".into(), later(limits::DONE_MARKS_OUTLAST_MS)), ["a"]);
    }
}
