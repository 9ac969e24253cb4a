//! Table formats: each a folder that turns what is at a location into a [`Snapshot`], behind one trait, [`TableFormat`].
//!
//! [`open`] decides what is at a location, by what is there.

mod changes;
mod definition;
pub mod delta;
pub mod manifest;
mod open;
mod opener;
pub mod parquet;
mod plain_statistics;
pub mod sharing;
mod table_url;

use crate::error::{Error, Result};
use crate::snapshot::{Changes, Commit, Definition, Snapshot, StatisticsSource, Verified, Version, VersionList};
use crate::storage::Storage;
use async_trait::async_trait;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

pub use changes::changes;
pub use definition::{definition, verify};
pub use open::{open, open_folder};
pub use opener::{Document, FormatOpener, Location, register};
pub use plain_statistics::PlainStatistics;
pub use table_url::TableUrl;

/// A table, opened at one version.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Where its bytes are.
    pub storage: Storage,
    /// The version.
    pub snapshot: Arc<Snapshot>,
    /// What tells its other versions.
    pub format: Arc<dyn TableFormat>,
}

/// What a table's format knows beside a snapshot: its other versions, and what was left behind when a snapshot was made.
///
/// `storage` is the table's: the calls that it counts for are the caller's.
#[async_trait]
pub trait TableFormat: Debug + Send + Sync {
    /// The snapshot at `version`, and where its bytes are.
    ///
    /// # Errors
    /// `version_not_found` where it is not there any more, or never was.
    async fn snapshot(&self, storage: &Storage, version: Version) -> Result<(Storage, Snapshot)>;

    /// The versions that can be opened now; `open` is the one that is open.
    async fn versions(&self, storage: &Storage, open: &Snapshot) -> Result<VersionList>;

    /// The newest `limit` commits up to version `until` (without it, the newest version), newest first.
    async fn history(&self, storage: &Storage, until: Option<u64>, limit: Option<usize>) -> Result<Vec<Commit>>;

    /// Itself, of a format in this crate that some is told of by functions, and not by methods (see [`changes()`]).
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// The changes of the versions `from` to `to` (`to` is `open` where it is not told), and where the files are that tell it.
    async fn changes(
        &self,
        _storage: &Storage,
        _open: &Arc<Snapshot>,
        _from: Version,
        _to: Option<Version>,
    ) -> Result<(Storage, Changes)> {
        Err(Error::unsupported("table_changes", "this table does not say what its versions changed"))
    }

    /// Columns, properties and features of another version, without its files.
    async fn definition(&self, storage: &Storage, version: u64) -> Result<Definition> {
        Ok(self.snapshot(storage, Version::Number(version)).await?.1.into_definition())
    }

    /// Compares a snapshot with what its writer noted of it; `None` where it noted nothing.
    ///
    /// # Errors
    /// `corrupt_table` where they differ.
    async fn verify(&self, _storage: &Storage, _open: &Snapshot) -> Result<Option<Verified>> {
        Ok(None)
    }

    /// Where the statistics of a snapshot come from that are not in it.
    fn statistics(&self, _storage: &Storage, open: &Arc<Snapshot>) -> Arc<dyn StatisticsSource> {
        Arc::new(PlainStatistics::new(open.clone()))
    }

    /// Whether the files that [`TableFormat::changes`] tells of are where the table's own are.
    fn keeps_changes_with_files(&self) -> bool {
        true
    }
}
