//! Delta logs made for a test: commits as text, checkpoints as Parquet.
#![allow(dead_code, reason = "each test module uses a part of it")]

use arrow::array::{
    ArrayRef, Int32Array, Int64Array, MapBuilder, RecordBatch, StringArray, StringBuilder, StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::Field;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Object names and bytes of a table.
pub type Objects = BTreeMap<String, Vec<u8>>;

pub fn commit_name(version: u64) -> String {
    format!("_delta_log/{version:020}.json")
}

pub fn checkpoint_name(version: u64) -> String {
    format!("_delta_log/{version:020}.checkpoint.parquet")
}

pub fn schema_string() -> String {
    let field =
        |name: &str, data_type: &str| json!({"name": name, "type": data_type, "nullable": true, "metadata": {}});
    json!({"type": "struct", "fields": [field("id", "long"), field("p", "string")]}).to_string()
}

pub fn protocol() -> Value {
    json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}})
}

pub fn metadata(configuration: Value) -> Value {
    json!({"metaData": {"id": "t", "format": {"provider": "parquet", "options": {}}, "schemaString": schema_string(),
        "partitionColumns": ["p"], "configuration": configuration}})
}

pub fn add(path: &str) -> Value {
    json!({"add": {"path": path, "partitionValues": {"p": "x"}, "size": 10, "modificationTime": 1, "dataChange": true,
        "stats": "{\"numRecords\":2}"}})
}

pub fn remove(path: &str) -> Value {
    json!({"remove": {"path": path, "dataChange": true}})
}

pub fn commit_info(timestamp: i64) -> Value {
    json!({"commitInfo": {"timestamp": timestamp, "operation": "WRITE"}})
}

pub fn lines(actions: &[Value]) -> Vec<u8> {
    actions.iter().map(|action| format!("{action}\n")).collect::<String>().into_bytes()
}

/// The time that [`table`] gives to the commit of a version.
pub fn time_of(version: u64) -> i64 {
    1_700_000_000_000 + version as i64 * 60_000
}

/// Commits `0..=latest`, each of which adds the file `<version>.parquet`.
pub fn table(latest: u64) -> Objects {
    let commit = |version: u64| {
        let mut actions = vec![commit_info(time_of(version))];
        if version == 0 {
            actions.extend([protocol(), metadata(json!({}))]);
        }
        actions.push(add(&format!("{version}.parquet")));
        (commit_name(version), lines(&actions))
    };
    (0..=latest).map(commit).collect()
}

/// What [`table`] has at `version`.
pub fn files_at(version: u64) -> Vec<String> {
    let mut files: Vec<_> = (0..=version).map(|version| format!("{version}.parquet")).collect();
    files.sort();
    files
}

/// The same with a checkpoint, and the hint that names it.
pub fn table_with_checkpoint(latest: u64, checkpoint: u64) -> Objects {
    let mut objects = table(latest);
    objects.insert(checkpoint_name(checkpoint), checkpoint_at(checkpoint));
    objects.extend([last_checkpoint(checkpoint)]);
    objects
}

/// The checkpoint of [`table`] at `version`.
pub fn checkpoint_at(version: u64) -> Vec<u8> {
    checkpoint(&files_at(version), &[], true)
}

/// A Parquet checkpoint with these files and sidecars, and protocol and metadata if wanted.
pub fn checkpoint(paths: &[String], sidecars: &[(String, u64)], control: bool) -> Vec<u8> {
    let controls = if control { 2 } else { 0 };
    let rows = controls + paths.len() + sidecars.len();
    let adds = controls..controls + paths.len();
    let at =
        |range: std::ops::Range<usize>| NullBuffer::from((0..rows).map(|row| range.contains(&row)).collect::<Vec<_>>());
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    if control {
        let version =
            |value: i32| Arc::new(Int32Array::from_iter((0..rows).map(|row| (row == 0).then_some(value)))) as ArrayRef;
        columns.push((
            "protocol",
            group(vec![("minReaderVersion", version(1)), ("minWriterVersion", version(2))], at(0..1)),
        ));
        let text = |value: &str| {
            Arc::new(StringArray::from_iter((0..rows).map(|row| (row == 1).then_some(value)))) as ArrayRef
        };
        let mut list = arrow::array::ListBuilder::new(StringBuilder::new());
        (0..rows).for_each(|row| list.append_option((row == 1).then(|| vec![Some("p")])));
        let schema_string = schema_string();
        let fields = vec![
            ("id", text("t")),
            ("schemaString", text(&schema_string)),
            ("partitionColumns", Arc::new(list.finish()) as _),
        ];
        columns.push(("metaData", group(fields, at(1..2))));
    }
    let path = |row: usize| adds.contains(&row).then(|| paths[row - adds.start].as_str());
    let mut partition = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for row in 0..rows {
        if adds.contains(&row) {
            partition.keys().append_value("p");
            partition.values().append_value("x");
        }
        partition.append(adds.contains(&row)).unwrap();
    }
    let long = |value: i64| Arc::new(Int64Array::from_iter((0..rows).map(|row| path(row).map(|_| value)))) as ArrayRef;
    let stats = StringArray::from_iter((0..rows).map(|row| path(row).map(|_| "{\"numRecords\":2}")));
    let fields = vec![
        ("path", Arc::new(StringArray::from_iter((0..rows).map(path))) as ArrayRef),
        ("partitionValues", Arc::new(partition.finish())),
        ("size", long(10)),
        ("modificationTime", long(1)),
        ("stats", Arc::new(stats)),
    ];
    columns.push(("add", group(fields, at(adds.clone()))));
    if !sidecars.is_empty() {
        let named = |row: usize| row.checked_sub(adds.end).map(|at| &sidecars[at]);
        let names = StringArray::from_iter((0..rows).map(|row| named(row).map(|(name, _)| name.as_str())));
        let sizes = Int64Array::from_iter((0..rows).map(|row| named(row).map(|(_, size)| *size as i64)));
        let fields = vec![("path", Arc::new(names) as ArrayRef), ("sizeInBytes", Arc::new(sizes))];
        columns.push(("sidecar", group(fields, at(adds.end..rows))));
    }
    parquet_bytes(&RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap())
}

fn group(columns: Vec<(&str, ArrayRef)>, valid: NullBuffer) -> ArrayRef {
    let fields: Vec<_> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    Arc::new(StructArray::new(fields.into(), columns.into_iter().map(|(_, array)| array).collect(), Some(valid)))
}

pub fn parquet_bytes(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Without the Arrow schema, as Spark writes.
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(50_000)).build();
    let options = parquet::arrow::arrow_writer::ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

pub fn last_checkpoint(version: u64) -> (String, Vec<u8>) {
    ("_delta_log/_last_checkpoint".into(), json!({"version": version, "size": 3}).to_string().into_bytes())
}
