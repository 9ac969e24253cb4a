//! The live files of a table, as JavaScript sees them.

use crate::snapshot::{ColumnDescription, FileDescription};
use crate::snapshot::{DataFile, Snapshot};
use crate::storage::location_name;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileInfo<'a> {
    path: String,
    size: u64,
    modification_time: f64,
    partition_values: BTreeMap<&'a str, Option<String>>,
    statistics: Option<Statistics>,
    deleted_rows: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Statistics {
    num_records: Option<u64>,
    columns: BTreeMap<String, Bounds>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bounds {
    min: Option<String>,
    max: Option<String>,
    null_count: Option<u64>,
}

/// The files from position `offset` on that `statistics` are of.
pub(super) fn files(snapshot: &Snapshot, offset: usize, statistics: Vec<Option<FileDescription>>) -> Vec<FileInfo<'_>> {
    let files = snapshot.files.iter().enumerate().skip(offset).zip(statistics);
    files.map(|((position, file), statistics)| FileInfo::new(snapshot, position, file, statistics)).collect()
}

impl<'a> FileInfo<'a> {
    fn new(
        snapshot: &'a Snapshot,
        position: usize,
        file: &DataFile,
        statistics: Option<FileDescription>,
    ) -> FileInfo<'a> {
        FileInfo {
            path: location_name(&file.location),
            size: file.size,
            modification_time: file.modification_time as f64,
            partition_values: partition_values(snapshot, position),
            statistics: statistics.map(Statistics::from),
            deleted_rows: file.deletes.as_ref().map_or(0, |deletes| deletes.cardinality()),
        }
    }
}

impl From<FileDescription> for Statistics {
    fn from(file: FileDescription) -> Self {
        let bounds = |column: ColumnDescription| Bounds {
            min: column.min.map(text),
            max: column.max.map(text),
            null_count: column.null_count,
        };
        let columns = file.columns.into_iter().map(|(name, column)| (name, bounds(column)));
        Statistics { num_records: file.num_records, columns: columns.collect() }
    }
}

/// A string as it is, anything else as JSON.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn partition_values(snapshot: &Snapshot, position: usize) -> BTreeMap<&str, Option<String>> {
    let names = snapshot.partition_column_names();
    let columns = names.into_iter().zip(snapshot.partition_values.columns());
    let text = |array: &dyn arrow::array::Array| {
        let known = position < array.len() && array.is_valid(position);
        let formatter = known.then(|| ArrayFormatter::try_new(array, &FormatOptions::default()).ok()).flatten()?;
        Some(formatter.value(position).to_string())
    };
    columns.map(|(name, values)| (name, text(values.as_ref()))).collect()
}
