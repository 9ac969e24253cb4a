//! What the engine tells of tables, as plain JavaScript objects: camelCase keys, 64-bit integers as `bigint`, `null` where
//! something is not known.

use crate::snapshot::{
    self, FormatDetail, ReferenceKind, Snapshot, TimestampSource, VersionNumbers, VersionReference, field_type_name,
};
use crate::storage;
use crate::table::Table;
use arrow::datatypes::{DataType, FieldRef};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What was fetched. */
export interface Metrics {
  /** Requests sent, retries included. */
  requests: number;
  /** Body bytes received. */
  bytes: number;
  /** Requests sent again. */
  retries: number;
  /** Bytes answered from the cache. */
  cachedBytes: number;
  /** Requests for a part of a file that were answered with all of it: the host ignores ranges. */
  wholeReplies: number;
}
export interface CommitTimestamp { millis: number; source: "inCommit" | "lastModified" | "commitInfo"; }
export interface TableInfo {
  url: string; version: bigint; timestamp: CommitTimestamp | null;
  metadata: { id: string; name: string | null; description: string | null; createdTime: number | null; configuration: Record<string, string> };
  format: { name: string; version: string; features: string[] };
  /** What else the format says of the table, by its own names. */
  protocol: Record<string, number | string[]>;
  partitionColumns: string[]; fileCount: number; totalBytes: bigint;
  /** Rows, where every file's statistics tell, and came with the log. */
  rowCount: bigint | null;
  /** What opening cost. */
  metrics: Metrics;
}
export interface Field {
  name: string; type: string; nullable: boolean; partition: boolean;
  physicalName: string; fieldId: number | null; comment: string | null; children: Field[];
}
export interface FileInfo {
  path: string; size: bigint; modificationTime: number; partitionValues: Record<string, string | null>;
  statistics: { numRecords: bigint | null; columns: Record<string, { min: string | null; max: string | null; nullCount: bigint | null }> } | null;
  deletedRows: bigint;
}
export interface Commit {
  version: bigint; timestamp: CommitTimestamp | null; operation: string | null;
  operationParameters: Record<string, unknown>; operationMetrics: Record<string, unknown>;
  userName: string | null; userId: string | null; engineInfo: string | null; isBlindAppend: boolean | null; readVersion: bigint | null;
  isolationLevel: string | null; txnId: string | null; userMetadata: string | null; other: Record<string, unknown>;
}
"#;

/// A value as plain JavaScript.
pub(super) fn to_js<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = Serializer::new()
        .serialize_large_number_types_as_bigints(true)
        .serialize_maps_as_objects(true)
        .serialize_missing_as_null(true);
    Ok(value.serialize(&serializer)?)
}

/// JSON of the log, with its numbers as JavaScript numbers, not bigints.
fn json<T: Serialize>(value: &T) -> JsValue {
    let text = serde_json::to_string(value).unwrap_or_default();
    js_sys::JSON::parse(&text).unwrap_or(JsValue::NULL)
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metrics {
    requests: f64,
    bytes: f64,
    retries: f64,
    cached_bytes: f64,
    whole_replies: f64,
}

impl From<storage::Metrics> for Metrics {
    fn from(metrics: storage::Metrics) -> Metrics {
        Metrics {
            requests: metrics.requests as f64,
            bytes: metrics.bytes as f64,
            retries: metrics.retries as f64,
            cached_bytes: metrics.cached_bytes as f64,
            whole_replies: metrics.whole_replies as f64,
        }
    }
}

#[derive(Serialize)]
pub(super) struct NamedTable<'a> {
    name: &'a str,
    url: &'a str,
    version: u64,
}

impl<'a> NamedTable<'a> {
    pub(super) fn new(name: &'a str, table: &'a Table) -> Self {
        NamedTable { name, url: table.storage().url(), version: table.snapshot().version }
    }
}

#[derive(Serialize)]
pub(super) struct CommitTimestamp {
    millis: f64,
    source: &'static str,
}

impl From<snapshot::CommitTimestamp> for CommitTimestamp {
    fn from(timestamp: snapshot::CommitTimestamp) -> Self {
        let source = match timestamp.source {
            TimestampSource::InCommit => "inCommit",
            TimestampSource::LastModified => "lastModified",
            TimestampSource::CommitInfo => "commitInfo",
        };
        CommitTimestamp { millis: timestamp.millis as f64, source }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableInfo<'a> {
    url: &'a str,
    version: u64,
    timestamp: Option<CommitTimestamp>,
    metadata: Metadata<'a>,
    format: Format<'a>,
    protocol: BTreeMap<&'a str, Detail<'a>>,
    partition_columns: Vec<&'a str>,
    file_count: u32,
    total_bytes: u64,
    row_count: Option<u64>,
    metrics: Metrics,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    id: &'a str,
    name: Option<&'a str>,
    description: Option<&'a str>,
    created_time: Option<f64>,
    configuration: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Format<'a> {
    name: &'a str,
    version: &'a str,
    features: &'a [String],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    Number(f64),
    Names(&'a [String]),
}

impl<'a> From<&'a FormatDetail> for Detail<'a> {
    fn from(detail: &'a FormatDetail) -> Detail<'a> {
        match detail {
            FormatDetail::Number(number) => Detail::Number(*number as f64),
            FormatDetail::Names(names) => Detail::Names(names),
        }
    }
}

impl<'a> TableInfo<'a> {
    pub(super) fn new(table: &'a Table, row_count: Option<u64>, metrics: storage::Metrics) -> Self {
        let Snapshot { version, timestamp, files, metadata, format, .. } = &**table.snapshot();
        TableInfo {
            url: table.storage().url(),
            version: *version,
            timestamp: timestamp.map(CommitTimestamp::from),
            metadata: Metadata {
                id: &metadata.id,
                name: metadata.name.as_deref(),
                description: metadata.description.as_deref(),
                created_time: metadata.created_time.map(|millis| millis as f64),
                configuration: &metadata.configuration,
            },
            format: Format { name: &format.name, version: &format.version, features: &format.features },
            protocol: format.details.iter().map(|(name, detail)| (*name, detail.into())).collect(),
            partition_columns: table.snapshot().partition_column_names(),
            file_count: u32::try_from(files.len()).unwrap_or(u32::MAX),
            total_bytes: files.iter().map(|file| file.size).sum(),
            row_count,
            metrics: metrics.into(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Field {
    name: String,
    r#type: String,
    nullable: bool,
    partition: bool,
    physical_name: String,
    field_id: Option<i32>,
    comment: Option<String>,
    children: Vec<Field>,
}

/// The table's columns, nested ones inside their parents.
pub(super) fn fields(snapshot: &Snapshot) -> Vec<Field> {
    let pairs = snapshot.schema.logical.fields().iter().zip(snapshot.schema.physical.fields());
    pairs
        .enumerate()
        .map(|(position, (logical, physical))| {
            let partition = snapshot.partition_columns.contains(&position);
            Field { partition, ..field(logical, physical) }
        })
        .collect()
}

fn field(logical: &FieldRef, physical: &FieldRef) -> Field {
    let children = children(logical).into_iter().zip(children(physical));
    Field {
        name: logical.name().clone(),
        r#type: field_type_name(logical),
        nullable: logical.is_nullable(),
        partition: false,
        physical_name: physical.name().clone(),
        field_id: physical.metadata().get("PARQUET:field_id").and_then(|id| id.parse().ok()),
        comment: logical.metadata().get("comment").cloned(),
        children: children.map(|(logical, physical)| field(&logical, &physical)).collect(),
    }
}

fn children(field: &FieldRef) -> Vec<FieldRef> {
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().cloned().collect(),
        DataType::List(element) => vec![element.clone()],
        DataType::Map(entries, _) => children(entries),
        _ => Vec::new(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Commit<'a> {
    version: u64,
    timestamp: Option<CommitTimestamp>,
    operation: Option<&'a str>,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    operation_parameters: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    operation_metrics: JsValue,
    user_name: Option<&'a str>,
    user_id: Option<&'a str>,
    engine_info: Option<&'a str>,
    is_blind_append: Option<bool>,
    read_version: Option<i64>,
    isolation_level: Option<&'a str>,
    txn_id: Option<&'a str>,
    user_metadata: Option<&'a str>,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    other: JsValue,
}

impl<'a> From<&'a snapshot::Commit> for Commit<'a> {
    fn from(commit: &'a snapshot::Commit) -> Self {
        Commit {
            version: commit.version,
            timestamp: commit.timestamp.map(CommitTimestamp::from),
            operation: commit.operation.as_deref(),
            operation_parameters: json(&commit.operation_parameters),
            operation_metrics: json(&commit.operation_metrics),
            user_name: commit.user_name.as_deref(),
            user_id: commit.user_id.as_deref(),
            engine_info: commit.engine_info.as_deref(),
            is_blind_append: commit.is_blind_append,
            read_version: commit.read_version,
            isolation_level: commit.isolation_level.as_deref(),
            txn_id: commit.txn_id.as_deref(),
            user_metadata: commit.user_metadata.as_deref(),
            other: json(&commit.other),
        }
    }
}

#[derive(Serialize)]
pub(super) struct VersionList {
    earliest: u64,
    latest: u64,
    intact: Option<u64>,
    /// Where there are holes between the oldest and the newest: those that there are, the oldest first.
    listed: Option<Vec<u64>>,
    references: Vec<Reference>,
}

#[derive(Serialize)]
struct Reference {
    name: String,
    kind: &'static str,
    version: u64,
}

impl From<snapshot::VersionList> for VersionList {
    fn from(versions: snapshot::VersionList) -> Self {
        let (earliest, latest) = (versions.earliest(), versions.latest());
        let snapshot::VersionList { numbers, intact, references } = versions;
        let listed = match numbers {
            VersionNumbers::Contiguous { .. } => None,
            VersionNumbers::Listed(numbers) => Some(numbers),
        };
        let reference = |VersionReference { name, kind, version }| {
            let kind = match kind {
                ReferenceKind::Branch => "branch",
                ReferenceKind::Tag => "tag",
            };
            Reference { name, kind, version }
        };
        VersionList { earliest, latest, intact, listed, references: references.into_iter().map(reference).collect() }
    }
}
