//! `_metadata`: where a row is, for those who ask.
//!
//! Not a column of the table: a scan reads it where the position behind the last column is among its columns. Row indexes
//! count all rows of a file, deleted ones and those of row groups and pages that are left out too.

use crate::error::{Error, Result};
use crate::snapshot::DataFile;
use arrow::array::{ArrayRef, Int64Array, StringArray, StructArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// Its name.
pub const METADATA: &str = "_metadata";

/// It as a field: a struct of `file_path` (below the table's root, or a URL without its signature), `file_size` in bytes,
/// `file_modification_time` as the log tells it, and `row_index`, from 0.
pub fn metadata_field() -> Field {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let fields = vec![
        Field::new("file_path", DataType::Utf8, true),
        Field::new("file_size", DataType::Int64, true),
        Field::new("file_modification_time", time, true),
        Field::new("row_index", DataType::Int64, true),
    ];
    Field::new(METADATA, DataType::Struct(fields.into()), true)
}

/// The column for the rows of `file` at `positions`.
pub(super) fn column(file: &DataFile, name: &str, positions: Int64Array) -> Result<ArrayRef> {
    let rows = positions.values().len();
    let fields: Fields = match metadata_field().data_type() {
        DataType::Struct(fields) => fields.clone(),
        other => return Err(Error::internal(format!("_metadata is a {other}"))),
    };
    let time = file.modification_time.checked_mul(1_000);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(name, rows))),
        Arc::new(Int64Array::from(vec![i64::try_from(file.size).ok(); rows])),
        Arc::new(TimestampMicrosecondArray::from(vec![time; rows]).with_timezone("UTC")),
        Arc::new(positions),
    ];
    let column = StructArray::try_new_with_length(fields, columns, None, rows).map_err(Error::internal)?;
    Ok(Arc::new(column))
}

/// The rows of a file that come out of one of its row groups, one after the other.
#[derive(Debug)]
pub(super) struct Positions {
    next: u64,
    selectors: VecDeque<RowSelector>,
}

impl Positions {
    /// Those of `selection`, or all, of a row group whose rows are `span` of the file's.
    pub(super) fn new(span: Range<u64>, selection: Option<&RowSelection>) -> Positions {
        let selectors = match selection {
            Some(selection) => selection.iter().copied().collect(),
            None => VecDeque::from([RowSelector::select((span.end - span.start) as usize)]),
        };
        Positions { next: span.start, selectors }
    }

    /// The next `count` of them.
    pub(super) fn take(&mut self, count: usize) -> Result<Int64Array> {
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            let Some(selector) = self.selectors.front_mut() else {
                return Err(Error::internal("more rows than were selected"));
            };
            let rows = if selector.skip { selector.row_count } else { selector.row_count.min(count - taken.len()) };
            let end = self.next + rows as u64;
            if !selector.skip {
                taken.extend((self.next..end).map(|row| row as i64));
            }
            self.next = end;
            selector.row_count -= rows;
            if selector.row_count == 0 {
                self.selectors.pop_front();
            }
        }
        Ok(taken.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_skip_what_is_not_selected() {
        let selection = RowSelection::from_consecutive_ranges([1..3, 5..9].into_iter(), 10);
        let mut positions = Positions::new(100..110, Some(&selection));
        let mut take = |count| positions.take(count).unwrap().values().to_vec();
        assert_eq!(take(1), [101]);
        assert_eq!(take(3), [102, 105, 106]);
        assert!(take(0).is_empty());
        assert_eq!(take(2), [107, 108]);
        assert!(positions.take(1).is_err());
        assert_eq!(Positions::new(7..9, None).take(2).unwrap().values(), &[7, 8]);
    }
}
