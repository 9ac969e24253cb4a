//! What only some data files have, in some formats: constants, delete files, and rows that are in the table's metadata.

use super::FileLocation;
use arrow::array::{ArrayRef, RecordBatch};
use std::sync::Arc;

/// What a data file has beside what every one has. Files that have the same share it.
#[derive(Debug, Clone, Default)]
pub struct FileDetails {
    /// Columns with one value in all rows of the file, by position in the table's schema: arrays of that value, in the column's type
    /// in the table. These are the partition values of a file that is partitioned otherwise than its table, and values of columns that
    /// it lacks; none is of the snapshot's own `partition_columns`.
    pub constants: Vec<(usize, ArrayRef)>,
    /// What position deletes call the file; the name of its location where it is not told.
    pub delete_name: Option<String>,
    /// Files that tell of rows of it that are deleted.
    pub delete_files: Vec<Arc<DeleteFile>>,
    /// The rows themselves, where they are in the table's metadata: nothing is at the file's location then. Columns have their physical
    /// names and the table's types.
    pub rows: Option<RecordBatch>,
}

/// A Parquet file that tells of deleted rows.
#[derive(Debug, Clone)]
pub struct DeleteFile {
    /// Where it is.
    pub location: FileLocation,
    /// Its size in bytes.
    pub size: u64,
    /// How it names the rows.
    pub kind: DeleteKind,
}

/// How a delete file names rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteKind {
    /// By data file and index: its columns are `file_path` and `pos`.
    Positions,
    /// By the values of some columns; null is the same as null.
    Keys {
        /// Their positions in the table's schema. The file has them as data files do.
        columns: Vec<usize>,
        /// A column, by position, that the file has too: only rows are deleted whose value in it is at most the delete's. Null is
        /// less than every value.
        ordering: Option<usize>,
    },
}
