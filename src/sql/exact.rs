//! Smallest and largest values that the log tells exactly, so that `min` and `max` read no data file.
//!
//! Bounds in a log may be wide: those of strings are cut, of timestamps rounded, of floats silent about NaN, and those of a
//! file with deleted rows are of what was written. So they answer only for whole numbers and dates, and only where every
//! file has them, with its null count and without deleted rows. A partition column's are exact wherever a file has rows.

use super::error::from_arrow;
use crate::delta::statistics;
use crate::error::Result;
use crate::snapshot::{ColumnStatistics, Snapshot};
use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::{cast, max, min, take};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::ScalarValue;
use std::collections::HashMap;

/// Files whose statistics are looked through for a query at most.
const MOST_FILES: usize = 20_000;

/// A column's extremes: null where all of its values are, and how many are null.
#[derive(Debug, Clone, PartialEq)]
pub struct Extremes {
    /// The smallest value.
    pub min: ScalarValue,
    /// The largest value.
    pub max: ScalarValue,
    /// Null values.
    pub nulls: u64,
}

/// What is exact of `columns`, by position in the table's schema, over `files`; `live` says how many rows each has.
pub fn extremes(
    snapshot: &Snapshot,
    files: &[usize],
    columns: &[usize],
    live: &[Option<u64>],
) -> Result<HashMap<usize, Extremes>> {
    let mut found = HashMap::new();
    if files.len() > MOST_FILES {
        return Ok(found);
    }
    let rows: Option<Vec<u64>> = files.iter().map(|file| live.get(*file).copied().flatten()).collect();
    let Some(rows) = rows else { return Ok(found) };
    // A file without rows has no say.
    let files: Vec<usize> = files.iter().zip(&rows).filter(|(_, rows)| **rows > 0).map(|(file, _)| *file).collect();
    let rows: Vec<u64> = rows.into_iter().filter(|rows| *rows > 0).collect();
    let typed = |column: &usize| {
        let field = snapshot.schema.logical.fields().get(*column);
        field.map(|field| field.data_type()).filter(|data_type| is_exact(data_type))
    };
    let (partitions, data): (Vec<usize>, Vec<usize>) = columns
        .iter()
        .filter(|column| typed(column).is_some())
        .partition(|column| snapshot.partition_columns.contains(column));
    for column in partitions {
        if let (Some(data_type), Some(values)) = (typed(&column), partition_values(snapshot, &files, column)) {
            let nulls = (0..values.len()).filter(|row| values.is_null(*row));
            let nulls = nulls.map(|row| rows.get(row).copied().unwrap_or_default()).sum();
            found.insert(column, of(&values, &values, nulls, data_type)?);
        }
    }
    let has_deletes = |file: &usize| snapshot.files.get(*file).is_none_or(|file| file.deletes.is_some());
    if data.is_empty() || files.iter().any(has_deletes) {
        return Ok(found);
    }
    let bounds = statistics::decode(snapshot, &files, &data)?;
    for column in data {
        let (Some(data_type), Some(bounds)) = (typed(&column), bounds.columns.get(&column)) else { continue };
        if let Some(nulls) = exact_nulls(bounds, &rows) {
            found.insert(column, of(&bounds.min, &bounds.max, nulls, data_type)?);
        }
    }
    Ok(found)
}

fn is_exact(data_type: &DataType) -> bool {
    data_type.is_signed_integer() || *data_type == DataType::Date32
}

/// How many values are null, where every file tells that, and both bounds unless all of its values are null.
fn exact_nulls(bounds: &ColumnStatistics, rows: &[u64]) -> Option<u64> {
    let mut sum = 0u64;
    for (file, rows) in rows.iter().enumerate() {
        let nulls = bounds.null_count.is_valid(file).then(|| bounds.null_count.value(file))?;
        let bounded = bounds.min.is_valid(file) && bounds.max.is_valid(file);
        if !(bounded || nulls == *rows) || nulls > *rows {
            return None;
        }
        sum = sum.checked_add(nulls)?;
    }
    Some(sum)
}

fn partition_values(snapshot: &Snapshot, files: &[usize], column: usize) -> Option<ArrayRef> {
    let position = snapshot.partition_columns.iter().position(|partition| *partition == column)?;
    let values = snapshot.partition_values.columns().get(position)?;
    let rows: UInt32Array = files.iter().map(|file| u32::try_from(*file).ok()).collect::<Option<Vec<_>>>()?.into();
    take(values, &rows, None).ok()
}

fn of(mins: &ArrayRef, maxs: &ArrayRef, nulls: u64, data_type: &DataType) -> Result<Extremes> {
    let whole = |values: &ArrayRef| -> Result<_> {
        // Dates are days; as 32 bits first, which a cast to 64 takes.
        let days = if *values.data_type() == DataType::Date32 { DataType::Int32 } else { values.data_type().clone() };
        let values = cast(values, &days).and_then(|values| cast(&values, &DataType::Int64)).map_err(from_arrow)?;
        Ok(values.as_primitive::<Int64Type>().clone())
    };
    let scalar = |value: Option<i64>| -> Result<ScalarValue> {
        let value = ScalarValue::Int64(value);
        let narrow = if *data_type == DataType::Date32 { &DataType::Int32 } else { data_type };
        let narrow = value.cast_to(narrow).and_then(|value| value.cast_to(data_type));
        narrow.map_err(super::error::from_datafusion)
    };
    Ok(Extremes { min: scalar(min(&whole(mins)?))?, max: scalar(max(&whole(maxs)?))?, nulls })
}
