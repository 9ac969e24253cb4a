//! The statistics of a snapshot that has all of them with its files: row counts, and the values of partition columns.

use crate::error::{Error, Result};
use crate::snapshot::{
    ColumnStatistics, ContainerStatistics, FileDescription, FileDetails, Snapshot, StatisticsSource,
};
use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array, UInt64Array, new_null_array};
use arrow::compute::{concat, take};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::Arc;

/// Of a format that keeps no others.
#[derive(Debug)]
pub struct PlainStatistics(Arc<Snapshot>);

impl PlainStatistics {
    /// Of `snapshot`.
    pub fn new(snapshot: Arc<Snapshot>) -> PlainStatistics {
        PlainStatistics(snapshot)
    }
}

#[async_trait]
impl StatisticsSource for PlainStatistics {
    async fn load(&self, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics> {
        self.at_hand(files, columns)
    }

    fn at_hand(&self, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics> {
        let snapshot = &*self.0;
        let row_count: UInt64Array = files.iter().map(|file| snapshot.files.get(*file)?.row_count).collect();
        let mut found = HashMap::new();
        partition_columns(snapshot, files, columns, &row_count, &mut found)?;
        constants(snapshot, files, columns, &row_count, &mut found)?;
        Ok(ContainerStatistics { containers: files.len(), row_count, columns: found })
    }

    async fn describe(&self, files: &[usize]) -> Result<Vec<Option<FileDescription>>> {
        let describe = |file: &usize| {
            let num_records = Some(self.0.files.get(*file)?.row_count?);
            Some(FileDescription { num_records, ..FileDescription::default() })
        };
        Ok(files.iter().map(describe).collect())
    }

    async fn missing_object(&self, name: &str) -> Error {
        Error::corrupt(name, "the table names this file, but it is not there")
    }
}

/// Puts the bounds of partition columns into `found`: each file has one value of each.
pub(crate) fn partition_columns(
    snapshot: &Snapshot,
    files: &[usize],
    columns: &[usize],
    row_count: &UInt64Array,
    found: &mut HashMap<usize, ColumnStatistics>,
) -> Result<()> {
    for column in columns {
        let at = snapshot.partition_columns.iter().position(|partition| partition == column);
        if let Some(at) = at.filter(|at| *at < snapshot.partition_values.num_columns()) {
            found.insert(*column, partition_column(&snapshot.partition_values, at, files, row_count)?);
        }
    }
    Ok(())
}

fn partition_column(
    values: &RecordBatch,
    column: usize,
    files: &[usize],
    row_count: &UInt64Array,
) -> Result<ColumnStatistics> {
    let rows: UInt32Array = files.iter().map(|file| u32::try_from(*file).ok()).collect();
    let values = take(values.column(column), &rows, None).map_err(Error::internal)?;
    Ok(one_value_each(values, row_count, |_| true))
}

/// Of files each of which has one value, where it `is_known`; the others' are null.
fn one_value_each(values: ArrayRef, row_count: &UInt64Array, is_known: impl Fn(usize) -> bool) -> ColumnStatistics {
    let nulls = |at: usize| match values.is_null(at) {
        true => (row_count.is_valid(at) && is_known(at)).then(|| row_count.value(at)),
        false => Some(0),
    };
    let null_count = (0..values.len()).map(nulls).collect();
    ColumnStatistics { min: values.clone(), max: values, null_count }
}

/// Puts the bounds of the files' own constants into `found`.
pub(crate) fn constants<'a>(
    snapshot: &'a Snapshot,
    files: &[usize],
    columns: &[usize],
    row_count: &UInt64Array,
    found: &mut HashMap<usize, ColumnStatistics>,
) -> Result<()> {
    let details: Vec<_> =
        files.iter().map(|file| snapshot.files.get(*file).and_then(|file| file.details.as_deref())).collect();
    for column in columns.iter().filter(|column| !snapshot.partition_columns.contains(column)) {
        let of = |details: &Option<&'a FileDetails>| {
            (*details)?.constants.iter().find(|(position, _)| position == column).map(|(_, value)| value)
        };
        let values: Vec<Option<&ArrayRef>> = details.iter().map(of).collect();
        let field = snapshot.schema.logical.fields().get(*column);
        let (Some(field), true) = (field, values.iter().any(Option::is_some)) else { continue };
        let unknown = new_null_array(field.data_type(), 1);
        let arrays: Vec<&dyn Array> = values.iter().map(|value| value.unwrap_or(&unknown).as_ref()).collect();
        let known = |at: usize| values.get(at).is_some_and(Option::is_some);
        let bounds = one_value_each(concat(&arrays).map_err(Error::internal)?, row_count, known);
        found.insert(*column, bounds);
    }
    Ok(())
}
