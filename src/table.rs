//! A table at one version, and where its bytes are.

use crate::delta::{self, Commit, Definition, Verified, VersionRange};
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
        match Url::parse(text) {
            Ok(url) => Ok(TableUrl(url)),
            #[cfg(not(target_arch = "wasm32"))]
            Err(url::ParseError::RelativeUrlWithoutBase) => folder(text),
            Err(error) => Err(not_a_location(error)),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn folder(path: &str) -> Result<TableUrl> {
    let path = std::path::absolute(path).map_err(not_a_location)?;
    let url = Url::from_directory_path(path).map_err(|()| not_a_location("not a folder's path"))?;
    // Parsed again, which takes the `..` of a relative path away.
    Url::parse(url.as_str()).map(TableUrl).map_err(not_a_location)
}

/// The text itself stays out of the error: it may hold a signature.
fn not_a_location(reason: impl std::fmt::Display) -> Error {
    Error::TableNotFound { url: "the location given".into(), reason: reason.to_string() }
}

impl std::fmt::Debug for TableUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TableUrl").field(&crate::storage::redact(&self.0)).finish()
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
        Table::open_in(Storage::open(url.as_url(), options)?, version, &Meter::default()).await
    }

    /// Opens the table in `storage` at `version`, and counts what that costs into `meter`.
    pub async fn open_in(storage: Storage, version: Version, meter: &Meter) -> Result<Table> {
        let snapshot = Arc::new(delta::snapshot(&storage.with_meter(meter), version).await?);
        Ok(Table { storage, snapshot })
    }

    /// A table made elsewhere: its snapshot, and where its bytes are.
    pub fn from_parts(storage: Storage, snapshot: Arc<Snapshot>) -> Table {
        Table { storage, snapshot }
    }

    /// The same table at another version; counts what opening it costs into `meter`.
    pub async fn at(&self, version: Version, meter: &Meter) -> Result<Table> {
        Table::open_in(self.storage.clone(), version, meter).await
    }

    /// The same table, whose reads are counted into `meter` too.
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

    /// Compares the snapshot with the checksum file that its writer may have left; `None` where there is none.
    ///
    /// # Errors
    /// `corrupt_table` where they differ.
    pub async fn verify(&self) -> Result<Option<Verified>> {
        delta::verify(&self.storage, &self.snapshot).await
    }

    /// Columns, properties and features of another version, without its files: one request, where that version has a checksum
    /// file.
    pub async fn definition_at(&self, version: u64) -> Result<Definition> {
        delta::definition(&self.storage, version).await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_location_and_signatures_are_not_shown() {
        let folder: TableUrl = "some folder/table".parse().unwrap();
        assert_eq!(folder.as_url().scheme(), "file");
        assert!(folder.as_url().path().ends_with("/some%20folder/table/"), "{folder:?}");
        let above: TableUrl = "a/../table".parse().unwrap();
        assert!(above.as_url().path().ends_with("/table/") && !above.as_url().path().contains(".."), "{above:?}");
        let signed: TableUrl = "https://me:secret@host/table?sig=secret".parse().unwrap();
        assert_eq!(format!("{signed:?}"), r#"TableUrl("https://host/table")"#);
        let bad = "https://host:secret/t".parse::<TableUrl>().unwrap_err();
        assert!(!bad.to_string().contains("secret"), "{bad}");
    }
}
