//! Reading rows: which files, columns, row groups and bytes, then record batches.

use crate::error::{Error, Result};
use crate::snapshot::ContainerStatistics;
use crate::table::Table;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::stream::{BoxStream, StreamExt};
use std::fmt::Debug;
use std::sync::Arc;

/// A predicate as pruning sees it: it rules containers out by their bounds, and never by their rows.
pub trait Pruner: Debug + Send + Sync {
    /// Positions in the table's schema of the columns whose bounds it reads.
    fn columns(&self) -> &[usize];

    /// For each container, false only where no row of it can match. An error keeps everything.
    fn keep(&self, statistics: &ContainerStatistics) -> Result<Vec<bool>>;
}

/// Parsed footers of data files, shared by the scans of a session. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct FooterCache {}

/// Some columns of some files of a table, to be read as record batches.
#[derive(Debug, Clone)]
pub struct Scan {
    table: Table,
    files: Vec<usize>,
    columns: Vec<usize>,
    schema: SchemaRef,
    limit: Option<usize>,
    pruners: Vec<Arc<dyn Pruner>>,
    footers: FooterCache,
}

impl Scan {
    /// All columns of all files of `table`, as its logical schema types them.
    pub fn new(table: &Table, footers: &FooterCache) -> Scan {
        let snapshot = table.snapshot();
        let schema = snapshot.schema.logical.clone();
        Scan {
            files: (0..snapshot.files.len()).collect(),
            columns: (0..schema.fields().len()).collect(),
            table: table.clone(),
            schema,
            limit: None,
            pruners: Vec::new(),
            footers: footers.clone(),
        }
    }

    /// Only these columns, by position in the table's schema, in this order. `schema` is the batches' schema: the columns'
    /// logical types, or the view type of a string or binary one.
    pub fn with_columns(mut self, columns: Vec<usize>, schema: SchemaRef) -> Scan {
        self.columns = columns;
        self.schema = schema;
        self
    }

    /// Only these files, by position in the snapshot, in this order.
    pub fn with_files(mut self, files: Vec<usize>) -> Scan {
        self.files = files;
        self
    }

    /// At most this many rows.
    pub fn with_limit(mut self, limit: Option<usize>) -> Scan {
        self.limit = limit;
        self
    }

    /// Row groups and pages that `pruner` rules out are not read. The rows that come are a superset of those that match.
    pub fn with_pruner(mut self, pruner: Arc<dyn Pruner>) -> Scan {
        self.pruners.push(pruner);
        self
    }

    /// The schema of the batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows, file by file, deleted ones left out. Files and row groups ahead of the reader are being fetched. Dropping
    /// the stream aborts what is under way.
    pub fn stream(&self) -> BoxStream<'static, Result<RecordBatch>> {
        let _ = (&self.table, &self.files, &self.columns, self.limit, &self.pruners, &self.footers);
        futures::stream::once(async { Err(Error::internal("not built")) }).boxed()
    }
}

/// The positions among `files` of those that can hold a row that every pruner wants, by partition values and the log's
/// statistics.
pub fn prune_files(table: &Table, pruners: &[Arc<dyn Pruner>]) -> Result<Vec<usize>> {
    let _ = pruners;
    Ok((0..table.snapshot().files.len()).collect())
}
