//! The live files of a table, as JavaScript sees them.

use super::values::to_js;
use crate::snapshot::{DataFile, FileLocation, Snapshot};
use crate::storage::redact;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::Serialize;
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileInfo<'a> {
    path: String,
    size: u64,
    modification_time: f64,
    partition_values: BTreeMap<&'a str, Option<String>>,
    deleted_rows: u64,
}

/// `limit` files from position `offset` on, as `FileInfo[]`.
pub(super) fn files(snapshot: &Snapshot, offset: usize, limit: usize) -> Result<JsValue, JsValue> {
    let files = snapshot.files.iter().enumerate().skip(offset).take(limit);
    let files: Vec<_> = files.map(|(position, file)| FileInfo::new(snapshot, position, file)).collect();
    to_js(&files)
}

impl<'a> FileInfo<'a> {
    fn new(snapshot: &'a Snapshot, position: usize, file: &DataFile) -> FileInfo<'a> {
        FileInfo {
            path: path(&file.location),
            size: file.size,
            modification_time: file.modification_time as f64,
            partition_values: partition_values(snapshot, position),
            deleted_rows: file.deletes.as_ref().map_or(0, |deletes| deletes.cardinality()),
        }
    }
}

fn path(location: &FileLocation) -> String {
    match location {
        FileLocation::Relative(path) => path.to_string(),
        FileLocation::Absolute(url) => redact(url),
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
