//! Which files of a snapshot a predicate on its partition columns keeps: for the command line, which shares a part of a table.

use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::sql::error::from_datafusion;
use crate::sql::options::SessionOptions;
use crate::sql::session_state;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array};
use arrow::datatypes::{Field, Schema, UInt64Type};
use datafusion::prelude::SessionContext;
use std::sync::Arc;

/// The column that says which file a row of partition values is of.
const FILE: &str = "lakeglass file";

/// The positions of the files that `predicate`, SQL over the partition columns, is true of.
///
/// # Errors
/// `invalid_sql` for a predicate that names another column.
pub async fn files_where(snapshot: &Snapshot, predicate: &str) -> Result<Vec<usize>> {
    let state = session_state::state(&SessionOptions::default(), &Arc::default())?;
    let context = SessionContext::new_with_state(state);
    let partitions = context.read_batch(batch(snapshot)?).map_err(from_datafusion)?;
    let predicate = partitions.parse_sql_expr(predicate).map_err(from_datafusion)?;
    let kept = partitions.filter(predicate).and_then(|kept| kept.select_columns(&[FILE])).map_err(from_datafusion)?;
    let batches = kept.collect().await.map_err(from_datafusion)?;
    let mut files = Vec::new();
    for batch in &batches {
        let positions = batch.columns().first().and_then(|column| column.as_primitive_opt::<UInt64Type>());
        let positions = positions.ok_or_else(|| Error::internal("no positions of files"))?;
        files.extend(positions.values().iter().filter_map(|position| usize::try_from(*position).ok()));
    }
    files.sort_unstable();
    Ok(files)
}

fn batch(snapshot: &Snapshot) -> Result<RecordBatch> {
    let values = &snapshot.partition_values;
    let positions: UInt64Array = (0..snapshot.files.len() as u64).collect();
    let known = values.schema();
    let fields =
        known.fields().iter().cloned().chain([Arc::new(Field::new(FILE, positions.data_type().clone(), false))]);
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let columns = values.columns().iter().cloned().chain([Arc::new(positions) as ArrayRef]);
    RecordBatch::try_new(schema, columns.collect()).map_err(Error::internal)
}
