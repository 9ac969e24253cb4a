//! The leaf of our plans: some columns of some files of a table, as streams of batches.

use super::extensions::{QueryMeter, QueryProgress};
use super::scan_metrics;
use super::scan_metrics::Measured;
use crate::scan::{FooterCache, ScanProgress, SharedDeletes, SharedStatistics};
use crate::sql::plan::prune::PredicatePruner;
use crate::storage::Meter;
use crate::table::Table;
use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ColumnStatistics, Statistics, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, apply_expression_roots,
};
use std::fmt;
use std::sync::Arc;

/// Up to this many rows, a limit is read by one stream: several would each read the first rows of a file.
const SEQUENTIAL_LIMIT: usize = 100_000;

/// Compressed bytes that the partitions of a scan fetch ahead of their decoders, together.
const AHEAD_BYTES: u64 = 64 << 20;

/// A scan of a table as a node of a plan.
#[derive(Debug, Clone)]
pub struct LakeglassScan {
    name: String,
    table: Table,
    footers: FooterCache,
    /// What pruners name their columns by.
    table_schema: SchemaRef,
    columns: Vec<usize>,
    /// Positions of files in the snapshot, by partition.
    partitions: Vec<Vec<usize>>,
    /// The query's own predicate first, then those that operators above made.
    pruners: Vec<Arc<PredicatePruner>>,
    /// What the log says of the files, for all partitions.
    statistics: Arc<SharedStatistics>,
    /// What delete files say, for all partitions.
    deletes: Arc<SharedDeletes>,
    limit: Option<usize>,
    /// For each file of the snapshot, how many rows of it are not deleted, where its log says so.
    live_rows: Arc<[Option<u64>]>,
    /// For each column, what is exactly known of it over all files, where that is.
    bounds: Option<Arc<[ColumnStatistics]>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    /// Of this scan alone.
    progress: ScanProgress,
    meter: Meter,
}

impl LakeglassScan {
    /// The given columns of all files, in one partition.
    pub fn new(
        name: &str,
        table: &Table,
        footers: &FooterCache,
        table_schema: &SchemaRef,
        columns: Vec<usize>,
        live_rows: Arc<[Option<u64>]>,
    ) -> Result<LakeglassScan> {
        let schema = Arc::new(table_schema.project(&columns)?);
        let files: Vec<usize> = (0..table.snapshot().files.len()).collect();
        // Without `_metadata`, of which nothing is known before its rows are read.
        let width = table.snapshot().schema.logical.fields().len().min(table_schema.fields().len());
        let table_schema = Arc::new(table_schema.project(&(0..width).collect::<Vec<_>>())?);
        Ok(LakeglassScan {
            name: name.into(),
            table: table.clone(),
            footers: footers.clone(),
            table_schema,
            columns,
            statistics: Arc::new(SharedStatistics::new(&table.statistics(), files.clone())),
            deletes: Arc::default(),
            partitions: vec![files],
            pruners: Vec::new(),
            limit: None,
            live_rows,
            bounds: None,
            properties: properties(schema, 1),
            metrics: ExecutionPlanMetricsSet::new(),
            progress: ScanProgress::default(),
            meter: Meter::default(),
        })
    }

    /// These files only, over at most `partitions` partitions of about the same size in bytes.
    pub fn with_files(mut self, files: Vec<usize>, partitions: usize) -> LakeglassScan {
        let sizes = self.sizes(&files);
        self.partitions = distribute(&files, &sizes, partitions);
        self.properties = properties(self.schema(), self.partitions.len());
        self
    }

    /// What is exactly known of each column, over the files of [`LakeglassScan::with_files`].
    pub fn with_bounds(mut self, bounds: Option<Vec<ColumnStatistics>>) -> LakeglassScan {
        self.bounds = bounds.map(Arc::from);
        self
    }

    /// What the log says of at least these files, as far as it was fetched already.
    pub fn with_statistics(mut self, statistics: Arc<SharedStatistics>) -> LakeglassScan {
        self.statistics = statistics;
        self
    }

    /// For each file of a partition its values of the scan's columns and its rows, where the log has all of it: only partition
    /// columns are asked for, and no row is to be left out.
    fn told_by_log(&self, files: &[usize]) -> Option<Vec<(Vec<ArrayRef>, u64)>> {
        let snapshot = self.table.snapshot();
        if self.columns.is_empty() || !self.pruners.is_empty() || self.limit.is_some() {
            return None;
        }
        let position = |column: &usize| snapshot.partition_columns.iter().position(|partition| partition == column);
        let positions: Vec<usize> = self.columns.iter().map(position).collect::<Option<_>>()?;
        let schema = self.schema();
        let value = |file: usize, at: &usize, field: &FieldRef| {
            let values = snapshot.partition_values.columns().get(*at).filter(|values| file < values.len())?;
            cast(&values.slice(file, 1), field.data_type()).ok()
        };
        let of = |file: &usize| {
            let rows = self.live_rows.get(*file).copied().flatten()?;
            let values = positions.iter().zip(schema.fields()).map(|(at, field)| value(*file, at, field));
            Some((values.collect::<Option<Vec<_>>>()?, rows))
        };
        files.iter().map(of).collect()
    }

    /// Leaves out what the query's predicate rules out.
    pub fn with_pruner(mut self, pruner: Option<Arc<PredicatePruner>>) -> LakeglassScan {
        self.pruners.extend(pruner);
        self
    }

    /// At most this many rows are asked for: by one stream, of no more files than are sure to hold them.
    pub fn with_limit(mut self, limit: Option<usize>) -> LakeglassScan {
        self.limit = limit;
        if let Some(limit) = limit.filter(|limit| *limit <= SEQUENTIAL_LIMIT) {
            let mut files: Vec<usize> = self.partitions.concat();
            files.sort_unstable();
            if self.pruners.is_empty() {
                files.truncate(self.files_for(limit, &files));
            }
            self.partitions = vec![files];
            self.properties = properties(self.schema(), 1);
        }
        self
    }

    /// How many of `files`, from the first, hold `limit` rows.
    fn files_for(&self, limit: usize, files: &[usize]) -> usize {
        let mut rows = 0u64;
        for (count, file) in files.iter().enumerate() {
            if rows >= limit as u64 {
                return count;
            }
            rows = rows.saturating_add(self.live_rows.get(*file).copied().flatten().unwrap_or_default());
        }
        files.len()
    }

    fn sizes(&self, files: &[usize]) -> Vec<u64> {
        let all = &self.table.snapshot().files;
        files.iter().map(|&file| all.get(file).map(|file| file.size).unwrap_or_default()).collect()
    }

    fn file_count(&self) -> usize {
        self.partitions.iter().map(Vec::len).sum()
    }

    /// What is known of the rows of `files`: their number is certain where every file's is known and none can be left out.
    fn statistics(&self, files: &[usize]) -> Statistics {
        let rows =
            files.iter().try_fold(0u64, |sum, file| sum.checked_add(self.live_rows.get(*file).copied().flatten()?));
        let rows = rows.and_then(|rows| usize::try_from(rows).ok());
        let rows = rows.map(|rows| self.limit.map_or(rows, |limit| rows.min(limit)));
        let bytes = self.sizes(files).iter().fold(0u64, |sum, size| sum.saturating_add(*size));
        let mut statistics = Statistics::new_unknown(&self.schema());
        statistics.total_byte_size = Precision::Inexact(usize::try_from(bytes).unwrap_or(usize::MAX));
        statistics.num_rows = match rows {
            Some(rows) if self.pruners.is_empty() => Precision::Exact(rows),
            Some(rows) => Precision::Inexact(rows),
            None => Precision::Absent,
        };
        let is_whole = self.pruners.is_empty() && self.limit.is_none() && files.len() == self.file_count();
        if let Some(bounds) = self.bounds.as_ref().filter(|_| is_whole) {
            statistics.column_statistics = bounds.to_vec();
        }
        statistics
    }
}

/// Batches of rows that are all alike within a file.
fn repeated(
    files: Vec<(Vec<ArrayRef>, u64)>,
    schema: SchemaRef,
    batch_size: usize,
) -> impl Iterator<Item = Result<RecordBatch>> {
    files.into_iter().flat_map(move |(values, rows)| {
        let schema = schema.clone();
        let sizes = (0..rows).step_by(batch_size.max(1)).map(move |start| (rows - start).min(batch_size as u64));
        sizes.map(move |size| {
            let first = UInt32Array::from(vec![0; usize::try_from(size).unwrap_or_default()]);
            let columns = values.iter().map(|value| take(value, &first, None)).collect::<Result<Vec<_>, _>>()?;
            Ok(RecordBatch::try_new(schema.clone(), columns)?)
        })
    })
}

fn properties(schema: SchemaRef, partitions: usize) -> Arc<PlanProperties> {
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new(schema),
        Partitioning::UnknownPartitioning(partitions),
        EmissionType::Incremental,
        Boundedness::Bounded,
    ))
}

/// Each file, in order, to the partition with the fewest bytes so far.
fn distribute(files: &[usize], sizes: &[u64], partitions: usize) -> Vec<Vec<usize>> {
    let mut groups = vec![(0u64, Vec::new()); partitions.min(files.len()).max(1)];
    for (&file, &size) in files.iter().zip(sizes) {
        if let Some((bytes, group)) = groups.iter_mut().min_by_key(|(bytes, _)| *bytes) {
            *bytes = bytes.saturating_add(size.max(1));
            group.push(file);
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

impl DisplayAs for LakeglassScan {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.schema();
        let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let (files, total) = (self.file_count(), self.table.snapshot().files.len());
        if let DisplayFormatType::TreeRender = format {
            return write!(f, "table={}\nfiles={files}/{total}", self.name);
        }
        write!(f, "LakeglassScan: table={}, files={files}/{total}, projection=[{}]", self.name, columns.join(", "))?;
        if self.partitions.len() > 1 {
            write!(f, ", streams={}", self.partitions.len())?;
        }
        if let Some(limit) = self.limit {
            write!(f, ", limit={limit}")?;
        }
        for pruner in &self.pruners {
            write!(f, ", pruning={}", pruner.predicate())?;
        }
        Ok(())
    }
}

impl ExecutionPlan for LakeglassScan {
    fn name(&self) -> &str {
        "LakeglassScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        apply_expression_roots(self.pruners.iter().map(|pruner| pruner.predicate()), f)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() { Ok(self) } else { internal_err!("a scan has no children") }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(files) = self.partitions.get(partition) else { return internal_err!("no partition {partition}") };
        let table = match context.session_config().get_extension::<QueryMeter>() {
            Some(meter) => self.table.with_meter(&meter.0),
            None => self.table.clone(),
        };
        let table = table.with_meter(&self.meter);
        if let Some(progress) = context.session_config().get_extension::<QueryProgress>() {
            progress.0.enter(&self.progress);
        }
        let schema = self.schema();
        if let Some(files) = self.told_by_log(files) {
            let batches = repeated(files, schema.clone(), context.session_config().batch_size());
            return Ok(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter(batches))));
        }
        let mut scan = table
            .scan(&self.footers)
            .with_columns(self.columns.clone(), schema.clone())
            .with_files(files.clone())
            .with_statistics(self.statistics.clone())
            .with_deletes(self.deletes.clone())
            .with_limit(self.limit)
            .with_progress(&self.progress)
            .with_batch_size(context.session_config().batch_size())
            .with_ahead_bytes(AHEAD_BYTES / self.partitions.len().max(1) as u64);
        for pruner in &self.pruners {
            scan = scan.with_pruner(pruner.clone());
        }
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let stream = Measured { batches: scan.stream(), metrics };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        let files = (self.file_count(), self.table.snapshot().files.len());
        let (report, fetched) = (self.progress.report(), self.meter.metrics());
        Some(scan_metrics::with_counts(self.metrics.clone_inner(), files, &report, &fetched))
    }

    fn statistics_from_inputs(&self, _inputs: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let files = match args.partition() {
            None => self.partitions.concat(),
            Some(partition) => self.partitions.get(partition).cloned().unwrap_or_default(),
        };
        Ok(Arc::new(self.statistics(&files)))
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(LakeglassScan { limit, ..self.clone() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.limit
    }

    /// Predicates that operators above make while they run rule row groups out as soon as they say something. The query's
    /// own predicate is here already, by [`LakeglassScan::with_pruner`]. No row is filtered.
    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let filters = result.parent_filters;
        let propagation = FilterPushdownPropagation::with_parent_pushdown_result(vec![PushedDown::No; filters.len()]);
        if phase != FilterPushdownPhase::Post {
            return Ok(propagation);
        }
        let pruners = filters.into_iter().filter_map(|filter| PredicatePruner::new(filter.filter, &self.table_schema));
        let pruners: Vec<_> = pruners.map(Arc::new).collect();
        if pruners.is_empty() {
            return Ok(propagation);
        }
        let mut scan = self.clone();
        scan.pruners.extend(pruners);
        Ok(propagation.with_updated_node(Arc::new(scan)))
    }
}

#[cfg(test)]
mod tests {
    use super::distribute;

    #[test]
    fn files_go_where_the_fewest_bytes_are() {
        assert_eq!(distribute(&[0, 1, 2, 3, 4], &[100, 10, 10, 10, 60], 2), [vec![0], vec![1, 2, 3, 4]]);
        assert_eq!(distribute(&[3, 5], &[1, 1], 8), [vec![3], vec![5]]);
        assert_eq!(distribute(&[], &[], 8), [Vec::<usize>::new()]);
    }
}
