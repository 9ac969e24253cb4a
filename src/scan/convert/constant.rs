//! Columns that are the same in all rows of a file.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::error::ArrowError;

/// The first value of `value`, `count` times.
pub(in crate::scan) fn repeat(value: &ArrayRef, count: usize) -> Result<ArrayRef, ArrowError> {
    take(value, &UInt32Array::from(vec![0; count]), None)
}
