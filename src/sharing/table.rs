//! A shared table at a version, and the URLs of its files while they are good.

use super::client::{Client, SharedName};
use super::response::Response;
use crate::delta::Assembly;
use crate::error::{Error, Result};
use crate::snapshot::{Snapshot, Version};
use crate::storage::{AccessOptions, Sign, Signed, Storage, StorageOptions, now, redact};
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
        let access =
            AccessOptions { allowed_origins: options.access.allowed_origins.clone(), ..AccessOptions::default() };
        SharedTable { client, name, options: StorageOptions { access, sign: None, ..options.clone() } }
    }

    /// Its snapshot at `version`, and where its files are. One request.
    pub async fn open(&self, version: Version) -> Result<(Storage, Snapshot)> {
        let url = self.client.table_url(&self.name)?;
        let Response { version: found, protocol, metadata, files, urls } =
            self.client.query(&self.name, version).await?;
        let found = found.unwrap_or_default();
        let assembly = Assembly { version: found, timestamp: None, protocol, metadata, files };
        let shown = redact(&url);
        let snapshot = assembly.snapshot(&shown, &shown)?;
        // The newest version is asked for as that: a server may share no other.
        let asked = if version == Version::Latest { Version::Latest } else { Version::Number(found) };
        let urls = Urls {
            client: self.client.clone(),
            name: self.name.clone(),
            asked,
            version: found,
            shown,
            known: Mutex::new(Known {
                urls: urls.into_iter().map(|(id, (url, expires))| (id, Entry { url, expires, given: false })).collect(),
            }),
        };
        let options = StorageOptions { sign: Some(Arc::new(urls)), ..self.options.clone() };
        Ok((Storage::open(&url, &options)?, snapshot))
    }

    /// The newest version.
    pub async fn latest(&self) -> Result<u64> {
        self.client.latest(&self.name).await
    }
}

/// The files' URLs, asked for anew when they have ended.
struct Urls {
    client: Arc<Client>,
    name: SharedName,
    asked: Version,
    version: u64,
    shown: String,
    known: Mutex<Known>,
}

struct Known {
    urls: HashMap<String, Entry>,
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
        let response = self.client.query(&self.name, self.asked).await?;
        let urls = response.urls.into_iter();
        Ok(urls.map(|(id, (url, expires))| (id, Entry { url, expires, given: false })).collect())
    }
}

#[async_trait]
impl Sign for Urls {
    async fn sign(&self, path: &str) -> Result<Signed> {
        // Held while asking: the others wait, and find what this one has fetched.
        let mut known = self.known.lock().await;
        match known.urls.get(path) {
            None => return Ok(Signed::Missing),
            Some(entry) if entry.is_good() => {}
            Some(_) => {
                // Renewed ones replace what was there; what the newest version has no more keeps its old URL, which has ended.
                known.urls.extend(self.renewed().await?);
            }
        }
        match known.urls.get_mut(path) {
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
