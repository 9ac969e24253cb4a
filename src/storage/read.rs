//! How a read is answered: from the cache, from somebody else's request, or by one of its own.

use super::http::response::Reply;
use super::http::transport::Freshness;
use super::{Object, Storage, location_name};
use crate::error::{Error, Result};
use crate::runtime::task;
use crate::snapshot::FileLocation;
use bytes::{Bytes, BytesMut};
use futures::future::try_join_all;
use std::ops::Range;

/// No more than this is fetched for one call: what a browser's 32-bit memory could not hold anyway.
const LARGEST_READ: u64 = 2 << 30;

impl Storage {
    pub(super) async fn whole(&self, location: &FileLocation, freshness: Freshness) -> Result<Object> {
        if let Some(object) = self.cached_whole(location) {
            return Ok(object);
        }
        let reply = self.fetch_in_turn(location, None, freshness).await?;
        Ok(Object { bytes: reply.bytes, last_modified: reply.last_modified })
    }

    /// Fetches `parts`, all at once. From a host that may answer each with the whole object, the first one comes alone: it
    /// may bring the others along.
    pub(super) async fn fetch_all(&self, location: &FileLocation, parts: &[Range<u64>]) -> Result<Vec<Reply>> {
        let Some((first, rest)) = parts.split_first() else { return Ok(Vec::new()) };
        if self.shared.source.honours_ranges(location) || rest.is_empty() {
            return try_join_all(parts.iter().map(|part| self.fetch_part(location, part))).await;
        }
        let first = self.fetch_part(location, first).await?;
        if first.is_whole() {
            return Ok(vec![first]);
        }
        let mut replies = try_join_all(rest.iter().map(|part| self.fetch_part(location, part))).await?;
        replies.insert(0, first);
        Ok(replies)
    }

    async fn fetch_part(&self, location: &FileLocation, part: &Range<u64>) -> Result<Reply> {
        self.fetch_in_turn(location, Some(part), Freshness::Immutable).await
    }

    /// Fetches `part`, or all of the object, unless somebody else has by the time it is this caller's turn.
    async fn fetch_in_turn(
        &self,
        location: &FileLocation,
        part: Option<&Range<u64>>,
        freshness: Freshness,
    ) -> Result<Reply> {
        let (storage, location, part) = (self.clone(), location.clone(), part.cloned());
        let work = async move {
            // Two parts of an object at a host that ignores ranges are the same request.
            let key = part.as_ref().filter(|_| storage.shared.source.honours_ranges(&location));
            let _turn = storage.shared.flights.turn(&location, key).await;
            if let Some(reply) = storage.fetched_meanwhile(&location, part.as_ref()) {
                return Ok(reply);
            }
            let reply = storage.shared.source.fetch(&location, part.as_ref(), freshness, &storage.meters).await?;
            storage.keep(&location, &reply);
            storage.shared.cache.persist(&location, reply.start, &reply.bytes).await;
            Ok(reply)
        };
        task::start(work).await
    }

    fn fetched_meanwhile(&self, location: &FileLocation, part: Option<&Range<u64>>) -> Option<Reply> {
        let Some(part) = part else {
            let object = self.cached_whole(location)?;
            let size = Some(object.bytes.len() as u64);
            return Some(Reply { bytes: object.bytes, start: 0, size, last_modified: object.last_modified });
        };
        let (bytes, size) = (self.cached(location, part)?, self.shared.cache.size(location));
        Some(Reply { bytes, start: part.start, size, last_modified: None })
    }

    pub(super) async fn learn_size(&self, location: &FileLocation, length: u64) -> Result<u64> {
        match self.fetch_part(location, &(0..length)).await?.size {
            Some(size) => Ok(size),
            // The host hides it, and the object is at least that long: all of it has to come.
            None => Ok(self.get(location).await?.bytes.len() as u64),
        }
    }

    fn cached_whole(&self, location: &FileLocation) -> Option<Object> {
        let (bytes, last_modified) = self.shared.cache.get_whole(location)?;
        self.meters.count_cached_bytes(bytes.len());
        Some(Object { bytes, last_modified })
    }

    pub(super) fn cached(&self, location: &FileLocation, range: &Range<u64>) -> Option<Bytes> {
        if range.is_empty() {
            return Some(Bytes::new());
        }
        let bytes = self.shared.cache.get(location, range)?;
        self.meters.count_cached_bytes(bytes.len());
        Some(bytes)
    }

    /// The ranges' bytes, as far as they are in the cache or come back from the store behind it.
    pub(super) async fn held(&self, location: &FileLocation, ranges: &[Range<u64>]) -> Vec<Option<Bytes>> {
        let mut held: Vec<Option<Bytes>> = ranges.iter().map(|range| self.cached(location, range)).collect();
        let missing = ranges.iter().zip(&held).filter(|(_, held)| held.is_none()).map(|(range, _)| range.clone());
        let missing: Vec<Range<u64>> = missing.collect();
        if !missing.is_empty() && self.shared.cache.restore(location, &missing).await {
            for (range, held) in ranges.iter().zip(&mut held).filter(|(_, held)| held.is_none()) {
                *held = self.cached(location, range);
            }
        }
        held
    }

    fn keep(&self, location: &FileLocation, reply: &Reply) {
        self.shared.cache.put(location, reply.start, &reply.bytes, reply.size, reply.last_modified);
    }

    /// Refuses what cannot come before any of it is asked for: lengths are the table's claims.
    pub(super) fn check_size(&self, location: &FileLocation, ranges: &[Range<u64>]) -> Result<()> {
        let end = ranges.iter().map(|range| range.end).max().unwrap_or(0);
        if self.shared.cache.size(location).is_some_and(|size| size < end) {
            return Err(self.too_short(location, ranges, &[]));
        }
        let total =
            ranges.iter().fold(0_u64, |total, range| total.saturating_add(range.end.saturating_sub(range.start)));
        if total > LARGEST_READ {
            let message = format!("{total} bytes of {} at once", location_name(location));
            return Err(Error::MemoryLimit { message });
        }
        Ok(())
    }

    pub(super) fn too_short(&self, location: &FileLocation, ranges: &[Range<u64>], replies: &[Reply]) -> Error {
        let end = ranges.iter().map(|range| range.end).max().unwrap_or(0);
        let size = replies.iter().filter_map(|reply| reply.size).max().or_else(|| self.shared.cache.size(location));
        let size = size.map_or("shorter".to_owned(), |size| format!("{size} bytes long"));
        Error::corrupt(location_name(location), format!("the object is {size}, byte {end} of it was asked for"))
    }
}

/// The bytes of `range` out of replies in the order of their positions.
pub(super) fn cut(range: &Range<u64>, replies: &[Reply]) -> Option<Bytes> {
    if let Some(bytes) = replies.iter().find_map(|reply| reply.slice(range)) {
        return Some(bytes);
    }
    let mut joined = BytesMut::new();
    let mut position = range.start;
    for reply in replies {
        let end = (reply.start + reply.bytes.len() as u64).min(range.end);
        if reply.start <= position && position < end {
            joined.extend_from_slice(&reply.slice(&(position..end))?);
            position = end;
        }
    }
    (position == range.end).then(|| joined.freeze())
}
