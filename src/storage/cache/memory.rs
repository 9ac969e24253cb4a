//! Byte ranges of immutable objects, kept in memory up to a bound. What was used longest ago goes first.

use super::log_cache::Run;
use crate::snapshot::FileLocation;
use bytes::{Bytes, BytesMut};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An object, and the shelf it stands on: what a [`super::shared::TableCache`] keeps tables apart by.
pub(in crate::storage) type Key = (u64, FileLocation);

/// Bytes of an object, and the position of the first one.
pub(in crate::storage) type Part = (u64, Bytes);

/// Shared by all storages of a pool. An object that is not there is never in it.
#[derive(Debug)]
pub(in crate::storage) struct Cache {
    capacity: usize,
    contents: Mutex<Contents>,
}

#[derive(Debug, Default)]
struct Contents {
    objects: HashMap<Key, CachedObject>,
    /// From the tick of a segment's last use to where it is.
    order: BTreeMap<u64, (Key, u64)>,
    tick: u64,
    bytes: usize,
}

#[derive(Debug, Default)]
struct CachedObject {
    /// By the position of their first byte. None lies inside another.
    segments: BTreeMap<u64, Segment>,
    size: Option<u64>,
    last_modified: Option<i64>,
}

#[derive(Debug)]
struct Segment {
    bytes: Bytes,
    tick: u64,
}

impl Segment {
    fn end(&self, start: u64) -> u64 {
        start + self.bytes.len() as u64
    }
}

impl Cache {
    pub(in crate::storage) fn new(capacity: usize) -> Cache {
        Cache { capacity, contents: Mutex::default() }
    }

    /// The bytes of `range`, if all of them are here, in one segment or in several.
    pub(in crate::storage) fn get(&self, key: &Key, range: &Range<u64>) -> Option<Bytes> {
        self.lock().get(key, range)
    }

    /// The parts of `range` that are here, in the order of their positions. They do not overlap.
    pub(super) fn parts(&self, key: &Key, range: &Range<u64>) -> Vec<Part> {
        self.lock().parts(key, range)
    }

    /// Whether `range` is here. That it was asked does not keep it here longer.
    pub(in crate::storage) fn holds(&self, key: &Key, range: &Range<u64>) -> bool {
        let contents = self.lock();
        let Some(object) = contents.objects.get(key) else { return false };
        let mut place = range.start;
        while place < range.end {
            match object.segments.range(..=place).next_back() {
                Some((start, segment)) if segment.end(*start) > place => place = segment.end(*start),
                _ => return false,
            }
        }
        true
    }

    /// All bytes of an object and its `last_modified`, if its size is known and every byte is here.
    pub(in crate::storage) fn get_whole(&self, key: &Key) -> Option<(Bytes, Option<i64>)> {
        let mut contents = self.lock();
        let object = contents.objects.get(key)?;
        let (size, last_modified) = (object.size?, object.last_modified);
        Some((contents.get(key, &(0..size))?, last_modified))
    }

    /// The size of an object some bytes of which are here, where a reply told it.
    pub(in crate::storage) fn size(&self, key: &Key) -> Option<u64> {
        self.lock().objects.get(key)?.size
    }

    /// Keeps `bytes`, which begin at `start`. What is larger than the whole cache is not kept.
    pub(in crate::storage) fn put(
        &self,
        key: &Key,
        start: u64,
        bytes: &Bytes,
        size: Option<u64>,
        last_modified: Option<i64>,
    ) {
        if bytes.len() > self.capacity {
            return;
        }
        let mut contents = self.lock();
        contents.put(key, start, bytes);
        if let Some(object) = contents.objects.get_mut(key) {
            object.size = size.or(object.size);
            object.last_modified = last_modified.or(object.last_modified);
        }
        contents.shrink(self.capacity);
    }

    /// Whether anything is on a shelf.
    pub(in crate::storage) fn has_shelf(&self, shelf: u64) -> bool {
        self.lock().objects.keys().any(|(of, _)| *of == shelf)
    }

    /// All that is here of the objects of a shelf.
    pub(in crate::storage) fn shelf(&self, shelf: u64) -> Vec<Run> {
        let contents = self.lock();
        let objects = contents.objects.iter().filter(|((of, _), _)| *of == shelf);
        let runs = objects.flat_map(|((_, location), object)| {
            object.segments.iter().map(|(start, segment)| Run {
                location: location.clone(),
                start: *start,
                bytes: segment.bytes.clone(),
                size: object.size,
                last_modified: object.last_modified,
            })
        });
        runs.collect()
    }

    /// Forgets everything.
    pub(in crate::storage) fn clear(&self) {
        *self.lock() = Contents::default();
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn get(&mut self, key: &Key, range: &Range<u64>) -> Option<Bytes> {
        let object = self.objects.get(key)?;
        let (first, segment) = object.segments.range(..=range.start).next_back()?;
        if segment.end(*first) >= range.end {
            let bytes = slice(segment, *first, range)?;
            let first = *first;
            self.touch(key, first);
            return Some(bytes);
        }
        let (bytes, used) = assemble(object, range)?;
        for start in used {
            self.touch(key, start);
        }
        Some(bytes)
    }

    fn parts(&mut self, key: &Key, range: &Range<u64>) -> Vec<Part> {
        let Some(object) = self.objects.get(key) else { return Vec::new() };
        let before = object.segments.range(..=range.start).next_back().map_or(range.start, |(start, _)| *start);
        let (mut parts, mut used) = (Vec::new(), Vec::new());
        let mut position = range.start;
        for (start, segment) in object.segments.range(before..range.end.max(before)) {
            let part = position.max(*start)..segment.end(*start).min(range.end);
            if part.start < part.end
                && let Some(bytes) = slice(segment, *start, &part)
            {
                position = part.end;
                parts.push((part.start, bytes));
                used.push(*start);
            }
        }
        for start in used {
            self.touch(key, start);
        }
        parts
    }

    fn touch(&mut self, key: &Key, start: u64) {
        self.tick += 1;
        let tick = self.tick;
        let Some(segment) = self.objects.get_mut(key).and_then(|object| object.segments.get_mut(&start)) else {
            return;
        };
        if let Some(place) = self.order.remove(&segment.tick) {
            self.order.insert(tick, place);
            segment.tick = tick;
        }
    }

    fn put(&mut self, key: &Key, start: u64, bytes: &Bytes) {
        self.tick += 1;
        let end = start + bytes.len() as u64;
        let object = self.objects.entry(key.clone()).or_default();
        let before = object.segments.range(..=start).next_back();
        if before.is_some_and(|(first, segment)| segment.end(*first) >= end) {
            return;
        }
        let inside: Vec<u64> = object
            .segments
            .range(start..=end)
            .filter(|(first, segment)| segment.end(**first) <= end)
            .map(|(first, _)| *first)
            .collect();
        for first in inside {
            if let Some(segment) = object.segments.remove(&first) {
                self.bytes -= segment.bytes.len();
                self.order.remove(&segment.tick);
            }
        }
        self.bytes += bytes.len();
        self.order.insert(self.tick, (key.clone(), start));
        object.segments.insert(start, Segment { bytes: bytes.clone(), tick: self.tick });
    }

    fn shrink(&mut self, capacity: usize) {
        while self.bytes > capacity {
            let Some((_, (key, start))) = self.order.pop_first() else { return };
            let Some(object) = self.objects.get_mut(&key) else { continue };
            if let Some(segment) = object.segments.remove(&start) {
                self.bytes -= segment.bytes.len();
            }
            if object.segments.is_empty() {
                self.objects.remove(&key);
            }
        }
    }
}

fn slice(segment: &Segment, first: u64, range: &Range<u64>) -> Option<Bytes> {
    let start = usize::try_from(range.start.checked_sub(first)?).ok()?;
    let end = usize::try_from(range.end.checked_sub(first)?).ok()?;
    (start <= end && end <= segment.bytes.len()).then(|| segment.bytes.slice(start..end))
}

/// The bytes of `range` out of segments that touch or overlap, and which those are.
fn assemble(object: &CachedObject, range: &Range<u64>) -> Option<(Bytes, Vec<u64>)> {
    let (first, _) = object.segments.range(..=range.start).next_back()?;
    let mut assembled = BytesMut::new();
    let mut used = Vec::new();
    let mut position = range.start;
    for (start, segment) in object.segments.range(*first..range.end) {
        let end = segment.end(*start).min(range.end);
        if *start > position {
            return None;
        }
        if end > position {
            assembled.extend_from_slice(&slice(segment, *start, &(position..end))?);
            used.push(*start);
            position = end;
        }
    }
    (position == range.end).then(|| (assembled.freeze(), used))
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::path::Path;

    fn at(name: &str) -> Key {
        (0, FileLocation::Relative(Path::parse(name).unwrap()))
    }

    fn put(cache: &Cache, name: &str, start: u64, bytes: &'static [u8]) {
        cache.put(&at(name), start, &Bytes::from_static(bytes), None, None);
    }

    fn get(cache: &Cache, name: &str, range: Range<u64>) -> Option<String> {
        cache.get(&at(name), &range).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn what_is_held_may_lie_in_several_segments() {
        let cache = Cache::new(100);
        let held = |range: Range<u64>| cache.holds(&at("a"), &range);
        assert!(!held(0..1));
        cache.put(&at("a"), 0, &Bytes::from_static(b"0123"), None, None);
        cache.put(&at("a"), 4, &Bytes::from_static(b"45"), None, None);
        cache.put(&at("a"), 8, &Bytes::from_static(b"89"), None, None);
        assert!(held(0..4) && held(1..6) && held(4..5) && held(9..10) && held(5..5));
        assert!(!held(5..7) && !held(5..9) && !held(7..8) && !held(9..11));
    }

    #[test]
    fn a_range_is_found_inside_a_segment_only() {
        let cache = Cache::new(100);
        put(&cache, "a", 10, b"klmnop");
        assert_eq!(get(&cache, "a", 10..16).as_deref(), Some("klmnop"));
        assert_eq!(get(&cache, "a", 12..14).as_deref(), Some("mn"));
        assert_eq!(get(&cache, "a", 9..12), None);
        assert_eq!(get(&cache, "a", 12..17), None);
        assert_eq!(get(&cache, "b", 10..12), None);
    }

    #[test]
    fn a_range_is_put_together_from_neighbours() {
        let cache = Cache::new(100);
        put(&cache, "a", 0, b"abcd");
        put(&cache, "a", 4, b"efgh");
        put(&cache, "a", 6, b"ghij");
        put(&cache, "a", 12, b"mn");
        assert_eq!(get(&cache, "a", 2..9).as_deref(), Some("cdefghi"));
        assert_eq!(get(&cache, "a", 0..10).as_deref(), Some("abcdefghij"));
        assert_eq!(get(&cache, "a", 8..13), None, "a gap");
    }

    #[test]
    fn parts_of_a_range_are_found_and_do_not_overlap() {
        let cache = Cache::new(100);
        put(&cache, "a", 0, b"abcd");
        put(&cache, "a", 3, b"defg");
        put(&cache, "a", 10, b"klm");
        let parts = |range: Range<u64>| -> Vec<(u64, String)> {
            let text = |(start, bytes): Part| (start, String::from_utf8(bytes.to_vec()).unwrap());
            cache.parts(&at("a"), &range).into_iter().map(text).collect()
        };
        assert_eq!(parts(2..12), [(2, "cd".into()), (4, "efg".into()), (10, "kl".into())]);
        assert_eq!(parts(5..6), [(5, "f".into())]);
        assert_eq!(parts(7..10), []);
        assert_eq!(parts(13..20), []);
        assert_eq!(cache.parts(&at("b"), &(0..9)), []);
    }

    #[test]
    fn a_segment_inside_another_is_not_kept_twice() {
        let cache = Cache::new(100);
        put(&cache, "a", 2, b"cd");
        put(&cache, "a", 5, b"f");
        put(&cache, "a", 0, b"abcdefgh");
        put(&cache, "a", 3, b"de");
        put(&cache, "a", 0, b"abc");
        assert_eq!(cache.lock().bytes, 8);
        assert_eq!(cache.lock().order.len(), 1);
        assert_eq!(get(&cache, "a", 0..8).as_deref(), Some("abcdefgh"));
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let cache = Cache::new(6);
        put(&cache, "a", 0, b"aa");
        put(&cache, "b", 0, b"bb");
        put(&cache, "c", 0, b"cc");
        assert!(get(&cache, "a", 0..2).is_some());
        put(&cache, "d", 0, b"dd");
        assert_eq!(get(&cache, "b", 0..2), None);
        assert!(get(&cache, "a", 0..2).is_some() && get(&cache, "c", 0..2).is_some());
        put(&cache, "e", 0, b"eeeeeee");
        assert_eq!(get(&cache, "e", 0..2), None, "larger than the cache");
        put(&cache, "f", 0, b"ffffff");
        let contents = cache.lock();
        assert_eq!((contents.bytes, contents.objects.len(), contents.order.len()), (6, 1, 1));
    }

    #[test]
    fn an_object_is_whole_when_its_size_is_known_and_every_byte_is_there() {
        let cache = Cache::new(100);
        cache.put(&at("a"), 0, &Bytes::from_static(b"abc"), None, None);
        assert_eq!(cache.get_whole(&at("a")), None);
        cache.put(&at("a"), 3, &Bytes::from_static(b"de"), Some(5), Some(7));
        assert_eq!(cache.get_whole(&at("a")), Some((Bytes::from_static(b"abcde"), Some(7))));
        cache.put(&at("empty"), 0, &Bytes::new(), Some(0), None);
        assert_eq!(cache.get_whole(&at("empty")), Some((Bytes::new(), None)));
    }
}
