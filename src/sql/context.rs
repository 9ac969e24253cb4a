//! A session: named tables, and the queries over them.

use crate::error::{Error, Result};
use crate::scan::FooterCache;
use crate::storage::Meter;
use crate::table::Table;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::stream::BoxStream;

/// How a session runs its queries.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Partitions of a plan: how many streams of files are read side by side.
    pub target_partitions: usize,
    /// Rows per batch.
    pub batch_size: usize,
    /// Bytes that queries may hold; `None` sets no limit.
    pub memory_limit: Option<usize>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions { target_partitions: 8, batch_size: 8192, memory_limit: None }
    }
}

/// Named tables at chosen versions, and the queries over them. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Session {
    footers: FooterCache,
}

/// A running query: its columns, its rows as they come, and what they cost.
pub struct QueryResult {
    /// The columns. View types are turned into plain ones, so that every Arrow reader understands the batches.
    pub schema: SchemaRef,
    /// The rows. Dropping it cancels the query.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
    /// What this query has fetched, so far.
    pub meter: Meter,
}

impl Session {
    /// A session without tables.
    pub fn new(_options: SessionOptions) -> Result<Session> {
        Ok(Session { footers: FooterCache::default() })
    }

    /// Makes `table` known as `name` (case-sensitive; one that needs quotes is quoted in SQL). Replaces what had the name.
    pub fn register(&self, _name: &str, _table: Table) -> Result<()> {
        Err(Error::internal("not built"))
    }

    /// Forgets `name`; false if it was not known.
    pub fn deregister(&self, _name: &str) -> Result<bool> {
        Err(Error::internal("not built"))
    }

    /// The tables by name, sorted.
    pub fn tables(&self) -> Vec<(String, Table)> {
        Vec::new()
    }

    /// The footers read so far, for scans beside SQL.
    pub fn footers(&self) -> &FooterCache {
        &self.footers
    }

    /// Plans `sql`, one statement, and starts it. No data file is read before the first batch is asked for.
    pub async fn query(&self, _sql: &str) -> Result<QueryResult> {
        Err(Error::internal("not built"))
    }
}
