//! Parquet files as the rest of the crate knows them: a table of one version.

use super::snapshot;
use crate::error::{Error, Result};
use crate::formats::{FormatOpener, Location, Opened, TableFormat};
use crate::parquet_file::footer_cache::FooterCache;
use crate::snapshot::{Changes, Commit, FileLocation, Snapshot, Version, VersionList};
use crate::storage::Storage;
use async_trait::async_trait;
use std::sync::Arc;

/// The files of a table.
#[derive(Debug)]
pub struct ParquetFiles(pub Vec<FileLocation>);

impl ParquetFiles {
    async fn at(&self, storage: &Storage, version: Version) -> Result<Snapshot> {
        match version {
            Version::Latest | Version::Number(0) => snapshot(storage, self.0.clone(), &FooterCache::default()).await,
            Version::Number(_) | Version::Timestamp(_) => Err(Error::VersionNotFound {
                url: storage.url().into(),
                requested: version.to_string(),
                reason: "Parquet files have no versions".into(),
            }),
        }
    }
}

#[async_trait]
impl TableFormat for ParquetFiles {
    async fn snapshot(&self, storage: &Storage, version: Version) -> Result<(Storage, Snapshot)> {
        Ok((storage.clone(), self.at(storage, version).await?))
    }

    async fn versions(&self, _storage: &Storage, _open: &Snapshot) -> Result<VersionList> {
        Ok(VersionList::contiguous(0, 0, None))
    }

    async fn history(&self, _storage: &Storage, _until: Option<u64>, _limit: Option<usize>) -> Result<Vec<Commit>> {
        Err(Error::unsupported("history of Parquet files", "no log says what was done to them"))
    }

    async fn changes(
        &self,
        _storage: &Storage,
        _open: &Arc<Snapshot>,
        _from: Version,
        _to: Option<Version>,
    ) -> Result<(Storage, Changes)> {
        Err(Error::unsupported("table_changes", "Parquet files have no versions"))
    }
}

/// Opens a Parquet file.
#[derive(Debug)]
pub(in crate::formats) struct ParquetOpener;

#[async_trait]
impl FormatOpener for ParquetOpener {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn looks_for(&self) -> &'static str {
        "a Parquet file"
    }

    async fn open(&self, location: &Location<'_>, version: Version) -> Result<Option<Opened>> {
        let file = location.document.as_ref().filter(|document| document.bytes.is_none());
        let Some(file) = file else { return Ok(None) };
        let files = ParquetFiles(vec![FileLocation::Relative(file.path.clone())]);
        let storage = location.storage.clone();
        let snapshot = Arc::new(files.at(&storage, version).await?);
        Ok(Some(Opened { storage, snapshot, format: Arc::new(files) }))
    }
}
