//! A Delta table as the rest of the crate knows it.

use super::{history, missing_file, snapshot, statistics, versions};
use crate::error::{Error, Result};
use crate::formats::{FormatOpener, Location, Opened, TableFormat};
use crate::snapshot::{Commit, ContainerStatistics, FileDescription, Snapshot, StatisticsSource, Version, VersionList};
use crate::storage::Storage;
use async_trait::async_trait;
use std::any::Any;
use std::sync::Arc;

/// What its log tells.
#[derive(Debug)]
pub struct DeltaTable;

#[async_trait]
impl TableFormat for DeltaTable {
    async fn snapshot(&self, storage: &Storage, version: Version) -> Result<(Storage, Snapshot)> {
        Ok((storage.clone(), snapshot(storage, version).await?))
    }

    async fn versions(&self, storage: &Storage, _open: &Snapshot) -> Result<VersionList> {
        versions(storage).await
    }

    async fn history(&self, storage: &Storage, until: Option<u64>, limit: Option<usize>) -> Result<Vec<Commit>> {
        history(storage, until, limit).await
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn statistics(&self, storage: &Storage, open: &Arc<Snapshot>) -> Arc<dyn StatisticsSource> {
        Arc::new(LogStatistics { storage: storage.clone(), snapshot: open.clone(), why_missing: WhyMissing::Log })
    }
}

/// The statistics in a log, and of actions that were taken out of one.
#[derive(Debug)]
pub(crate) struct LogStatistics {
    pub(crate) storage: Storage,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) why_missing: WhyMissing,
}

/// What tells why a file is not there.
#[derive(Debug, Clone)]
pub(crate) enum WhyMissing {
    /// The log.
    Log,
    /// Whoever named the files, in these words.
    Reason(&'static str),
}

#[async_trait]
impl StatisticsSource for LogStatistics {
    async fn load(&self, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics> {
        statistics::load(&self.storage, &self.snapshot, files, columns).await
    }

    fn at_hand(&self, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics> {
        statistics::decode(&self.snapshot, files, columns)
    }

    async fn describe(&self, files: &[usize]) -> Result<Vec<Option<FileDescription>>> {
        statistics::describe(&self.storage, &self.snapshot, files).await
    }

    async fn missing_object(&self, name: &str) -> Error {
        match self.why_missing {
            WhyMissing::Log => missing_file(&self.storage, &self.snapshot, name).await,
            WhyMissing::Reason(reason) => Error::corrupt(name, reason),
        }
    }
}

/// Opens folders with a `_delta_log`.
#[derive(Debug)]
pub(crate) struct DeltaOpener;

#[async_trait]
impl FormatOpener for DeltaOpener {
    fn name(&self) -> &'static str {
        "delta"
    }

    fn looks_for(&self) -> &'static str {
        "_delta_log"
    }

    async fn open(&self, location: &Location<'_>, version: Version) -> Result<Option<Opened>> {
        if location.document.is_some() {
            return Ok(None);
        }
        let storage = location.storage.clone();
        let snapshot = Arc::new(snapshot(&storage, version).await?);
        Ok(Some(Opened { storage, snapshot, format: Arc::new(DeltaTable) }))
    }
}
