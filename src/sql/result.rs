//! What a statement gives.

use crate::error::Result;
use crate::scan::Progress;
use crate::storage::Meter;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::stream::{self, BoxStream, StreamExt};

/// A running query: its columns, its rows as they come, and what they cost.
pub struct QueryResult {
    /// The columns. View types are turned into plain ones, so that every Arrow reader understands the batches.
    pub schema: SchemaRef,
    /// The rows. Dropping it cancels the query. It has to be polled within a tokio runtime.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
    /// What this query has fetched, so far.
    pub meter: Meter,
    /// How far its scans are.
    pub progress: Progress,
}

/// A result that is there already.
pub(super) fn answer(batch: RecordBatch) -> QueryResult {
    QueryResult {
        schema: batch.schema(),
        batches: stream::iter([Ok(batch)]).boxed(),
        meter: Meter::default(),
        progress: Progress::default(),
    }
}
