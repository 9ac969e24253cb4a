//! A data file as its table sees it: what is in it, which of its rows are left, and its `add`.

use super::kind::Column;
use super::value::Value;
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// When everything here was written, in milliseconds.
pub const TIME: u64 = 1_700_000_000_000;

/// A live file, and what is in it.
#[derive(Clone)]
pub struct DataFile {
    pub uri: String,
    pub size: u64,
    /// All columns as they were when it was written; partition columns too.
    pub written: Vec<Column>,
    pub rows: Arc<Vec<Value>>,
    pub partition_values: Json,
    pub deleted: BTreeSet<usize>,
    pub vector: Option<Json>,
    pub row_tracking: Option<(u64, u64)>,
}

/// The rows that are not deleted, as these columns have them.
pub fn live_rows(file: &DataFile, columns: &[Column]) -> Vec<Value> {
    let left = file.rows.iter().enumerate().filter(|(at, _)| !file.deleted.contains(at));
    let row = |row: &Value| {
        Value::Struct(columns.iter().map(|column| (column.id, row.field(&file.written, column))).collect())
    };
    left.map(|(_, values)| row(values)).collect()
}

/// Its `add`.
pub fn add(file: &DataFile) -> Json {
    let mut action = json!({"add": {
        "path": file.uri, "partitionValues": file.partition_values, "size": file.size, "modificationTime": TIME, "dataChange": true,
        "stats": json!({"numRecords": file.rows.len(), "tightBounds": file.vector.is_none()}).to_string(),
    }});
    if let Some(vector) = &file.vector {
        action["add"]["deletionVector"] = vector.clone();
    }
    if let Some((first, version)) = file.row_tracking {
        action["add"]["baseRowId"] = json!(first);
        action["add"]["defaultRowCommitVersion"] = json!(version);
    }
    action
}

/// With the columns that row tracking materializes: they are in no schema.
pub fn with_row_ids(batch: &RecordBatch, first: u64, version: usize) -> RecordBatch {
    let rows = batch.num_rows();
    let mut columns = batch.columns().to_vec();
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows as i64).map(|row| first as i64 + row)));
    columns.extend([ids, Arc::new(Int64Array::from(vec![version as i64; rows]))]);
    let mut all = batch.schema().fields().to_vec();
    for name in ["_row-id-col-1", "_row-commit-version-col-1"] {
        all.push(Arc::new(Field::new(name, DataType::Int64, true)));
    }
    RecordBatch::try_new(Arc::new(Schema::new(all)), columns).unwrap()
}
