//! How a read is answered: from the cache, by requests in flight, and by requests of its own for the rest.

use super::byte_ranges::{common, runs, subtract};
use super::connections::Urgency;
use super::http::response::Reply;
use super::http::transport::Freshness;
use super::in_flight::Awaited;
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
        loop {
            if let Some(object) = self.cached_whole(location) {
                return Ok(object);
            }
            match self.shared.in_flight.whole(self, location, freshness) {
                Ok(request) => {
                    let reply = request.reply.await?;
                    if !request.is_own {
                        self.meters.count_cached_bytes(reply.bytes.len());
                    }
                    return Ok(Object { bytes: reply.bytes, last_modified: reply.last_modified });
                }
                // Its error is its callers'.
                Err(part) => drop(part.await),
            }
        }
    }

    /// Replies that have all bytes of `ranges`, as far as the object has them, in the order of their positions.
    pub(super) async fn fetch_missing(&self, location: &FileLocation, ranges: &[Range<u64>]) -> Result<Vec<Reply>> {
        let mut replies = Vec::new();
        loop {
            let rest = subtract(ranges, &spans(&replies));
            replies.extend(self.cached_parts(location, &rest));
            // Nothing is behind the object's end: its caller is told by what does not come.
            let size = replies.iter().filter_map(|reply| reply.size).max().unwrap_or(u64::MAX);
            let behind = size..u64::MAX;
            let rest = subtract(&subtract(&rest, &spans(&replies)), std::slice::from_ref(&behind));
            if rest.is_empty() {
                break;
            }
            let wish = self.shared.in_flight.wish(self, location, rest.clone());
            if !wish.is_planned() {
                task::next_turn().await;
            }
            let (requests, is_complete) = wish.requests();
            let is_own = requests.iter().any(|request| request.is_own);
            replies.extend(try_join_all(requests.into_iter().map(|request| self.awaited(request, &rest))).await?);
            // From a host that may answer with the whole object, one request comes at a time.
            let is_fruitless = is_own && subtract(&rest, &spans(&replies)) == rest;
            if is_complete || is_fruitless {
                break;
            }
        }
        replies.sort_by_key(|reply| reply.start);
        Ok(replies)
    }

    async fn awaited(&self, request: Awaited, wanted: &[Range<u64>]) -> Result<Reply> {
        let reply = request.reply.await?;
        if !request.is_own {
            let came = common(wanted, &reply.span());
            self.meters.count_cached_bytes(usize::try_from(came).unwrap_or(usize::MAX));
        }
        Ok(reply)
    }

    /// The parts of `ranges` that are in the cache. A range is not cut for a part that comes in less than a round trip.
    fn cached_parts(&self, location: &FileLocation, ranges: &[Range<u64>]) -> Vec<Reply> {
        let (size, worth) = (self.shared.cache.size(location), self.shared.source.gap(location));
        let mut replies = Vec::new();
        for range in ranges {
            let parts = self.shared.cache.parts(location, range);
            let spans: Vec<Range<u64>> =
                parts.iter().map(|(start, bytes)| *start..*start + bytes.len() as u64).collect();
            let runs = runs(&spans);
            for (start, bytes) in parts {
                let run = runs.iter().find(|run| run.contains(&start));
                if run.is_some_and(|run| run == range || run.end - run.start >= worth) {
                    self.meters.count_cached_bytes(bytes.len());
                    replies.push(Reply { bytes, start, size, last_modified: None });
                }
            }
        }
        replies
    }

    /// Sends a request, retried, and keeps what it brings.
    pub(super) async fn fetch_and_keep(
        &self,
        location: &FileLocation,
        range: Option<&Range<u64>>,
        freshness: Freshness,
        urgency: &Urgency,
    ) -> Result<Reply> {
        let meters = self.meters.for_request(urgency);
        let reply = self.shared.source.fetch(location, range, freshness, &meters).await?;
        self.shared.cache.put(location, reply.start, &reply.bytes, reply.size, reply.last_modified);
        self.shared.cache.persist(location, reply.start, &reply.bytes).await;
        Ok(reply)
    }

    pub(super) async fn learn_size(&self, location: &FileLocation, length: u64) -> Result<u64> {
        let replies = self.fetch_missing(location, std::slice::from_ref(&(0..length))).await?;
        match replies.iter().filter_map(|reply| reply.size).max().or_else(|| self.shared.cache.size(location)) {
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

fn spans(replies: &[Reply]) -> Vec<Range<u64>> {
    replies.iter().map(Reply::span).collect()
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
