//! `lakeglass share`: a manifest of a table's versions, with a presigned URL for each of their files.

use crate::Failure;
use crate::access::Access;
use chrono::DateTime;
use clap::Args;
use futures::stream::{self, StreamExt, TryStreamExt};
use lakeglass::formats::manifest;
use lakeglass::formats::manifest::ShareOptions;
use lakeglass::snapshot::{ContainerStatistics, FileLocation, Snapshot};
use lakeglass::sql::files_where;
use lakeglass::storage::{Meter, Storage, now};
use lakeglass::{Error, Table, TableUrl, Version};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Writes a share manifest: one JSON file by which others read these versions of a table, without its log and without credentials.
/// Whoever has the manifest can read the files that it names, until its URLs end.
#[derive(Args)]
pub struct Share {
    /// The table's URL or folder.
    url: String,
    /// A version to share; the newest, if none is told. May be given several times.
    #[arg(long, conflicts_with = "timestamp")]
    version: Vec<u64>,
    /// Shares the version that was the newest at this time (ISO 8601).
    #[arg(long, value_parser = parse_timestamp)]
    timestamp: Option<Version>,
    /// Shares the files alone of which this is true: SQL over partition columns, "year >= 2024".
    #[arg(long = "where", value_name = "PREDICATE")]
    filter: Option<String>,
    /// How long presigned URLs are good: 45m, 12h, 7d.
    #[arg(long, default_value = "7d", value_parser = parse_duration)]
    expires: Duration,
    /// The manifest's file; manifest.json by default.
    #[arg(long, default_value = "manifest.json")]
    out: PathBuf,
    /// The URL that the manifest will have where it is published.
    #[arg(long, value_name = "URL")]
    at: Option<Url>,
    /// A page of Lakeglass: prints the link that opens the manifest on it.
    #[arg(long, value_name = "PAGE", requires = "at")]
    link: Option<Url>,
    /// What the share is called.
    #[arg(long)]
    name: Option<String>,
    /// Whom to ask when its URLs have ended.
    #[arg(long)]
    contact: Option<String>,
    #[command(flatten)]
    access: Access,
}

fn parse_timestamp(text: &str) -> Result<Version, String> {
    Version::parse_timestamp(text).map(Version::Timestamp).ok_or_else(|| "not an ISO timestamp".into())
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let usage = || "write a number and m, h or d: 12h".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(usage)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(usage()),
    };
    let duration = number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)).ok_or_else(usage)?;
    match duration {
        1..=604_800 => Ok(Duration::from_secs(duration)),
        _ => Err("from 1m to 7d: no signature is good for longer".into()),
    }
}

/// A version to share: which of its files, and what is known of them.
struct Shared {
    table: Table,
    files: Vec<usize>,
    statistics: ContainerStatistics,
}

impl Share {
    /// Opens the versions, signs, and writes the manifest.
    pub async fn run(self) -> Result<(), Failure> {
        let url: TableUrl = self.url.parse()?;
        let options = self.access.storage(&url)?;
        if options.access.bearer_token.is_some() || !options.access.headers.is_empty() {
            let reason = "a manifest carries URLs, not headers: nobody else could read the files";
            return Err(Error::unsupported("sharing what is read with headers", reason).into());
        }
        let versions: Vec<Version> = match (&self.timestamp, self.version.is_empty()) {
            (Some(timestamp), _) => vec![*timestamp],
            (None, true) => vec![Version::Latest],
            (None, false) => self.version.iter().copied().map(Version::Number).collect(),
        };
        let [first, rest @ ..] = versions.as_slice() else { return Ok(()) };
        let table = Table::open(&url, *first, &options).await?;
        let mut shared = vec![self.choose(table.clone()).await?];
        for version in rest {
            shared.push(self.choose(table.at(*version, &Meter::default()).await?).await?);
        }
        let urls = self.sign(&shared, table.storage()).await?;
        let created = now();
        let signed = urls.values().any(|url| url.query().is_some());
        let expires =
            signed.then(|| created.saturating_add(i64::try_from(self.expires.as_millis()).unwrap_or(i64::MAX)));
        let details = ShareOptions {
            name: self.name.clone().or_else(|| table.snapshot().metadata.name.clone()),
            contact: self.contact.clone(),
            created,
            expires,
            base: None,
        };
        let parts: Vec<(&Snapshot, &[usize], &ContainerStatistics)> = shared
            .iter()
            .map(|shared| (shared.table.snapshot().as_ref(), shared.files.as_slice(), &shared.statistics))
            .collect();
        std::fs::write(&self.out, manifest::write(&parts, &urls, &details)?)?;
        self.tell(&shared, &urls, expires, &options.access)
    }

    async fn choose(&self, table: Table) -> Result<Shared, Error> {
        let snapshot = table.snapshot();
        let files = match &self.filter {
            Some(predicate) => files_where(snapshot, predicate).await?,
            None => (0..snapshot.files.len()).collect(),
        };
        let columns: Vec<usize> = (0..snapshot.schema.logical.fields().len()).collect();
        let statistics = table.statistics().load(&files, &columns).await?;
        Ok(Shared { table, files, statistics })
    }

    /// A URL for each object that has one; what is in a local folder is relative to the manifest.
    async fn sign(&self, shared: &[Shared], storage: &Storage) -> Result<HashMap<FileLocation, Url>, Error> {
        let objects: HashSet<FileLocation> =
            shared.iter().flat_map(|shared| manifest::objects(shared.table.snapshot(), &shared.files)).collect();
        let signed = stream::iter(objects).map(async |location| {
            let url = storage.url_for(&location, self.expires).await?;
            Ok::<_, Error>(url.map(|url| (location, url)))
        });
        let signed: Vec<_> = signed.buffered(16).try_collect().await?;
        Ok(signed.into_iter().flatten().collect())
    }

    fn tell(
        &self,
        shared: &[Shared],
        urls: &HashMap<FileLocation, Url>,
        expires: Option<i64>,
        access: &lakeglass::storage::AccessOptions,
    ) -> Result<(), Failure> {
        for shared in shared {
            eprintln!("version {}: {} files", shared.table.snapshot().version, shared.files.len());
        }
        let until = expires.and_then(DateTime::from_timestamp_millis);
        match until {
            Some(until) => {
                eprintln!("Whoever has it can read these files until {}.", until.format("%Y-%m-%d %H:%M UTC"))
            }
            None if urls.is_empty() => {
                eprintln!("Its files are found beside it: publish it in the table's own folder.")
            }
            None => eprintln!("Its files are public: it does not expire."),
        }
        if access.sas_token.is_some() || access.query.is_some() {
            eprintln!(
                "Its URLs carry your own token: whoever has it can read whatever that token opens, until that token ends."
            );
        }
        println!("{}", self.out.display());
        if let (Some(page), Some(at)) = (&self.link, &self.at) {
            let mut page = page.clone();
            let at = utf8_percent_encode(at.as_str(), NON_ALPHANUMERIC);
            let whom = self.contact.iter().map(|contact| utf8_percent_encode(contact, NON_ALPHANUMERIC));
            let whom: String = whom.map(|contact| format!("&contact={contact}")).collect();
            page.set_fragment(Some(&format!("url={at}{whom}")));
            eprintln!(
                "The link says where the manifest is behind its #, which no server sees: treat it like the manifest."
            );
            println!("{page}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("12h"), Ok(Duration::from_secs(43_200)));
        assert_eq!(parse_duration("7d"), Ok(Duration::from_secs(604_800)));
        for wrong in ["", "d", "8d", "0h", "7", "7w", "-1d", "é"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
