//! What is known of the values in a file, a row group or a page, in the form that pruning reads.

use super::FileLocation;
use arrow::array::{ArrayRef, StructArray, UInt64Array};
use parquet::file::metadata::ParquetMetaData;
use std::collections::HashMap;
use std::sync::Arc;

/// A data file's statistics as its log holds them: kept encoded, or left where they are; decoded by the format's own code
/// for just the files and columns that a query asks about.
#[derive(Debug, Clone)]
pub enum FileStatistics {
    /// Delta's `add.stats`: a JSON object.
    Json(Box<str>),
    /// Delta's `add.stats_parsed`: a row of a checkpoint's struct column.
    Parsed {
        /// The struct column, shared by the files of a checkpoint's batch.
        batch: Arc<StructArray>,
        /// The file's row in it.
        row: u32,
    },
    /// In a checkpoint, and not fetched with the rest of it.
    Stored {
        /// Which of the snapshot's [`StoredStatistics`].
        source: u32,
        /// The file's row in it.
        row: u32,
    },
}

/// A Parquet file of the log with statistics that were left in it: most of a large checkpoint's bytes are statistics, and
/// most queries need those of few files, or none.
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
