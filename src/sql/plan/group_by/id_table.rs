//! Dense ids for keys of a fixed width, by a hash table whose loops are as short as they can be.
#![allow(
    clippy::cast_possible_truncation,
    reason = "hashes are cut to slots; ids have 32 bits, and a table's keys fit into memory"
)]

use arrow::buffer::NullBuffer;
use datafusion::common::resources_err;
use datafusion::error::Result;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use web_time::{SystemTime, UNIX_EPOCH};

/// Rows at a time: so many new keys the table has room for, and so many slots stay near while they are looked up.
const CHUNK: usize = 1024;

/// Gives each key that it has not seen the next number.
///
/// A slot holds an id + 1, or 0; at most half of the slots are taken. A key belongs into the slot that its hash's upper bits say, or
/// the next free one.
pub struct IdTable<K> {
    slots: Vec<u32>,
    /// What leaves of a hash as many bits as number the slots.
    shift: u32,
    /// By id. That of null is there, and in no slot.
    keys: Vec<K>,
    null: Option<u32>,
    seeds: Seeds,
}

/// What keys are mixed with. Not to be known by who writes a table: keys chosen to meet in one slot would take quadratic time.
type Seeds = [u64; 2];

fn seeds() -> Seeds {
    static SEEDS: OnceLock<Seeds> = OnceLock::new();
    *SEEDS.get_or_init(|| {
        // In a browser the first is always the same: there the clock is what nobody knows.
        let random = RandomState::new();
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        [0, 1].map(|seed| random.hash_one((clock, seed)))
    })
}

/// What an [`IdTable`] tells apart.
pub trait Key: Copy + Default + PartialEq {
    /// A hash, good in its upper bits.
    fn hash(self, seeds: &Seeds) -> u64;
}

impl Key for u64 {
    fn hash(self, seeds: &Seeds) -> u64 {
        mix(self, seeds)
    }
}

impl Key for u128 {
    fn hash(self, seeds: &Seeds) -> u64 {
        mix(mix(self as u64, seeds) ^ (self >> 64) as u64, seeds)
    }
}

/// All bits depend on all of them, so that no regularity of keys shows: the finalizer "moremur" of Pelle Evensen, with seeds.
fn mix(key: u64, [first, second]: &Seeds) -> u64 {
    let key = key ^ first;
    let key = (key ^ (key >> 27)).wrapping_mul(0x3c79_ac49_2ba7_b653);
    let key = (key ^ (key >> 33) ^ second).wrapping_mul(0x1c69_b3f7_4ac4_ae35);
    key ^ (key >> 27)
}

/// A hash of bytes, for one process.
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    let seeds = seeds();
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let step =
        |hash: u64, word: &[u8; 8]| (u128::from(hash) << 64 | u128::from(u64::from_le_bytes(*word))).hash(&seeds);
    step(words.iter().fold(bytes.len() as u64, step), &last)
}

impl<K: Key> IdTable<K> {
    /// A table without keys.
    pub fn new() -> IdTable<K> {
        IdTable { slots: Vec::new(), shift: 0, keys: Vec::new(), null: None, seeds: seeds() }
    }

    /// How many ids there are, null's among them.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The keys by id. In null's place is any.
    pub fn keys(&self) -> &[K] {
        &self.keys
    }

    /// The keys, without the means to find them.
    pub fn into_keys(self) -> Vec<K> {
        self.keys
    }

    /// Null's id.
    pub fn null(&self) -> Option<u32> {
        self.null
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.slots.capacity() * size_of::<u32>() + self.keys.capacity() * size_of::<K>()
    }

    /// The id of each of `keys`, into as many `ids`.
    pub fn intern(&mut self, keys: &[K], ids: &mut [u32]) -> Result<()> {
        for (keys, ids) in keys.chunks(CHUNK).zip(ids.chunks_mut(CHUNK)) {
            self.reserve(keys.len())?;
            // The slot first, then in its place the id: the second loop loads from memory and does nothing else.
            self.hash(keys, ids);
            self.probe(keys, ids);
        }
        Ok(())
    }

    /// The same where `nulls` says which keys are none.
    pub fn intern_valid(&mut self, keys: &[K], nulls: Option<&NullBuffer>, ids: &mut [u32]) -> Result<()> {
        let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return self.intern(keys, ids) };
        let mut done = 0;
        for (start, end) in nulls.valid_slices() {
            self.intern_nulls(ids.get_mut(done..start).unwrap_or_default());
            let keys = keys.get(start..end).unwrap_or_default();
            self.intern(keys, ids.get_mut(start..end).unwrap_or_default())?;
            done = end;
        }
        self.intern_nulls(ids.get_mut(done..).unwrap_or_default());
        Ok(())
    }

    fn intern_nulls(&mut self, ids: &mut [u32]) {
        if ids.is_empty() {
            return;
        }
        let next = self.keys.len() as u32;
        let id = *self.null.get_or_insert(next);
        if id == next {
            self.keys.push(K::default());
        }
        ids.fill(id);
    }

    fn hash(&self, keys: &[K], slots: &mut [u32]) {
        let (seeds, shift) = (self.seeds, self.shift);
        for (key, slot) in keys.iter().zip(slots) {
            *slot = key.hash(&seeds).wrapping_shr(shift) as u32;
        }
    }

    fn probe(&mut self, keys: &[K], ids: &mut [u32]) {
        for (key, id) in keys.iter().zip(ids) {
            let mut at = *id as usize;
            *id = loop {
                match self.slots.get_mut(at) {
                    Some(slot) if *slot == 0 => {
                        let id = self.keys.len() as u32;
                        self.keys.push(*key);
                        *slot = id + 1;
                        break id;
                    }
                    Some(slot) => {
                        let id = *slot - 1;
                        if self.keys.get(id as usize) == Some(key) {
                            break id;
                        }
                        at += 1;
                    }
                    None => at = 0,
                }
            };
        }
    }

    /// Room for so many more keys, and a null.
    fn reserve(&mut self, more: usize) -> Result<()> {
        let most = self.keys.len() + more + 1;
        if most * 2 <= self.slots.len() {
            return Ok(());
        }
        let size = (most * 2).next_power_of_two();
        if u32::try_from(size).is_err() {
            return resources_err!("a grouping tells up to 2147483648 values apart");
        }
        self.slots = Vec::new();
        self.slots.resize(size, 0);
        self.shift = (size as u64).leading_zeros() + 1;
        for (id, key) in self.keys.iter().enumerate() {
            if self.null == Some(id as u32) {
                continue;
            }
            let mut at = key.hash(&self.seeds).wrapping_shr(self.shift) as usize;
            loop {
                match self.slots.get_mut(at) {
                    Some(slot) if *slot == 0 => {
                        *slot = id as u32 + 1;
                        break;
                    }
                    Some(_) => at += 1,
                    None => at = 0,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids<K: Key>(table: &mut IdTable<K>, keys: &[K]) -> Vec<u32> {
        let mut ids = vec![u32::MAX; keys.len()];
        table.intern(keys, &mut ids).unwrap();
        ids
    }

    #[test]
    fn keys_are_numbered_as_they_come() {
        let mut table = IdTable::new();
        assert_eq!(ids(&mut table, &[7, 0, u64::MAX, 7, 0]), [0, 1, 2, 0, 1]);
        assert_eq!(ids(&mut table, &[]), [0; 0]);
        assert_eq!(ids(&mut table, &[5, u64::MAX]), [3, 2]);
        assert_eq!(table.keys(), [7, 0, u64::MAX, 5]);
    }

    #[test]
    fn null_is_no_key_and_survives_growth() {
        let mut table = IdTable::new();
        let mut found = [9; 6];
        let nulls = NullBuffer::from(vec![false, true, false, true, true, false]);
        table.intern_valid(&[1, 0, 2, 5, 0, 3], Some(&nulls), &mut found).unwrap();
        assert_eq!((found, table.null()), ([0, 1, 0, 2, 1, 0], Some(0)));
        let many: Vec<u64> = (0..100_000).collect();
        assert_eq!(ids(&mut table, &many)[..7], [1, 3, 4, 5, 6, 2, 7]);
        let mut found = [9; 2];
        table.intern_valid(&[0, 0], Some(&NullBuffer::from(vec![true, false])), &mut found).unwrap();
        assert_eq!((found, table.len()), ([1, 0], 100_001));
        table.intern_valid(&[4, 4], Some(&NullBuffer::new_null(2)), &mut found).unwrap();
        assert_eq!(found, [0, 0]);
    }

    #[test]
    fn millions_of_keys_are_found_again() {
        let mut table = IdTable::new();
        let keys: Vec<u64> = (0..3_000_000).map(|key| key * 0x1_0001).collect();
        let expected: Vec<u32> = (0..3_000_000).collect();
        assert!(ids(&mut table, &keys) == expected && ids(&mut table, &keys) == expected);
        assert!(table.size() < 3_000_000 * 8 * 2 + (8 << 20) * 4);
    }

    /// How many slots are looked at to find a key, on average.
    fn steps<K: Key>(keys: &[K]) -> f64 {
        let mut table = IdTable::new();
        ids(&mut table, keys);
        assert_eq!(table.len(), keys.len());
        let (size, mut steps) = (table.slots.len(), 0);
        let mut at = vec![0; keys.len()];
        for (slot, id) in table.slots.iter().enumerate().filter(|(_, id)| **id > 0) {
            at[*id as usize - 1] = slot;
        }
        for (key, at) in keys.iter().zip(at) {
            let wanted = key.hash(&table.seeds).wrapping_shr(table.shift) as usize;
            steps += 1 + (at + size - wanted) % size;
        }
        steps as f64 / keys.len() as f64
    }

    #[test]
    fn regular_keys_are_spread() {
        for shift in 0..50 {
            let found = steps(&(0..10_000_u64).map(|key| key << shift).collect::<Vec<_>>());
            assert!(found < 1.5, "{found} steps: multiples of 2^{shift}");
            let found = steps(&(0..10_000_u128).map(|key| key << shift | key << (64 + shift % 13)).collect::<Vec<_>>());
            assert!(found < 1.5, "{found} steps: 128 bits, {shift}");
        }
        // Pairs of ids, of both kinds of columns.
        let pairs: Vec<u64> = (0..100).flat_map(|a| (0..100).map(move |b| a << 32 | b)).collect();
        assert!(steps(&pairs) < 1.5);
        // ByteKeys that differ in their 4th and in their 12th byte, which are the upper ones of both halves.
        let texts: Vec<u128> = (0..64).flat_map(|a| (0..64).map(move |b| 12 | a << 56 | b << 120)).collect();
        assert!(steps(&texts) < 1.5);
    }

    #[test]
    fn bytes_are_hashed_to_the_last() {
        let mut hashes: Vec<u64> = (0..40).map(|len| hash_bytes(&vec![0; len])).collect();
        for at in 0..40 {
            let mut bytes = [0; 40];
            bytes[at] = 1;
            hashes.push(hash_bytes(&bytes));
        }
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 80);
    }
}
