//! A shared table at a version, and the URLs of its files while they are good.

use super::changes::ChangedVersions;
use super::client::{Client, SharedName};
use super::folder;
use super::response::{Located, Response};
use crate::error::{Error, Result};
use crate::formats::delta;
use crate::formats::delta::Assembly;
use crate::formats::delta::change_feed;
use crate::snapshot::{Changes, Snapshot, Version};
use crate::storage::{AccessOptions, Signed, Storage, StorageOptions, UrlProvider, now, redact};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use url::Url;

/// A URL that ends sooner than this is renewed first, in milliseconds.
const MARGIN: i64 = 60_000;

/// A table that a server shares.
#[derive(Debug, Clone)]
pub struct SharedTable {
    client: Arc<Client>,
    name: SharedName,
    options: StorageOptions,
}

impl SharedTable {
    /// The table `name` of the server that `client` asks. No request is made.
    pub fn new(client: Arc<Client>, name: SharedName, options: &StorageOptions) -> SharedTable {
        // What the options have for the profile's own host is not for where the files are.
        let AccessOptions { endpoint, region, style, allowed_origins, .. } = options.access.clone();
        let access = AccessOptions { endpoint, region, style, allowed_origins, ..AccessOptions::default() };
        SharedTable { client, name, options: StorageOptions { access, sign: None, ..options.clone() } }
    }

    /// Opens it at `version`. One request, where the server gives a URL for each file.
    pub async fn open(&self, version: Version) -> Result<Opened> {
        let answer = self.client.query(&self.name, version).await;
        let response = match answer {
            Ok(response) => response,
            // A server that gives out the table's folder alone refuses to tell of its files.
            Err(error) if refuses(&error) => match self.client.folder(&self.name).await {
                Ok(Some(grant)) => {
                    let storage = folder::open(self.client.clone(), self.name.clone(), &self.options, grant)?;
                    return Ok(Opened::Folder(storage));
                }
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let url = self.client.table_url(&self.name)?;
        let Response { version: found, protocol, metadata, files, urls } = response;
        let found = found.unwrap_or_default();
        let assembly = Assembly { version: found, timestamp: None, protocol, metadata, files };
        let shown = redact(&url);
        let snapshot = assembly.snapshot(&shown, &shown)?;
        // The newest version is asked for as that: a server may share no other.
        let asked = if version == Version::Latest { Version::Latest } else { Version::Number(found) };
        Ok(Opened::Files(self.storage(Asked::Files(asked), found, urls)?, Box::new(snapshot)))
    }

    /// The snapshot at a version, of a table whose files the server tells.
    pub async fn at(&self, version: Version) -> Result<(Storage, Snapshot)> {
        match self.open(version).await? {
            Opened::Files(storage, snapshot) => Ok((storage, *snapshot)),
            Opened::Folder(storage) => {
                let snapshot = delta::snapshot(&storage, version).await?;
                Ok((storage, snapshot))
            }
        }
    }

    /// What the versions from `from` to `to` changed, and where the files are that tell it.
    ///
    /// # Errors
    /// `unsupported_feature` where the server does not share changes, or the table does not have them.
    pub async fn changed(&self, from: Version, to: Version) -> Result<(Storage, Changes)> {
        let from = match from {
            Version::Latest => Version::Number(self.latest().await?),
            from => from,
        };
        let url = redact(&self.client.table_url(&self.name)?);
        let ChangedVersions { protocol, metadata, commits, urls } = self.client.changes(&self.name, from, to).await?;
        let version = commits.last().map(|(version, _)| *version).unwrap_or_default();
        let end = Assembly { version, timestamp: None, protocol, metadata, files: Vec::new() }.snapshot(&url, &url)?;
        let changes = change_feed::of_commits(&url, commits, &end)?;
        Ok((self.storage(Asked::Changes(from, to), version, urls)?, changes))
    }

    /// Where the files are that `asked` was answered with.
    fn storage(&self, asked: Asked, version: u64, urls: HashMap<String, Located>) -> Result<Storage> {
        let url = self.client.table_url(&self.name)?;
        let urls = Urls {
            client: self.client.clone(),
            name: self.name.clone(),
            asked,
            version,
            shown: redact(&url),
            known: Mutex::new(entries(urls)),
        };
        let mut options = StorageOptions { sign: Some(Arc::new(urls)), ..self.options.clone() };
        options.access =
            AccessOptions { allowed_origins: options.access.allowed_origins.clone(), ..AccessOptions::default() };
        Storage::open(&url, &options)
    }

    /// The newest version.
    pub async fn latest(&self) -> Result<u64> {
        self.client.latest(&self.name).await
    }
}

/// A shared table, opened.
#[derive(Debug)]
pub enum Opened {
    /// The server tells of each file of the version.
    Files(Storage, Box<Snapshot>),
    /// It gives out the table's folder: the log tells.
    Folder(Storage),
}

/// Whether a server may refuse a question for files so whose tables are given out as folders.
fn refuses(error: &Error) -> bool {
    match error {
        Error::VersionNotFound { .. } | Error::TableNotFound { .. } => true,
        Error::PermissionDenied { status, .. } => *status == 403,
        Error::HttpStatus { status, .. } => matches!(status, 400 | 404 | 405 | 501),
        _ => false,
    }
}

fn entries(urls: HashMap<String, Located>) -> HashMap<String, Entry> {
    urls.into_iter().map(|(id, (url, expires))| (id, Entry { url, expires, given: false })).collect()
}

/// The files' URLs, asked for anew when they have ended.
struct Urls {
    client: Arc<Client>,
    name: SharedName,
    asked: Asked,
    version: u64,
    shown: String,
    /// By id.
    known: Mutex<HashMap<String, Entry>>,
}

/// What is asked again, for fresh URLs.
enum Asked {
    Files(Version),
    Changes(Version, Version),
}

struct Entry {
    url: Url,
    expires: Option<i64>,
    /// Whether it was handed out: who asks again could not use it.
    given: bool,
}

impl std::fmt::Debug for Urls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Urls").field("table", &self.name).finish_non_exhaustive()
    }
}

impl Entry {
    fn is_good(&self) -> bool {
        !self.given && self.expires.is_none_or(|expires| expires - MARGIN > now())
    }
}

impl Urls {
    async fn renewed(&self) -> Result<HashMap<String, Entry>> {
        let urls = match self.asked {
            Asked::Files(version) => self.client.query(&self.name, version).await?.urls,
            Asked::Changes(from, to) => self.client.changes(&self.name, from, to).await?.urls,
        };
        Ok(entries(urls))
    }
}

#[async_trait]
impl UrlProvider for Urls {
    async fn sign(&self, path: &str) -> Result<Signed> {
        // Held while asking: the others wait, and find what this one has fetched.
        let mut known = self.known.lock().await;
        match known.get(path) {
            None => return Ok(Signed::Missing),
            Some(entry) if entry.is_good() => {}
            Some(_) => {
                // Renewed ones replace what was there; what the newest version has no more keeps its old URL, which has ended.
                known.extend(self.renewed().await?);
            }
        }
        match known.get_mut(path) {
            Some(entry) if !entry.given => {
                entry.given = true;
                Ok(Signed::At { url: entry.url.clone(), expires: entry.expires })
            }
            _ => {
                let reason = format!("the table has gone on from version {}: open it again", self.version);
                Err(Error::UrlExpired { url: self.shown.clone(), reason })
            }
        }
    }

    fn advice(&self) -> Option<String> {
        Some(
            "the server's fresh URLs do not work either: compare this machine's clock, or ask whoever shares the table"
                .into(),
        )
    }
}
