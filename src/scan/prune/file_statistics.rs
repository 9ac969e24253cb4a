//! What a table says of the values in some of its files: fetched when it is first asked for, and for all of them at once.

use crate::error::Result;
use crate::snapshot::{ColumnStatistics, ContainerStatistics, StatisticsSource};
use arrow::array::{ArrayRef, AsArray, UInt32Array, UInt64Array};
use arrow::compute::take;
use arrow::error::ArrowError;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The statistics of some files of a snapshot. The streams of a query share it.
#[derive(Debug)]
pub struct SharedStatistics {
    source: Arc<dyn StatisticsSource>,
    /// Ascending.
    files: Vec<usize>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Columns that were asked for. Of nested ones nothing is ever found.
    columns: BTreeSet<usize>,
    found: Option<ContainerStatistics>,
}

impl SharedStatistics {
    /// Of `files`, by position in the snapshot. Nothing is fetched yet.
    pub fn new(source: &Arc<dyn StatisticsSource>, mut files: Vec<usize>) -> SharedStatistics {
        files.sort_unstable();
        files.dedup();
        SharedStatistics { source: source.clone(), files, known: Mutex::default() }
    }

    /// What is known of `files`, all of which must be among those that this is of, and of `columns`, by position in the
    /// schema.
    pub async fn of(&self, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics> {
        let mut known = self.known.lock().await;
        if known.found.is_none() || !columns.iter().all(|column| known.columns.contains(column)) {
            let mut all = known.columns.clone();
            all.extend(columns);
            let wanted: Vec<usize> = all.iter().copied().collect();
            let found = self.source.load(&self.files, &wanted).await?;
            *known = Known { columns: all, found: Some(found) };
        }
        let rows: Option<Vec<usize>> = files.iter().map(|file| self.files.binary_search(file).ok()).collect();
        match (&known.found, rows) {
            (Some(found), Some(_)) if files == self.files => Ok(found.clone()),
            (Some(found), Some(rows)) => pick(found, &rows).map_err(crate::Error::internal),
            _ => self.source.at_hand(files, columns),
        }
    }
}

fn pick(found: &ContainerStatistics, rows: &[usize]) -> Result<ContainerStatistics, ArrowError> {
    let positions: UInt32Array = rows.iter().map(|row| u32::try_from(*row).ok()).collect();
    let array = |array: &ArrayRef| match rows {
        [row] => Ok(array.slice(*row, 1)),
        _ => take(array, &positions, None),
    };
    let counts = |counts: &UInt64Array| {
        let picked = take(counts, &positions, None)?;
        let picked = picked.as_primitive_opt().cloned();
        picked.ok_or_else(|| ArrowError::ComputeError("counts of another type".into()))
    };
    let mut columns = HashMap::with_capacity(found.columns.len());
    for (column, bounds) in &found.columns {
        let null_count = counts(&bounds.null_count)?;
        columns.insert(*column, ColumnStatistics { min: array(&bounds.min)?, max: array(&bounds.max)?, null_count });
    }
    Ok(ContainerStatistics { containers: rows.len(), row_count: counts(&found.row_count)?, columns })
}
