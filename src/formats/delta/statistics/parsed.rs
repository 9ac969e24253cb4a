//! `add.stats_parsed`: statistics as rows of a checkpoint's struct column, shared by the files of a batch.

use super::bounds::{Side, same_order};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StructArray, UInt64Array, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};

/// One batch's statistics, by wanted column.
pub(crate) struct Parsed<'a> {
    rows: usize,
    num_records: Option<UInt64Array>,
    tight_bounds: Option<&'a BooleanArray>,
    min: Vec<Option<&'a ArrayRef>>,
    max: Vec<Option<&'a ArrayRef>>,
    null_count: Vec<Option<UInt64Array>>,
}

impl<'a> Parsed<'a> {
    pub(crate) fn new(batch: &'a StructArray, names: &[&str]) -> Parsed<'a> {
        let group = |name: &str| batch.column_by_name(name).and_then(|group| group.as_struct_opt());
        let columns = |group: Option<&'a StructArray>| -> Vec<Option<&'a ArrayRef>> {
            names.iter().map(|name| group?.column_by_name(name)).collect()
        };
        Parsed {
            rows: batch.len(),
            num_records: batch.column_by_name("numRecords").and_then(counts),
            tight_bounds: batch.column_by_name("tightBounds").and_then(|column| column.as_boolean_opt()),
            min: columns(group("minValues")),
            max: columns(group("maxValues")),
            null_count: columns(group("nullCount")).into_iter().map(|column| column.and_then(counts)).collect(),
        }
    }

    pub(crate) fn num_records(&self, row: usize) -> Option<u64> {
        count(self.num_records.as_ref(), row)
    }

    pub(crate) fn has_tight_bounds(&self, row: usize) -> bool {
        says_tight(self.tight_bounds, row)
    }

    pub(crate) fn null_count(&self, at: usize, row: usize) -> Option<u64> {
        count(self.null_count.get(at)?.as_ref(), row)
    }

    /// A column's bounds, by row of the batch; null where they are of a type that does not fit.
    pub(crate) fn bound(&self, at: usize, data_type: &DataType, side: Side) -> ArrayRef {
        let bounds = match side {
            Side::Min => &self.min,
            Side::Max => &self.max,
        };
        let column = bounds.get(at).copied().flatten().filter(|column| same_order(column.data_type(), data_type));
        let column = column.and_then(|column| cast(column, data_type).ok());
        column.unwrap_or_else(|| new_null_array(data_type, self.rows))
    }
}

/// Only `numRecords`.
pub(crate) fn num_records(batch: &StructArray, row: usize) -> Option<u64> {
    let column = batch.column_by_name("numRecords").filter(|column| row < column.len())?;
    count(counts(&column.slice(row, 1)).as_ref(), 0)
}

/// Only `tightBounds`, which is true where it is not said.
pub(crate) fn has_tight_bounds(batch: &StructArray, row: usize) -> bool {
    let column = batch.column_by_name("tightBounds").and_then(|column| column.as_boolean_opt());
    row < batch.len() && says_tight(column, row)
}

fn says_tight(column: Option<&BooleanArray>, row: usize) -> bool {
    column.is_none_or(|tight| row >= tight.len() || tight.is_null(row) || tight.value(row))
}

fn counts(column: &ArrayRef) -> Option<UInt64Array> {
    cast(column, &DataType::UInt64).ok()?.as_primitive_opt::<UInt64Type>().cloned()
}

fn count(column: Option<&UInt64Array>, row: usize) -> Option<u64> {
    column.filter(|column| row < column.len() && column.is_valid(row)).map(|column| column.value(row))
}
