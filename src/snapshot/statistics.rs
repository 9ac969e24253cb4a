//! What is known of the values in a file, a row group or a page, in the form that pruning reads.

use super::FileLocation;
use crate::error::{Error, Result};
use arrow::array::{ArrayRef, StructArray, UInt64Array};
use async_trait::async_trait;
use parquet::file::metadata::ParquetMetaData;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::Arc;

/// A data file's statistics as its format holds them: kept encoded, or left where they are; decoded by the format's own
/// [`StatisticsSource`] for just the files and columns that a query asks about.
#[derive(Debug, Clone)]
pub enum FileStatistics {
    /// A text.
    Text(Box<str>),
    /// A row of a struct column.
    Row {
        /// The column, which files share.
        batch: Arc<StructArray>,
        /// The file's row in it.
        row: u32,
    },
    /// In a Parquet file of the table's metadata, and not fetched with the rest of it.
    Stored {
        /// Which of the snapshot's [`StoredStatistics`].
        source: u32,
        /// The file's row in it.
        row: u32,
    },
}

/// A Parquet file of the table's metadata with statistics that were left in it: most of such a file's bytes are statistics,
/// and most queries need those of few data files, or none.
#[derive(Debug, Clone)]
pub struct StoredStatistics {
    /// Where it is.
    pub location: FileLocation,
    /// What its footer says.
    pub metadata: Arc<ParquetMetaData>,
}

/// Bounds of some columns over a run of containers (files, row groups or pages): entry `i` of every array belongs to
/// container `i`; null says "not known". Bounds may be loose (wider than the values), never too narrow.
#[derive(Debug, Clone)]
pub struct ContainerStatistics {
    /// How many containers.
    pub containers: usize,
    /// Rows in each.
    pub row_count: UInt64Array,
    /// By position in the table's schema.
    pub columns: HashMap<usize, ColumnStatistics>,
}

/// Bounds of one column, in the column's logical type.
#[derive(Debug, Clone)]
pub struct ColumnStatistics {
    /// Lower bounds.
    pub min: ArrayRef,
    /// Upper bounds.
    pub max: ArrayRef,
    /// How many values are null.
    pub null_count: UInt64Array,
}

/// What the table says of one file's values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileDescription {
    /// Rows in the file, deleted ones included.
    pub num_records: Option<u64>,
    /// By column; a nested one's name is its path, `a.b`.
    pub columns: BTreeMap<String, ColumnDescription>,
}

/// What the table says of one column in one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnDescription {
    /// The lower bound, as written.
    pub min: Option<Value>,
    /// The upper bound, as written.
    pub max: Option<Value>,
    /// How many values are null.
    pub null_count: Option<u64>,
}

/// Where statistics come from that were not decoded, or not fetched, with a snapshot: its format.
#[async_trait]
pub trait StatisticsSource: Debug + Send + Sync {
    /// The statistics of `files` (positions in the snapshot) for `columns` (positions in the schema). Fetches what was left
    /// behind: once, for all of `files`.
    async fn load(&self, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics>;

    /// The same, as far as it is at hand.
    fn at_hand(&self, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics>;

    /// What is known of the values in `files`, as it was written; `None` where nothing is.
    async fn describe(&self, files: &[usize]) -> Result<Vec<Option<FileDescription>>>;

    /// Why an object that the snapshot names, and errors call `name`, is not there.
    async fn missing_object(&self, name: &str) -> Error;
}
