//! Which files can hold a wanted row, by partition values and the table's statistics.

use super::bounds;
use crate::error::Result;
use crate::scan::{Pruner, Scan, SharedStatistics};
use crate::snapshot::{ColumnStatistics, ContainerStatistics, Snapshot, StatisticsSource};
use arrow::array::{Array, ArrayRef, UInt32Array, UInt64Array, new_null_array};
use arrow::compute::take;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Of `files`, by position in the snapshot, those that can hold a row that every pruner wants. The statistics that this
/// fetched, if it did, come along, for the scan to look at again.
pub async fn prune_files(
    snapshot: &Snapshot,
    source: &Arc<dyn StatisticsSource>,
    files: Vec<usize>,
    pruners: &[Arc<dyn Pruner>],
) -> Result<(Vec<usize>, Arc<SharedStatistics>)> {
    let columns = Columns::of(snapshot, pruners);
    let files = columns.keep_by_partition(snapshot, files, pruners);
    let statistics = Arc::new(SharedStatistics::new(source, files.clone()));
    let files = columns.keep_by_statistics(&statistics, files, pruners).await?;
    Ok((files, statistics))
}

/// Whether a file can hold a row that every pruner wants: asked again right before it is opened, for pruners that have
/// learned more since.
pub(in crate::scan) async fn keep_file(scan: &Scan, file: usize) -> Result<bool> {
    let Scan { snapshot, pruners, .. } = scan;
    let columns = Columns::of(snapshot, pruners);
    let files = columns.keep_by_partition(snapshot, vec![file], pruners);
    match &scan.statistics {
        Some(statistics) => Ok(!columns.keep_by_statistics(statistics, files, pruners).await?.is_empty()),
        None => Ok(!files.is_empty()),
    }
}

/// The columns that pruners read.
struct Columns {
    partitions: Vec<usize>,
    data: Vec<usize>,
}

impl Columns {
    fn of(snapshot: &Snapshot, pruners: &[Arc<dyn Pruner>]) -> Columns {
        let columns: BTreeSet<usize> = pruners.iter().flat_map(|pruner| pruner.columns()).copied().collect();
        let (partitions, data) = columns.into_iter().partition(|column| snapshot.partition_columns.contains(column));
        Columns { partitions, data }
    }

    /// Partition values come first: they are at hand.
    fn keep_by_partition(&self, snapshot: &Snapshot, files: Vec<usize>, pruners: &[Arc<dyn Pruner>]) -> Vec<usize> {
        if self.partitions.is_empty() {
            return files;
        }
        let values = by_partition(snapshot, &files, &self.partitions, &self.data);
        kept(files, pruners, values)
    }

    /// Statistics are decoded for just the files that are left.
    async fn keep_by_statistics(
        &self,
        statistics: &SharedStatistics,
        files: Vec<usize>,
        pruners: &[Arc<dyn Pruner>],
    ) -> Result<Vec<usize>> {
        if self.data.is_empty() || files.is_empty() {
            return Ok(files);
        }
        let columns: Vec<usize> = self.partitions.iter().chain(&self.data).copied().collect();
        let values = statistics.of(&files, &columns).await?;
        Ok(kept(files, pruners, Some(values)))
    }
}

fn kept(files: Vec<usize>, pruners: &[Arc<dyn Pruner>], values: Option<ContainerStatistics>) -> Vec<usize> {
    match values.filter(|values| values.containers == files.len()) {
        Some(values) => {
            let keep = bounds::keep(pruners, &values);
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
pub(in crate::scan) fn live_rows(snapshot: &Snapshot, file: usize) -> u64 {
    let Some(file) = snapshot.files.get(file) else { return 0 };
    match (file.live_rows(), file.row_count) {
        (Some(rows), _) => rows,
        (None, Some(rows)) if !file.delete_files().is_empty() => rows,
        (None, Some(_)) => 0,
        (None, None) => u64::MAX,
    }
}
