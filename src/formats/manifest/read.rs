//! From a manifest's JSON to a [`Snapshot`] and to who knows where its files are.

use super::{FORMAT, Timestamp};
use crate::error::{Error, Result};
use crate::formats::delta::{Assembly, action};
use crate::snapshot::{Commit, Snapshot, Version, VersionList, VersionNumbers};
use crate::storage::{Signed, UrlProvider, now, redact};
use async_trait::async_trait;
use chrono::DateTime;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use url::Url;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    lakeglass_manifest: u32,
    name: Option<String>,
    contact: Option<String>,
    expires: Option<i64>,
    base: Option<String>,
    definitions: Vec<Definition>,
    files: Vec<Box<RawValue>>,
    versions: Vec<VersionText>,
    #[serde(default)]
    urls: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    protocol: Box<RawValue>,
    meta_data: Box<RawValue>,
}

#[derive(Deserialize)]
struct VersionText {
    version: u64,
    timestamp: Option<Timestamp>,
    definition: usize,
    files: Vec<usize>,
}

/// A table's versions as somebody shared them.
pub struct Manifest {
    /// Where it was read, redacted.
    url: String,
    root: Url,
    is_at_home: bool,
    name: Option<String>,
    contact: Option<String>,
    expires: Option<i64>,
    definitions: Vec<Definition>,
    files: Vec<Box<RawValue>>,
    versions: BTreeMap<u64, VersionText>,
    urls: HashMap<String, Url>,
}

impl std::fmt::Debug for Manifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manifest").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Manifest {
    /// Whether a file's content is a manifest.
    pub fn is_one(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Mark {
            lakeglass_manifest: Option<IgnoredAny>,
        }
        bytes.trim_ascii_start().starts_with(b"{")
            && serde_json::from_slice::<Mark>(bytes).is_ok_and(|mark| mark.lakeglass_manifest.is_some())
    }

    /// Reads the manifest that was found at `url`.
    ///
    /// # Errors
    /// `url_expired` where the time of its URLs is over, `corrupt_table` where it contradicts itself.
    pub fn parse(bytes: &[u8], url: &Url) -> Result<Manifest> {
        let shown = redact(url);
        let corrupt = |reason: String| Error::corrupt(shown.clone(), reason);
        let text: Text = serde_json::from_slice(bytes).map_err(|error| corrupt(error.to_string()))?;
        if text.lakeglass_manifest > FORMAT {
            let format = format!("manifest format {}", text.lakeglass_manifest);
            return Err(Error::unsupported(format, "it was written by a newer Lakeglass"));
        }
        let mut here = url.clone();
        here.set_fragment(None);
        let join = |relative: &str| here.join(relative).map_err(|error| corrupt(format!("{relative:?}: {error}")));
        let mut urls = HashMap::with_capacity(text.urls.len());
        for (path, url) in &text.urls {
            let url = here.join(url).map_err(|error| corrupt(format!("the URL of {path}: {error}")))?;
            if !matches!(url.scheme(), "http" | "https") {
                return Err(corrupt(format!("the URL of {path} is of scheme {}", url.scheme())));
            }
            urls.insert(path.clone(), url);
        }
        let versions: BTreeMap<u64, VersionText> =
            text.versions.into_iter().map(|version| (version.version, version)).collect();
        if versions.is_empty() {
            return Err(corrupt("it has no version".into()));
        }
        let mut root = join(text.base.as_deref().unwrap_or("./"))?;
        // What goes with every object of the manifest's folder may go with the table's, unless that is somebody else's.
        let same = root.scheme() == here.scheme() && root.authority() == here.authority();
        root.set_query(here.query().filter(|_| same));
        let manifest = Manifest {
            url: shown.clone(),
            root,
            is_at_home: same,
            name: text.name,
            contact: text.contact,
            expires: text.expires,
            definitions: text.definitions,
            files: text.files,
            versions,
            urls,
        };
        match manifest.is_expired() {
            true => Err(Error::UrlExpired { url: shown, reason: manifest.advice() }),
            false => Ok(manifest),
        }
    }

    /// The table's root: what has no URL of its own is below it.
    pub fn root(&self) -> &Url {
        &self.root
    }

    /// Whether the table's root is where the manifest is: then what that host is shown is shown for the table too.
    pub fn is_at_home(&self) -> bool {
        self.is_at_home
    }

    /// The name that its owner gave it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Until when its URLs are good, in milliseconds since the Unix epoch.
    pub fn expires(&self) -> Option<i64> {
        self.expires
    }

    fn is_expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= now())
    }

    /// What to do when its URLs do not work any more.
    fn advice(&self) -> String {
        let when = self.expires.and_then(DateTime::from_timestamp_millis);
        let when = when.map(|when| format!("this share ended at {}, ", when.format("%Y-%m-%d %H:%M UTC")));
        let whom = self.contact.as_deref().unwrap_or("whoever shared it");
        format!("{}ask {whom} for a fresh one", when.unwrap_or_default())
    }

    /// The table at `version`.
    ///
    /// # Errors
    /// `version_not_found` for a version that is not shared.
    pub fn at(&self, version: Version) -> Result<Snapshot> {
        let found = match version {
            Version::Latest => self.versions.values().next_back(),
            Version::Number(version) => self.versions.get(&version),
            Version::Timestamp(millis) => {
                let made = |version: &&VersionText| version.timestamp.is_some_and(|made| made.millis <= millis);
                self.versions.values().rev().find(made)
            }
        };
        let found = found.ok_or_else(|| self.not_shared(version))?;
        self.build(found)
    }

    fn not_shared(&self, version: Version) -> Error {
        let requested = version.to_string();
        let shared = self.versions.keys().map(u64::to_string).collect::<Vec<_>>().join(", ");
        Error::VersionNotFound { url: self.url.clone(), requested, reason: format!("this share has version {shared}") }
    }

    fn build(&self, version: &VersionText) -> Result<Snapshot> {
        let missing = |what: &str| Error::corrupt(self.url.clone(), format!("a {what} is named that it does not have"));
        let definition = self.definitions.get(version.definition).ok_or_else(|| missing("definition"))?;
        let file = |position: &usize| {
            let file = self.files.get(*position).ok_or_else(|| missing("file"))?;
            action(file.get(), &self.url)
        };
        let assembly = Assembly {
            version: version.version,
            timestamp: version.timestamp.map(Into::into),
            protocol: action(definition.protocol.get(), &self.url)?,
            metadata: action(definition.meta_data.get(), &self.url)?,
            files: version.files.iter().map(file).collect::<Result<_>>()?,
        };
        assembly.snapshot(&redact(&self.root), &self.url)
    }

    /// The versions that are shared; there may be holes between.
    pub(super) fn shared_versions(&self) -> VersionList {
        let numbers = VersionNumbers::Listed(self.versions.keys().copied().collect());
        VersionList { numbers, intact: None, references: Vec::new() }
    }

    /// The shared versions, newest first, and their times: a manifest does not say who made them.
    pub(super) fn commits(&self, until: Option<u64>, limit: Option<usize>) -> Vec<Commit> {
        let shared = self.versions.values().rev().filter(|version| until.is_none_or(|until| version.version <= until));
        let commit = |version: &VersionText| Commit {
            version: version.version,
            timestamp: version.timestamp.map(Into::into),
            ..Commit::default()
        };
        shared.map(commit).take(limit.unwrap_or(usize::MAX)).collect()
    }
}

#[async_trait]
impl UrlProvider for Manifest {
    async fn sign(&self, path: &str) -> Result<Signed> {
        let Some(url) = self.urls.get(path) else { return Ok(Signed::Unsigned) };
        match self.is_expired() {
            true => Err(Error::UrlExpired { url: redact(url), reason: self.advice() }),
            false => Ok(Signed::At { url: url.clone(), expires: self.expires }),
        }
    }

    fn advice(&self) -> Option<String> {
        Some(self.advice())
    }
}
