//! What the tables of one session share: a cache of bytes, and a budget of requests under way.

use super::log_cache::Run;
use super::memory::{Cache, Part};
use super::persistent::{ByteStore, ObjectId, PersistentCache, object_id};
use crate::snapshot::FileLocation;
use crate::storage::connections::Connections;
use crate::storage::location_name;
use bytes::Bytes;
use futures::future::join_all;
use object_store::path::Path;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::runtime::Handle;

/// What a table's log is kept by: no path is like it.
const KEPT_LOG: &str = "//log";

/// A cache and a budget of requests. Storages opened with clones of one pool share both; cheap to clone.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    cache: Cache,
    persistent: Option<PersistentCache>,
    connections: Arc<Connections>,
    /// The shelf of each table's data. A key is the table's whole URL with its headers: never shown.
    shelves: Mutex<HashMap<String, u64>>,
    next_shelf: AtomicU64,
}

impl Pool {
    /// A pool of so many requests under way at once and bytes in memory, and of a store for so many bytes that outlives it.
    pub fn new(concurrency: usize, cache_bytes: usize, store: Option<(Arc<dyn ByteStore>, u64)>) -> Pool {
        let connections = Connections::new(concurrency);
        let cache = Cache::new(cache_bytes);
        let persistent = store.map(|(store, bytes)| PersistentCache::new(store, bytes));
        let shared =
            Shared { cache, persistent, connections, shelves: Mutex::default(), next_shelf: AtomicU64::new(0) };
        Pool { shared: Arc::new(shared) }
    }

    pub(in crate::storage) fn connections(&self) -> Arc<Connections> {
        self.shared.connections.clone()
    }

    /// Forgets all bytes, also those in the store that outlives the page.
    pub async fn clear(&self) {
        self.shared.cache.clear();
        if let Some(persistent) = &self.shared.persistent {
            persistent.clear().await;
        }
    }

    /// The part of the cache for a table that is opened now; `identity` tells tables apart, and `is_public` says that no
    /// secret is needed to read it.
    pub(in crate::storage) fn shelf(&self, identity: Option<String>, is_public: bool) -> TableCache {
        let url = identity.clone().filter(|_| is_public);
        let log = self.new_shelf();
        let data = match identity {
            Some(identity) => {
                let mut shelves = self.shared.shelves.lock().unwrap_or_else(PoisonError::into_inner);
                *shelves.entry(identity).or_insert_with(|| self.new_shelf())
            }
            None => log,
        };
        TableCache { pool: self.clone(), data, log, metadata: OnceLock::new(), url, kept: AtomicUsize::new(0) }
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
pub(in crate::storage) struct TableCache {
    pool: Pool,
    data: u64,
    log: u64,
    /// The folder of the log, or whatever else tells of the table: names in it are used again where a table is made anew.
    metadata: OnceLock<Path>,
    /// What the table is known by in the store that outlives the page; `None`: nothing of it goes there.
    url: Option<String>,
    /// How much of the log is in that store: its bytes and runs, added up.
    kept: AtomicUsize,
}

impl TableCache {
    /// Says in which folder names are used again where a table is made anew.
    pub(in crate::storage) fn set_metadata_folder(&self, folder: Path) {
        // A table has one; said again, it is the same.
        let _ = self.metadata.set(folder);
    }

    fn is_metadata(&self, path: &Path) -> bool {
        self.metadata.get().is_some_and(|folder| path.prefix_matches(folder))
    }

    /// See [`Cache::get`].
    pub(in crate::storage) fn get(&self, location: &FileLocation, range: &Range<u64>) -> Option<Bytes> {
        self.cache().get(&self.key(location), range)
    }

    /// See [`Cache::parts`].
    pub(in crate::storage) fn parts(&self, location: &FileLocation, range: &Range<u64>) -> Vec<Part> {
        self.cache().parts(&self.key(location), range)
    }

    /// See [`Cache::holds`].
    pub(in crate::storage) fn holds(&self, location: &FileLocation, range: &Range<u64>) -> bool {
        self.cache().holds(&self.key(location), range)
    }

    /// See [`Cache::get_whole`].
    pub(in crate::storage) fn get_whole(&self, location: &FileLocation) -> Option<(Bytes, Option<i64>)> {
        self.cache().get_whole(&self.key(location))
    }

    /// See [`Cache::size`].
    pub(in crate::storage) fn size(&self, location: &FileLocation) -> Option<u64> {
        self.cache().size(&self.key(location))
    }

    /// See [`Cache::put`].
    pub(in crate::storage) fn put(
        &self,
        location: &FileLocation,
        start: u64,
        bytes: &Bytes,
        size: Option<u64>,
        time: Option<i64>,
    ) {
        self.cache().put(&self.key(location), start, bytes, size, time);
    }

    /// Brings back what the store that outlives the page has of `ranges`: those that it has whole. False: nothing.
    pub(in crate::storage) async fn restore(&self, location: &FileLocation, ranges: &[Range<u64>]) -> bool {
        let Some((persistent, object)) = self.persistent(location) else { return false };
        let runs = join_all(ranges.iter().map(|range| persistent.read(object, range))).await;
        let runs: Vec<_> = runs.into_iter().flatten().flatten().collect();
        for (start, bytes) in &runs {
            self.put(location, *start, bytes, None, None);
        }
        !runs.is_empty()
    }

    /// Hands bytes to the store that outlives the page. Nobody waits for it, where there is a runtime.
    pub(in crate::storage) async fn persist(&self, location: &FileLocation, start: u64, bytes: &Bytes) {
        let Some((_, object)) = self.persistent(location) else { return };
        let (pool, bytes) = (self.pool.clone(), bytes.clone());
        unawaited(async move {
            if let Some(persistent) = &pool.shared.persistent
                && let Some(_turn) = persistent.turn(&bytes).await
            {
                persistent.write(object, start, bytes).await;
            }
        })
        .await;
    }

    /// Whether anything is here of the log.
    pub(in crate::storage) fn has_log(&self) -> bool {
        self.cache().has_shelf(self.log)
    }

    /// All that is here of the log, if it can be kept.
    pub(in crate::storage) fn log(&self) -> Option<Vec<Run>> {
        self.persisted_to().map(|_| self.cache().shelf(self.log))
    }

    /// Notes that so much of the log is in the store that outlives the page. True: that is news.
    pub(in crate::storage) fn note_kept(&self, runs: usize, bytes: usize) -> bool {
        let sum = runs.saturating_add(bytes);
        self.kept.swap(sum, Ordering::Relaxed) != sum
    }

    /// The log as [`TableCache::persist_log`] left it.
    pub(in crate::storage) async fn persisted_log(&self) -> Option<Bytes> {
        let (persistent, object) = self.persisted_to()?;
        persistent.whole(object).await
    }

    /// Hands the log to the store that outlives the page, in the place of what is there. Nobody waits for it, either.
    pub(in crate::storage) async fn persist_log(&self, log: Bytes) {
        let Some((_, object)) = self.persisted_to() else { return };
        let pool = self.pool.clone();
        unawaited(async move {
            if let Some(persistent) = &pool.shared.persistent
                && let Some(_turn) = persistent.turn(&log).await
            {
                persistent.replace(object, log).await;
            }
        })
        .await;
    }

    fn persisted_to(&self) -> Option<(&PersistentCache, ObjectId)> {
        self.kept_as(KEPT_LOG)
    }

    fn persistent(&self, location: &FileLocation) -> Option<(&PersistentCache, ObjectId)> {
        // A URL of its own may be signed.
        let is_data = matches!(location, FileLocation::Relative(path) if !self.is_metadata(path));
        is_data.then(|| self.kept_as(&location_name(location)))?
    }

    /// The store that outlives the page, and what it knows `name` of this table by.
    fn kept_as(&self, name: &str) -> Option<(&PersistentCache, ObjectId)> {
        let (persistent, url) = (self.pool.shared.persistent.as_ref()?, self.url.as_ref()?);
        Some((persistent, object_id(url, name)))
    }

    fn cache(&self) -> &Cache {
        &self.pool.shared.cache
    }

    fn key(&self, location: &FileLocation) -> (u64, FileLocation) {
        let shelf = match location {
            FileLocation::Relative(path) if self.is_metadata(path) => self.log,
            _ => self.data,
        };
        (shelf, location.clone())
    }
}

/// Runs `work` beside the caller, where there is a runtime.
async fn unawaited(work: impl Future<Output = ()> + Send + 'static) {
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(work)),
        Err(_) => work.await,
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
        let pool = Pool::new(6, 1 << 20, None);
        let identity = || Some("https://host/t".to_owned());
        let (first, again) = (pool.shelf(identity(), true), pool.shelf(identity(), true));
        for shelf in [&first, &again] {
            shelf.set_metadata_folder(Path::from("_delta_log"));
        }
        for path in ["a.parquet", "_delta_log/00000000000000000000.json"] {
            first.put(&at(path), 0, &Bytes::from_static(b"abc"), Some(3), None);
        }
        assert!(again.get(&at("a.parquet"), &(0..3)).is_some());
        assert!(first.get_whole(&at("_delta_log/00000000000000000000.json")).is_some());
        assert!(again.get_whole(&at("_delta_log/00000000000000000000.json")).is_none());
        let other = pool.shelf(Some("https://host/u".to_owned()), true);
        assert!(other.get(&at("a.parquet"), &(0..3)).is_none());
        assert!(pool.shelf(None, true).get(&at("a.parquet"), &(0..3)).is_none(), "a store without a name of its own");
    }

    #[test]
    fn tables_share_one_bound() {
        let pool = Pool::new(6, 4, None);
        let (one, other) = (pool.shelf(None, true), pool.shelf(None, true));
        one.put(&at("a"), 0, &Bytes::from_static(b"abc"), None, None);
        other.put(&at("a"), 0, &Bytes::from_static(b"xyz"), None, None);
        assert!(one.get(&at("a"), &(0..3)).is_none(), "gave way");
        assert!(other.get(&at("a"), &(0..3)).is_some());
    }
}
