//! A shelf of cached reads: each entry is loaded once at a time, read again when it is old or was
//! changed, and served stale while the store is away.

use crate::error::Error;
use contract::limits;
use futures_util::FutureExt;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const AGE: Duration = Duration::from_millis(limits::DIRECTORY_AGE_MS);
const PAUSE: Duration = Duration::from_millis(limits::DIRECTORY_PAUSE_MS);

/// Cached reads of one kind, at most [`limits::DIRECTORY_ENTRIES`] of them.
pub(crate) struct Shelf<K, V> {
    slots: moka::future::Cache<K, Arc<Slot<V>>>,
    /// Grows when everything may have changed.
    epoch: AtomicU64,
}

struct Slot<V> {
    held: Mutex<Held<V>>,
    /// Grows when this entry may have changed.
    generation: AtomicU64,
    /// Held by whoever loads.
    loading: tokio::sync::Mutex<()>,
}

struct Held<V> {
    value: Option<(V, Read)>,
    failure: Option<(Error, Instant)>,
}

/// When a value was read, and what was known to have changed before the reading began: a change that is
/// announced while it goes on makes the value old at once.
#[derive(Clone, Copy)]
struct Read {
    at: Instant,
    epoch: u64,
    generation: u64,
}

impl<K, V> Shelf<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        Self { slots: moka::future::Cache::new(limits::DIRECTORY_ENTRIES), epoch: AtomicU64::new(0) }
    }

    /// The cached value, or what `load` reads. While the store is away: the last value known, else the
    /// error; it is asked again only after a pause.
    pub(crate) async fn get<F>(&self, key: &K, now: Instant, load: impl FnOnce() -> F + Send) -> Result<V, Error>
    where
        F: Future<Output = Result<V, Error>> + Send,
    {
        let slot = self.slots.get_with_by_ref(key, async { Arc::new(Slot::empty()) }).await;
        if let Some(answer) = self.held(&slot, now) {
            return answer;
        }
        let _only_one = slot.loading.lock().await;
        if let Some(answer) = self.held(&slot, now) {
            return answer;
        }
        let read = self.read_begins(&slot, now);
        let loaded = load().await;
        let mut held = slot.held.lock().unwrap_or_else(PoisonError::into_inner);
        match loaded {
            Ok(value) => {
                *held = Held { value: Some((value.clone(), read)), failure: None };
                Ok(value)
            }
            Err(error) => {
                held.failure = Some((error.clone(), now));
                held.despite(error)
            }
        }
    }

    /// The entry is read again before it is served again.
    pub(crate) fn changed(&self, key: &K) {
        // moka's `get` is ready at once but for its own bookkeeping; should it not be, everything counts as
        // changed. An entry that is not there needs no note.
        match self.slots.get(key).now_or_never() {
            Some(Some(slot)) => drop(slot.generation.fetch_add(1, Ordering::SeqCst)),
            Some(None) => {}
            None => self.all_changed(),
        }
    }

    /// Every entry is read again before it is served again.
    pub(crate) fn all_changed(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    fn held(&self, slot: &Slot<V>, now: Instant) -> Option<Result<V, Error>> {
        let held = slot.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.read_begins(slot, now);
        if let Some((value, read)) = &held.value {
            let unchanged = read.epoch == now.epoch && read.generation == now.generation;
            if unchanged && now.at.duration_since(read.at) < AGE {
                return Some(Ok(value.clone()));
            }
        }
        match &held.failure {
            Some((error, at)) if now.at.duration_since(*at) < PAUSE => Some(held.despite(error.clone())),
            _ => None,
        }
    }

    fn read_begins(&self, slot: &Slot<V>, at: Instant) -> Read {
        Read { at, epoch: self.epoch.load(Ordering::SeqCst), generation: slot.generation.load(Ordering::SeqCst) }
    }
}

impl<V> Slot<V> {
    fn empty() -> Self {
        Self {
            held: Mutex::new(Held { value: None, failure: None }),
            generation: AtomicU64::new(0),
            loading: tokio::sync::Mutex::new(()),
        }
    }
}

impl<V: Clone> Held<V> {
    /// What is served although the reading failed.
    fn despite(&self, error: Error) -> Result<V, Error> {
        match &self.value {
            Some((value, _)) if error.is_unavailable() => Ok(value.clone()),
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    async fn read(shelf: &Shelf<u8, usize>, now: Instant, loads: &AtomicUsize) -> usize {
        shelf.get(&1, now, || async { Ok(loads.fetch_add(1, Ordering::SeqCst)) }).await.expect("loads")
    }

    async fn fail(shelf: &Shelf<u8, usize>, now: Instant) -> Result<usize, Error> {
        shelf.get(&1, now, || async { Err(Error::gone()) }).await
    }

    #[tokio::test]
    async fn an_entry_is_read_again_when_it_is_old_or_changed() {
        let (shelf, loads, now) = (Shelf::new(), AtomicUsize::new(0), Instant::now());
        assert_eq!(read(&shelf, now, &loads).await, 0);
        assert_eq!(read(&shelf, now, &loads).await, 0);
        shelf.changed(&1);
        assert_eq!(read(&shelf, now, &loads).await, 1);
        shelf.changed(&2);
        assert_eq!(read(&shelf, now, &loads).await, 1);
        shelf.all_changed();
        assert_eq!(read(&shelf, now, &loads).await, 2);
        assert_eq!(read(&shelf, now + AGE, &loads).await, 3);
    }

    #[tokio::test]
    async fn many_readers_load_once() {
        let (shelf, loads, now) = (Shelf::new(), AtomicUsize::new(0), Instant::now());
        let slow = || {
            shelf.get(&1, now, || async {
                tokio::task::yield_now().await;
                Ok(loads.fetch_add(1, Ordering::SeqCst))
            })
        };
        let all = futures_util::future::join_all((0..50).map(|_| slow())).await;
        assert!(all.into_iter().all(|value| value.expect("loads") == 0));
    }

    #[tokio::test]
    async fn a_change_during_the_reading_makes_the_value_old() {
        let (shelf, loads, now) = (Shelf::new(), AtomicUsize::new(5), Instant::now());
        let before = shelf.get(&1, now, || async {
            shelf.changed(&1);
            Ok(0)
        });
        assert_eq!(before.await.expect("loads"), 0);
        assert_eq!(read(&shelf, now, &loads).await, 5);
    }

    #[tokio::test]
    async fn an_old_value_is_served_while_the_store_is_away_and_read_again_after_the_pause() {
        let (shelf, loads, start) = (Shelf::new(), AtomicUsize::new(0), Instant::now());
        assert!(fail(&shelf, start).await.expect_err("nothing known").is_unavailable());
        let known = start + PAUSE;
        assert_eq!(read(&shelf, known, &loads).await, 0);
        let later = known + AGE * 10;
        assert_eq!(fail(&shelf, later).await.expect("stale"), 0);
        assert_eq!(read(&shelf, later, &loads).await, 0, "not asked during the pause");
        assert_eq!(read(&shelf, later + PAUSE, &loads).await, 1);
    }
}
