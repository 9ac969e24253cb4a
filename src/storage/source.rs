//! Where an object's bytes come from: over HTTP, or out of an object store.

use super::coalesce::LOCAL_GAP;
use super::http::client::HttpStore;
use super::http::response::Reply;
use super::http::transport::Freshness;
use super::metrics::Meters;
use super::object_store::reader::StoreReader;
use super::redact;
use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use object_store::path::Path;
use std::ops::Range;

/// The ways to the objects of one table.
#[derive(Debug)]
pub(super) struct Source {
    /// What is below the root, if that is not reached over HTTP.
    pub store: Option<StoreRoot>,
    /// Everything with an HTTP URL.
    pub http: HttpStore,
}

/// A folder in an object store.
#[derive(Debug)]
pub(super) struct StoreRoot {
    pub reader: StoreReader,
    pub root: Path,
    /// The folder's URL as errors show it.
    pub url: String,
    /// Whether the store is this machine's file system, from its root on: then `file` URLs are in it.
    pub is_local: bool,
}

impl Source {
    /// Fetches `range` of the object, or all of it.
    pub(super) async fn fetch(
        &self,
        location: &FileLocation,
        range: Option<&Range<u64>>,
        freshness: Freshness,
        meters: &Meters,
    ) -> Result<Reply> {
        match self.in_store(location)? {
            // A share in a local folder may name what is elsewhere.
            Some(_) if self.http.is_signed(location).await? => {
                self.http.fetch(location, range, freshness, meters).await
            }
            Some((store, path)) => store.reader.fetch(&path, range, &self.name(location), meters).await,
            None => self.http.fetch(location, range, freshness, meters).await,
        }
    }

    /// Whether an answer to a ranged request is known to be that range, not the whole object.
    pub(super) fn honours_ranges(&self, location: &FileLocation) -> bool {
        matches!(self.in_store(location), Ok(Some(_))) || self.http.honours_ranges(location)
    }

    /// The widest gap between two ranges of the object that is better read than skipped.
    pub(super) fn gap(&self, location: &FileLocation) -> u64 {
        if matches!(self.in_store(location), Ok(Some(_))) { LOCAL_GAP } else { self.http.gap() }
    }

    /// How many bytes of an object take as long as asking once more.
    pub(super) fn bytes_in_a_round_trip(&self, location: &FileLocation) -> u64 {
        if matches!(self.in_store(location), Ok(Some(_))) { LOCAL_GAP } else { self.http.bytes_in_a_round_trip() }
    }

    /// What errors call `location`: a URL without secrets.
    pub(super) fn name(&self, location: &FileLocation) -> String {
        match (location, &self.store) {
            (FileLocation::Absolute(url), _) => redact(url),
            (FileLocation::Relative(path), Some(store)) => format!("{}/{path}", store.url.trim_end_matches('/')),
            (FileLocation::Relative(path), None) => self.http.name(location).unwrap_or_else(|_| path.to_string()),
        }
    }

    fn in_store(&self, location: &FileLocation) -> Result<Option<(&StoreRoot, Path)>> {
        match (location, &self.store) {
            (FileLocation::Relative(path), Some(store)) => {
                Ok(Some((store, Path::from_iter(store.root.parts().chain(path.parts())))))
            }
            (FileLocation::Absolute(url), Some(store)) if store.is_local && url.scheme() == "file" => {
                let path = Path::from_url_path(url.path());
                let path = path.map_err(|_| Error::corrupt(redact(url), "not a path of this machine"))?;
                Ok(Some((store, path)))
            }
            _ => Ok(None),
        }
    }
}
