//! Bytes in: where a table's objects are, and how they are reached.
//!
//! [`Storage`] is what the layers above use. A read goes through it like this:
//!
//! - what of the bytes is in the [`cache`] is answered from there, which tables share ([`cache::shared`]), or from a persistent one
//!   that an earlier visit filled ([`cache::persistent`]);
//! - bytes that are on their way are waited for ([`in_flight`]), and the rest is merged into as few requests as pay off
//!   ([`request_plan`], [`coalesce`], by what the host's [`http::network_estimate`] makes of a gap), each a
//!   [`task`](crate::runtime::task) that goes on while its callers are paused; [`read`] puts it together;
//! - a request waits for one of the pool's [`connections`], which serve queries in the order they arrived;
//! - a [`source`] fetches: an object store ([`object_store::reader`]; local folders), or [`http::client`], which turns names into URLs
//!   ([`location::locator`]; [`location`] knows the schemes, [`location::access`] the credentials, [`location::presign`] and
//!   [`location::url_provider`] who signs), sends a GET through a [`http::transport::Transport`] (browser `fetch` or reqwest), judges its
//!   [`http::response`], and asks again where that may help ([`http::retry`]);
//! - [`metrics`] counts all of it, and [`time_slice`](crate::runtime::time_slice) tells a browser's driver that something has arrived.
//!
//! Objects never change once written, but for those that a format asks for as such (see [`Storage::probe_mutable`]): that is what
//! makes caching by name right.

mod byte_ranges;
mod cache;
mod coalesce;
mod connections;
mod http;
mod in_flight;
mod location;
pub mod metrics;
mod object_store;
mod options;
mod read;
mod request_plan;
mod source;

use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use ::object_store::ObjectStore;
use ::object_store::path::Path;
use bytes::Bytes;
use cache::shared::TableCache;
use connections::Connections;
use http::client::HttpStore;
use http::transport::Freshness;
use in_flight::InFlight;
use location::Location;
use location::locator::Locator;
use metrics::Meters;
use object_store::reader::StoreReader;
use read::cut;
use source::{Source, StoreRoot};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

#[cfg(target_arch = "wasm32")]
pub use cache::cache_api::CacheApi;
pub use cache::persistent::ByteStore;
pub use cache::shared::Pool;
#[cfg(target_arch = "wasm32")]
pub use http::browser::PageFetch;
pub use http::client::now;
pub use http::json_api::{Answer, Rest};
pub use http::retry::RetryPolicy;
pub use location::access::{AccessOptions, BucketStyle};
pub use location::url_provider::{Signed, UrlProvider};
pub use metrics::{Meter, Metrics};
pub use options::StorageOptions;

/// Where one table's objects are and how they are reached. Cheap to clone; clones share requests in flight, and with their [`Pool`] cache and connections.
#[derive(Clone)]
pub struct Storage {
    shared: Arc<Shared>,
    meters: Meters,
}

#[derive(Debug)]
struct Shared {
    source: Source,
    url: String,
    id: u128,
    cache: TableCache,
    in_flight: InFlight,
    connections: Arc<Connections>,
    prefers_index: bool,
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
    /// The host answered, with a reply that CORS keeps from this page: not there on a host that sends its CORS headers with
    /// what exists only (nginx's `add_header` without `always`), or no CORS at all. Which one, again an object known to
    /// exist tells.
    Hidden,
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
    /// The storage of the table at `url`: `http`, `https`, `s3`, `gs`, `abfss`, `az`; natively `file` too. No request is made.
    pub fn open(url: &Url, options: &StorageOptions) -> Result<Storage> {
        match url.scheme() {
            #[cfg(not(target_arch = "wasm32"))]
            "file" => {
                let missing =
                    |_| Error::TableNotFound { url: redact(url), reason: "not a path of this machine".into() };
                let root = Path::from_url_path(url.path()).map_err(missing)?;
                let store = Arc::new(::object_store::local::LocalFileSystem::new());
                Ok(Storage::build(Some((store, root, true)), None, redact(url), options))
            }
            _ => {
                let root = location::resolve(url, &options.access)?;
                // A bucket keeps its name: where it is at, its options say.
                let name = if url.scheme().starts_with("http") { redact(&root.url) } else { redact(url) };
                Ok(Storage::build(None, Some(root), name, options))
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
        http_root: Option<Location>,
        url: String,
        options: &StorageOptions,
    ) -> Storage {
        let pool = options.pool.clone().unwrap_or_else(|| options.new_pool());
        let store = store.map(|(store, root, is_local)| StoreRoot {
            reader: StoreReader::new(store, pool.connections()),
            root,
            url: url.clone(),
            is_local,
        });
        let access = &options.access;
        let has_credentials = access.bearer_token.is_some() || !access.headers.is_empty();
        let can_list = http_root.as_ref().is_some_and(|root| {
            access.list.unwrap_or_else(|| http::listing::can_list(&root.service, &root.url, has_credentials))
        });
        let no_secrets = access.has_no_secrets() && options.sign.is_none();
        let is_public = no_secrets && http_root.as_ref().is_some_and(|root| is_public(&root.url));
        let identity = http_root.as_ref().map(|root| identity(&root.url, options));
        let id = cache::persistent::object_id(identity.as_ref().unwrap_or(&url), "");
        let cache = pool.shelf(identity, is_public);
        let locator = Locator::new(http_root, access, options.sign.clone());
        let http =
            HttpStore::new(http::transport(options), locator, options.retry.clone(), pool.connections(), can_list);
        let prefers_index = access.index == Some(true);
        let source = Source { store, http };
        let (in_flight, connections) = (InFlight::default(), pool.connections());
        let shared = Shared { source, url, id, cache, in_flight, connections, prefers_index };
        Storage { shared: Arc::new(shared), meters: Meters::new() }
    }

    /// The table's root, redacted: what errors and people see.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Identifies the table's objects by where they really are and by the credentials that read them, like the byte caches do. A
    /// hash: it shows no secret.
    pub(crate) fn id(&self) -> u128 {
        self.shared.id
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

    /// Says in which folder, relative to the root, are the files that tell of the table: what was read of them is this opening's, since
    /// a table that was dropped and made anew has files of the same names.
    pub fn set_metadata_folder(&self, folder: &str) {
        self.shared.cache.set_metadata_folder(Path::from(folder));
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

    /// Like [`Storage::probe`] for an object that changes: always asked again.
    pub async fn probe_mutable(&self, location: &FileLocation) -> Result<Probe> {
        let (storage, location) = (self.clone(), location.clone());
        let asked =
            async move { storage.shared.source.fetch(&location, None, Freshness::Revalidated, &storage.meters).await };
        let reply = crate::runtime::task::start(asked).await;
        probed(reply.map(|reply| Object { bytes: reply.bytes, last_modified: reply.last_modified }))
    }

    /// Byte ranges of an immutable object, in the order asked: neighbours are merged, all are fetched concurrently. An
    /// object shorter than a range is [`Error::CorruptTable`].
    pub async fn get_ranges(&self, location: &FileLocation, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let mut found = self.held(location, ranges).await;
        let missing = ranges.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(range, _)| range.clone());
        let missing: Vec<Range<u64>> = missing.collect();
        self.check_size(location, &missing)?;
        let replies = self.fetch_missing(location, &missing).await?;
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
                Err(Error::corrupt(location_name(location), format!("{actual} bytes long, the log says {size}")))
            }
            _ => Ok((bytes, size)),
        }
    }

    /// Objects right below `folder` (not deeper) whose path sorts after `start_after`, in the order of their paths; `None`
    /// where this host cannot list.
    pub async fn list(&self, folder: &Path, start_after: Option<&Path>) -> Result<Option<Vec<Entry>>> {
        let Some(mut entries) = self.listed(folder, start_after).await? else { return Ok(None) };
        entries.retain(|entry| start_after.is_none_or(|start_after| entry.path > *start_after));
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(Some(entries))
    }

    async fn listed(&self, folder: &Path, start_after: Option<&Path>) -> Result<Option<Vec<Entry>>> {
        if let Some(store) = &self.shared.source.store {
            let name = self.shared.source.name(&FileLocation::Relative(folder.clone()));
            let below = Path::from_iter(store.root.parts().chain(folder.parts()));
            return store.reader.list(&store.root, &below, &name, &self.meters).await.map(Some);
        }
        if let Some(sign) = self.shared.source.http.signer()
            && let Some(entries) = sign.list(folder.as_ref()).await?
        {
            return Ok(Some(entries));
        }
        let (storage, below) = (self.clone(), folder.clone());
        let start_after = start_after.and_then(Path::filename).map(str::to_owned);
        let asked = async move {
            let http = &storage.shared.source.http;
            http.list(below.as_ref(), start_after.as_deref(), &storage.meters).await
        };
        let Some(listed) = crate::runtime::task::start(asked).await? else { return Ok(None) };
        let entry = |listed: http::listing::Listed| Entry {
            path: Path::from_iter(folder.parts().chain([listed.name.as_str().into()])),
            size: listed.size,
            last_modified: listed.last_modified,
        };
        Ok(Some(listed.into_iter().map(entry).collect()))
    }

    /// The URL of an object as it would be fetched now, with whatever signs it, or one that is signed for a GET for as long as
    /// told where there is a key. A secret; `None` for what is not reached over HTTP.
    pub async fn url_for(&self, location: &FileLocation, valid: Duration) -> Result<Option<Url>> {
        let http = &self.shared.source.http;
        if self.shared.source.store.is_some() && !http.is_signed(location).await? {
            return Ok(None);
        }
        let url = http.url_of(location).await?;
        let Some(presigner) = http.presigner() else { return Ok(Some(url)) };
        let mut plain = url.clone();
        plain.set_query(None);
        match presigner.is_for(&plain) {
            true => Ok(Some(presigner.sign_until(&plain, now(), valid))),
            false => Ok(Some(url)),
        }
    }

    /// Whether there is something that tells which objects there are: a listing, as far as is known, or the log's index file.
    pub fn knows_its_objects(&self) -> bool {
        let source = &self.shared.source;
        source.store.is_some() || source.http.signer().is_some() || source.http.can_list() || self.shared.prefers_index
    }

    /// Whether a part of an object is in the memory cache.
    pub(crate) fn holds_range(&self, location: &FileLocation, range: &Range<u64>) -> bool {
        self.shared.cache.holds(location, range)
    }

    /// How many bytes of an object take as long as asking once more.
    pub(crate) fn bytes_in_a_round_trip(&self, location: &FileLocation) -> u64 {
        self.shared.source.bytes_in_a_round_trip(location)
    }

    /// Whether the log's index file stands for a listing from the start; see [`AccessOptions::index`].
    pub fn prefers_index(&self) -> bool {
        self.shared.prefers_index
    }
}

/// What tells tables over HTTP apart: also by their credentials, so that nobody is answered from what another may read.
fn identity(root: &Url, options: &StorageOptions) -> String {
    format!("{root} {}", options.access.identity())
}

/// Whether a URL has no place for a secret.
fn is_public(url: &Url) -> bool {
    url.query().is_none() && url.username().is_empty() && url.password().is_none()
}

fn probed(found: Result<Object>) -> Result<Probe> {
    match found {
        Ok(object) => Ok(Probe::Found(object)),
        Err(error) if error.is_missing() => Ok(Probe::Missing),
        Err(Error::PermissionDenied { status: 403, .. }) => Ok(Probe::Denied),
        Err(Error::CorsOrNetwork { answered: true, .. }) => Ok(Probe::Hidden),
        Err(error) => Err(error),
    }
}

/// An object of a table as errors and people may see it: relative to the table's root, or a redacted URL.
pub fn location_name(location: &FileLocation) -> String {
    match location {
        FileLocation::Relative(path) => path.to_string(),
        FileLocation::Absolute(url) => redact(url),
    }
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
