//! A table at one version, and where its bytes are.

use crate::delta::{self, Commit, VersionRange};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::storage::{Meter, Storage, StorageOptions};
use std::str::FromStr;
use std::sync::Arc;
use url::Url;

pub use crate::snapshot::Version;

/// Where a table is: `http`, `https` or, natively, `file` and plain folder paths.
#[derive(Clone, PartialEq, Eq)]
pub struct TableUrl(Url);

impl TableUrl {
    /// The URL itself, signature and all. For fetching only, never for showing.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for TableUrl {
    type Err = Error;

    /// Parses an absolute URL; natively, anything that is not one is a folder's path.
    fn from_str(text: &str) -> Result<TableUrl> {
        Url::parse(text)
            .map(TableUrl)
            .map_err(|error| Error::TableNotFound { url: text.into(), reason: error.to_string() })
    }
}

/// A table at one version. Another version is another `Table`; both share the storage and its cache.
#[derive(Debug, Clone)]
pub struct Table {
    storage: Storage,
    snapshot: Arc<Snapshot>,
}

impl Table {
    /// Opens `url` at `version`.
    pub async fn open(url: &TableUrl, version: Version, options: &StorageOptions) -> Result<Table> {
        Table::open_in(Storage::open(url.as_url(), options)?, version).await
    }

    /// Opens the table in `storage` at `version`.
    pub async fn open_in(storage: Storage, version: Version) -> Result<Table> {
        let snapshot = Arc::new(delta::snapshot(&storage, version).await?);
        Ok(Table { storage, snapshot })
    }

    /// The same table at another version.
    pub async fn at(&self, version: Version) -> Result<Table> {
        Table::open_in(self.storage.clone(), version).await
    }

    /// The same table, whose fetches count into `meter` too.
    pub fn with_meter(&self, meter: &Meter) -> Table {
        Table { storage: self.storage.with_meter(meter), snapshot: self.snapshot.clone() }
    }

    /// Where its bytes are.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Its schema, live files and metadata.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// The versions that can be opened now.
    pub async fn versions(&self) -> Result<VersionRange> {
        delta::versions(&self.storage).await
    }

    /// The newest `limit` commits up to the newest version, newest first.
    pub async fn history(&self, limit: Option<usize>) -> Result<Vec<Commit>> {
        delta::history(&self.storage, None, limit).await
    }
}
