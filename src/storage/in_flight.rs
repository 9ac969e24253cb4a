//! One fetch for those who want the same bytes at the same time.
//!
//! Whoever comes second waits until the first has finished, and then looks into the cache. Should the first have failed, or
//! been dropped, the next one fetches itself: nobody waits for a task that is gone.

use crate::snapshot::FileLocation;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// An object and what of it is fetched (`None`: all of it).
type Key = (FileLocation, Option<Range<u64>>);

type Turns = HashMap<Key, Arc<tokio::sync::Mutex<()>>>;

/// The fetches under way.
#[derive(Debug, Default)]
pub(super) struct Flights {
    turns: Mutex<Turns>,
}

/// The right to fetch; dropped when that is done.
pub(super) struct Turn<'a> {
    flights: &'a Flights,
    key: Key,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Flights {
    /// Resolves when nobody else fetches the same.
    pub(super) async fn turn(&self, location: &FileLocation, range: Option<&Range<u64>>) -> Turn<'_> {
        let key = (location.clone(), range.cloned());
        let mutex = self.turns.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default().clone();
        let mut turn = Turn { flights: self, key, guard: None };
        turn.guard = Some(mutex.lock_owned().await);
        turn
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut turns = self.flights.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Counted under the lock that hands out clones: one left is the map's own.
        if turns.get(&self.key).is_some_and(|mutex| Arc::strong_count(mutex) == 1) {
            turns.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use object_store::path::Path;

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_nothing_stays_behind() {
        let flights = Flights::default();
        let location = FileLocation::Relative(Path::parse("a").unwrap());
        let first = flights.turn(&location, None).await;
        assert!(flights.turn(&location, None).now_or_never().is_none());
        assert!(flights.turn(&location, Some(&(0..1))).now_or_never().is_some(), "another range");
        drop(first);
        assert!(flights.turn(&location, None).now_or_never().is_some());
        assert!(flights.turns.lock().unwrap().is_empty());
    }
}
