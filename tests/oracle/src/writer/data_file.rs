//! A data file as its table sees it: what is in it, which of its rows are left, and its `add`.

use super::kind::{Column, Kind};
use super::value::Value;
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use serde_json::{Map, Value as Json, json};
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
    pub row_tracking: Option<RowTracking>,
}

/// What makes a row of a file the one that it is.
#[derive(Clone)]
pub struct RowTracking {
    pub base_row_id: i64,
    pub version: i64,
    /// Each row's id and the version that wrote it.
    pub rows: Arc<Vec<Identity>>,
}

/// A row's id and the version that wrote it.
pub type Identity = (i64, i64);

impl RowTracking {
    /// Of a file that a version writes, whose rows were other files' rows before, as far as `copied` has them.
    pub fn new(base_row_id: i64, version: i64, rows: usize, copied: &[Option<Identity>]) -> RowTracking {
        let fresh = |row: usize| (base_row_id + row as i64, version);
        let rows = (0..rows).map(|row| copied.get(row).copied().flatten().unwrap_or_else(|| fresh(row)));
        RowTracking { base_row_id, version, rows: Arc::new(rows.collect()) }
    }

    /// A batch of the rows with the columns that carry what does not follow from the file: they are in no schema.
    pub fn materialised(&self, batch: &RecordBatch) -> RecordBatch {
        let ids = self.rows.iter().enumerate();
        let ids = ids.map(|(row, (id, _))| (*id != self.base_row_id + row as i64).then_some(*id));
        let versions = self.rows.iter().map(|(_, version)| (*version != self.version).then_some(*version));
        let ids: ArrayRef = Arc::new(ids.collect::<Int64Array>());
        let versions: ArrayRef = Arc::new(versions.collect::<Int64Array>());
        let mut columns = batch.columns().to_vec();
        let mut all = batch.schema().fields().to_vec();
        for (name, column) in [(ROW_ID_COLUMN, ids), (ROW_COMMIT_VERSION_COLUMN, versions)] {
            all.push(Arc::new(Field::new(name, DataType::Int64, true)));
            columns.push(column);
        }
        RecordBatch::try_new(Arc::new(Schema::new(all)), columns).unwrap()
    }

    /// Whether a row has an id or a version that does not follow from the file.
    pub fn is_carried(&self) -> bool {
        let follows = |(row, identity): (usize, &Identity)| *identity == (self.base_row_id + row as i64, self.version);
        !self.rows.iter().enumerate().all(follows)
    }
}

pub const ROW_ID_COLUMN: &str = "_row-id-col-1";
pub const ROW_COMMIT_VERSION_COLUMN: &str = "_row-commit-version-col-1";

/// The rows that are not deleted, as these columns have them.
pub fn live_rows(file: &DataFile, columns: &[Column]) -> Vec<Value> {
    let left = file.rows.iter().enumerate().filter(|(at, _)| !file.deleted.contains(at));
    let row = |row: &Value| {
        Value::Struct(columns.iter().map(|column| (column.id, row.field(&file.written, column))).collect())
    };
    left.map(|(_, values)| row(values)).collect()
}

/// The ids of the rows that are not deleted, and the versions that wrote them.
pub fn live_identities(file: &DataFile) -> Vec<Identity> {
    let rows = file.row_tracking.iter().flat_map(|tracking| tracking.rows.iter().enumerate());
    rows.filter(|(at, _)| !file.deleted.contains(at)).map(|(_, identity)| *identity).collect()
}

/// Of all its rows, deleted ones too: then bounds are wide.
fn statistics(file: &DataFile) -> Json {
    let mut bounds = [Map::new(), Map::new()];
    let mut null_count = Map::new();
    for column in &file.written {
        if file.partition_values.get(&column.physical).is_some() || matches!(column.kind, Kind::Struct(_)) {
            continue;
        }
        let values = file.rows.iter().map(|row| row.field(&file.written, column));
        let values: Vec<Value> = values.filter(|value| *value != Value::Null).collect();
        null_count.insert(column.physical.clone(), json!(file.rows.len() - values.len()));
        let keys = values.iter().filter_map(|value| Some((value.key()?, value)));
        let (first, last) = (keys.clone().min_by(|a, b| a.0.cmp(&b.0)), keys.max_by(|a, b| a.0.cmp(&b.0)));
        for (bounds, value) in bounds.iter_mut().zip([first, last]) {
            if let Some(bound) = value.and_then(|(_, value)| value.bound(&column.kind)) {
                bounds.insert(column.physical.clone(), bound);
            }
        }
    }
    let [min, max] = bounds;
    json!({"numRecords": file.rows.len(), "tightBounds": file.vector.is_none(), "minValues": min, "maxValues": max,
        "nullCount": null_count})
}

/// Its `add`.
pub fn add(file: &DataFile) -> Json {
    let mut action = json!({"add": {
        "path": file.uri, "partitionValues": file.partition_values, "size": file.size, "modificationTime": TIME, "dataChange": true,
        "stats": statistics(file).to_string(),
    }});
    if let Some(vector) = &file.vector {
        action["add"]["deletionVector"] = vector.clone();
    }
    if let Some(tracking) = &file.row_tracking {
        action["add"]["baseRowId"] = json!(tracking.base_row_id);
        action["add"]["defaultRowCommitVersion"] = json!(tracking.version);
    }
    action
}
