//! Bytes in: where a table's objects are, and how they are reached.
//!
//! [`Storage`] is what the layers above use. A read goes through it like this:
//!
//! - what of the bytes is in the [`cache`] is answered from there;
//! - the rest is merged into as few requests as pay off ([`coalesce`]), and somebody else's equal request is waited for
//!   ([`flight`]);
//! - a [`source`] fetches: an object store ([`store`]; local folders), or [`http`], which turns names into URLs ([`locate`]),
//!   sends a GET through a [`transport`] (browser `fetch` or reqwest), judges its [`reply`], and asks again where that may
//!   help ([`retry`]);
//! - [`metered`] counts all of it, and [`wake`] tells a browser's driver that something has arrived.
//!
//! Objects never change once written, with one exception (`_last_checkpoint`, see [`Storage::probe_mutable`]): that is what
//! makes caching by name right.

mod cache;
mod coalesce;
mod expiry;
#[cfg(target_arch = "wasm32")]
mod fetch;
mod flight;
mod http;
mod locate;
pub mod metered;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod options;
mod read_only;
mod reply;
mod retry;
mod source;
mod store;
mod transport;
pub mod wake;

use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use bytes::{Bytes, BytesMut};
use cache::Cache;
use coalesce::coalesce;
use flight::Flights;
use futures::future::try_join_all;
use http::HttpStore;
use locate::Locator;
use metered::Meters;
use object_store::ObjectStore;
use object_store::path::Path;
use reply::Reply;
use source::{Source, StoreRoot};
use std::ops::Range;
use std::sync::Arc;
use store::StoreReader;
use tokio::sync::Semaphore;
use transport::{Freshness, Headers, Transport};
use url::Url;

pub use metered::{Meter, Metrics};
pub use options::StorageOptions;
pub use retry::RetryPolicy;

/// No more than this is fetched for one call: what a browser's 32-bit memory could not hold anyway.
const LARGEST_READ: u64 = 2 << 30;

/// Where one table's objects are and how they are reached. Cheap to clone; clones share connections, cache and permits.
#[derive(Clone)]
pub struct Storage {
    shared: Arc<Shared>,
    meters: Meters,
}

#[derive(Debug)]
struct Shared {
    source: Source,
    url: String,
    cache: Cache,
    flights: Flights,
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Storage").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

/// A whole object, as it was answered.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its bytes.
    pub bytes: Bytes,
    /// `Last-Modified`, in milliseconds since the Unix epoch, where the host says.
    pub last_modified: Option<i64>,
}

/// What asking for an object that may not be there came to.
#[derive(Debug, Clone)]
pub enum Probe {
    /// It is there.
    Found(Object),
    /// It is not (404, 410).
    Missing,
    /// 403: not there on a host that denies listing (S3 answers an absent key so), or no permission at all. Which one,
    /// a GET of an object known to exist tells.
    Denied,
}

/// One entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the table's root.
    pub path: Path,
    /// In bytes.
    pub size: u64,
    /// In milliseconds since the Unix epoch, where the host says.
    pub last_modified: Option<i64>,
}

impl Storage {
    /// The storage of the table at `url` (`http`, `https`; natively `file` too). No request is made.
    pub fn open(url: &Url, options: &StorageOptions) -> Result<Storage> {
        match url.scheme() {
            "http" | "https" => Ok(Storage::build(None, Some(url), redact(url), options)),
            #[cfg(not(target_arch = "wasm32"))]
            "file" => {
                let missing =
                    |_| Error::TableNotFound { url: redact(url), reason: "not a path of this machine".into() };
                let root = Path::from_url_path(url.path()).map_err(missing)?;
                let store = Arc::new(object_store::local::LocalFileSystem::new());
                Ok(Storage::build(Some((store, root, true)), None, redact(url), options))
            }
            scheme => {
                let reason = format!("{}: tables are read over http and https", redact(url));
                Err(Error::unsupported(format!("{scheme} locations"), reason))
            }
        }
    }

    /// The storage of a table below `root` in any object store, which is taken to be able to list. `url` is what errors
    /// call it.
    pub fn from_store(store: Arc<dyn ObjectStore>, root: Path, url: impl Into<String>) -> Storage {
        Storage::build(Some((store, root, false)), None, url.into(), &StorageOptions::default())
    }

    fn build(
        store: Option<(Arc<dyn ObjectStore>, Path, bool)>,
        http_root: Option<&Url>,
        url: String,
        options: &StorageOptions,
    ) -> Storage {
        let permits = Arc::new(Semaphore::new(options.concurrency.clamp(1, Semaphore::MAX_PERMITS)));
        let store = store.map(|(store, root, is_local)| StoreRoot {
            reader: StoreReader::new(store, permits.clone()),
            root,
            url: url.clone(),
            is_local,
        });
        let locator = Locator::new(http_root, Headers::from(options.headers.clone()));
        let http = HttpStore::new(transport(options), locator, options.retry.clone(), permits);
        let cache = Cache::new(options.cache_bytes);
        let shared = Shared { source: Source { store, http }, url, cache, flights: Flights::default() };
        Storage { shared: Arc::new(shared), meters: Meters::new() }
    }

    /// The table's root, redacted: what errors and people see.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// What was counted so far through this handle and those made from it: by the meter given to
    /// [`Storage::with_meter`] last.
    pub fn meter(&self) -> &Meter {
        self.meters.own()
    }

    /// The same storage, which counts into `meter` as well as into the meters it counted into before.
    pub fn with_meter(&self, meter: &Meter) -> Storage {
        Storage { shared: self.shared.clone(), meters: self.meters.with(meter) }
    }

    /// The whole of a small immutable object: a commit, a JSON checkpoint. Answered from the cache where it can be.
    pub async fn get(&self, location: &FileLocation) -> Result<Object> {
        self.whole(location, Freshness::Immutable).await
    }

    /// Like [`Storage::get`] for an object that may not be there, and may appear later: a miss is never cached.
    pub async fn probe(&self, location: &FileLocation) -> Result<Probe> {
        // A browser may have kept yesterday's 404.
        probed(self.whole(location, Freshness::Revalidated).await)
    }

    /// Like [`Storage::probe`] for an object that changes (`_last_checkpoint`): always asked again.
    pub async fn probe_mutable(&self, location: &FileLocation) -> Result<Probe> {
        let reply = self.shared.source.fetch(location, None, Freshness::Revalidated, &self.meters).await;
        probed(reply.map(|reply| Object { bytes: reply.bytes, last_modified: reply.last_modified }))
    }

    /// Byte ranges of an immutable object, in the order asked: neighbours are merged, all are fetched concurrently. An
    /// object shorter than a range is [`Error::CorruptTable`].
    pub async fn get_ranges(&self, location: &FileLocation, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let mut found: Vec<Option<Bytes>> = ranges.iter().map(|range| self.cached(location, range)).collect();
        let missing: Vec<Range<u64>> =
            ranges.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(range, _)| range.clone()).collect();
        self.check_size(location, &missing)?;
        let replies = self.fetch_all(location, &coalesce(&missing, coalesce::GAP, coalesce::LONGEST)).await?;
        for (range, bytes) in ranges.iter().zip(&mut found) {
            if bytes.is_none() {
                *bytes = cut(range, &replies);
            }
        }
        let all: Option<Vec<Bytes>> = found.into_iter().collect();
        all.ok_or_else(|| self.too_short(location, ranges, &replies))
    }

    /// Up to the last `length` bytes of an immutable object, and its size. With `size` known (the log has it) this is
    /// one ranged GET; without, one from the object's start learns the size, and a second follows only where the object
    /// is longer than `length`. An object that is not of `size` is [`Error::CorruptTable`].
    pub async fn get_tail(&self, location: &FileLocation, size: Option<u64>, length: u64) -> Result<(Bytes, u64)> {
        let size = match size.or_else(|| self.shared.cache.size(location)) {
            Some(size) => size,
            None => self.learn_size(location, length.max(1)).await?,
        };
        let tail = size.saturating_sub(length)..size;
        let bytes = self.get_ranges(location, std::slice::from_ref(&tail)).await?.pop().unwrap_or_default();
        match self.shared.cache.size(location) {
            Some(actual) if actual != size => {
                Err(Error::corrupt(self.path(location), format!("{actual} bytes long, the log says {size}")))
            }
            _ => Ok((bytes, size)),
        }
    }

    /// Objects right below `folder` (not deeper) whose path sorts after `start_after`, in the order of their paths; `None`
    /// where this host cannot list.
    pub async fn list(&self, folder: &Path, start_after: Option<&Path>) -> Result<Option<Vec<Entry>>> {
        let Some(store) = &self.shared.source.store else { return Ok(None) };
        let name = self.shared.source.name(&FileLocation::Relative(folder.clone()));
        let below = Path::from_iter(store.root.parts().chain(folder.parts()));
        let mut entries = store.reader.list(&store.root, &below, &name, &self.meters).await?;
        entries.retain(|entry| start_after.is_none_or(|start_after| entry.path > *start_after));
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(Some(entries))
    }

    async fn whole(&self, location: &FileLocation, freshness: Freshness) -> Result<Object> {
        let cached = || {
            let (bytes, last_modified) = self.shared.cache.get_whole(location)?;
            self.meters.count_cached_bytes(bytes.len());
            Some(Object { bytes, last_modified })
        };
        if let Some(object) = cached() {
            return Ok(object);
        }
        let _turn = self.shared.flights.turn(location, None).await;
        if let Some(object) = cached() {
            return Ok(object);
        }
        let reply = self.shared.source.fetch(location, None, freshness, &self.meters).await?;
        self.keep(location, &reply);
        Ok(Object { bytes: reply.bytes, last_modified: reply.last_modified })
    }

    /// Fetches `parts`, all at once. From a host that may answer each with the whole object, the first one comes alone: it
    /// may bring the others along.
    async fn fetch_all(&self, location: &FileLocation, parts: &[Range<u64>]) -> Result<Vec<Reply>> {
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
        // Two parts of an object at a host that ignores ranges are the same request.
        let key = self.shared.source.honours_ranges(location).then_some(part);
        let _turn = self.shared.flights.turn(location, key).await;
        if let Some(bytes) = self.cached(location, part) {
            let size = self.shared.cache.size(location);
            return Ok(Reply { bytes, start: part.start, size, last_modified: None });
        }
        let reply = self.shared.source.fetch(location, Some(part), Freshness::Immutable, &self.meters).await?;
        self.keep(location, &reply);
        Ok(reply)
    }

    async fn learn_size(&self, location: &FileLocation, length: u64) -> Result<u64> {
        match self.fetch_part(location, &(0..length)).await?.size {
            Some(size) => Ok(size),
            // The host hides it, and the object is at least that long: all of it has to come.
            None => Ok(self.get(location).await?.bytes.len() as u64),
        }
    }

    fn cached(&self, location: &FileLocation, range: &Range<u64>) -> Option<Bytes> {
        if range.is_empty() {
            return Some(Bytes::new());
        }
        let bytes = self.shared.cache.get(location, range)?;
        self.meters.count_cached_bytes(bytes.len());
        Some(bytes)
    }

    fn keep(&self, location: &FileLocation, reply: &Reply) {
        self.shared.cache.put(location, reply.start, &reply.bytes, reply.size, reply.last_modified);
    }

    /// Refuses what cannot come before any of it is asked for: lengths are the table's claims.
    fn check_size(&self, location: &FileLocation, ranges: &[Range<u64>]) -> Result<()> {
        let end = ranges.iter().map(|range| range.end).max().unwrap_or(0);
        if self.shared.cache.size(location).is_some_and(|size| size < end) {
            return Err(self.too_short(location, ranges, &[]));
        }
        let total =
            ranges.iter().fold(0_u64, |total, range| total.saturating_add(range.end.saturating_sub(range.start)));
        if total > LARGEST_READ {
            let message = format!("{total} bytes of {} at once", self.path(location));
            return Err(Error::MemoryLimit { message });
        }
        Ok(())
    }

    fn too_short(&self, location: &FileLocation, ranges: &[Range<u64>], replies: &[Reply]) -> Error {
        let end = ranges.iter().map(|range| range.end).max().unwrap_or(0);
        let size = replies.iter().filter_map(|reply| reply.size).max().or_else(|| self.shared.cache.size(location));
        let size = size.map_or("shorter".to_owned(), |size| format!("{size} bytes long"));
        Error::corrupt(self.path(location), format!("the object is {size}, byte {end} of it was asked for"))
    }

    fn path(&self, location: &FileLocation) -> String {
        match location {
            FileLocation::Relative(path) => path.to_string(),
            FileLocation::Absolute(url) => redact(url),
        }
    }
}

fn transport(options: &StorageOptions) -> Box<dyn Transport> {
    #[cfg(target_arch = "wasm32")]
    return Box::new(fetch::FetchTransport::new(options.timeout));
    #[cfg(not(target_arch = "wasm32"))]
    return Box::new(native::NativeTransport::new(options.timeout));
}

fn probed(found: Result<Object>) -> Result<Probe> {
    match found {
        Ok(object) => Ok(Probe::Found(object)),
        Err(error) if error.is_missing() => Ok(Probe::Missing),
        Err(Error::PermissionDenied { status: 403, .. }) => Ok(Probe::Denied),
        Err(error) => Err(error),
    }
}

/// The bytes of `range` out of replies in the order of their positions.
fn cut(range: &Range<u64>, replies: &[Reply]) -> Option<Bytes> {
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

/// A URL as errors, logs and people may see it: without user information, query and fragment.
pub fn redact(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// A foreign message with every URL in it cut at its query.
fn redact_text(text: &str) -> String {
    let word = |word: &str| match word.find("://") {
        Some(_) => word.split(['?', '#']).next().unwrap_or_default().to_owned(),
        None => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
