//! The log's index file, `_delta_log/_index.json`: a listing for hosts that have none.
//!
//! It is not of Delta's specification: `lakeglass index` writes it beside a log, before the folder goes to a static host. It may be
//! older than the log: commits behind its last are looked for as they are without it, and where it names what is gone, it does
//! not count.

use super::commits;
use super::log_listing::Listing;
use super::log_path;
use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use crate::storage::{Entry, Probe, Storage};
use object_store::path::Path;
use serde::{Deserialize, Serialize};

/// The file's name.
pub const NAME: &str = "_index.json";

/// The newest format that is understood.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    lakeglass_index: u32,
    files: Vec<File>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    name: String,
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<i64>,
}

/// The text of an index file for the log in `storage`, which has to be able to list.
pub async fn write(storage: &Storage) -> Result<String> {
    let listed = storage.list(&Path::from(log_path::LOG), None).await?;
    let entries =
        listed.ok_or_else(|| Error::unsupported("listing", "an index is written where the log can be listed"))?;
    if Listing::new(&entries).latest().is_none() {
        return Err(super::not_found(storage, "its _delta_log is not there, or holds no commit"));
    }
    let file = |entry: &Entry| {
        let name = entry.path.filename().filter(|name| *name != NAME && !name.starts_with('.'))?.to_owned();
        Some(File { name, size: entry.size, last_modified: entry.last_modified })
    };
    let index = Index { lakeglass_index: FORMAT, files: entries.iter().filter_map(file).collect() };
    serde_json::to_string(&index).map_err(Error::internal)
}

/// The listing that the index makes together with the commits behind it, up to `version`; `None` where there is no index.
pub(crate) async fn read(storage: &Storage, version: Option<u64>) -> Result<Option<Listing>> {
    let path = Path::from_iter([log_path::LOG, NAME]);
    let Probe::Found(object) = storage.probe_mutable(&FileLocation::Relative(path.clone())).await? else {
        return Ok(None);
    };
    // Some static hosts answer with their front page for what is not there.
    if object.bytes.trim_ascii_start().starts_with(b"<") {
        return Ok(None);
    }
    let mut listing = Listing::new(&parse(&object.bytes, path.as_ref())?);
    let Some(latest) = listing.latest() else { return Ok(None) };
    if version.is_none_or(|version| version > latest) {
        let newer = commits::commits_from(storage, latest.saturating_add(1), version).await?;
        listing.add_commits(newer.iter().map(|commit| commit.version));
    }
    Ok(Some(listing))
}

fn parse(bytes: &[u8], path: &str) -> Result<Vec<Entry>> {
    let index: Index = serde_json::from_slice(bytes).map_err(|error| Error::corrupt(path, error))?;
    if index.lakeglass_index > FORMAT {
        return Err(Error::unsupported(
            format!("index format {}", index.lakeglass_index),
            "written by a newer Lakeglass",
        ));
    }
    let entry = |file: File| {
        let path =
            Path::parse(format!("{}/{}", log_path::LOG, file.name)).map_err(|error| Error::corrupt(path, error))?;
        Ok(Entry { path, size: file.size, last_modified: file.last_modified })
    };
    index.files.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_log_are_in_it() {
        let index = |text: &str| parse(text.as_bytes(), "_index.json");
        let entries = index(r#"{"lakeglassIndex":1,"files":[{"name":"0.json","size":7}],"new":1}"#).unwrap();
        assert_eq!((entries[0].path.as_ref(), entries[0].size), ("_delta_log/0.json", 7));
        assert!(matches!(index(r#"{"lakeglassIndex":2,"files":[]}"#), Err(Error::UnsupportedFeature { .. })));
        for broken in ["", "[]", "{}", r#"{"lakeglassIndex":1,"files":[{"name":"../x","size":1}]}"#] {
            assert!(matches!(index(broken), Err(Error::CorruptTable { .. })), "{broken}");
        }
    }
}
