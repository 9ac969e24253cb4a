//! Parsed footers, kept for the next query.

use crate::snapshot::FileLocation;
use parquet::file::metadata::ParquetMetaData;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the footers of a session may take up, parsed.
const CAPACITY_BYTES: usize = 48 << 20;

/// How much of a file's end is fetched while no footer of its table is known.
const FIRST_GUESS: u64 = 64 << 10;

/// Parsed footers of data files, shared by the scans of a session. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct FooterCache {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    footers: HashMap<Key, Arc<ParquetMetaData>>,
    /// The oldest first.
    order: VecDeque<Key>,
    bytes: usize,
    /// The longest footer of each table.
    lengths: HashMap<u128, u64>,
}

/// A file, and its size: a file that was replaced in spite of the specification gets a footer of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// The storage's id.
    pub(crate) table: u128,
    pub(crate) location: FileLocation,
    pub(crate) size: u64,
}

impl FooterCache {
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<ParquetMetaData>> {
        self.lock().footers.get(key).cloned()
    }

    /// Keeps a footer that is `length` bytes long in its file. The oldest ones go where there are too many.
    pub(crate) fn put(&self, key: Key, metadata: Arc<ParquetMetaData>, length: u64) {
        let mut state = self.lock();
        let longest = state.lengths.entry(key.table).or_default();
        *longest = length.max(*longest);
        state.bytes += metadata.memory_size();
        if let Some(old) = state.footers.insert(key.clone(), metadata) {
            state.bytes = state.bytes.saturating_sub(old.memory_size());
        } else {
            state.order.push_back(key);
        }
        while state.bytes > CAPACITY_BYTES
            && let Some(oldest) = state.order.pop_front()
        {
            if let Some(old) = state.footers.remove(&oldest) {
                state.bytes = state.bytes.saturating_sub(old.memory_size());
            }
        }
    }

    /// How much of a file's end to fetch, to have its footer at once: a bit more than the table's longest so far.
    pub(crate) fn guess(&self, table: u128) -> u64 {
        match self.lock().lengths.get(&table) {
            Some(longest) => (longest + longest / 4).next_multiple_of(4 << 10),
            None => FIRST_GUESS,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
