//! What a grouping does with its rows: a group for each, the aggregates of each group, and one row of each.

use super::groups::{GroupColumns, Groups};
use crate::runtime::time_slice;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::BaselineMetrics;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};
use std::future::poll_fn;
use std::sync::Arc;

/// One of the values that are worked out for each group.
pub struct Aggregate {
    /// Its state, of all groups.
    pub accumulator: Box<dyn GroupsAccumulator>,
    /// What it is given of each row.
    pub arguments: Vec<Arc<dyn PhysicalExpr>>,
    /// Which rows it is given.
    pub filter: Option<Arc<dyn PhysicalExpr>>,
}

impl Aggregate {
    fn update(&mut self, batch: &RecordBatch, groups: &[usize], count: usize) -> Result<()> {
        let arguments = self.arguments.iter().map(|argument| evaluate(argument, batch)).collect::<Result<Vec<_>>>()?;
        let filter = self.filter.as_ref().map(|filter| evaluate(filter, batch)).transpose()?;
        let filter = filter.as_ref().map(|filter| filter.as_boolean());
        self.accumulator.update_batch(&arguments, groups, filter, count)
    }
}

fn evaluate(expression: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<ArrayRef> {
    expression.evaluate(batch)?.into_array(batch.num_rows())
}

/// A grouping of rows that are still to come.
pub struct Aggregation {
    /// Of what comes out: the columns by which is grouped, then the aggregates.
    pub schema: SchemaRef,
    /// By what is grouped, and the groups so far.
    pub by: Vec<Arc<dyn PhysicalExpr>>,
    /// The groups so far.
    pub groups: Groups,
    /// What is worked out for each.
    pub aggregates: Vec<Aggregate>,
    /// Rows of a batch of what comes out.
    pub batch_size: usize,
    /// Counts and times.
    pub metrics: BaselineMetrics,
    /// Of all that is held.
    pub reservation: MemoryReservation,
}

impl Aggregation {
    /// Reads all of `input`. The groups come in the order in which they were first seen.
    pub async fn of(mut self, mut input: SendableRecordBatchStream) -> Result<SendableRecordBatchStream> {
        let mut groups = Vec::new();
        while let Some(batch) = input.next().await {
            let batch = batch?;
            if batch.num_rows() > 0 {
                self.add(&batch, &mut groups)?;
            }
        }
        drop(input);
        let Aggregation { schema, groups, mut aggregates, batch_size, metrics, reservation, .. } = self;
        let mut timer = metrics.elapsed_compute().timer();
        let groups = groups.into_columns()?;
        let mut values: Vec<ArrayRef> = Vec::with_capacity(aggregates.len());
        if groups.len() > 0 {
            for aggregate in &mut aggregates {
                timer.stop();
                poll_fn(time_slice::poll_turn).await;
                timer.restart();
                values.push(aggregate.accumulator.evaluate(EmitTo::All)?);
            }
        }
        drop(aggregates);
        reservation
            .try_resize(groups.size() + values.iter().map(|values| values.get_array_memory_size()).sum::<usize>())?;
        timer.done();
        let output = schema.clone();
        let batches = (0..groups.len()).step_by(batch_size.max(1)).map(move |start| {
            let _timer = metrics.elapsed_compute().timer();
            let _held = &reservation;
            let batch = rows(&output, &groups, &values, start, batch_size)?;
            metrics.record_output(batch.num_rows());
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches))))
    }

    fn add(&mut self, batch: &RecordBatch, groups: &mut Vec<usize>) -> Result<()> {
        let _timer = self.metrics.elapsed_compute().timer();
        let by = self.by.iter().map(|by| evaluate(by, batch)).collect::<Result<Vec<_>>>()?;
        self.groups.intern(&by, batch.num_rows(), groups)?;
        let count = self.groups.len();
        for aggregate in &mut self.aggregates {
            aggregate.update(batch, groups, count)?;
        }
        let states: usize = self.aggregates.iter().map(|aggregate| aggregate.accumulator.size()).sum();
        self.reservation.try_resize(self.groups.size() + states + groups.capacity() * size_of::<usize>())
    }
}

/// Up to `most` groups from `start`.
fn rows(
    schema: &SchemaRef,
    groups: &GroupColumns,
    values: &[ArrayRef],
    start: usize,
    most: usize,
) -> Result<RecordBatch> {
    let len = most.min(groups.len() - start);
    let mut columns = groups.slice(start, len)?;
    columns.extend(values.iter().map(|values| values.slice(start, len)));
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}
