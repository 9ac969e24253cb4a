//! From snapshots to a manifest's JSON. Pure: URLs and statistics are fetched before.

use super::{FORMAT, Timestamp, encode};
use crate::error::{Error, Result};
use crate::formats::delta::TableProtocol;
use crate::snapshot::{ContainerStatistics, DataFile, Deletes, FileLocation, Snapshot};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use url::Url;

/// What a path of the log leaves as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'=').remove(b'/');

/// What a manifest says beside the table.
#[derive(Debug, Clone, Default)]
pub struct ShareOptions {
    /// What the table is called.
    pub name: Option<String>,
    /// Whom to ask when its URLs have expired.
    pub contact: Option<String>,
    /// When it was written, in milliseconds since the Unix epoch.
    pub created: i64,
    /// Until when its URLs are good, in milliseconds since the Unix epoch.
    pub expires: Option<i64>,
    /// Where the table is, relative to the manifest.
    pub base: Option<String>,
}

/// The objects that reading `files` of a snapshot takes: data files and deletion vectors, each once.
pub fn objects(snapshot: &Snapshot, files: &[usize]) -> Vec<FileLocation> {
    let mut found = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for file in files.iter().filter_map(|file| snapshot.files.get(*file)) {
        let blob = match file.deletes.as_deref() {
            Some(Deletes::Blob { location, .. }) => Some(location),
            _ => None,
        };
        for location in [Some(&file.location), blob].into_iter().flatten() {
            if seen.insert(location.clone()) {
                found.push(location.clone());
            }
        }
    }
    found
}

/// A manifest of versions: of each, the files to share (positions in the snapshot) and their statistics for all columns.
/// `urls` has the URL of each object that has one of its own.
///
/// # Errors
/// `unsupported_feature` for a snapshot without the text of its schema.
pub fn write(
    versions: &[(&Snapshot, &[usize], &ContainerStatistics)],
    urls: &HashMap<FileLocation, Url>,
    options: &ShareOptions,
) -> Result<String> {
    let mut writer = Writer::default();
    let mut shared = Vec::new();
    for (snapshot, files, statistics) in versions {
        let definition = writer.definition(snapshot)?;
        let mut positions = Vec::with_capacity(files.len());
        for (row, position) in files.iter().enumerate() {
            let file = snapshot.files.get(*position).ok_or_else(|| Error::internal("a file that is not there"))?;
            positions.push(writer.file(file_action(snapshot, *position, file, statistics, row)?));
        }
        let timestamp = snapshot.timestamp.map(Timestamp::from);
        shared.push(json!({
            "version": snapshot.version, "timestamp": timestamp, "definition": definition, "files": positions,
        }));
    }
    let urls: BTreeMap<String, &str> = urls.iter().map(|(location, url)| (name(location), url.as_str())).collect();
    let manifest = json!({
        "lakeglassManifest": FORMAT,
        "name": options.name,
        "contact": options.contact,
        "created": options.created,
        "expires": options.expires,
        "base": options.base,
        "definitions": writer.definitions,
        "files": writer.files,
        "versions": shared,
        "urls": urls,
    });
    serde_json::to_string(&manifest).map_err(Error::internal)
}

/// What the versions share is written once.
#[derive(Default)]
struct Writer {
    definitions: Vec<Value>,
    files: Vec<Value>,
    known: HashMap<String, usize>,
}

impl Writer {
    fn definition(&mut self, snapshot: &Snapshot) -> Result<usize> {
        let definition = definition(snapshot)?;
        if let Some(at) = self.definitions.iter().position(|known| *known == definition) {
            return Ok(at);
        }
        self.definitions.push(definition);
        Ok(self.definitions.len() - 1)
    }

    fn file(&mut self, action: Value) -> usize {
        let at = self.known.entry(action.to_string()).or_insert(self.files.len());
        if *at == self.files.len() {
            self.files.push(action);
        }
        *at
    }
}

fn definition(snapshot: &Snapshot) -> Result<Value> {
    let (metadata, protocol) = (&snapshot.metadata, TableProtocol::of(&snapshot.format));
    if metadata.schema_string.is_empty() {
        return Err(Error::unsupported("share", "this table's schema has no text of its own to put into a manifest"));
    }
    let mut protocol_action = json!({
        "minReaderVersion": protocol.min_reader_version, "minWriterVersion": protocol.min_writer_version,
    });
    if let Some(action) = protocol_action.as_object_mut() {
        if protocol.min_reader_version >= 3 {
            action.insert("readerFeatures".into(), json!(protocol.reader_features));
        }
        if protocol.min_writer_version >= 7 {
            action.insert("writerFeatures".into(), json!(protocol.writer_features));
        }
    }
    Ok(json!({
        "protocol": protocol_action,
        "metaData": {
            "id": metadata.id, "name": metadata.name, "description": metadata.description,
            "format": { "provider": "parquet", "options": {} },
            "schemaString": metadata.schema_string,
            "partitionColumns": snapshot.partition_column_names(),
            "configuration": metadata.configuration, "createdTime": metadata.created_time,
        },
    }))
}

fn file_action(
    snapshot: &Snapshot,
    position: usize,
    file: &DataFile,
    statistics: &ContainerStatistics,
    row: usize,
) -> Result<Value> {
    if file.details.is_some() {
        let reason = "a manifest has no place for constants, delete files and rows of a file's own";
        return Err(Error::unsupported(format!("a manifest of a {} table", snapshot.format.name), reason));
    }
    let physical = snapshot.schema.physical.fields();
    let mut partition_values = Map::new();
    for (column, values) in snapshot.partition_columns.iter().zip(snapshot.partition_values.columns()) {
        let Some(field) = physical.get(*column) else { continue };
        let text = encode::text(values, position);
        partition_values.insert(field.name().clone(), text.map_or(Value::Null, Value::String));
    }
    let mut action = json!({
        "path": uri(&file.location), "partitionValues": partition_values, "size": file.size,
        "modificationTime": file.modification_time, "dataChange": false,
        "stats": stats(snapshot, file, statistics, row).to_string(),
    });
    if let (Some(origin), Some(action)) = (file.row_origin.as_deref(), action.as_object_mut()) {
        action.extend(origin.base_row_id.map(|id| ("baseRowId".to_owned(), Value::from(id))));
        action.extend(
            origin.row_commit_version.map(|version| ("defaultRowCommitVersion".to_owned(), Value::from(version))),
        );
    }
    if let (Some(deletes), Some(action)) = (file.deletes.as_deref(), action.as_object_mut()) {
        action.insert("deletionVector".into(), deletion_vector(deletes)?);
    }
    Ok(action)
}

fn stats(snapshot: &Snapshot, file: &DataFile, statistics: &ContainerStatistics, row: usize) -> Value {
    let (mut min, mut max, mut nulls) = (Map::new(), Map::new(), Map::new());
    for (position, field) in snapshot.schema.physical.fields().iter().enumerate() {
        let known = statistics.columns.get(&position).filter(|_| !snapshot.partition_columns.contains(&position));
        let Some(known) = known else { continue };
        min.extend(encode::bound(&known.min, row).map(|bound| (field.name().clone(), bound)));
        max.extend(encode::bound(&known.max, row).map(|bound| (field.name().clone(), bound)));
        let count = known.null_count.iter().nth(row).flatten();
        nulls.extend(count.map(|count| (field.name().clone(), Value::from(count))));
    }
    let mut stats = Map::new();
    let rows = statistics.row_count.iter().nth(row).flatten();
    stats.extend(rows.map(|rows| ("numRecords".to_owned(), Value::from(rows))));
    // What the table's own log does not call exact, a share of it does not either.
    stats.insert("tightBounds".into(), Value::Bool(file.has_exact_bounds()));
    for (name, values) in [("minValues", min), ("maxValues", max), ("nullCount", nulls)] {
        stats.insert(name.into(), Value::Object(values));
    }
    Value::Object(stats)
}

fn deletion_vector(deletes: &Deletes) -> Result<Value> {
    match deletes {
        Deletes::Inline { bitmap, cardinality } => {
            // The encoding works on groups of four bytes.
            let mut padded = bitmap.to_vec();
            padded.resize(bitmap.len().next_multiple_of(4), 0);
            let text = z85::encode(&padded);
            Ok(json!({
                "storageType": "i", "pathOrInlineDv": text, "sizeInBytes": bitmap.len(), "cardinality": cardinality,
            }))
        }
        Deletes::Blob { location, offset, length, cardinality } => Ok(json!({
            "storageType": "p", "pathOrInlineDv": uri(location), "offset": offset, "sizeInBytes": length,
            "cardinality": cardinality,
        })),
        Deletes::AllBut { .. } => Err(Error::internal("a change's deletion vector has no place in a manifest")),
    }
}

fn uri(location: &FileLocation) -> String {
    match location {
        FileLocation::Relative(path) => utf8_percent_encode(path.as_ref(), PATH).to_string(),
        FileLocation::Absolute(url) => url.to_string(),
    }
}

/// What a URL is found by.
fn name(location: &FileLocation) -> String {
    match location {
        FileLocation::Relative(path) => path.to_string(),
        FileLocation::Absolute(url) => url.to_string(),
    }
}
