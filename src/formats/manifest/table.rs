//! A shared table as the rest of the crate knows it.

use super::Manifest;
use crate::error::{Error, Result};
use crate::formats::delta::{LogStatistics, WhyMissing};
use crate::formats::{FormatOpener, Location, Opened, TableFormat};
use crate::snapshot::{Changes, Commit, Snapshot, StatisticsSource, Version, VersionList};
use crate::storage::{AccessOptions, Storage, StorageOptions};
use async_trait::async_trait;
use std::sync::Arc;

#[async_trait]
impl TableFormat for Manifest {
    async fn snapshot(&self, storage: &Storage, version: Version) -> Result<(Storage, Snapshot)> {
        Ok((storage.clone(), self.at(version)?))
    }

    async fn versions(&self, _storage: &Storage, _open: &Snapshot) -> Result<VersionList> {
        Ok(self.shared_versions())
    }

    async fn history(&self, _storage: &Storage, until: Option<u64>, limit: Option<usize>) -> Result<Vec<Commit>> {
        Ok(self.commits(until, limit))
    }

    async fn changes(
        &self,
        _storage: &Storage,
        _open: &Arc<Snapshot>,
        _from: Version,
        _to: Option<Version>,
    ) -> Result<(Storage, Changes)> {
        let reason = "this table is shared without its log: it does not say what its versions changed";
        Err(Error::unsupported("table_changes", reason))
    }

    fn statistics(&self, storage: &Storage, open: &Arc<Snapshot>) -> Arc<dyn StatisticsSource> {
        let reason =
            "the share manifest names this file, but it is not there: it may have been deleted since it was shared";
        let (storage, snapshot) = (storage.clone(), open.clone());
        Arc::new(LogStatistics { storage, snapshot, why_missing: WhyMissing::Reason(reason) })
    }
}

/// Opens share manifests.
#[derive(Debug)]
pub(in crate::formats) struct ManifestOpener;

#[async_trait]
impl FormatOpener for ManifestOpener {
    fn name(&self) -> &'static str {
        "manifest"
    }

    fn looks_for(&self) -> &'static str {
        "a share manifest"
    }

    async fn open(&self, location: &Location<'_>, version: Version) -> Result<Option<Opened>> {
        let text = location.document.as_ref().and_then(|document| document.bytes.as_ref());
        let Some(text) = text.filter(|text| Manifest::is_one(text)) else { return Ok(None) };
        let manifest = Arc::new(Manifest::parse(text, location.url)?);
        let mut options = StorageOptions { sign: Some(manifest.clone()), ..location.options.clone() };
        if !manifest.is_at_home() {
            // The credentials are for where the manifest is.
            options.access =
                AccessOptions { allowed_origins: options.access.allowed_origins, ..AccessOptions::default() };
        }
        let storage = Storage::open(manifest.root(), &options)?;
        let snapshot = Arc::new(manifest.at(version)?);
        Ok(Some(Opened { storage, snapshot, format: manifest }))
    }
}
