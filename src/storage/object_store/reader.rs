//! Objects in any [`ObjectStore`]: local folders natively, and what an embedder or a test brings.

use crate::error::{Error, Result};
use crate::storage::connections::Connections;
use crate::storage::http::response::Reply;
use crate::storage::metrics::Meters;
use crate::storage::{Entry, redact_text};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use std::io::ErrorKind;
use std::ops::Range;
use std::sync::Arc;

/// Reads the objects of a store.
#[derive(Debug)]
pub(in crate::storage) struct StoreReader {
    store: Arc<dyn ObjectStore>,
    connections: Arc<Connections>,
}

impl StoreReader {
    pub(in crate::storage) fn new(store: Arc<dyn ObjectStore>, connections: Arc<Connections>) -> StoreReader {
        StoreReader { store, connections }
    }

    /// Reads `range` of the object, or all of it. `name` is what errors call it.
    pub(in crate::storage) async fn fetch(
        &self,
        path: &Path,
        range: Option<&Range<u64>>,
        name: &str,
        meters: &Meters,
    ) -> Result<Reply> {
        let _connection = self.connections.acquire(meters.urgency()).await;
        meters.count_request();
        let options = GetOptions { range: range.cloned().map(GetRange::Bounded), ..GetOptions::default() };
        let got = match self.store.get_opts(path, options).await {
            Ok(got) => got,
            Err(error) => return self.past_the_end(path, range, error).await.map_err(|error| translate(&error, name)),
        };
        let (start, size, last_modified) = (got.range.start, got.meta.size, millis(&got.meta));
        let bytes = got.bytes().await.map_err(|error| translate(&error, name))?;
        meters.count_bytes(bytes.len());
        Ok(Reply { bytes, start, size: Some(size), last_modified })
    }

    /// Stores refuse a range that begins where the object has ended, each in its own words: the size tells.
    async fn past_the_end(
        &self,
        path: &Path,
        range: Option<&Range<u64>>,
        error: object_store::Error,
    ) -> object_store::Result<Reply> {
        let (Some(range), object_store::Error::Generic { .. }) = (range, &error) else { return Err(error) };
        let meta = self.store.head(path).await?;
        if meta.size > range.start {
            return Err(error);
        }
        let last_modified = millis(&meta);
        Ok(Reply { bytes: Default::default(), start: range.start, size: Some(meta.size), last_modified })
    }

    /// The objects right below `folder`, named relative to `root`.
    pub(in crate::storage) async fn list(
        &self,
        root: &Path,
        folder: &Path,
        name: &str,
        meters: &Meters,
    ) -> Result<Vec<Entry>> {
        let _connection = self.connections.acquire(meters.urgency()).await;
        meters.count_request();
        let listed = self.store.list_with_delimiter(Some(folder)).await;
        let objects = match listed.map_err(|error| translate(&error, name)) {
            Ok(listed) => listed.objects,
            Err(error) if error.is_missing() => Vec::new(),
            Err(error) => return Err(error),
        };
        let entry = |meta: ObjectMeta| {
            let path = Path::from_iter(meta.location.prefix_match(root)?);
            Some(Entry { path, size: meta.size, last_modified: millis(&meta) })
        };
        Ok(objects.into_iter().filter_map(entry).collect())
    }
}

/// A store without times says the epoch.
fn millis(meta: &ObjectMeta) -> Option<i64> {
    Some(meta.last_modified.timestamp_millis()).filter(|millis| *millis != 0)
}

/// The crate's error for a store's: our own, where one is inside.
fn translate(error: &object_store::Error, name: &str) -> Error {
    use object_store::Error as StoreError;
    let url = || name.to_owned();
    match error {
        StoreError::NotFound { .. } => Error::HttpStatus { url: url(), status: 404 },
        StoreError::PermissionDenied { .. } => Error::PermissionDenied { url: url(), status: 403 },
        StoreError::Unauthenticated { .. } => Error::PermissionDenied { url: url(), status: 401 },
        StoreError::NotSupported { .. } | StoreError::NotImplemented { .. } => {
            Error::unsupported("object store", format!("{name}: {}", redact_text(&error.to_string())))
        }
        StoreError::InvalidPath { .. } => Error::corrupt(name, "not a path that this store can hold"),
        _ => causes(error)
            .find_map(|cause| translate_cause(cause, name))
            .unwrap_or_else(|| Error::Network { url: url(), reason: redact_text(&error.to_string()) }),
    }
}

fn translate_cause(cause: &(dyn std::error::Error + 'static), name: &str) -> Option<Error> {
    if let Some(error) = cause.downcast_ref::<Error>() {
        return Some(error.clone());
    }
    match cause.downcast_ref::<std::io::Error>()?.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
            Some(Error::HttpStatus { url: name.to_owned(), status: 404 })
        }
        ErrorKind::PermissionDenied => Some(Error::PermissionDenied { url: name.to_owned(), status: 403 }),
        _ => None,
    }
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
