//! What is at a location: decided here, by what is there.

use super::opener::{Document, FormatOpener, openers};
use super::{Location, Opened, TableUrl};
use crate::error::{Error, Result};
use crate::snapshot::{FileLocation, Version};
use crate::storage::{Meter, Probe, Storage, StorageOptions, location_name, redact};
use bytes::Bytes;
use object_store::path::Path;
use std::sync::Arc;
use url::Url;

/// Opens the table at `url` at `version`, and counts what that costs into `meter`.
///
/// # Errors
/// `table_not_found` says what was looked for, `unsupported_feature` names a format that there is not.
pub async fn open(url: &TableUrl, version: Version, options: &StorageOptions, meter: &Meter) -> Result<Opened> {
    let location = match url.document() {
        None => {
            let storage = Storage::open(url.as_url(), options)?.with_meter(meter);
            Location { url: url.as_url(), storage, document: None, options, meter }
        }
        Some((folder, path)) => {
            let storage = Storage::open(&folder, options)?.with_meter(meter);
            let is_text = !path.as_ref().ends_with(".parquet");
            let bytes = if is_text { Some(content(&storage, path.clone()).await?) } else { None };
            let document = Some(Document { path, bytes });
            Location { url: url.as_url(), storage, document, options, meter }
        }
    };
    find(&location, wanted(url.format())?, version).await
}

/// Opens the table in a folder, whose bytes are in `storage`.
///
/// # Errors
/// As of [`open`].
pub async fn open_folder(storage: Storage, version: Version) -> Result<Opened> {
    let url = Url::parse(storage.url()).or_else(|_| Url::parse("file:///")).map_err(Error::internal)?;
    let (options, meter) = (StorageOptions::default(), Meter::default());
    let location = Location { url: &url, storage, document: None, options: &options, meter: &meter };
    find(&location, openers(), version).await
}

async fn find(location: &Location<'_>, openers: Vec<Arc<dyn FormatOpener>>, version: Version) -> Result<Opened> {
    let (mut looked_for, mut reason) = (Vec::new(), None);
    for opener in &openers {
        match opener.open(location, version).await {
            Ok(Some(opened)) => return Ok(opened),
            Ok(None) => {}
            Err(error @ Error::TableNotFound { .. }) => {
                reason.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
        looked_for.push(opener.looks_for());
    }
    let looked_for = || format!("no table is here: looked for {}", looked_for.join(", "));
    Err(reason.unwrap_or_else(|| Error::TableNotFound { url: redact(location.url), reason: looked_for() }))
}

/// The format that is said to be there; every one, where nothing is said.
fn wanted(format: Option<&str>) -> Result<Vec<Arc<dyn FormatOpener>>> {
    let openers = openers();
    let Some(format) = format else { return Ok(openers) };
    let names: Vec<&str> = openers.iter().map(|opener| opener.name()).collect();
    let unknown = || Error::unsupported(format!("the format {format}"), format!("there are {}", names.join(", ")));
    let found = openers.iter().find(|opener| opener.name() == format).cloned();
    found.map(|opener| vec![opener]).ok_or_else(unknown)
}

/// The content of a document, which may have been written anew since.
async fn content(storage: &Storage, path: Path) -> Result<Bytes> {
    let location = FileLocation::Relative(path);
    let url = || format!("{}/{}", storage.url().trim_end_matches('/'), location_name(&location));
    match storage.probe_mutable(&location).await? {
        Probe::Found(object) => Ok(object.bytes),
        Probe::Missing => Err(Error::TableNotFound { url: url(), reason: "this document is not there".into() }),
        Probe::Denied => Err(Error::PermissionDenied { url: url(), status: 403 }),
        Probe::Hidden => Err(Error::CorsOrNetwork { url: url(), answered: true }),
    }
}
