//! Sorting in steps: a run of rows is sorted as soon as it is there, and the runs are merged.
//!
//! DataFusion's operator collects everything and then sorts it all before it gives its first batch, without a break where one
//! thread does the work: seconds in which no cancel is heard. The comparisons are the same ones here, in an order that has breaks.
//! It keeps no more than that one does where it may not write to a disk.
//!
//! A sort that returns many of the first rows is one of these too: DataFusion's keeps them in a heap, which costs twenty times a
//! sort's time where they are a million. Rows that are too far behind are dropped as soon as twice as many are kept as are returned.

use super::slices::Slices;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::common::internal_err;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{LexOrdering, PhysicalExpr};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::sorts::sort::{SortExec, sort_batch_chunked};
use datafusion::physical_plan::sorts::streaming_merge::StreamingMergeBuilder;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, apply_expression_roots};
use futures::{StreamExt, TryStreamExt, stream};
use std::fmt;
use std::sync::Arc;

/// Up to so many bytes are a run; by several keys every batch is one: merging is then as fast as sorting.
const RUN_BYTES: usize = 1 << 20;

/// First rows up to this number are left to DataFusion's heap.
const HEAP_ROWS: usize = 10_000;

/// Rows that are kept before any are dropped.
const KEPT_ROWS: usize = 1 << 18;

/// A sort of everything below it, of which the first rows are returned, or all.
#[derive(Debug)]
pub struct SortRuns {
    input: Arc<dyn ExecutionPlan>,
    order: LexOrdering,
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl SortRuns {
    /// The same sort as that of `node`, if it returns many rows that are not sorted yet.
    pub fn instead_of(node: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
        let sort = node.downcast_ref::<SortExec>().filter(|sort| sort.fetch().is_none_or(|rows| rows > HEAP_ROWS))?;
        let is_sorted = sort.input().properties().equivalence_properties().ordering_satisfy(sort.expr().clone());
        if !matches!(is_sorted, Ok(false)) {
            return None;
        }
        Some(Arc::new(SortRuns {
            input: sort.input().clone(),
            order: sort.expr().clone(),
            fetch: sort.fetch(),
            properties: sort.properties().clone(),
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }
}

impl DisplayAs for SortRuns {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fetch = self.fetch.map(|rows| format!(" fetch={rows}")).unwrap_or_default();
        write!(f, "SortExec:{fetch} expr=[{}]", self.order)
    }
}

impl ExecutionPlan for SortRuns {
    fn name(&self) -> &str {
        "SortExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        apply_expression_roots(self.order.iter().map(|key| &key.expr), f)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let Ok([input]) = <[_; 1]>::try_from(children) else { return internal_err!("a sort has one child") };
        let (order, properties) = (self.order.clone(), self.properties.clone());
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Arc::new(SortRuns { input, order, fetch: self.fetch, properties, metrics }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context.clone())?;
        let reservation = MemoryConsumer::new(format!("SortExec[{partition}]")).register(context.memory_pool());
        let runs = Runs {
            schema: self.input.schema(),
            order: self.order.clone(),
            fetch: self.fetch,
            batch_size: context.session_config().batch_size(),
            metrics: BaselineMetrics::new(&self.metrics, partition),
            reservation,
            unsorted: Vec::new(),
            unsorted_bytes: 0,
            sorted: Vec::new(),
            sorted_rows: 0,
        };
        let sorted = stream::once(runs.read(input)).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.input.schema(), sorted)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// What has been read so far.
struct Runs {
    schema: SchemaRef,
    order: LexOrdering,
    fetch: Option<usize>,
    batch_size: usize,
    metrics: BaselineMetrics,
    /// Of all that is kept, the sorted rows and those to be sorted.
    reservation: MemoryReservation,
    unsorted: Vec<RecordBatch>,
    unsorted_bytes: usize,
    sorted: Vec<SendableRecordBatchStream>,
    sorted_rows: usize,
}

impl Runs {
    async fn read(mut self, mut input: SendableRecordBatchStream) -> Result<SendableRecordBatchStream> {
        while let Some(batch) = input.next().await {
            let batch = batch?;
            if batch.num_rows() == 0 {
                continue;
            }
            let bytes = get_record_batch_memory_size(&batch);
            self.reservation.try_grow(bytes)?;
            self.unsorted_bytes += bytes;
            self.unsorted.push(batch);
            if self.order.len() > 1 || self.unsorted_bytes >= RUN_BYTES {
                self.sort()?;
                self.drop_last().await?;
            }
        }
        drop(input);
        self.sort()?;
        self.merge()
    }

    /// Sorts what is not yet, as one run.
    fn sort(&mut self) -> Result<()> {
        let time = self.metrics.elapsed_compute().clone();
        let timer = time.timer();
        let bytes = std::mem::take(&mut self.unsorted_bytes);
        let batches = std::mem::take(&mut self.unsorted);
        let run = match batches.as_slice() {
            [] => return Ok(()),
            [batch] => batch.clone(),
            batches => concat_batches(&self.schema, batches)?,
        };
        drop(batches);
        // The rows are there twice for a moment.
        self.reservation.try_grow(bytes)?;
        let run = sort_batch_chunked(&run, &self.order, self.batch_size)?;
        self.reservation.shrink(2 * bytes);
        drop(timer);
        self.keep(run)
    }

    /// Keeps sorted rows as one run.
    fn keep(&mut self, run: Vec<RecordBatch>) -> Result<()> {
        let kept: usize = run.iter().map(get_record_batch_memory_size).sum();
        self.reservation.try_grow(kept)?;
        let reservation = self.reservation.split(kept);
        self.sorted_rows += run.iter().map(RecordBatch::num_rows).sum::<usize>();
        let batches = stream::iter(run).map(move |batch| {
            reservation.shrink(get_record_batch_memory_size(&batch).min(reservation.size()));
            Ok(batch)
        });
        let run = RecordBatchStreamAdapter::new(self.schema.clone(), batches);
        // The merge takes a batch of each run before it gives one, and prepares them all to be compared.
        self.sorted.push(Box::pin(Slices { input: Box::pin(run) }));
        Ok(())
    }

    /// Drops rows that are not among the first, where many are kept.
    async fn drop_last(&mut self) -> Result<()> {
        let Some(fetch) = self.fetch else { return Ok(()) };
        if self.sorted_rows < fetch.saturating_mul(2).max(KEPT_ROWS) {
            return Ok(());
        }
        self.sorted_rows = 0;
        let runs = std::mem::take(&mut self.sorted);
        let metrics = BaselineMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
        let first: Vec<RecordBatch> = self.merged(runs, metrics)?.try_collect().await?;
        self.keep(first)
    }

    fn merged(
        &self,
        runs: Vec<SendableRecordBatchStream>,
        metrics: BaselineMetrics,
    ) -> Result<SendableRecordBatchStream> {
        StreamingMergeBuilder::new()
            .with_streams(runs)
            .with_schema(self.schema.clone())
            .with_expressions(&self.order)
            .with_metrics(metrics)
            .with_batch_size(self.batch_size)
            .with_fetch(self.fetch)
            .with_reservation(self.reservation.new_empty())
            .build()
    }

    fn merge(mut self) -> Result<SendableRecordBatchStream> {
        let runs = std::mem::take(&mut self.sorted);
        if runs.is_empty() || (runs.len() < 2 && self.fetch.is_none()) {
            let counted =
                stream::iter(runs).flatten().inspect_ok(move |batch| self.metrics.record_output(batch.num_rows()));
            return Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema, counted)));
        }
        let none = BaselineMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
        let metrics = std::mem::replace(&mut self.metrics, none);
        self.merged(runs, metrics)
    }
}
