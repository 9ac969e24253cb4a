//! Tables and files by their URL inside a statement: what a URL names, and opening it.

use crate::error::{Error, Result};
use crate::formats::parquet::{self, ParquetFiles};
use crate::parquet_file::footer_cache::FooterCache;
use crate::snapshot::{FileLocation, Version};
use crate::sql::error::invalid;
use crate::storage::{Meter, Signed, Storage, StorageOptions, UrlProvider, redact};
use crate::table::{Table, TableUrl};
use async_trait::async_trait;
use object_store::path::Path;
use std::sync::Arc;
use url::Url;

/// The table at `url`, or in the share that is there.
pub(super) async fn open(
    url: &str,
    format: Option<&str>,
    version: Version,
    options: &StorageOptions,
    meter: &Meter,
) -> Result<Table> {
    let url = url.parse::<TableUrl>()?.with_format(format);
    // In a box: a statement's future holds those of the views in it, one in the other.
    Box::pin(Table::open_metered(&url, version, options, meter)).await
}

/// The Parquet files at `urls`, one table. A name with `*` stands for the files of a folder, where the host can list.
pub(super) async fn parquet(
    urls: &[String],
    options: &StorageOptions,
    footers: &FooterCache,
    meter: &Meter,
) -> Result<Table> {
    // Nothing of a file that may be overwritten is kept for the next statement.
    let own = StorageOptions { store: None, ..options.clone() };
    let options = StorageOptions { pool: Some(own.new_pool()), ..own };
    let urls = urls.iter().map(|url| file_url(url)).collect::<Result<Vec<Url>>>()?;
    let Some(first) = urls.first() else { return Err(invalid("read_parquet: the list of files is empty")) };
    let (root, options) = match first.scheme() {
        "blob" => {
            (Url::parse(NOWHERE).map_err(Error::internal)?, StorageOptions { sign: Some(Arc::new(Blobs)), ..options })
        }
        _ => (folder(first)?, options),
    };
    let storage = Storage::open(&root, &options)?;
    let reading = storage.with_meter(meter);
    let mut locations = Vec::with_capacity(urls.len());
    for url in &urls {
        match pattern(url) {
            Some(pattern) => locations.extend(listed(url, &pattern, &root, &reading).await?),
            None => locations.push(location(url, &root)?),
        }
    }
    let snapshot = parquet::snapshot(&reading, locations.clone(), footers).await?;
    Ok(Table::from_parts(storage, Arc::new(snapshot), Arc::new(ParquetFiles(locations))))
}

/// A name that no resolver knows, for what is in a page's memory or on its machine.
const NOWHERE: &str = "https://blob.invalid/";

/// Files of a page are where their URLs say.
#[derive(Debug)]
struct Blobs;

#[async_trait]
impl UrlProvider for Blobs {
    async fn sign(&self, path: &str) -> Result<Signed> {
        match Url::parse(path) {
            Ok(url) if url.scheme() == "blob" => Ok(Signed::At { url, expires: None }),
            _ => Ok(Signed::Missing),
        }
    }
}

/// What a URL, or natively a path, names; without the slash that folders have.
fn file_url(text: &str) -> Result<Url> {
    let url: TableUrl = text.parse()?;
    let mut url = url.as_url().clone();
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    match url.scheme() {
        "http" | "https" | "blob" => Ok(url),
        "file" if cfg!(not(target_arch = "wasm32")) => Ok(url),
        scheme => Err(Error::unsupported(
            format!("{scheme} locations"),
            format!("{}: files are read over http and https", redact(&url)),
        )),
    }
}

/// The folder a file is in. All local files are below one: the root.
fn folder(file: &Url) -> Result<Url> {
    let mut folder = file.clone();
    folder.set_query(None);
    folder.set_fragment(None);
    if file.scheme() == "file" {
        folder.set_path("/");
        return Ok(folder);
    }
    let path = file.path().rsplit_once('/').map_or("/", |(folder, _)| folder);
    folder.set_path(path);
    Ok(folder)
}

/// Where a file is, for a storage at `root`.
fn location(url: &Url, root: &Url) -> Result<FileLocation> {
    match url.scheme() {
        "file" => match Path::from_url_path(url.path()) {
            Ok(path) => Ok(FileLocation::Relative(path)),
            Err(_) => Err(invalid("not a path of this machine")),
        },
        _ if root.scheme() == "file" => Err(invalid("read_parquet: local files and files over http are not one table")),
        _ => Ok(FileLocation::Absolute(url.clone())),
    }
}

/// The last part of a local URL's path, decoded, if it is a pattern. Over http a `*` may be part of a name, which cannot be
/// told from a pattern: there it is taken for a pattern too.
fn pattern(url: &Url) -> Option<String> {
    let last = percent_encoding::percent_decode_str(url.path()).decode_utf8().ok()?;
    last.contains('*').then(|| last.rsplit_once('/').map_or(last.to_string(), |(_, last)| last.to_string()))
}

/// The files of a folder that fit `pattern`, in the order of their names.
async fn listed(url: &Url, pattern: &str, root: &Url, storage: &Storage) -> Result<Vec<FileLocation>> {
    let refusal = |reason: &str| Error::unsupported("read_parquet of a pattern", format!("{}: {reason}", redact(url)));
    if url.scheme() != "file" {
        return Err(refusal("files over http cannot be listed: name them, read_parquet(['…', '…'])"));
    }
    let mut parent = folder_of(url);
    if parent.path().contains("%2A") || parent.path().contains('*') {
        return Err(refusal("a pattern is taken in the last part of a path alone"));
    }
    parent.set_query(None);
    let FileLocation::Relative(folder) = location(&parent, root)? else { return Err(refusal("not a folder")) };
    let Some(entries) = storage.list(&folder, None).await? else { return Err(refusal("this host cannot list")) };
    let fits = |name: Option<&str>| name.is_some_and(|name| matches(pattern, name));
    let found: Vec<FileLocation> = entries
        .into_iter()
        .filter(|entry| fits(entry.path.filename()))
        .map(|entry| FileLocation::Relative(entry.path))
        .collect();
    match found.is_empty() {
        true => Err(invalid(format!("read_parquet: no file fits {}", redact(url)))),
        false => Ok(found),
    }
}

fn folder_of(file: &Url) -> Url {
    let mut folder = file.clone();
    let path = file.path().rsplit_once('/').map_or("/", |(folder, _)| folder);
    folder.set_path(path);
    folder
}

/// Whether `name` fits `pattern`, in which `*` is any text.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut last = "";
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
        last = part;
    }
    last.is_empty() || rest.is_empty() || rest.ends_with(last) || name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, fits) in [
            ("*.parquet", "a.parquet", true),
            ("a*.parquet", "a-1.parquet", true),
            ("a*.parquet", "b.parquet", false),
            ("a*b*c", "aXbYc", true),
            ("*.parquet", "a.parquet.crc", false),
            ("*", "x", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn a_file_is_in_a_folder() {
        let url = file_url("https://host/a/b.parquet?sig=s").unwrap();
        assert_eq!(folder(&url).unwrap().as_str(), "https://host/a");
        assert!(matches!(location(&url, &folder(&url).unwrap()).unwrap(), FileLocation::Absolute(_)));
    }
}
