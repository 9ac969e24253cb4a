//! A table that a server shares as the rest of the crate knows it.

use super::{Client, Opened as Answer, Profile, SharedName, SharedTable};
use crate::error::{Error, Result};
use crate::formats::delta::{DeltaTable, LogStatistics, WhyMissing};
use crate::formats::{FormatOpener, Location, Opened, TableFormat, delta};
use crate::snapshot::{Commit, Snapshot, StatisticsSource, Version, VersionList};
use crate::storage::{Storage, redact};
use async_trait::async_trait;
use std::any::Any;
use std::sync::Arc;
use url::Url;

#[async_trait]
impl TableFormat for SharedTable {
    async fn snapshot(&self, _storage: &Storage, version: Version) -> Result<(Storage, Snapshot)> {
        self.at(version).await
    }

    /// A server does not say which older versions it has.
    async fn versions(&self, _storage: &Storage, open: &Snapshot) -> Result<VersionList> {
        let latest = self.latest().await?;
        Ok(VersionList::contiguous(open.version.min(latest), latest, None))
    }

    async fn history(&self, _storage: &Storage, _until: Option<u64>, _limit: Option<usize>) -> Result<Vec<Commit>> {
        let reason = "a sharing server does not tell who wrote a table's versions";
        Err(Error::unsupported("history of a shared table", reason))
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn statistics(&self, storage: &Storage, open: &Arc<Snapshot>) -> Arc<dyn StatisticsSource> {
        let reason = "the sharing server names this file, but it is not there";
        let (storage, snapshot) = (storage.clone(), open.clone());
        Arc::new(LogStatistics { storage, snapshot, why_missing: WhyMissing::Reason(reason) })
    }

    fn keeps_changes_with_files(&self) -> bool {
        false
    }
}

/// Opens the tables of Delta Sharing profiles.
#[derive(Debug)]
pub(in crate::formats) struct SharingOpener;

#[async_trait]
impl FormatOpener for SharingOpener {
    fn name(&self) -> &'static str {
        "sharing"
    }

    fn looks_for(&self) -> &'static str {
        "a Delta Sharing profile"
    }

    async fn open(&self, location: &Location<'_>, version: Version) -> Result<Option<Opened>> {
        let text = location.document.as_ref().and_then(|document| document.bytes.as_ref());
        let Some(profile) = text.filter(|text| Profile::is_one(text)) else { return Ok(None) };
        let name = location
            .url
            .fragment()
            .and_then(|name| SharedName::parse(&percent_encoding::percent_decode_str(name).decode_utf8_lossy()));
        let client = Client::new(Profile::parse(profile, location.url)?, location.options);
        let Some(name) = name else { return Err(unnamed(&client, location.url).await) };
        let shared = SharedTable::new(Arc::new(client), name, location.options);
        Ok(Some(match shared.open(version).await? {
            Answer::Files(storage, snapshot) => {
                Opened { storage, snapshot: Arc::new(*snapshot), format: Arc::new(shared) }
            }
            Answer::Folder(storage) => {
                let snapshot = delta::snapshot(&storage.with_meter(location.meter), version).await?;
                Opened { storage, snapshot: Arc::new(snapshot), format: Arc::new(DeltaTable) }
            }
        }))
    }
}

/// A profile is given without a table's name: which there are.
async fn unnamed(client: &Client, url: &Url) -> Error {
    let names = match client.all_tables().await {
        Ok(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Err(error) => return error,
    };
    let names = if names.is_empty() { "it shares none".to_owned() } else { format!("it shares {names}") };
    let reason = format!("say which table of the profile, profile.share#share.schema.table: {names}");
    Error::TableNotFound { url: redact(url), reason }
}
