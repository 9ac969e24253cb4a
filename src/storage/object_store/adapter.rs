//! A [`Storage`] as a read-only [`ObjectStore`], for libraries that speak that trait: cache, retries and meters included.
//!
//! The trait promises an object's size with every answer. HTTP does not always tell it (`Content-Range` may be hidden): then
//! the whole object is fetched once. The layers of this crate use [`Storage`]'s own methods, which need no size.

use crate::error::Error;
use crate::snapshot::FileLocation;
use crate::storage::Storage;
use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result as StoreResult,
};
use std::ops::Range;

impl Storage {
    /// The bytes asked for, the position of the first one, and the object's size.
    async fn read(&self, location: &FileLocation, options: &GetOptions) -> Result<(Bytes, u64, u64), Error> {
        let range = match &options.range {
            None if !options.head => {
                let bytes = self.get(location).await?.bytes;
                let size = bytes.len() as u64;
                return Ok((bytes, 0, size));
            }
            Some(GetRange::Suffix(length)) => {
                let (bytes, size) = self.get_tail(location, None, *length).await?;
                return Ok((bytes, size.saturating_sub(*length), size));
            }
            range => range.clone(),
        };
        let (_, size) = self.get_tail(location, None, 0).await?;
        let range = match range {
            Some(range) => {
                range.as_range(size).map_err(|error| Error::corrupt(crate::storage::location_name(location), error))?
            }
            None => return Ok((Bytes::new(), 0, size)),
        };
        let bytes = Storage::get_ranges(self, location, std::slice::from_ref(&range)).await?.pop().unwrap_or_default();
        Ok((bytes, range.start, size))
    }
}

#[async_trait]
impl ObjectStore for Storage {
    async fn get_opts(&self, path: &Path, options: GetOptions) -> StoreResult<GetResult> {
        let conditional = options.if_match.is_some()
            || options.if_none_match.is_some()
            || options.if_modified_since.is_some()
            || options.if_unmodified_since.is_some()
            || options.version.is_some();
        if conditional {
            return Err(refused("conditional requests"));
        }
        let location = FileLocation::Relative(path.clone());
        let (bytes, start, size) = self.read(&location, &options).await.map_err(|error| foreign(error, path))?;
        let range = start..start + bytes.len() as u64;
        let payload = GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed());
        let last_modified = DateTime::UNIX_EPOCH;
        let meta = ObjectMeta { location: path.clone(), last_modified, size, e_tag: None, version: None };
        Ok(GetResult { payload, meta, range, attributes: Default::default() })
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> StoreResult<Vec<Bytes>> {
        let location = FileLocation::Relative(path.clone());
        Storage::get_ranges(self, &location, ranges).await.map_err(|error| foreign(error, path))
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> StoreResult<PutResult> {
        Err(refused("writing"))
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> StoreResult<Box<dyn MultipartUpload>> {
        Err(refused("writing"))
    }

    fn delete_stream(&self, _: BoxStream<'static, StoreResult<Path>>) -> BoxStream<'static, StoreResult<Path>> {
        stream::once(async { Err(refused("deleting")) }).boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        stream::once(async { Err(refused("listing below folders")) }).boxed()
    }

    async fn list_with_delimiter(&self, folder: Option<&Path>) -> StoreResult<ListResult> {
        let folder = folder.cloned().unwrap_or_default();
        let entries = Storage::list(self, &folder, None).await.map_err(|error| foreign(error, &folder))?;
        let entries = entries.ok_or_else(|| refused("listing"))?;
        let meta = |entry: crate::storage::Entry| ObjectMeta {
            location: entry.path,
            last_modified: entry.last_modified.and_then(DateTime::from_timestamp_millis).unwrap_or_default(),
            size: entry.size,
            e_tag: None,
            version: None,
        };
        Ok(ListResult { common_prefixes: Vec::new(), objects: entries.into_iter().map(meta).collect() })
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> StoreResult<()> {
        Err(refused("copying"))
    }
}

impl std::fmt::Display for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Storage({})", self.url())
    }
}

fn refused(what: &str) -> StoreError {
    StoreError::NotSupported { source: format!("{what}: this storage reads single objects only").into() }
}

/// Our error inside the trait's: [`super::reader`] gets it out again.
fn foreign(error: Error, path: &Path) -> StoreError {
    let path = path.to_string();
    match error {
        error if error.is_missing() => StoreError::NotFound { path, source: error.into() },
        Error::PermissionDenied { .. } => StoreError::PermissionDenied { path, source: error.into() },
        error => StoreError::Generic { store: "Storage", source: error.into() },
    }
}
