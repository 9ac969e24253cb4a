//! `_metadata`: where a row is, and which one it is, for those who ask.
//!
//! Not a column of the table: a scan reads it where the position behind the last column is among its columns. Row indexes
//! count all rows of a file, deleted ones and those of row groups and pages that are left out too. What makes a row's id is
//! in [`super::row_tracking`].

use super::row_tracking::{RowIds, TRACKED};
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
/// `file_modification_time` as the log tells it, `row_index`, from 0, and those of `tracked` that are
/// [`TRACKED`](crate::scan::TRACKED): to read them costs bytes, and takes a table that keeps track of its rows.
pub fn metadata_field(tracked: &[&str]) -> Field {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let mut fields = vec![
        Field::new("file_path", DataType::Utf8, true),
        Field::new("file_size", DataType::Int64, true),
        Field::new("file_modification_time", time, true),
        Field::new(ROW_INDEX, DataType::Int64, true),
    ];
    let tracked = TRACKED.iter().filter(|name| tracked.contains(name));
    fields.extend(tracked.map(|name| Field::new(*name, DataType::Int64, true)));
    Field::new(METADATA, DataType::Struct(fields.into()), true)
}

const ROW_INDEX: &str = "row_index";

/// The column, of these fields, for the rows of `file` at `positions`.
pub(in crate::scan) fn column(
    file: &DataFile,
    name: &str,
    fields: &Fields,
    positions: Int64Array,
    row_ids: &RowIds,
) -> Result<ArrayRef> {
    let rows = positions.values().len();
    let time = file.modification_time.checked_mul(1_000);
    let mut columns = Vec::with_capacity(fields.len());
    for field in fields {
        let column: ArrayRef = match field.name().as_str() {
            "file_path" => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(name, rows))),
            "file_size" => Arc::new(Int64Array::from(vec![i64::try_from(file.size).ok(); rows])),
            "file_modification_time" => {
                Arc::new(TimestampMicrosecondArray::from(vec![time; rows]).with_timezone("UTC"))
            }
            ROW_INDEX => Arc::new(positions.clone()),
            tracked => row_ids.column(tracked, file, name, &positions)?,
        };
        columns.push(column);
    }
    let column = StructArray::try_new_with_length(fields.clone(), columns, None, rows).map_err(Error::internal)?;
    Ok(Arc::new(column))
}

/// The rows of a file that come out of one of its row groups, one after the other.
#[derive(Debug)]
pub(in crate::scan) struct Positions {
    next: u64,
    selectors: VecDeque<RowSelector>,
}

impl Positions {
    /// Those of `selection`, or all, of a row group whose rows are `span` of the file's.
    pub(in crate::scan) fn new(span: Range<u64>, selection: Option<&RowSelection>) -> Positions {
        let selectors = match selection {
            Some(selection) => selection.iter().copied().collect(),
            None => VecDeque::from([RowSelector::select(usize::try_from(span.end - span.start).unwrap_or(usize::MAX))]),
        };
        Positions { next: span.start, selectors }
    }

    /// The next `count` of them.
    pub(in crate::scan) fn take(&mut self, count: usize) -> Result<Int64Array> {
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
