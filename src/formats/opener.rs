//! What opens the tables of a format, and which formats there are.

use super::{Opened, delta, manifest, parquet, sharing};
use crate::error::Result;
use crate::snapshot::Version;
use crate::storage::{Meter, Storage, StorageOptions};
use async_trait::async_trait;
use bytes::Bytes;
use object_store::path::Path;
use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;

/// A location that may have a table.
#[derive(Debug)]
pub struct Location<'a> {
    /// As it was given, signature and all.
    pub url: &'a Url,
    /// The folder: the location itself, or the one that the document is in.
    pub storage: Storage,
    /// What is there, where the location is not a folder.
    pub document: Option<Document>,
    /// How what the document names is reached.
    pub options: &'a StorageOptions,
    /// What the calls of opening are counted into; `storage` counts into it already.
    pub meter: &'a Meter,
}

/// A file that a table is opened by.
#[derive(Debug)]
pub struct Document {
    /// Below the folder.
    pub path: Path,
    /// All of it; `None` of a Parquet file.
    pub bytes: Option<Bytes>,
}

/// Opens the tables of one format.
#[async_trait]
pub trait FormatOpener: Debug + Send + Sync {
    /// The format's name, in lower case.
    fn name(&self) -> &'static str;

    /// What a location has that has a table of this format, in a few words.
    fn looks_for(&self) -> &'static str;

    /// Opens the table at `location`; `None` where there is none of this format.
    ///
    /// # Errors
    /// `table_not_found` says the same as `None`, and why. Every other error is one of a table of this format.
    async fn open(&self, location: &Location<'_>, version: Version) -> Result<Option<Opened>>;
}

static REGISTERED: RwLock<Vec<Arc<dyn FormatOpener>>> = RwLock::new(Vec::new());

/// Adds a format: locations are asked for it after those that are built in.
pub fn register(opener: Arc<dyn FormatOpener>) {
    let mut registered = REGISTERED.write().unwrap_or_else(PoisonError::into_inner);
    registered.retain(|other| other.name() != opener.name());
    registered.push(opener);
}

/// Every format, in the order in which a location is asked for them.
pub(super) fn openers() -> Vec<Arc<dyn FormatOpener>> {
    let built_in: [Arc<dyn FormatOpener>; 4] = [
        Arc::new(delta::DeltaOpener),
        Arc::new(manifest::ManifestOpener),
        Arc::new(sharing::SharingOpener),
        Arc::new(parquet::ParquetOpener),
    ];
    let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
    built_in.into_iter().chain(registered.iter().cloned()).collect()
}
