//! Rows in memory as a table, counted against the session's limit.

use crate::error::Result;
use crate::snapshot::canonical_floats;
use crate::sql::error::{from_arrow, from_datafusion, invalid};
use crate::sql::output::{plain_batches, plain_schema};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::{FileReader, StreamReader};
use async_trait::async_trait;
use datafusion::catalog::{MemTable, Session, TableProvider};
use datafusion::error::Result as PlanResult;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use futures::{Stream, StreamExt};
use std::io::Cursor;
use std::sync::Arc;

/// A table in memory.
#[derive(Debug)]
pub struct MemoryTable {
    table: MemTable,
    rows: usize,
    /// Gives the memory back when the table goes.
    _held: MemoryReservation,
}

impl MemoryTable {
    /// The rows of `batches`, all of `schema`; `name` is what an error about memory calls them.
    pub async fn collect(
        name: &str,
        schema: SchemaRef,
        mut batches: impl Stream<Item = Result<RecordBatch>> + Unpin,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<MemoryTable> {
        let held = MemoryConsumer::new(format!("table {name}")).register(pool);
        let plain = plain_schema(&schema);
        let (mut all, mut rows) = (Vec::new(), 0);
        while let Some(batch) = batches.next().await {
            for batch in plain_batches(batch?, &plain)? {
                let batch = canonical(&batch)?;
                held.try_grow(batch.get_array_memory_size()).map_err(from_datafusion)?;
                rows += batch.num_rows();
                all.push(batch);
            }
        }
        let table = MemTable::try_new(plain, vec![all]).map_err(from_datafusion)?;
        Ok(MemoryTable { table, rows, _held: held })
    }

    /// The rows of an Arrow IPC stream or file.
    pub async fn from_ipc(name: &str, bytes: Vec<u8>, pool: &Arc<dyn MemoryPool>) -> Result<MemoryTable> {
        let wrong = |error: arrow::error::ArrowError| invalid(format!("{name}: these bytes are no Arrow IPC: {error}"));
        let is_file = bytes.starts_with(b"ARROW1");
        let cursor = Cursor::new(bytes);
        let (schema, batches): (SchemaRef, Vec<Result<RecordBatch>>) = if is_file {
            let reader = FileReader::try_new(cursor, None).map_err(wrong)?;
            (reader.schema(), reader.map(|batch| batch.map_err(wrong)).collect())
        } else {
            let reader = StreamReader::try_new(cursor, None).map_err(wrong)?;
            (reader.schema(), reader.map(|batch| batch.map_err(wrong)).collect())
        };
        let mut names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
        names.sort_unstable();
        if let Some([twice, _]) = names.windows(2).find(|pair| pair.first() == pair.last()) {
            return Err(invalid(format!("{name}: two columns are called {twice}")));
        }
        MemoryTable::collect(name, schema, futures::stream::iter(batches), pool).await
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// The same rows, with floats as a scan of a file has them.
fn canonical(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(canonical_floats).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options).map_err(from_arrow)
}

#[async_trait]
impl TableProvider for MemoryTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        self.table.scan(state, projection, filters, limit).await
    }
}
