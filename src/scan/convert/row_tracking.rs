//! A row's identity across versions: its id, and the version that wrote it.
//!
//! A row that was copied from another file carries both in columns beside the table's own; those of any other follow from the
//! file's [`RowOrigin`](crate::snapshot::RowOrigin) and the row's place in it.
//!
//! Specification: [Reader Requirements for Row
//! Tracking](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#reader-requirements-for-row-tracking).

use crate::error::{Error, Result};
use crate::snapshot::{DataFile, RowTracking};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{DataType, Field, Fields, Int64Type};
use std::sync::Arc;

/// The fields of `_metadata` that only a table with row tracking has.
pub const TRACKED: [&str; 2] = [ROW_ID, ROW_COMMIT_VERSION];

const ROW_ID: &str = "row_id";
const ROW_COMMIT_VERSION: &str = "row_commit_version";

/// For each of [`TRACKED`], the column of data files with what rows carry themselves, if `fields` ask for it.
pub(in crate::scan) fn materialised(tracking: Option<&RowTracking>, fields: &Fields) -> [Option<Field>; 2] {
    let names = tracking.map(|tracking| [&tracking.row_id_column, &tracking.row_commit_version_column]);
    let names = names.map_or([None, None], |names| names.map(Option::as_ref));
    let asked = |tracked: &str| fields.iter().any(|field| field.name() == tracked);
    let [row_id, version] = names.map(|name| name.map(|name| Field::new(name, DataType::Int64, true)));
    [row_id.filter(|_| asked(ROW_ID)), version.filter(|_| asked(ROW_COMMIT_VERSION))]
}

/// What the next rows of a file carry themselves.
#[derive(Debug, Default)]
pub(in crate::scan) struct RowIds {
    /// In the order of [`TRACKED`]; `None` where the file has no such column.
    pub(in crate::scan) carried: [Option<ArrayRef>; 2],
}

impl RowIds {
    /// The column `tracked` of the rows at `positions`.
    pub(in crate::scan) fn column(
        &self,
        tracked: &str,
        file: &DataFile,
        name: &str,
        positions: &Int64Array,
    ) -> Result<ArrayRef> {
        let [row_id, version] = &self.carried;
        let origin = file.row_origin.as_deref();
        match tracked {
            ROW_ID => {
                let base = origin.and_then(|origin| origin.base_row_id);
                filled(row_id.as_ref(), positions, name, "baseRowId", |row| base?.checked_add(row))
            }
            ROW_COMMIT_VERSION => {
                let default = origin.and_then(|origin| origin.row_commit_version);
                filled(version.as_ref(), positions, name, "defaultRowCommitVersion", |_| default)
            }
            other => Err(Error::internal(format!("_metadata has no field {other}"))),
        }
    }
}

/// What the rows carry, and for those that carry nothing what follows from their position.
fn filled(
    carried: Option<&ArrayRef>,
    positions: &Int64Array,
    name: &str,
    source: &str,
    default: impl Fn(i64) -> Option<i64>,
) -> Result<ArrayRef> {
    let carried = carried.and_then(|carried| carried.as_primitive_opt::<Int64Type>());
    let of_row = |(row, position): (usize, &i64)| match carried.filter(|carried| carried.is_valid(row)) {
        Some(carried) => Some(carried.value(row)),
        None => default(*position),
    };
    let column: Option<Vec<i64>> = positions.values().iter().enumerate().map(of_row).collect();
    let reason = || format!("row tracking is enabled, and the log has no {source} for this file");
    let column = column.ok_or_else(|| Error::corrupt(name, reason()))?;
    Ok(Arc::new(Int64Array::from(column)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{FileLocation, RowOrigin};

    fn file(base_row_id: Option<i64>, row_commit_version: Option<i64>) -> DataFile {
        DataFile {
            row_origin: Some(Box::new(RowOrigin { base_row_id, row_commit_version })),
            ..DataFile::new(FileLocation::Relative("a".into()), 1)
        }
    }

    fn column(tracked: &str, file: &DataFile, carried: Option<Vec<Option<i64>>>) -> Result<Vec<i64>> {
        let carried = carried.map(|carried| Arc::new(Int64Array::from(carried)) as ArrayRef);
        let row_ids = RowIds { carried: [carried.clone(), carried] };
        let column = row_ids.column(tracked, file, "a", &Int64Array::from(vec![0, 3]))?;
        Ok(column.as_primitive::<Int64Type>().values().to_vec())
    }

    #[test]
    fn what_a_row_carries_counts_first() {
        let known = file(Some(100), Some(7));
        assert_eq!(column(ROW_ID, &known, None).unwrap(), [100, 103]);
        assert_eq!(column(ROW_ID, &known, Some(vec![None, Some(5)])).unwrap(), [100, 5]);
        assert_eq!(column(ROW_COMMIT_VERSION, &known, Some(vec![Some(2), None])).unwrap(), [2, 7]);
    }

    #[test]
    fn a_row_without_an_id_is_told() {
        let unknown = file(None, None);
        assert_eq!(column(ROW_ID, &unknown, Some(vec![Some(1), Some(2)])).unwrap(), [1, 2]);
        for carried in [None, Some(vec![Some(1), None])] {
            let error = column(ROW_ID, &unknown, carried.clone()).unwrap_err();
            assert!(error.to_string().contains("no baseRowId"), "{error}");
            assert_eq!(column(ROW_COMMIT_VERSION, &unknown, carried).unwrap_err().code().as_str(), "corrupt_table");
        }
        assert!(column(ROW_ID, &file(Some(i64::MAX), None), None).is_err());
    }

    #[test]
    fn only_columns_that_are_asked_for() {
        let tracking = RowTracking { row_id_column: Some("_id".into()), row_commit_version_column: None };
        let fields =
            |names: &[&str]| names.iter().map(|name| Field::new(*name, DataType::Int64, true)).collect::<Fields>();
        let of = |fields: &Fields| {
            materialised(Some(&tracking), fields).map(|field| field.map(|field| field.name().clone()))
        };
        assert_eq!(of(&fields(&["row_index", ROW_ID, ROW_COMMIT_VERSION])), [Some("_id".into()), None]);
        assert_eq!(of(&fields(&["row_index"])), [None, None]);
        assert_eq!(materialised(None, &fields(&[ROW_ID])), [None, None]);
    }
}
