//! A shelf of cached reads: each entry is loaded once at a time, read again when it is old or was
//! changed, and served stale while the store is away, unless it is negative.

use crate::error::Error;
use contract::limits;
use futures_util::FutureExt;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const AGE: Duration = Duration::from_millis(limits::DIRECTORY_AGE_MS);
const UNHEARD_AGE: Duration = Duration::from_millis(limits::DIRECTORY_UNHEARD_AGE_MS);
const PROOF: Duration = Duration::from_millis(limits::DIRECTORY_PROOF_MS);
const PAUSE: Duration = Duration::from_millis(limits::DIRECTORY_PAUSE_MS);

/// Whether changes are heard of, which decides how old an entry may get. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hearing(Arc<Mutex<Heard>>);

enum Heard {
    /// All changes are made in this process.
    Always,
    /// The connection on which they are announced gave a sign of life then, if ever.
    Last(Option<Instant>),
}

impl Hearing {
    /// Of a store that only this process changes.
    pub(crate) fn always() -> Self {
        Self(Arc::new(Mutex::new(Heard::Always)))
    }

    /// Of a store whose announcements arrive over a connection that must prove itself.
    pub(crate) fn unproven() -> Self {
        Self(Arc::new(Mutex::new(Heard::Last(None))))
    }

    /// The connection gave a sign of life: what was announced before it has been heard.
    pub(crate) fn proven(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Heard::Last(Some(now));
    }

    /// The age at which entries are read again.
    fn age(&self, now: Instant) -> Duration {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Heard::Always => AGE,
            Heard::Last(Some(last)) if now.duration_since(*last) < PROOF => AGE,
            Heard::Last(_) => UNHEARD_AGE,
        }
    }
}

/// Cached reads of one kind, at most [`limits::DIRECTORY_ENTRIES`] of them.
pub(crate) struct Shelf<K, V> {
    hearing: Hearing,
    /// Whether a value makes its reader do nothing. Such a value is never served when it may be old: what is
    /// skipped for it would be lost.
    negative: fn(&V) -> bool,
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
    pub(crate) fn new(hearing: &Hearing, negative: fn(&V) -> bool) -> Self {
        let hearing = hearing.clone();
        Self { hearing, negative, slots: moka::future::Cache::new(limits::DIRECTORY_ENTRIES), epoch: AtomicU64::new(0) }
    }

    /// The cached value, or what `load` reads. While the store is away: the last value known if it is not
    /// negative, else the error; it is asked again only after a pause.
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
                held.despite(error, self.negative)
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
            if unchanged && now.at.duration_since(read.at) < self.hearing.age(now.at) {
                return Some(Ok(value.clone()));
            }
        }
        match &held.failure {
            Some((error, at)) if now.at.duration_since(*at) < PAUSE => Some(held.despite(error.clone(), self.negative)),
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
    fn despite(&self, error: Error, negative: fn(&V) -> bool) -> Result<V, Error> {
        match &self.value {
            Some((value, _)) if error.is_unavailable() && !negative(value) => Ok(value.clone()),
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn shelf() -> Shelf<u8, usize> {
        Shelf::new(&Hearing::always(), |_| false)
    }

    async fn read(shelf: &Shelf<u8, usize>, now: Instant, loads: &AtomicUsize) -> usize {
        shelf.get(&1, now, || async { Ok(loads.fetch_add(1, Ordering::SeqCst)) }).await.expect("loads")
    }

    async fn fail(shelf: &Shelf<u8, usize>, now: Instant) -> Result<usize, Error> {
        shelf.get(&1, now, || async { Err(Error::gone()) }).await
    }

    #[tokio::test]
    async fn an_entry_is_read_again_when_it_is_old_or_changed() {
        let (shelf, loads, now) = (shelf(), AtomicUsize::new(0), Instant::now());
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
        let (shelf, loads, now) = (shelf(), AtomicUsize::new(0), Instant::now());
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
        let (shelf, loads, now) = (shelf(), AtomicUsize::new(5), Instant::now());
        let before = shelf.get(&1, now, || async {
            shelf.changed(&1);
            Ok(0)
        });
        assert_eq!(before.await.expect("loads"), 0);
        assert_eq!(read(&shelf, now, &loads).await, 5);
    }

    #[tokio::test]
    async fn an_old_value_is_served_while_the_store_is_away_and_read_again_after_the_pause() {
        let (shelf, loads, start) = (shelf(), AtomicUsize::new(0), Instant::now());
        assert!(fail(&shelf, start).await.expect_err("nothing known").is_unavailable());
        let known = start + PAUSE;
        assert_eq!(read(&shelf, known, &loads).await, 0);
        let later = known + AGE * 10;
        assert_eq!(fail(&shelf, later).await.expect("stale"), 0);
        assert_eq!(read(&shelf, later, &loads).await, 0, "not asked during the pause");
        assert_eq!(read(&shelf, later + PAUSE, &loads).await, 1);
    }

    #[tokio::test]
    async fn a_negative_value_is_not_served_while_the_store_is_away() {
        let (shelf, loads, start) = (Shelf::new(&Hearing::always(), |n| *n == 0), AtomicUsize::new(0), Instant::now());
        assert_eq!(read(&shelf, start, &loads).await, 0);
        assert_eq!(fail(&shelf, start).await.expect("not old"), 0);
        assert!(fail(&shelf, start + AGE).await.expect_err("old").is_unavailable());
        assert!(fail(&shelf, start + AGE).await.expect_err("old, during the pause").is_unavailable());
        assert_eq!(read(&shelf, start + AGE + PAUSE, &loads).await, 1);
        assert_eq!(fail(&shelf, start + AGE * 3).await.expect("positive, so stale"), 1);
    }

    #[tokio::test]
    async fn without_a_sign_of_life_entries_are_read_again_soon() {
        let (hearing, loads, start) = (Hearing::unproven(), AtomicUsize::new(0), Instant::now());
        let shelf = Shelf::new(&hearing, |_| false);
        assert_eq!(read(&shelf, start, &loads).await, 0);
        assert_eq!(read(&shelf, start + UNHEARD_AGE, &loads).await, 1);
        let proven = start + UNHEARD_AGE;
        hearing.proven(proven);
        assert_eq!(read(&shelf, proven + PROOF / 2 + UNHEARD_AGE, &loads).await, 1);
        assert_eq!(read(&shelf, proven + PROOF, &loads).await, 2);
        assert_eq!(fail(&shelf, proven + PROOF * 2).await.expect("stale"), 2);
    }
}
