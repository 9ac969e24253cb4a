//! A table at one version, and where its bytes are.

use crate::error::{Error, Result};
use crate::formats::delta;
use crate::formats::delta::change_feed;
use crate::formats::delta::change_feed::Changes;
use crate::formats::delta::{Commit, Definition, Verified, VersionRange};
use crate::formats::manifest::Manifest;
use crate::formats::sharing::{Client, Opened, Profile, SharedName, SharedTable};
use crate::snapshot::{FileLocation, Snapshot};
use crate::storage::{AccessOptions, Meter, Probe, Storage, StorageOptions, location_name, redact};
use bytes::Bytes;
use object_store::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use url::Url;

pub use crate::snapshot::Version;

/// Where a table is: the URL of its folder (`http`, `https`, `s3`, `gs`, `abfss`, `az`; natively `file` and plain paths), or of a
/// document that tells of tables: a share manifest (`….json`), or a Delta Sharing profile with a table's name
/// (`….share#share.schema.table`).
#[derive(Clone, PartialEq, Eq)]
pub struct TableUrl(Url);

impl TableUrl {
    /// The URL itself, signature and all. For fetching only, never for showing.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The folder and the name of a document; `None` for a table's own folder.
    fn document(&self) -> Option<(Url, Path)> {
        let name =
            self.0.path().rsplit('/').next().filter(|name| name.ends_with(".json") || name.ends_with(".share"))?;
        let mut folder = self.0.clone();
        let path = self.0.path().strip_suffix(name).unwrap_or_default().to_owned();
        folder.set_path(&path);
        folder.set_fragment(None);
        Some((folder, Path::from_url_path(name).ok()?))
    }
}

impl FromStr for TableUrl {
    type Err = Error;

    /// Parses an absolute URL; natively, anything that is not one is a folder's path.
    fn from_str(text: &str) -> Result<TableUrl> {
        match Url::parse(text) {
            Ok(url) => Ok(TableUrl(url)),
            #[cfg(not(target_arch = "wasm32"))]
            Err(url::ParseError::RelativeUrlWithoutBase) => folder(text),
            Err(error) => Err(not_a_location(error)),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn folder(path: &str) -> Result<TableUrl> {
    // A profile's path with the name of a table behind it.
    let (path, fragment) = match path.split_once(".share#") {
        Some((path, table)) => (format!("{path}.share"), Some(table)),
        None => (path.to_owned(), None),
    };
    let path = std::path::absolute(path).map_err(not_a_location)?;
    let url = match path.is_file() {
        true => Url::from_file_path(path),
        false => Url::from_directory_path(path),
    };
    let mut url = url.map_err(|()| not_a_location("not a folder's path"))?;
    url.set_fragment(fragment);
    // Parsed again, which takes the `..` of a relative path away.
    Url::parse(url.as_str()).map(TableUrl).map_err(not_a_location)
}

/// The text itself stays out of the error: it may hold a signature.
fn not_a_location(reason: impl std::fmt::Display) -> Error {
    Error::TableNotFound { url: "the location given".into(), reason: reason.to_string() }
}

impl std::fmt::Debug for TableUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TableUrl").field(&crate::storage::redact(&self.0)).finish()
    }
}

/// A table at one version. Another version is another `Table`; both share the storage and its cache.
#[derive(Debug, Clone)]
pub struct Table {
    storage: Storage,
    snapshot: Arc<Snapshot>,
    origin: Origin,
}

/// What knows a table's versions.
#[derive(Debug, Clone)]
enum Origin {
    /// The log in its storage.
    Log,
    /// Whoever shared it.
    Manifest(Arc<Manifest>),
    /// The server that shares it.
    Sharing(Arc<SharedTable>),
}

impl Table {
    /// Opens `url` at `version`.
    pub async fn open(url: &TableUrl, version: Version, options: &StorageOptions) -> Result<Table> {
        Table::open_metered(url, version, options, &Meter::default()).await
    }

    /// Opens `url` at `version`, and counts what that costs into `meter`.
    pub async fn open_metered(
        url: &TableUrl,
        version: Version,
        options: &StorageOptions,
        meter: &Meter,
    ) -> Result<Table> {
        let Some((folder, name)) = url.document() else {
            return Table::open_in(Storage::open(url.as_url(), options)?, version, meter).await;
        };
        let storage = Storage::open(&folder, options)?.with_meter(meter);
        let document = document(&storage, name).await?;
        if Profile::is_one(&document) {
            return Table::open_shared(&document, url, version, options, meter).await;
        }
        if !Manifest::is_one(&document) {
            let reason = "this file is neither a share manifest nor a sharing profile; of a table, give the folder that holds _delta_log";
            return Err(Error::TableNotFound { url: redact(url.as_url()), reason: reason.into() });
        }
        Table::open_manifest(Manifest::parse(&document, url.as_url())?, version, options)
    }

    async fn open_shared(
        profile: &[u8],
        url: &TableUrl,
        version: Version,
        options: &StorageOptions,
        meter: &Meter,
    ) -> Result<Table> {
        let name = url
            .as_url()
            .fragment()
            .and_then(|name| SharedName::parse(&percent_encoding::percent_decode_str(name).decode_utf8_lossy()));
        let client = Client::new(Profile::parse(profile, url.as_url())?, options);
        let Some(name) = name else { return Err(unnamed(&client, url).await) };
        let shared = SharedTable::new(Arc::new(client), name, options);
        match shared.open(version).await? {
            Opened::Files(storage, snapshot) => {
                let origin = Origin::Sharing(Arc::new(shared));
                Ok(Table { storage, snapshot: Arc::new(*snapshot), origin })
            }
            Opened::Folder(storage) => Table::open_in(storage, version, meter).await,
        }
    }

    fn open_manifest(manifest: Manifest, version: Version, options: &StorageOptions) -> Result<Table> {
        let manifest = Arc::new(manifest);
        let mut options = StorageOptions { sign: Some(manifest.clone()), ..options.clone() };
        if !manifest.is_at_home() {
            // The credentials are for where the manifest is.
            options.access =
                AccessOptions { allowed_origins: options.access.allowed_origins, ..AccessOptions::default() };
        }
        let storage = Storage::open(manifest.root(), &options)?;
        let snapshot = Arc::new(manifest.snapshot(version)?);
        Ok(Table { storage, snapshot, origin: Origin::Manifest(manifest) })
    }

    /// Opens the table in `storage` at `version`, and counts what that costs into `meter`.
    pub async fn open_in(storage: Storage, version: Version, meter: &Meter) -> Result<Table> {
        let snapshot = Arc::new(delta::snapshot(&storage.with_meter(meter), version).await?);
        Ok(Table { storage, snapshot, origin: Origin::Log })
    }

    /// A table made elsewhere: its snapshot, and where its bytes are.
    pub fn from_parts(storage: Storage, snapshot: Arc<Snapshot>) -> Table {
        Table { storage, snapshot, origin: Origin::Log }
    }

    /// The same table at another version; counts what opening it costs into `meter`.
    pub async fn at(&self, version: Version, meter: &Meter) -> Result<Table> {
        match &self.origin {
            Origin::Log => Table::open_in(self.storage.clone(), version, meter).await,
            Origin::Manifest(manifest) => {
                let snapshot = Arc::new(manifest.snapshot(version)?);
                Ok(Table { storage: self.storage.clone(), snapshot, origin: self.origin.clone() })
            }
            Origin::Sharing(shared) => {
                let (storage, snapshot) = shared.snapshot(version).await?;
                Ok(Table { storage, snapshot: Arc::new(snapshot), origin: self.origin.clone() })
            }
        }
    }

    /// The same table, whose reads are counted into `meter` too.
    pub fn with_meter(&self, meter: &Meter) -> Table {
        Table { storage: self.storage.with_meter(meter), snapshot: self.snapshot.clone(), origin: self.origin.clone() }
    }

    /// Where its bytes are.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Its schema, live files and metadata.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Compares the snapshot with the checksum file that its writer may have left; `None` where there is none.
    ///
    /// # Errors
    /// `corrupt_table` where they differ.
    pub async fn verify(&self) -> Result<Option<Verified>> {
        match &self.origin {
            Origin::Log => delta::verify(&self.storage, &self.snapshot).await,
            Origin::Manifest(_) | Origin::Sharing(_) => Ok(None),
        }
    }

    /// Columns, properties and features of another version, without its files: one request, where that version has a checksum
    /// file.
    pub async fn definition_at(&self, version: u64) -> Result<Definition> {
        match &self.origin {
            Origin::Log => delta::definition(&self.storage, version).await,
            Origin::Manifest(manifest) => Ok(definition(manifest.snapshot(Version::Number(version))?)),
            Origin::Sharing(shared) => Ok(definition(shared.snapshot(Version::Number(version)).await?.1)),
        }
    }

    /// The versions that can be opened now.
    pub async fn versions(&self) -> Result<VersionRange> {
        match &self.origin {
            Origin::Log => delta::versions(&self.storage).await,
            Origin::Manifest(manifest) => Ok(manifest.versions()),
            // A server does not say which older versions it has.
            Origin::Sharing(shared) => {
                let latest = shared.latest().await?;
                Ok(VersionRange { earliest: self.snapshot.version.min(latest), latest, intact: None })
            }
        }
    }

    /// The newest `limit` commits up to version `until` (without it, the newest version), newest first.
    pub async fn history(&self, until: Option<u64>, limit: Option<usize>) -> Result<Vec<Commit>> {
        match &self.origin {
            Origin::Log => delta::history(&self.storage, until, limit).await,
            Origin::Manifest(manifest) => Ok(manifest.history(until, limit)),
            Origin::Sharing(_) => {
                let reason = "a sharing server does not tell who wrote a table's versions";
                Err(Error::unsupported("history of a shared table", reason))
            }
        }
    }

    /// Whether its log can be read.
    pub fn has_log(&self) -> bool {
        matches!(self.origin, Origin::Log)
    }

    /// What the versions `from` to `to` changed, and where the files are that tell it; `to` is this version where it is not told.
    ///
    /// # Errors
    /// As of [`change_feed::changes`]; `unsupported_feature` of a share manifest, which tells of versions alone.
    pub async fn changes(&self, from: Version, to: Option<Version>) -> Result<(Storage, Changes)> {
        match &self.origin {
            Origin::Log => {
                let changes = change_feed::changes(&self.storage, &self.snapshot, from, to).await?;
                Ok((self.storage.clone(), changes))
            }
            Origin::Manifest(_) => {
                let reason = "this table is shared without its log: it does not say what its versions changed";
                Err(Error::unsupported("table_changes", reason))
            }
            Origin::Sharing(shared) => shared.changes(from, to.unwrap_or(Version::Number(self.snapshot.version))).await,
        }
    }
}

/// A profile is given without a table's name: which there are.
async fn unnamed(client: &Client, url: &TableUrl) -> Error {
    let names = match client.all_tables().await {
        Ok(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Err(error) => return error,
    };
    let names = if names.is_empty() { "it shares none".to_owned() } else { format!("it shares {names}") };
    let reason = format!("say which table of the profile, profile.share#share.schema.table: {names}");
    Error::TableNotFound { url: redact(url.as_url()), reason }
}

fn definition(snapshot: Snapshot) -> Definition {
    let Snapshot { schema, partition_columns, metadata, protocol, .. } = snapshot;
    Definition { schema, partition_columns, metadata, protocol }
}

/// The content of a document, which may have been written anew since.
async fn document(storage: &Storage, name: Path) -> Result<Bytes> {
    let location = FileLocation::Relative(name);
    let url = || format!("{}/{}", storage.url().trim_end_matches('/'), location_name(&location));
    match storage.probe_mutable(&location).await? {
        Probe::Found(object) => Ok(object.bytes),
        Probe::Missing => Err(Error::TableNotFound { url: url(), reason: "this document is not there".into() }),
        Probe::Denied => Err(Error::PermissionDenied { url: url(), status: 403 }),
        Probe::Hidden => Err(Error::CorsOrNetwork { url: url(), answered: true }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_location_and_signatures_are_not_shown() {
        let folder: TableUrl = "some folder/table".parse().unwrap();
        assert_eq!(folder.as_url().scheme(), "file");
        assert!(folder.as_url().path().ends_with("/some%20folder/table/"), "{folder:?}");
        let above: TableUrl = "a/../table".parse().unwrap();
        assert!(above.as_url().path().ends_with("/table/") && !above.as_url().path().contains(".."), "{above:?}");
        let signed: TableUrl = "https://me:secret@host/table?sig=secret".parse().unwrap();
        assert_eq!(format!("{signed:?}"), r#"TableUrl("https://host/table")"#);
        let bad = "https://host:secret/t".parse::<TableUrl>().unwrap_err();
        assert!(!bad.to_string().contains("secret"), "{bad}");
    }
}
