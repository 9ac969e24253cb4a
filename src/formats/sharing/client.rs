//! What is asked of a sharing server.

use super::changes::{self, ChangedVersions};
use super::grant::Grant;
use super::profile::Profile;
use super::response::{self, Response};
use crate::error::{Error, Result};
use crate::snapshot::Version;
use crate::storage::{Rest, StorageOptions, redact};
use chrono::{DateTime, SecondsFormat};
use serde::Deserialize;
use serde_json::json;
use url::Url;

/// What this reader understands, as a server is told: it answers in Delta's own actions where it can.
const CAPABILITIES: &str = "responseformat=delta,parquet;readerfeatures=deletionvectors,columnmapping,timestampntz,\
                            v2checkpoint,vacuumprotocolcheck,typewidening,typewidening-preview,varianttype,\
                            varianttype-preview,variantshredding-preview";

/// Pages of a list, at most: a server that goes on for ever is broken.
const MOST_PAGES: usize = 10_000;

/// Asks a server in a profile's name.
#[derive(Debug)]
pub struct Client {
    profile: Profile,
    rest: Rest,
}

/// The name of a shared table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedName {
    /// The share.
    pub share: String,
    /// The schema in it.
    pub schema: String,
    /// The table in that.
    pub table: String,
}

impl SharedName {
    /// Reads `share.schema.table`.
    pub fn parse(text: &str) -> Option<SharedName> {
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
        Some(SharedName { share: part()?, schema: part()?, table: part()? })
    }
}

impl std::fmt::Display for SharedName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.share, self.schema, self.table)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    #[serde(default = "Vec::new")]
    items: Vec<T>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: String,
    schema: String,
    share: String,
    #[serde(default)]
    access_modes: Vec<String>,
}

impl Client {
    /// Asks the server of `profile`.
    pub fn new(profile: Profile, options: &StorageOptions) -> Client {
        Client { profile, rest: Rest::new(options) }
    }

    /// The URL of a resource.
    fn url(&self, parts: &[&str]) -> Result<Url> {
        let mut url = self.profile.endpoint.clone();
        let no_base = || Error::internal("the endpoint cannot have a path");
        url.path_segments_mut().map_err(|()| no_base())?.pop_if_empty().extend(parts);
        Ok(url)
    }

    /// The URL of a table: what errors call it.
    pub(crate) fn table_url(&self, name: &SharedName) -> Result<Url> {
        self.url(&["shares", &name.share, "schemas", &name.schema, "tables", &name.table])
    }

    fn headers(&self) -> Vec<(String, String)> {
        vec![
            ("authorization".into(), format!("Bearer {}", self.profile.bearer_token)),
            ("delta-sharing-capabilities".into(), CAPABILITIES.into()),
        ]
    }

    async fn list<T: for<'de> Deserialize<'de>>(&self, parts: &[&str]) -> Result<Vec<T>> {
        let (url, mut all, mut token) = (self.url(parts)?, Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let mut url = url.clone();
            if let Some(token) = &token {
                url.query_pairs_mut().append_pair("pageToken", token);
            }
            let answer = self.rest.ask(&url, &self.headers(), None).await?;
            let page: Page<T> =
                serde_json::from_slice(&answer.body).map_err(|error| Error::corrupt(redact(&url), error))?;
            all.extend(page.items);
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(Error::corrupt(redact(&url), "the list does not end"))
    }

    /// The shares, by name.
    pub async fn shares(&self) -> Result<Vec<String>> {
        Ok(self.list::<Named>(&["shares"]).await?.into_iter().map(|share| share.name).collect())
    }

    /// The schemas of a share, by name.
    pub async fn schemas(&self, share: &str) -> Result<Vec<String>> {
        Ok(self.list::<Named>(&["shares", share, "schemas"]).await?.into_iter().map(|schema| schema.name).collect())
    }

    /// The tables of a schema.
    pub async fn tables(&self, share: &str, schema: &str) -> Result<Vec<SharedName>> {
        let listed = self.list::<Listed>(&["shares", share, "schemas", schema, "tables"]).await?;
        Ok(listed
            .into_iter()
            .map(|Listed { name, schema, share, .. }| SharedName { share, schema, table: name })
            .collect())
    }

    /// All tables that are shared.
    pub async fn all_tables(&self) -> Result<Vec<SharedName>> {
        let mut all = Vec::new();
        for share in self.shares().await? {
            let listed = self.list::<Listed>(&["shares", &share, "all-tables"]).await?;
            let name = |Listed { name, schema, share, .. }| SharedName { share, schema, table: name };
            all.extend(listed.into_iter().map(name));
        }
        all.sort();
        Ok(all)
    }

    /// The newest version of a table.
    pub async fn latest(&self, name: &SharedName) -> Result<u64> {
        let mut url = self.table_url(name)?;
        url.path_segments_mut().map_err(|()| Error::internal("no base"))?.push("version");
        let answer = self.rest.ask(&url, &self.headers(), None).await.map_err(|error| missing(error, name))?;
        answer.table_version.ok_or_else(|| hidden(&url))
    }

    /// The actions of a version, and a URL for each of its files.
    pub(crate) async fn query(&self, name: &SharedName, version: Version) -> Result<Response> {
        let mut url = self.table_url(name)?;
        url.path_segments_mut().map_err(|()| Error::internal("no base"))?.push("query");
        let body = match version {
            Version::Latest => json!({}),
            Version::Number(version) => json!({ "version": version }),
            Version::Timestamp(millis) => json!({ "timestamp": time(millis) }),
        };
        let answer = self.rest.ask(&url, &self.headers(), Some(body.to_string())).await;
        let answer = answer.map_err(|error| match (error, version) {
            (Error::HttpStatus { status: 400, .. }, Version::Number(_) | Version::Timestamp(_)) => {
                Error::VersionNotFound {
                    url: redact(&url),
                    requested: requested(version),
                    reason: "the server refuses it: it may share the newest version alone, or not have this one".into(),
                }
            }
            (error, _) => missing(error, name),
        })?;
        let shown = redact(&self.table_url(name)?);
        let mut response = response::parse(&answer.body, &shown)?;
        let known = match version {
            Version::Number(version) => Some(version),
            _ => None,
        };
        response.version = answer.table_version.or(response.version).or(known);
        if response.version.is_none() {
            return Err(hidden(&url));
        }
        Ok(response)
    }

    /// What the versions from `from` to `to` changed, and a URL for each file that tells it.
    pub(crate) async fn changes(&self, name: &SharedName, from: Version, to: Version) -> Result<ChangedVersions> {
        let mut url = self.table_url(name)?;
        url.path_segments_mut().map_err(|()| Error::internal("no base"))?.push("changes");
        let bounds = [bound("starting", from), bound("ending", to)];
        for (name, value) in bounds.into_iter().flatten() {
            url.query_pairs_mut().append_pair(&name, &value);
        }
        let answer = self.rest.ask(&url, &self.headers(), None).await.map_err(|error| match error {
            Error::HttpStatus { url, status: 400 | 403 } => {
                let reason = format!(
                    "{url} refuses it: it shares a table's changes where it shares its history, and where \
                     delta.enableChangeDataFeed is on in all of the versions asked for"
                );
                Error::unsupported("changeDataFeed", reason)
            }
            error => missing(error, name),
        })?;
        changes::parse(&answer.body, &redact(&self.table_url(name)?))
    }

    /// How a table is given out as a folder; `None` where it is not.
    pub(crate) async fn folder(&self, name: &SharedName) -> Result<Option<Grant>> {
        let listed: Vec<Listed> = self.list(&["shares", &name.share, "schemas", &name.schema, "tables"]).await?;
        let is_it = |listed: &&Listed| listed.name.eq_ignore_ascii_case(&name.table);
        let by_folder = |listed: &Listed| listed.access_modes.iter().any(|mode| mode == "dir");
        match listed.iter().find(is_it).is_some_and(by_folder) {
            true => self.grant(name).await.map(Some),
            false => Ok(None),
        }
    }

    /// Credentials for a table's folder, good for a while.
    pub(crate) async fn grant(&self, name: &SharedName) -> Result<Grant> {
        let mut url = self.table_url(name)?;
        url.path_segments_mut().map_err(|()| Error::internal("no base"))?.push("temporary-table-credentials");
        let answer = self.rest.ask(&url, &self.headers(), Some("{}".into())).await?;
        Grant::parse(&answer.body, &redact(&url))
    }
}

/// A bound of a range of versions, as a server is asked for it: `what` is `starting` or `ending`.
fn bound(what: &str, version: Version) -> Option<(String, String)> {
    match version {
        Version::Latest => None,
        Version::Number(version) => Some((format!("{what}Version"), version.to_string())),
        Version::Timestamp(millis) => Some((format!("{what}Timestamp"), time(millis)?)),
    }
}

fn time(millis: i64) -> Option<String> {
    DateTime::from_timestamp_millis(millis).map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn requested(version: Version) -> String {
    match version {
        Version::Latest => "latest".into(),
        Version::Number(version) => version.to_string(),
        Version::Timestamp(millis) => {
            DateTime::from_timestamp_millis(millis).map_or_else(|| millis.to_string(), |time| time.to_rfc3339())
        }
    }
}

fn missing(error: Error, name: &SharedName) -> Error {
    match error {
        Error::HttpStatus { url, status: 404 } => {
            Error::TableNotFound { url, reason: format!("the server shares no table {name} with this profile") }
        }
        error => error,
    }
}

/// The version is in a header, which CORS has to expose.
fn hidden(url: &Url) -> Error {
    Error::unsupported(
        "a sharing server without Delta-Table-Version",
        format!("{}: the header is not there, or Access-Control-Expose-Headers does not name it", redact(url)),
    )
}
