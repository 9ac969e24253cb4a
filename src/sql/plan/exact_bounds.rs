//! Bounds that are not only right but exact, so that `min`, `max` and `count` of a column are answered from the log.
//!
//! Of a file that is what its statistics say where none of its rows is deleted and its writer calls them tight; of a type, where
//! nothing is ever rounded or cut off: whole numbers, dates and booleans. Floats may hide a NaN, strings were cut, timestamps and
//! decimals pass through numbers that do not hold them. A partition column's value is the value of every row.

use crate::error::Result;
use crate::scan::SharedStatistics;
use crate::snapshot::{self, DataFile, Snapshot};
use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue};
use std::cmp::Ordering;

/// Of more files or columns than this nothing is worked out: most queries do not ask, and each file costs some microseconds.
const MOST_FILES: usize = 2_000;
const MOST_COLUMNS: usize = 8;

/// For each of `columns` (positions in the table's schema, whose types `schema` tells), what is exactly known of it over all of
/// `files`. `None`: nothing of any.
pub async fn of(
    snapshot: &Snapshot,
    files: &[usize],
    columns: &[usize],
    schema: &SchemaRef,
    statistics: &SharedStatistics,
) -> Result<Option<Vec<ColumnStatistics>>> {
    if files.is_empty() || files.len() > MOST_FILES || columns.len() > MOST_COLUMNS {
        return Ok(None);
    }
    let data_type = |column: &usize| schema.fields().get(*column).map(|field| field.data_type());
    let is_exact = |column: &&usize| {
        let is_partition = snapshot.partition_columns.contains(column);
        data_type(column).is_some_and(|data_type| is_exact(data_type) || (is_partition && is_text(data_type)))
    };
    let wanted: Vec<usize> = columns.iter().filter(is_exact).copied().collect();
    // Whether a file's bounds are tight is in its statistics: asked last.
    let is_tight = |file: &usize| snapshot.files.get(*file).is_some_and(DataFile::has_exact_bounds);
    if wanted.is_empty() || !files.iter().all(is_tight) {
        return Ok(None);
    }
    let found = statistics.of(files, &wanted).await?;
    let exact = |column: &usize| {
        let known = wanted.contains(column).then(|| found.columns.get(column)).flatten();
        let known = known.zip(data_type(column));
        let exact = known.and_then(|(bounds, data_type)| over_all(bounds, &found.row_count, data_type));
        exact.unwrap_or_else(ColumnStatistics::new_unknown)
    };
    Ok(Some(columns.iter().map(exact).collect()))
}

fn is_exact(data_type: &DataType) -> bool {
    data_type.is_integer() || matches!(data_type, DataType::Date32 | DataType::Boolean)
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::Utf8View)
}

/// Bounds over all files, unless some file's are not known.
fn over_all(bounds: &snapshot::ColumnStatistics, rows: &UInt64Array, data_type: &DataType) -> Option<ColumnStatistics> {
    let (mut nulls, mut min, mut max) = (0_u64, None, None);
    for file in 0..rows.len() {
        let (rows, null) = (value(rows, file)?, value(&bounds.null_count, file)?);
        nulls = nulls.checked_add(null)?;
        if null < rows {
            min = furthest(min, bound(&bounds.min, file, data_type)?, Ordering::Less)?;
            max = furthest(max, bound(&bounds.max, file, data_type)?, Ordering::Greater)?;
        } else if null > rows {
            return None;
        }
    }
    let null = ScalarValue::try_from(data_type).ok()?;
    let mut exact = ColumnStatistics::new_unknown();
    exact.null_count = Precision::Exact(usize::try_from(nulls).ok()?);
    exact.min_value = Precision::Exact(min.unwrap_or_else(|| null.clone()));
    exact.max_value = Precision::Exact(max.unwrap_or(null));
    Some(exact)
}

fn value(counts: &UInt64Array, file: usize) -> Option<u64> {
    (file < counts.len() && counts.is_valid(file)).then(|| counts.value(file))
}

fn bound(bounds: &ArrayRef, file: usize, data_type: &DataType) -> Option<ScalarValue> {
    let known = file < bounds.len() && bounds.is_valid(file);
    known.then(|| ScalarValue::try_from_array(bounds, file).ok()?.cast_to(data_type).ok()).flatten()
}

/// Of what there was so far and `next`, the one further on to that side; `None` where they do not compare.
fn furthest(so_far: Option<ScalarValue>, next: ScalarValue, side: Ordering) -> Option<Option<ScalarValue>> {
    let Some(so_far) = so_far else { return Some(Some(next)) };
    let further = next.partial_cmp(&so_far)? == side;
    Some(Some(if further { next } else { so_far }))
}
