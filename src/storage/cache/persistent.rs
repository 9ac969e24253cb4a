//! The second tier of the cache: byte ranges of immutable objects in a store that outlives the page.
//!
//! A store is taken for what browsers give: it may be forbidden, emptied, full or damaged at any time. All of that is a miss.
//! What is in it is told by its entries' names alone, so that there is no list which could be wrong; each names the object, where
//! its bytes begin, how many they are, and their CRC-32, which is checked before they are used. What was written first goes
//! first: to note each use would be a write for each read.
//!
//! Only tables that are read without credentials are kept: bytes that took a secret to read do not belong on a disk. A data file's
//! ranges are entries of their own. A table's log is one entry, which is replaced as a whole and compared with the host before it is
//! used ([`super::log_cache`]), because a table that is dropped and created again has commits of the same names.

use super::write_queue::{Turn, WriteQueue};
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::join_all;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Debug;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// Entries by name. `None` and `false` say that it did not work out, for whatever reason.
#[async_trait]
pub trait ByteStore: Debug + Send + Sync {
    /// The names of all entries, those written first first.
    async fn names(&self) -> Option<Vec<String>>;
    /// The bytes of an entry.
    async fn read(&self, name: &str) -> Option<Bytes>;
    /// Writes an entry.
    async fn write(&self, name: &str, bytes: Bytes) -> bool;
    /// Removes an entry, if it is there.
    async fn remove(&self, name: &str);
    /// Removes all entries.
    async fn clear(&self);
    /// Resolves when a write disturbs nobody.
    async fn idle(&self) {}
}

/// Identifies an object: the first 128 bits of a SHA-256 of the table's URL and of the object's name in it. Entries outlive this
/// build, so the hash may not depend on the toolchain.
pub(in crate::storage) type ObjectId = u128;

/// The id of `object` in the table at the URL `table`.
pub(in crate::storage) fn object_id(table: &str, object: &str) -> ObjectId {
    let mut hash = Sha256::new();
    hash.update((table.len() as u64).to_le_bytes());
    hash.update(table);
    hash.update(object);
    hash.finalize().iter().take(16).fold(0, |id, byte| id << 8 | u128::from(*byte))
}

/// A bounded cache in a [`ByteStore`].
#[derive(Debug)]
pub(in crate::storage) struct PersistentCache {
    store: Arc<dyn ByteStore>,
    capacity: u64,
    index: OnceCell<Mutex<Index>>,
    write_queue: WriteQueue,
}

#[derive(Debug, Default)]
struct Index {
    objects: HashMap<ObjectId, BTreeMap<u64, Entry>>,
    /// The oldest first.
    order: VecDeque<(ObjectId, Entry)>,
    bytes: u64,
}

/// A run of an object's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    start: u64,
    length: u64,
    crc: u32,
}

impl Entry {
    fn end(&self) -> u64 {
        self.start + self.length
    }

    fn name(&self, object: ObjectId) -> String {
        format!("{object:032x}-{:x}-{:x}-{:08x}", self.start, self.length, self.crc)
    }

    fn parse(name: &str) -> Option<(ObjectId, Entry)> {
        let mut parts = name.split('-');
        let object = ObjectId::from_str_radix(parts.next()?, 16).ok()?;
        let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
        let (start, length, crc) = (number()?, number()?, number()?);
        start.checked_add(length)?;
        let entry = Entry { start, length, crc: u32::try_from(crc).ok()? };
        (entry.name(object) == name).then_some((object, entry))
    }
}

impl PersistentCache {
    pub(in crate::storage) fn new(store: Arc<dyn ByteStore>, capacity: u64) -> PersistentCache {
        PersistentCache { store, capacity, index: OnceCell::new(), write_queue: WriteQueue::default() }
    }

    /// Runs of an object's bytes that cover `range` together, with where each begins; `None` if some of it is not here.
    pub(in crate::storage) async fn read(&self, object: ObjectId, range: &Range<u64>) -> Option<Vec<(u64, Bytes)>> {
        let entries = lock(self.index().await).covering(object, range)?;
        let read = join_all(entries.iter().map(|entry| async move { self.read_entry(object, entry).await })).await;
        let bytes: Option<Vec<Bytes>> = read.into_iter().collect();
        Some(entries.iter().map(|entry| entry.start).zip(bytes?).collect())
    }

    async fn read_entry(&self, object: ObjectId, entry: &Entry) -> Option<Bytes> {
        let name = entry.name(object);
        let bytes = self.store.read(&name).await;
        let intact = bytes.filter(|bytes| bytes.len() as u64 == entry.length && crc32fast::hash(bytes) == entry.crc);
        if intact.is_none() {
            lock(self.index().await).forget(object, entry);
            self.store.remove(&name).await;
        }
        intact
    }

    /// Waits for the time to keep so many bytes; `None`: not these.
    pub(in crate::storage) async fn turn(&self, bytes: &Bytes) -> Option<Turn<'_>> {
        self.write_queue.turn(bytes.len() as u64, self.store.idle()).await
    }

    /// Keeps `bytes`, which begin at `start`, unless they are here or too many. The oldest ones give way.
    pub(in crate::storage) async fn write(&self, object: ObjectId, start: u64, bytes: Bytes) {
        let length = bytes.len() as u64;
        if length == 0 || length > self.capacity / 4 || start.checked_add(length).is_none() {
            return;
        }
        let entry = Entry { start, length, crc: crc32fast::hash(&bytes) };
        let removed = {
            let mut index = lock(self.index().await);
            if index.covering(object, &(start..entry.end())).is_some() {
                return;
            }
            index.add(object, entry);
            index.shrink(self.capacity)
        };
        for (object, entry) in removed {
            self.store.remove(&entry.name(object)).await;
        }
        if !self.store.write(&entry.name(object), bytes).await {
            lock(self.index().await).forget(object, &entry);
        }
    }

    /// Keeps `bytes` in the place of all that is kept of the object.
    pub(in crate::storage) async fn replace(&self, object: ObjectId, bytes: Bytes) {
        let removed = {
            let mut index = lock(self.index().await);
            let entries: Vec<Entry> =
                index.objects.get(&object).into_iter().flatten().map(|(_, entry)| *entry).collect();
            entries.iter().for_each(|entry| index.forget(object, entry));
            entries
        };
        for entry in removed {
            self.store.remove(&entry.name(object)).await;
        }
        self.write(object, 0, bytes).await;
    }

    /// All that is kept of an object, from its first byte on.
    pub(in crate::storage) async fn whole(&self, object: ObjectId) -> Option<Bytes> {
        let entry = lock(self.index().await).objects.get(&object)?.get(&0).copied()?;
        self.read_entry(object, &entry).await
    }

    /// Forgets everything, and what waits for its turn.
    pub(in crate::storage) async fn clear(&self) {
        self.write_queue.forget();
        *lock(self.index().await) = Index::default();
        self.store.clear().await;
    }

    async fn index(&self) -> &Mutex<Index> {
        self.index
            .get_or_init(|| async {
                let mut index = Index::default();
                for name in self.store.names().await.unwrap_or_default() {
                    match Entry::parse(&name) {
                        Some((object, entry)) => index.add(object, entry),
                        // Of an older version: it would never be read, nor counted.
                        None => self.store.remove(&name).await,
                    }
                }
                Mutex::new(index)
            })
            .await
    }
}

fn lock(index: &Mutex<Index>) -> MutexGuard<'_, Index> {
    index.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Index {
    fn add(&mut self, object: ObjectId, entry: Entry) {
        if let Some(old) = self.objects.entry(object).or_default().insert(entry.start, entry) {
            self.bytes = self.bytes.saturating_sub(old.length);
            self.order.retain(|other| *other != (object, old));
        }
        self.bytes = self.bytes.saturating_add(entry.length);
        self.order.push_back((object, entry));
    }

    fn forget(&mut self, object: ObjectId, entry: &Entry) {
        let Some(entries) = self.objects.get_mut(&object) else { return };
        if entries.get(&entry.start) != Some(entry) {
            return;
        }
        entries.remove(&entry.start);
        if entries.is_empty() {
            self.objects.remove(&object);
        }
        self.bytes = self.bytes.saturating_sub(entry.length);
        self.order.retain(|other| *other != (object, *entry));
    }

    /// Takes the oldest entries out until what is left fits; those taken out.
    fn shrink(&mut self, capacity: u64) -> Vec<(ObjectId, Entry)> {
        let mut removed = Vec::new();
        while self.bytes > capacity
            && let Some((object, entry)) = self.order.front().copied()
        {
            self.forget(object, &entry);
            removed.push((object, entry));
        }
        removed
    }

    /// Entries that have all of `range` between them, in the order of their positions.
    fn covering(&self, object: ObjectId, range: &Range<u64>) -> Option<Vec<Entry>> {
        let entries = self.objects.get(&object)?;
        let mut position = range.start;
        let mut covering = Vec::new();
        while position < range.end {
            // Of those that begin before it, the one that reaches furthest: entries may overlap, and rarely do.
            let reaching = entries.range(..=position).rev().take(8).map(|(_, entry)| entry);
            let entry = reaching.max_by_key(|entry| entry.end()).filter(|entry| entry.end() > position)?;
            covering.push(*entry);
            position = entry.end();
        }
        Some(covering)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    /// A store in memory, which can be damaged.
    #[derive(Debug, Default)]
    struct Memory {
        entries: Mutex<Vec<(String, Bytes)>>,
        is_full: std::sync::atomic::AtomicBool,
    }

    #[async_trait]
    impl ByteStore for Memory {
        async fn names(&self) -> Option<Vec<String>> {
            Some(self.entries.lock().unwrap().iter().map(|(name, _)| name.clone()).collect())
        }
        async fn read(&self, name: &str) -> Option<Bytes> {
            self.entries.lock().unwrap().iter().find(|(other, _)| other == name).map(|(_, bytes)| bytes.clone())
        }
        async fn write(&self, name: &str, bytes: Bytes) -> bool {
            let is_full = self.is_full.load(std::sync::atomic::Ordering::Relaxed);
            if !is_full {
                self.entries.lock().unwrap().push((name.into(), bytes));
            }
            !is_full
        }
        async fn remove(&self, name: &str) {
            self.entries.lock().unwrap().retain(|(other, _)| other != name);
        }
        async fn clear(&self) {
            self.entries.lock().unwrap().clear();
        }
    }

    fn read(cache: &PersistentCache, object: ObjectId, range: Range<u64>) -> Option<Vec<(u64, Vec<u8>)>> {
        let runs = block_on(cache.read(object, &range))?;
        Some(runs.into_iter().map(|(start, bytes)| (start, bytes.to_vec())).collect())
    }

    #[test]
    fn a_second_visit_finds_what_the_first_one_kept() {
        let store = Arc::new(Memory::default());
        let first = PersistentCache::new(store.clone(), 1000);
        block_on(first.write(7, 10, Bytes::from_static(b"abcde")));
        block_on(first.write(7, 15, Bytes::from_static(b"fgh")));
        let second = PersistentCache::new(store, 1000);
        assert_eq!(read(&second, 7, 11..14).unwrap(), [(10, b"abcde".to_vec())]);
        assert_eq!(read(&second, 7, 12..18).unwrap(), [(10, b"abcde".to_vec()), (15, b"fgh".to_vec())]);
        assert_eq!(read(&second, 7, 12..19), None);
        assert_eq!(read(&second, 8, 11..14), None);
    }

    #[test]
    fn an_object_has_the_same_id_in_every_build() {
        let id = object_id("https://host/lake/t", "part-0.parquet");
        assert_eq!(id, 0x2043_0ab7_ceec_59d9_e0e8_1f21_23da_16fd);
        let entry = Entry { start: 255, length: 16, crc: 1 };
        assert_eq!(entry.name(id), "20430ab7ceec59d9e0e81f2123da16fd-ff-10-00000001");
        assert_eq!(Entry::parse(&entry.name(1)), Some((1, entry)));
        assert_ne!(object_id("https://host/lake", "t"), object_id("https://host/lak", "et"));
    }

    #[test]
    fn entries_of_an_older_layout_are_removed() {
        let store = Arc::new(Memory::default());
        block_on(store.write("00000000000000aa-0-3-352441c2", Bytes::from_static(b"abc")));
        let cache = PersistentCache::new(store.clone(), 1000);
        assert_eq!(read(&cache, 0xaa, 0..3), None);
        assert!(store.entries.lock().unwrap().is_empty());
    }

    #[test]
    fn what_was_written_first_gives_way() {
        let store = Arc::new(Memory::default());
        let cache = PersistentCache::new(store.clone(), 20);
        for object in 0..6 {
            block_on(cache.write(object, 0, Bytes::from_static(b"12345")));
        }
        assert_eq!(
            (0..6).map(|object| read(&cache, object, 0..5).is_some()).collect::<Vec<_>>(),
            [false, false, true, true, true, true]
        );
        assert_eq!(store.entries.lock().unwrap().len(), 4);
        block_on(cache.write(9, 0, Bytes::from_static(b"more than a quarter of it")));
        assert!(read(&cache, 9, 0..5).is_none());
        block_on(cache.replace(5, Bytes::from_static(b"123")));
        block_on(cache.replace(5, Bytes::from_static(b"12")));
        assert_eq!(block_on(cache.whole(5)), Some(Bytes::from_static(b"12")));
        assert_eq!((block_on(cache.whole(7)), store.entries.lock().unwrap().len()), (None, 4));
        block_on(cache.clear());
        assert!(read(&cache, 5, 0..5).is_none() && store.entries.lock().unwrap().is_empty());
    }

    #[test]
    fn damage_loss_and_a_full_store_are_misses() {
        let store = Arc::new(Memory::default());
        let cache = PersistentCache::new(store.clone(), 1000);
        block_on(cache.write(1, 0, Bytes::from_static(b"abc")));
        block_on(cache.write(2, 0, Bytes::from_static(b"abc")));
        store.entries.lock().unwrap()[0].1 = Bytes::from_static(b"abd");
        store.entries.lock().unwrap().remove(1);
        assert!(read(&cache, 1, 0..3).is_none() && read(&cache, 2, 0..3).is_none());
        assert!(store.entries.lock().unwrap().is_empty(), "the damaged one is gone");
        store.is_full.store(true, std::sync::atomic::Ordering::Relaxed);
        block_on(cache.write(1, 0, Bytes::from_static(b"abc")));
        assert!(read(&cache, 1, 0..3).is_none());
        store.entries.lock().unwrap().push(("not ours".into(), Bytes::new()));
        assert!(read(&PersistentCache::new(store, 1000), 1, 0..3).is_none());
    }
}
