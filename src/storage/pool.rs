//! What the tables of one session share: a cache of bytes, and a budget of requests under way.

use super::cache::Cache;
use super::options::StorageOptions;
use crate::snapshot::FileLocation;
use bytes::Bytes;
use object_store::path::Path;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// A cache and a budget of requests. Storages opened with clones of one pool share both; cheap to clone.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    cache: Cache,
    permits: Arc<Semaphore>,
    /// The shelf of each table's data. A key is the table's whole URL with its headers: never shown.
    shelves: Mutex<HashMap<String, u64>>,
    next_shelf: AtomicU64,
}

impl Pool {
    /// A pool of the sizes that `options` name.
    pub fn new(options: &StorageOptions) -> Pool {
        let permits = Arc::new(Semaphore::new(options.concurrency.clamp(1, Semaphore::MAX_PERMITS)));
        let cache = Cache::new(options.cache_bytes);
        let shared = Shared { cache, permits, shelves: Mutex::default(), next_shelf: AtomicU64::new(0) };
        Pool { shared: Arc::new(shared) }
    }

    pub(super) fn permits(&self) -> Arc<Semaphore> {
        self.shared.permits.clone()
    }

    /// The part of the cache for a table that is opened now; `identity` tells tables apart.
    pub(super) fn shelf(&self, identity: Option<String>) -> Shelf {
        let log = self.new_shelf();
        let data = match identity {
            Some(identity) => {
                let mut shelves = self.shared.shelves.lock().unwrap_or_else(PoisonError::into_inner);
                *shelves.entry(identity).or_insert_with(|| self.new_shelf())
            }
            None => log,
        };
        Shelf { pool: self.clone(), data, log }
    }

    fn new_shelf(&self) -> u64 {
        self.shared.next_shelf.fetch_add(1, Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// One table's part of the cache.
///
/// A table that is opened again finds the data files it had: their names are unique. Its log is asked for again, once for
/// each time the table is opened, because a table that was dropped and made anew has commits of the same names.
#[derive(Debug)]
pub(super) struct Shelf {
    pool: Pool,
    data: u64,
    log: u64,
}

impl Shelf {
    /// See [`Cache::get`].
    pub(super) fn get(&self, location: &FileLocation, range: &Range<u64>) -> Option<Bytes> {
        self.cache().get(&self.key(location), range)
    }

    /// See [`Cache::get_whole`].
    pub(super) fn get_whole(&self, location: &FileLocation) -> Option<(Bytes, Option<i64>)> {
        self.cache().get_whole(&self.key(location))
    }

    /// See [`Cache::size`].
    pub(super) fn size(&self, location: &FileLocation) -> Option<u64> {
        self.cache().size(&self.key(location))
    }

    /// See [`Cache::put`].
    pub(super) fn put(&self, location: &FileLocation, start: u64, bytes: &Bytes, size: Option<u64>, time: Option<i64>) {
        self.cache().put(&self.key(location), start, bytes, size, time);
    }

    fn cache(&self) -> &Cache {
        &self.pool.shared.cache
    }

    fn key(&self, location: &FileLocation) -> (u64, FileLocation) {
        let is_log = |path: &Path| path.parts().next().is_some_and(|folder| folder.as_ref() == "_delta_log");
        let shelf = match location {
            FileLocation::Relative(path) if is_log(path) => self.log,
            _ => self.data,
        };
        (shelf, location.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> FileLocation {
        FileLocation::Relative(Path::parse(path).unwrap())
    }

    #[test]
    fn a_table_opened_again_finds_its_data_and_not_its_log() {
        let pool = Pool::new(&StorageOptions::default());
        let identity = || Some("https://host/t".to_owned());
        let (first, again) = (pool.shelf(identity()), pool.shelf(identity()));
        for path in ["a.parquet", "_delta_log/00000000000000000000.json"] {
            first.put(&at(path), 0, &Bytes::from_static(b"abc"), Some(3), None);
        }
        assert!(again.get(&at("a.parquet"), &(0..3)).is_some());
        assert!(first.get_whole(&at("_delta_log/00000000000000000000.json")).is_some());
        assert!(again.get_whole(&at("_delta_log/00000000000000000000.json")).is_none());
        let other = pool.shelf(Some("https://host/u".to_owned()));
        assert!(other.get(&at("a.parquet"), &(0..3)).is_none());
        assert!(pool.shelf(None).get(&at("a.parquet"), &(0..3)).is_none(), "a store without a name of its own");
    }

    #[test]
    fn tables_share_one_bound() {
        let pool = Pool::new(&StorageOptions { cache_bytes: 4, ..StorageOptions::default() });
        let (one, other) = (pool.shelf(None), pool.shelf(None));
        one.put(&at("a"), 0, &Bytes::from_static(b"abc"), None, None);
        other.put(&at("a"), 0, &Bytes::from_static(b"xyz"), None, None);
        assert!(one.get(&at("a"), &(0..3)).is_none(), "gave way");
        assert!(other.get(&at("a"), &(0..3)).is_some());
    }
}
