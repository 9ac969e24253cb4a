//! The statistics of a snapshot that has all of them with its files: row counts, and the values of partition columns.

use crate::error::{Error, Result};
use crate::snapshot::{ColumnStatistics, ContainerStatistics, FileDescription, Snapshot, StatisticsSource};
use arrow::array::{Array, RecordBatch, UInt32Array, UInt64Array};
use arrow::compute::take;
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
    let nulls = |at: usize| match values.is_null(at) {
        true => row_count.is_valid(at).then(|| row_count.value(at)),
        false => Some(0),
    };
    let null_count = (0..values.len()).map(nulls).collect();
    Ok(ColumnStatistics { min: values.clone(), max: values, null_count })
}
