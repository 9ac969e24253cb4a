//! Bytes in: where a table's objects are, and how they are reached.

pub mod metered;

use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use bytes::Bytes;
use object_store::ObjectStore;
use object_store::path::Path;
use std::ops::Range;
use std::sync::Arc;
use url::Url;

pub use metered::{Meter, Metrics};

/// How a table's host is spoken to. The defaults suit a static host.
#[derive(Debug, Clone)]
pub struct StorageOptions {
    /// Requests under way at once.
    pub concurrency: usize,
    /// Bytes of immutable objects kept in memory.
    pub cache_bytes: usize,
}

impl Default for StorageOptions {
    fn default() -> Self {
        StorageOptions { concurrency: 6, cache_bytes: 256 << 20 }
    }
}

/// Where one table's objects are and how they are reached. Cheap to clone; clones share connections, cache and permits.
#[derive(Debug, Clone)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    root: Path,
    url: String,
    meter: Meter,
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
    pub fn open(url: &Url, _options: &StorageOptions) -> Result<Storage> {
        Err(Error::unsupported("url scheme", format!("{}: not built", redact(url))))
    }

    /// The storage of a table below `root` in any object store, which is taken to be able to list. `url` is what errors
    /// call it.
    pub fn from_store(store: Arc<dyn ObjectStore>, root: Path, url: impl Into<String>) -> Storage {
        Storage { store, root, url: url.into(), meter: Meter::default() }
    }

    /// The table's root, redacted: what errors and people see.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What was counted so far.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The same storage, which counts into `meter` as well as into the meters it counted into before.
    pub fn with_meter(&self, _meter: &Meter) -> Storage {
        self.clone()
    }

    /// The whole of a small immutable object: a commit, a JSON checkpoint. Answered from the cache where it can be.
    pub async fn get(&self, _location: &FileLocation) -> Result<Object> {
        let _ = (&self.store, &self.root);
        Err(Error::internal("not built"))
    }

    /// Like [`Storage::get`] for an object that may not be there, and may appear later: a miss is never cached.
    pub async fn probe(&self, _location: &FileLocation) -> Result<Probe> {
        Err(Error::internal("not built"))
    }

    /// Like [`Storage::probe`] for an object that changes (`_last_checkpoint`): always asked again.
    pub async fn probe_mutable(&self, _location: &FileLocation) -> Result<Probe> {
        Err(Error::internal("not built"))
    }

    /// Byte ranges of an immutable object, in the order asked: neighbours are merged, all are fetched concurrently. An
    /// object shorter than a range is [`Error::CorruptTable`].
    pub async fn get_ranges(&self, _location: &FileLocation, _ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        Err(Error::internal("not built"))
    }

    /// Up to the last `length` bytes of an immutable object, and its size. With `size` known (the log has it) this is
    /// one ranged GET; without, one from the object's start learns the size, and a second follows only where the object
    /// is longer than `length`.
    pub async fn get_tail(&self, _location: &FileLocation, _size: Option<u64>, _length: u64) -> Result<(Bytes, u64)> {
        Err(Error::internal("not built"))
    }

    /// Objects right below `folder` (not deeper) whose path sorts after `start_after`, in the order of their paths; `None`
    /// where this host cannot list.
    pub async fn list(&self, _folder: &Path, _start_after: Option<&Path>) -> Result<Option<Vec<Entry>>> {
        Err(Error::internal("not built"))
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
