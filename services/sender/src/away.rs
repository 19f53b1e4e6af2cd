//! Remembers that the store was away, so that not every delivery waits to find out.

use contract::limits;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Shared by all that can do without the store. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Away(Arc<Mutex<Option<Instant>>>);

impl Away {
    /// It was away a moment ago.
    pub(crate) fn lately(&self) -> bool {
        let pause = Duration::from_millis(limits::DIRECTORY_PAUSE_MS);
        self.noted().is_some_and(|noted| noted.elapsed() < pause)
    }

    /// It is away. True when that is news.
    pub(crate) fn note(&self) -> bool {
        let news = !self.lately();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        news
    }

    fn noted(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
