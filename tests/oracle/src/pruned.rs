//! Reading less: the rows that a filter leaves, with files, row groups and pages left out by their bounds.

use crate::{Content, Result, ours};
use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, Scalar};
use arrow::compute::filter_record_batch;
use arrow::compute::kernels::cmp::{gt_eq, lt_eq};
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use lakeglass::scan::{FooterCache, Pruner, prune_files};
use lakeglass::snapshot::ContainerStatistics;
use std::path::Path;
use std::sync::Arc;

/// `column >= value`, `column <= value`, or both.
#[derive(Debug, Clone)]
pub struct Filter {
    pub column: usize,
    /// One value, not null, of the column's type.
    pub value: ArrayRef,
    pub at_least: bool,
    pub at_most: bool,
}

impl Filter {
    /// Whether there is an order of the type's values that this knows.
    pub fn fits(data_type: &DataType) -> bool {
        !data_type.is_nested() && !matches!(data_type, DataType::Boolean | DataType::Binary)
    }

    /// The rows that it leaves, one by one.
    pub fn filter(&self, batch: &RecordBatch) -> RecordBatch {
        let column = batch.column(self.column);
        let value = Scalar::new(self.value.clone());
        let mut keep = BooleanArray::from(vec![true; batch.num_rows()]);
        for (asked, kept) in [(self.at_least, gt_eq(column, &value)), (self.at_most, lt_eq(column, &value))] {
            if asked {
                keep = arrow::compute::and_kleene(&keep, &kept.unwrap()).unwrap();
            }
        }
        filter_record_batch(batch, &keep).unwrap()
    }
}

#[derive(Debug)]
struct Bounds {
    filter: Filter,
    columns: [usize; 1],
}

impl Pruner for Bounds {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn keep(&self, statistics: &ContainerStatistics) -> lakeglass::Result<Vec<bool>> {
        let Some(column) = statistics.columns.get(&self.filter.column) else {
            return Ok(vec![true; statistics.containers]);
        };
        let value = Scalar::new(self.filter.value.clone());
        let (reaches, begins) = (gt_eq(&column.max, &value).unwrap(), lt_eq(&column.min, &value).unwrap());
        // What is not known keeps.
        let may = |side: &BooleanArray, row: usize| side.is_null(row) || side.value(row);
        let keep =
            |row: usize| (!self.filter.at_least || may(&reaches, row)) && (!self.filter.at_most || may(&begins, row));
        Ok((0..statistics.containers).map(keep).collect())
    }
}

/// The rows that the filter leaves, and how many files were not opened for them.
pub async fn read(root: &Path, version: Option<u64>, filter: &Filter) -> Result<(Content, usize)> {
    let said = |error: lakeglass::Error| format!("{}: {error}", error.code());
    let table = ours::open(root, version).await?;
    let all: Vec<usize> = (0..table.snapshot().files.len()).collect();
    let count = all.len();
    let pruner: Arc<dyn Pruner> = Arc::new(Bounds { filter: filter.clone(), columns: [filter.column] });
    let (kept, statistics) =
        prune_files(table.snapshot(), &table.statistics(), all, std::slice::from_ref(&pruner)).await.map_err(said)?;
    let left_out = count - kept.len();
    let scan = table.scan(&FooterCache::default());
    let scan = scan.with_files(kept).with_statistics(statistics).with_pruner(pruner);
    let batches: Vec<RecordBatch> = scan.stream().try_collect().await.map_err(said)?;
    let batches = batches.iter().map(|batch| filter.filter(batch)).collect();
    Ok((Content { version: table.snapshot().version, schema: scan.schema().clone(), batches }, left_out))
}
