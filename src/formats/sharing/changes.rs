//! A sharing server's answer to a question for changes, in either of its formats: as the lines of commits that a log would have,
//! whose files are called by their ids. Pure.

use super::response::{self, Located};
use crate::error::{Error, Result};
use crate::formats::delta::{Metadata, Protocol, lines_of};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// The changes of a range of versions, as they were answered.
#[derive(Debug)]
pub(crate) struct ChangedVersions {
    /// What the table is at the range's end.
    pub protocol: Protocol,
    pub metadata: Metadata,
    /// By version: the actions, as lines of JSON.
    pub commits: Vec<(u64, Bytes)>,
    /// By id: where it is now, and until when.
    pub urls: HashMap<String, Located>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow)]
    protocol: Option<&'a RawValue>,
    #[serde(borrow)]
    meta_data: Option<&'a RawValue>,
    file: Option<Single>,
    add: Option<Plain>,
    remove: Option<Plain>,
    cdf: Option<Plain>,
}

/// What both formats say of a file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    id: String,
    version: u64,
    timestamp: Option<i64>,
    expiration_timestamp: Option<i64>,
}

/// A file in Delta's own format.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Single {
    #[serde(flatten)]
    about: About,
    deletion_vector_file_id: Option<String>,
    delta_single_action: serde_json::Map<String, Value>,
}

/// A file in the plain format.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plain {
    #[serde(flatten)]
    about: About,
    url: String,
    partition_values: Value,
    size: i64,
    stats: Option<Value>,
}

/// Reads the lines; `source` is what errors call them.
pub(crate) fn parse(bytes: &[u8], source: &str) -> Result<ChangedVersions> {
    let (mut protocol, mut metadata) = (None, None);
    let mut reader = Reader { source, commits: BTreeMap::new(), urls: HashMap::new() };
    for line in lines_of::<Line<'_>>(bytes, source) {
        let (_, line) = line?;
        if let Some(json) = line.protocol {
            protocol = Some(response::protocol(json, source)?);
        }
        if let Some(json) = line.meta_data {
            metadata = Some(response::metadata(json, source)?.0);
        }
        if let Some(file) = line.file {
            reader.single(file)?;
        }
        for (kind, file) in [("add", line.add), ("remove", line.remove), ("cdc", line.cdf)] {
            if let Some(file) = file {
                reader.plain(kind, file)?;
            }
        }
    }
    let lacks = |what: &str| Error::corrupt(source, format!("the server's answer has no {what}"));
    let commits = reader.commits.into_iter().map(|(version, lines)| (version, Bytes::from(lines)));
    Ok(ChangedVersions {
        protocol: protocol.ok_or_else(|| lacks("protocol"))?,
        metadata: metadata.ok_or_else(|| lacks("metaData"))?,
        commits: commits.collect(),
        urls: reader.urls,
    })
}

struct Reader<'s> {
    source: &'s str,
    commits: BTreeMap<u64, String>,
    urls: HashMap<String, Located>,
}

impl Reader<'_> {
    fn plain(&mut self, kind: &str, file: Plain) -> Result<()> {
        self.locate(&file.about.id, &file.url, file.about.expiration_timestamp)?;
        let action = json!({
            "path": file.about.id,
            "partitionValues": file.partition_values,
            "size": file.size,
            "stats": file.stats,
            "dataChange": true,
        });
        self.push(&file.about, kind, action);
        Ok(())
    }

    fn single(&mut self, file: Single) -> Result<()> {
        let corrupt = |reason: &str| Error::corrupt(self.source, format!("file {}: {reason}", file.about.id));
        let mut actions = file.delta_single_action.into_iter().filter(|(_, action)| !action.is_null());
        let Some((kind, mut action)) = actions.next().filter(|(kind, _)| ["add", "remove", "cdc"].contains(&&**kind))
        else {
            return Err(corrupt("it is neither add, remove nor cdc"));
        };
        let url = action.get("path").and_then(Value::as_str).ok_or_else(|| corrupt("it has no path"))?.to_owned();
        let expires = file.about.expiration_timestamp;
        self.locate(&file.about.id, &url, expires)?;
        let vector = action.get_mut("deletionVector").and_then(Value::as_object_mut);
        let vector = vector.filter(|vector| vector.get("storageType").is_some_and(|kind| kind == "p"));
        if let Some(at) = vector.and_then(|vector| vector.get_mut("pathOrInlineDv")) {
            let id = response::vector_id(&file.about.id, file.deletion_vector_file_id.as_deref());
            self.locate(&id, at.as_str().unwrap_or_default(), expires)?;
            *at = id.into();
        }
        if let Some(path) = action.get_mut("path") {
            *path = file.about.id.as_str().into();
        }
        self.push(&file.about, &kind, action);
        Ok(())
    }

    fn locate(&mut self, id: &str, url: &str, expires: Option<i64>) -> Result<()> {
        let url = response::located(id, url, self.source)?;
        self.urls.insert(id.to_owned(), (url, expires));
        Ok(())
    }

    fn push(&mut self, about: &About, kind: &str, action: Value) {
        let lines = self.commits.entry(about.version).or_default();
        if lines.is_empty()
            && let Some(timestamp) = about.timestamp
        {
            lines.push_str(&json!({ "commitInfo": { "timestamp": timestamp } }).to_string());
            lines.push('\n');
        }
        lines.push_str(&json!({ kind: action }).to_string());
        lines.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"id":"t","format":{"provider":"parquet"},"schemaString":"{}","partitionColumns":["p"]}"#;

    fn text(files: &str) -> String {
        format!("{{\"protocol\":{{\"minReaderVersion\":1}}}}\n{{\"metaData\":{METADATA}}}\n{files}\n")
    }

    #[test]
    fn both_formats_become_commits() {
        let plain = concat!(
            r#"{"add":{"url":"https://b/x?sig=1","id":"a1","partitionValues":{"p":"1"},"size":7,"version":4,"timestamp":9,"expirationTimestamp":99}}"#,
            "\n",
            r#"{"cdf":{"url":"https://b/c?sig=1","id":"c1","partitionValues":{},"size":8,"version":5,"timestamp":10}}"#,
        );
        let delta = concat!(
            r#"{"file":{"id":"a1","version":4,"timestamp":9,"expirationTimestamp":99,"deltaSingleAction":{"add":{"path":"https://b/x?sig=1","partitionValues":{"p":"1"},"size":7,"dataChange":true}}}}"#,
            "\n",
            r#"{"file":{"id":"c1","version":5,"timestamp":10,"deltaSingleAction":{"cdc":{"path":"https://b/c?sig=1","partitionValues":{},"size":8,"dataChange":false}}}}"#,
        );
        for files in [plain, delta] {
            let parsed = parse(text(files).as_bytes(), "t").unwrap();
            assert_eq!(parsed.commits.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [4, 5]);
            let first = String::from_utf8(parsed.commits[0].1.to_vec()).unwrap();
            assert!(first.starts_with("{\"commitInfo\":{\"timestamp\":9}}\n{\"add\":{"), "{first}");
            assert!(first.contains(r#""path":"a1""#) && !first.contains("sig"), "{first}");
            assert!(parsed.commits[1].1.windows(5).any(|part| part == b"\"cdc\""));
            assert_eq!(parsed.urls["a1"].1, Some(99));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for files in [
            r#"{"add":{"url":"file:///etc/passwd","id":"a","partitionValues":{},"size":7,"version":4}}"#,
            r#"{"add":{"url":"https://b/x","id":"../a","partitionValues":{},"size":7,"version":4}}"#,
            r#"{"file":{"id":"a","version":4,"deltaSingleAction":{"txn":{"path":"https://b/x"}}}}"#,
            r#"{"file":{"id":"a","version":4,"deltaSingleAction":{}}}"#,
        ] {
            assert!(matches!(parse(text(files).as_bytes(), "t"), Err(Error::CorruptTable { .. })), "{files}");
        }
    }
}
