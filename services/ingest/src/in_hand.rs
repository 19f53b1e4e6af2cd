//! Which events this process is accepting right now.
//!
//! The dedup window knows an event only when it is confirmed. Of two copies that come in at the same time the
//! second waits here until the first is remembered or given up, and asks the window then. Copies that come in to
//! two processes at once are both delivered, under the same id.

use contract::id::EventId;
use contract::limits;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The events in hand. Cheap to clone.
#[derive(Clone)]
pub(crate) struct InHand {
    shared: Arc<Shared>,
    /// Longest wait for another copy.
    wait: Duration,
}

impl Default for InHand {
    fn default() -> Self {
        Self { shared: Arc::default(), wait: Duration::from_millis(limits::COPY_WAIT_MS) }
    }
}

#[derive(Default)]
struct Shared {
    events: Mutex<HashSet<EventId>>,
    let_go: Notify,
}

/// Events that are this holder's to accept, until it is dropped.
#[must_use = "dropping it lets others accept the same events"]
pub(crate) struct Held {
    shared: Arc<Shared>,
    events: Vec<EventId>,
}

/// Another copy is still being accepted. Trying again is safe.
#[derive(Debug, thiserror::Error)]
#[error("another copy of an event is being accepted")]
pub(crate) struct Busy;

impl InHand {
    /// Takes all of these events at once, so that no two holders wait for one another.
    pub(crate) async fn take(&self, events: &[EventId]) -> Result<Held, Busy> {
        let waited = async {
            loop {
                let mut let_go = std::pin::pin!(self.shared.let_go.notified());
                let_go.as_mut().enable(); // before looking: what is let go of after it is heard
                if let Some(held) = self.try_take(events) {
                    return held;
                }
                let_go.await;
            }
        };
        tokio::time::timeout(self.wait, waited).await.map_err(|_| Busy)
    }

    fn try_take(&self, events: &[EventId]) -> Option<Held> {
        let mut taken = self.shared.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.iter().any(|event| taken.contains(event)) {
            return None;
        }
        taken.extend(events.iter().cloned());
        Some(Held { shared: Arc::clone(&self.shared), events: events.to_vec() })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut taken = self.shared.events.lock().unwrap_or_else(PoisonError::into_inner);
        for event in &self.events {
            taken.remove(event);
        }
        drop(taken);
        self.shared.let_go.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_second_copy_waits_until_the_first_is_let_go_of() {
        let (in_hand, [one, two]) = (InHand::default(), [1, 2].map(EventId::of_bits));
        let first = in_hand.take(&[one.clone(), one.clone(), two.clone()]).await.unwrap();
        let wanted = [two.clone()];
        let mut second = std::pin::pin!(in_hand.take(&wanted));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        let second = second.await.unwrap();
        assert!(in_hand.take(&[one]).now_or_never().is_some(), "another event waits for nobody");
        drop(second);
        assert!(in_hand.take(&[two]).now_or_never().is_some());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let in_hand = InHand { wait: Duration::from_millis(1), ..InHand::default() };
        let event = [EventId::of_bits(1)];
        let _first = in_hand.take(&event).await.unwrap();
        assert!(in_hand.take(&event).await.is_err());
    }
}
