//! Reading rows: which files, columns, row groups and bytes, then record batches.
//!
//! From a [`Snapshot`] and a [`Storage`] to a stream of batches in the table's logical types:
//!
//! 1. [`prune_files`]: which files can hold a wanted row, by partition values and [`SharedStatistics`].
//! 2. `read/file`: a file is opened. Its footer is fetched and checked, its `convert/deletes` and `convert/delete_files` read; `convert/projection` matches its
//!    columns with the table's; `prune/bounds` rules row groups out.
//! 3. `read/row_group`: one row group's needed bytes are worked out (by pages, where the `prune/page_index` is worth it) and fetched. Of
//!    first rows that is the `read/page_prefix`, and where few rows are expected to match, `read/late_materialization` what has one.
//! 4. `read/prefetch` keeps some of that under way ahead of the decoder, and stops when no more rows are wanted.
//! 5. `convert/schema_adapter` and `convert/cast` turn what Parquet decodes to into the table's columns, `convert/variant` its variants
//!    into JSON.
//!
//! Parquet is decoded by the `parquet` crate's push decoder, which does no I/O of its own: it says which bytes it needs.

mod convert;
mod costs;
mod preview;
mod progress;
mod prune;
mod read;

use crate::error::Result;
use crate::snapshot::{ContainerStatistics, Snapshot, StatisticsSource};
use crate::storage::Storage;
use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Fields, SchemaRef};
use futures::stream::{BoxStream, StreamExt};
use prune::hit_rate::Payoff;
use read::late_materialization::Lateness;
use std::fmt::Debug;
use std::sync::Arc;

pub use crate::parquet_file::footer_cache::FooterCache;
pub use convert::delete_files::SharedDeletes;
pub use convert::metadata_column::{METADATA, metadata_field};
pub use convert::nullable::nullable;
pub use convert::row_tracking::TRACKED;
pub use preview::preview;
pub use progress::{Phase, Progress, ProgressReport, ScanProgress};
pub use prune::file_statistics::SharedStatistics;
pub use prune::files::prune_files;
pub use read::text_bytes::{cut_by_text, text_bytes};

/// Rows per batch, unless told otherwise.
const BATCH_SIZE: usize = 8192;

/// Compressed bytes fetched ahead of the decoder, unless told otherwise.
const AHEAD_BYTES: u64 = 64 << 20;

/// A predicate as a scan sees it: it rules containers out by their bounds, and rows by their values.
pub trait Pruner: Debug + Send + Sync {
    /// Positions in the table's schema of the columns whose bounds it reads.
    fn columns(&self) -> &[usize];

    /// For each container, false only where no row of it can match. An error keeps everything.
    fn keep(&self, statistics: &ContainerStatistics) -> Result<Vec<bool>>;

    /// Columns, by position in the table's schema, of which every matching row has one of a few values: an array of the column's
    /// type each. What Bloom filters can rule out.
    fn one_of(&self) -> Vec<(usize, ArrayRef)> {
        Vec::new()
    }

    /// Of rows, by their values of [`Pruner::columns`] in the types of the scan, which can match: false or null only where one cannot.
    /// `None` where that cannot be said of rows.
    fn rows(&self, _values: &[ArrayRef]) -> Result<Option<BooleanArray>> {
        Ok(None)
    }
}

/// Some columns of some files of a table, to be read as record batches.
#[derive(Debug, Clone)]
pub struct Scan {
    storage: Storage,
    snapshot: Arc<Snapshot>,
    source: Option<Arc<dyn StatisticsSource>>,
    files: Vec<usize>,
    columns: Vec<usize>,
    schema: SchemaRef,
    limit: Option<usize>,
    pruners: Vec<Arc<dyn Pruner>>,
    statistics: Option<Arc<SharedStatistics>>,
    footers: FooterCache,
    batch_size: usize,
    ahead_bytes: u64,
    page_indexes: Arc<Payoff>,
    bloom_filters: Arc<Payoff>,
    late: Arc<Lateness>,
    deletes: Arc<SharedDeletes>,
    /// Whether a file that lacks a column is broken.
    lacks_no_column: bool,
    progress: ScanProgress,
}

impl Scan {
    /// All columns of all files of `snapshot`, whose bytes are in `storage`, as its logical schema types them, and all [`nullable`]: a file may lack a column
    /// that its table requires by now.
    pub fn new(storage: &Storage, snapshot: &Arc<Snapshot>) -> Scan {
        let schema = nullable(&snapshot.schema.logical);
        Scan {
            files: (0..snapshot.files.len()).collect(),
            columns: (0..schema.fields().len()).collect(),
            storage: storage.clone(),
            snapshot: snapshot.clone(),
            source: None,
            schema,
            limit: None,
            pruners: Vec::new(),
            statistics: None,
            footers: FooterCache::default(),
            batch_size: BATCH_SIZE,
            ahead_bytes: AHEAD_BYTES,
            page_indexes: Arc::default(),
            bloom_filters: Arc::default(),
            late: Arc::default(),
            deletes: Arc::default(),
            lacks_no_column: false,
            progress: ScanProgress::default(),
        }
    }

    /// The footers of its files are kept in `footers`.
    pub fn with_footers(mut self, footers: &FooterCache) -> Scan {
        self.footers = footers.clone();
        self
    }

    /// What the snapshot does not say of its files, `source` does.
    pub fn with_statistics_source(mut self, source: Arc<dyn StatisticsSource>) -> Scan {
        self.source = Some(source);
        self
    }

    /// Only these columns, by position in the table's schema, in this order. `schema` is the batches' schema: the columns'
    /// logical types, or the view type of a string or binary one. A null in a column (or nested field) that `schema` calls
    /// not nullable is [`Error::CorruptTable`](crate::Error::CorruptTable): pass it through [`nullable`] to be lenient. The
    /// position behind the last column stands for [`metadata_field`].
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

    /// Row groups, pages and rows that `pruner` rules out are not read, as far as that pays. The rows that come are a superset of those that match.
    pub fn with_pruner(mut self, pruner: Arc<dyn Pruner>) -> Scan {
        self.pruners.push(pruner);
        self
    }

    /// What is known of the scan's files, shared with other scans of them. Without it each scan fetches its own, if
    /// pruners ask for it.
    pub fn with_statistics(mut self, statistics: Arc<SharedStatistics>) -> Scan {
        self.statistics = Some(statistics);
        self
    }

    /// What its delete files say, shared with other scans of the snapshot.
    pub fn with_deletes(mut self, deletes: Arc<SharedDeletes>) -> Scan {
        self.deletes = deletes;
        self
    }

    /// Counts how far it is into `progress`.
    pub fn with_progress(mut self, progress: &ScanProgress) -> Scan {
        self.progress = progress.clone();
        self
    }

    /// At most this many rows in a batch; 8192 if not told.
    pub fn with_batch_size(mut self, rows: usize) -> Scan {
        self.batch_size = rows.max(1);
        self
    }

    /// At most about this many bytes fetched ahead of the decoder; 64 MiB if not told. One row group is always fetched.
    pub fn with_ahead_bytes(mut self, bytes: u64) -> Scan {
        self.ahead_bytes = bytes;
        self
    }

    /// The position that stands for `_metadata`.
    fn metadata_position(&self) -> usize {
        self.snapshot.schema.logical.fields().len()
    }

    /// The fields of `_metadata`, if it is read.
    fn metadata_fields(&self) -> Option<&Fields> {
        let position = self.columns.iter().position(|column| *column == self.metadata_position())?;
        match self.schema.fields().get(position)?.data_type() {
            DataType::Struct(fields) => Some(fields),
            _ => None,
        }
    }

    /// The schema of the batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows, file by file, deleted ones left out. Files and row groups ahead of the reader are being fetched. Dropping
    /// the stream aborts what is under way.
    pub fn stream(&self) -> BoxStream<'static, Result<RecordBatch>> {
        let mut scan = self.clone();
        if let Some(source) = self.source.as_ref().filter(|_| !scan.pruners.is_empty()) {
            scan.statistics.get_or_insert_with(|| Arc::new(SharedStatistics::new(source, self.files.clone())));
        }
        read::prefetch::ScanStream::new(scan).boxed()
    }
}
