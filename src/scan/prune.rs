//! Which files can hold a wanted row, by partition values and the log's statistics.

use super::{Pruner, row_groups};
use crate::delta::statistics;
use crate::error::Result;
use crate::snapshot::{ColumnStatistics, ContainerStatistics, Snapshot};
use crate::table::Table;
use arrow::array::{Array, ArrayRef, UInt32Array, UInt64Array, new_null_array};
use arrow::compute::take;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The positions among the snapshot's files of those that can hold a row that every pruner wants, by partition values and
/// the log's statistics.
pub fn prune_files(table: &Table, pruners: &[Arc<dyn Pruner>]) -> Result<Vec<usize>> {
    let snapshot = table.snapshot();
    let files = (0..snapshot.files.len()).collect();
    Ok(keep_files(snapshot, files, pruners))
}

/// Whether a file can hold a row that every pruner wants: asked again right before it is opened, for pruners that have
/// learned more since.
pub(super) fn keep_file(snapshot: &Snapshot, file: usize, pruners: &[Arc<dyn Pruner>]) -> bool {
    !keep_files(snapshot, vec![file], pruners).is_empty()
}

/// Partition values first: they are at hand. Statistics are decoded for just the files that are left.
fn keep_files(snapshot: &Snapshot, files: Vec<usize>, pruners: &[Arc<dyn Pruner>]) -> Vec<usize> {
    let columns: BTreeSet<usize> = pruners.iter().flat_map(|pruner| pruner.columns()).copied().collect();
    let (partitions, data): (Vec<usize>, Vec<usize>) =
        columns.into_iter().partition(|column| snapshot.partition_columns.contains(column));
    let mut files = files;
    if !partitions.is_empty() {
        files = kept(files, pruners, |files| by_partition(snapshot, files, &partitions, &data));
    }
    if !data.is_empty() {
        let columns: Vec<usize> = partitions.iter().chain(&data).copied().collect();
        files = kept(files, pruners, |files| statistics::decode(snapshot, files, &columns).ok());
    }
    files
}

fn kept(
    files: Vec<usize>,
    pruners: &[Arc<dyn Pruner>],
    statistics: impl Fn(&[usize]) -> Option<ContainerStatistics>,
) -> Vec<usize> {
    match statistics(&files).filter(|statistics| statistics.containers == files.len()) {
        Some(statistics) => {
            let keep = row_groups::keep(pruners, &statistics);
            files.into_iter().zip(keep).filter_map(|(file, keep)| keep.then_some(file)).collect()
        }
        None => files,
    }
}

/// The partition columns' values as bounds; nothing is known of the others, nor how many rows there are.
fn by_partition(
    snapshot: &Snapshot,
    files: &[usize],
    partitions: &[usize],
    data: &[usize],
) -> Option<ContainerStatistics> {
    let mut columns = HashMap::new();
    for column in partitions {
        columns.insert(*column, partition_bounds(snapshot, files, *column)?);
    }
    for column in data {
        let unknown = new_null_array(snapshot.schema.logical.fields().get(*column)?.data_type(), files.len());
        let null_count = UInt64Array::new_null(files.len());
        columns.insert(*column, ColumnStatistics { min: unknown.clone(), max: unknown, null_count });
    }
    Some(ContainerStatistics { containers: files.len(), row_count: UInt64Array::new_null(files.len()), columns })
}

fn partition_bounds(snapshot: &Snapshot, files: &[usize], column: usize) -> Option<ColumnStatistics> {
    let position = snapshot.partition_columns.iter().position(|partition| *partition == column)?;
    let values = snapshot.partition_values.columns().get(position)?;
    let rows: UInt32Array = files.iter().map(|file| u32::try_from(*file).ok()).collect::<Option<Vec<_>>>()?.into();
    let values: ArrayRef = take(values, &rows, None).ok()?;
    // How many rows are null is known only where none is.
    let null_count = (0..files.len()).map(|i| values.is_valid(i).then_some(0)).collect();
    Some(ColumnStatistics { min: values.clone(), max: values, null_count })
}

/// How many rows a file has that are not deleted, at most.
pub(super) fn live_rows(snapshot: &Snapshot, file: usize) -> u64 {
    let Some(file) = snapshot.files.get(file) else { return 0 };
    let deleted = file.deletes.as_ref().map_or(0, |deletes| deletes.cardinality());
    statistics::num_records(file).map_or(u64::MAX, |rows| rows.saturating_sub(deleted))
}
