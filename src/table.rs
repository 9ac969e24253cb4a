//! A table at one version, where its bytes are, and what tells its other versions.

use crate::error::Result;
use crate::formats::{self, Opened, TableFormat};
use crate::parquet_file::footer_cache::FooterCache;
use crate::scan::Scan;
use crate::snapshot::{Changes, Commit, Definition, Snapshot, StatisticsSource, Verified, VersionList};
use crate::storage::{Meter, Storage, StorageOptions};
use std::sync::Arc;

pub use crate::formats::TableUrl;
pub use crate::snapshot::Version;

/// A table at one version. Another version is another `Table`; both share the storage and its cache.
#[derive(Debug, Clone)]
pub struct Table {
    storage: Storage,
    snapshot: Arc<Snapshot>,
    format: Arc<dyn TableFormat>,
}

impl Table {
    /// Opens `url` at `version`.
    pub async fn open(url: &TableUrl, version: Version, options: &StorageOptions) -> Result<Table> {
        Table::open_metered(url, version, options, &Meter::default()).await
    }

    /// Opens `url` at `version`, and counts what that costs into `meter`.
    pub async fn open_metered(
        url: &TableUrl,
        version: Version,
        options: &StorageOptions,
        meter: &Meter,
    ) -> Result<Table> {
        let Opened { storage, snapshot, format } = formats::open(url, version, options, meter).await?;
        Ok(Table { storage, snapshot, format })
    }

    /// A table made elsewhere: where its bytes are, its snapshot, and what tells its other versions.
    pub fn from_parts(storage: Storage, snapshot: Arc<Snapshot>, format: Arc<dyn TableFormat>) -> Table {
        Table { storage, snapshot, format }
    }

    /// Opens the table in `storage` at `version`, and counts what that costs into `meter`.
    pub async fn open_in(storage: Storage, version: Version, meter: &Meter) -> Result<Table> {
        let Opened { storage, snapshot, format } = formats::open_folder(storage.with_meter(meter), version).await?;
        Ok(Table { storage, snapshot, format })
    }

    /// The same table at another version; counts what opening it costs into `meter`.
    pub async fn at(&self, version: Version, meter: &Meter) -> Result<Table> {
        let (storage, snapshot) = self.format.snapshot(&self.storage.with_meter(meter), version).await?;
        Ok(Table { storage, snapshot: Arc::new(snapshot), format: self.format.clone() })
    }

    /// Another snapshot of this table's making, whose files are in `storage`.
    pub fn with_snapshot(&self, storage: &Storage, snapshot: Snapshot) -> Table {
        Table { storage: storage.clone(), snapshot: Arc::new(snapshot), format: self.format.clone() }
    }

    /// The same table, whose reads are counted into `meter` too.
    pub fn with_meter(&self, meter: &Meter) -> Table {
        Table { storage: self.storage.with_meter(meter), snapshot: self.snapshot.clone(), format: self.format.clone() }
    }

    /// Where its bytes are.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Its schema, live files and metadata.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// A scan of all its rows, whose footers are kept in `footers`.
    pub fn scan(&self, footers: &FooterCache) -> Scan {
        Scan::new(&self.storage, &self.snapshot).with_footers(footers).with_statistics_source(self.statistics())
    }

    /// Where the statistics come from that are not in its snapshot.
    pub fn statistics(&self) -> Arc<dyn StatisticsSource> {
        self.format.statistics(&self.storage, &self.snapshot)
    }

    /// Compares the snapshot with what its writer noted of it; `None` where it noted nothing.
    ///
    /// # Errors
    /// `corrupt_table` where they differ.
    pub async fn verify(&self) -> Result<Option<Verified>> {
        formats::verify(&*self.format, &self.storage, &self.snapshot).await
    }

    /// Columns, properties and features of another version, without its files.
    pub async fn definition_at(&self, version: u64) -> Result<Definition> {
        formats::definition(&*self.format, &self.storage, version).await
    }

    /// The versions that can be opened now.
    pub async fn versions(&self) -> Result<VersionList> {
        self.format.versions(&self.storage, &self.snapshot).await
    }

    /// The newest `limit` commits up to version `until` (without it, the newest version), newest first.
    pub async fn history(&self, until: Option<u64>, limit: Option<usize>) -> Result<Vec<Commit>> {
        self.format.history(&self.storage, until, limit).await
    }

    /// Whether the files that [`Table::changes`] tells of are where the table's own are.
    pub fn keeps_changes_with_files(&self) -> bool {
        self.format.keeps_changes_with_files()
    }

    /// What the versions `from` to `to` changed, and where the files are that tell it; `to` is this version where it is not told.
    ///
    /// # Errors
    /// `unsupported_feature` where the table does not tell.
    pub async fn changes(&self, from: Version, to: Option<Version>) -> Result<(Storage, Changes)> {
        formats::changes(&*self.format, &self.storage, &self.snapshot, from, to).await
    }
}
