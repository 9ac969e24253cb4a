//! A table at one version, as plain data: what every table format is turned into, and all that reading it needs.
//!
//! Nothing here does I/O or caches. A format (see [`crate::formats`]) makes a [`Snapshot`]; [`crate::scan`] reads one.

mod canonical_floats;
mod changes;
mod commit;
mod definition;
mod file_details;
mod format_info;
pub mod statistics;
mod suspect_floats;
mod type_name;
mod version;
mod version_list;

use crate::error::Error;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use bytes::Bytes;
use object_store::path::Path;
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

pub use canonical_floats::canonical_floats;
pub use changes::{CHANGE_TYPE, COMMIT_TIMESTAMP, COMMIT_VERSION, Changes};
pub use commit::Commit;
pub use definition::{Definition, Verified};
pub use file_details::{DeleteFile, DeleteKind, FileDetails};
pub use format_info::{FormatDetail, FormatInfo};
pub use statistics::{
    ColumnDescription, ColumnStatistics, ContainerStatistics, FileDescription, FileStatistics, StatisticsSource,
    StoredStatistics,
};
pub use type_name::{field_type_name, type_name};
pub use version::Version;
pub use version_list::{ReferenceKind, VersionList, VersionNumbers, VersionReference};

/// A table at one version: immutable, complete, without I/O.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The version's number.
    pub version: u64,
    /// When it was committed, where the log says so.
    pub timestamp: Option<CommitTimestamp>,
    /// The columns, as the table names them and as its data files spell them.
    pub schema: TableSchema,
    /// Positions in the schema of the partition columns, in the order of the metadata's `partitionColumns`.
    pub partition_columns: Vec<usize>,
    /// The live files.
    pub files: Vec<DataFile>,
    /// The files' partition values: row `i` belongs to `files[i]`, one column per partition column, named and typed as
    /// in the schema.
    pub partition_values: RecordBatch,
    /// What [`FileStatistics::Stored`] points into.
    pub stored_statistics: Vec<StoredStatistics>,
    /// Name, identity and configuration.
    pub metadata: TableMetadata,
    /// What format it is in, and what that asks of its readers.
    pub format: FormatInfo,
    /// How rows are told apart across versions, where the table keeps track of that.
    pub row_tracking: Option<RowTracking>,
    /// What of the table's log is damaged and was done without: the snapshot is whole, and its owner may want to know.
    pub damage: Option<Error>,
}

/// When a version was committed, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitTimestamp {
    /// Milliseconds since the Unix epoch.
    pub millis: i64,
    /// Where it was read.
    pub source: TimestampSource,
}

/// Where a commit's time was read, from the most to the least exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampSource {
    /// `commitInfo.inCommitTimestamp`.
    InCommit,
    /// The commit file's modification time, made monotonic.
    LastModified,
    /// `commitInfo.timestamp`: the writer's clock; approximate.
    CommitInfo,
}

/// The columns of a table, twice: `logical` as its users see them, `physical` as its data files spell them. Both have the
/// same shape, position by position, in nested types too: field `i` of one is field `i` of the other.
#[derive(Debug, Clone)]
pub struct TableSchema {
    /// Names and types of the table. Partition columns included, in the table's order.
    pub logical: SchemaRef,
    /// The same columns with the names used inside data files, statistics and partition values. With
    /// [`FieldMatch::Id`], every field (nested ones too) carries its id in the metadata key `PARQUET:field_id`.
    pub physical: SchemaRef,
    /// How a data file's columns are found.
    pub field_match: FieldMatch,
    /// What columns are in files that lack them, by position: arrays of one value of the logical type. Those of others are null.
    pub defaults: Vec<(usize, ArrayRef)>,
}

impl TableSchema {
    /// Columns that data files spell as the table does, and that are null in files that lack them.
    pub fn plain(schema: SchemaRef) -> TableSchema {
        TableSchema { logical: schema.clone(), physical: schema, field_match: FieldMatch::Name, defaults: Vec::new() }
    }
}

/// The metadata key of a field, of either schema and at any depth, whose values stand for another type than the field's own:
/// the name of that type. A `variant` is read as the JSON text of its value, a `geometry(…)` or `geography(…)` as the
/// binary of its WKB. Nothing is known of the order of such values: their bounds are not used.
pub const STANDS_FOR: &str = "lakeglass.type";

/// The type that a field's values stand for, where it is not the field's own.
pub fn stands_for(field: &Field) -> Option<&str> {
    field.metadata().get(STANDS_FOR).map(String::as_str)
}

/// Whether a field holds variants.
pub fn is_variant(field: &Field) -> bool {
    stands_for(field) == Some("variant")
}

/// How a column of a data file is matched with a column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldMatch {
    /// By its physical name.
    Name,
    /// By its Parquet field id.
    Id,
    /// By its Parquet field id; in a file that has no ids, by its physical name, or by the names in its metadata key [`NAMES`] where it has
    /// that.
    IdOrName,
}

/// The metadata key of a physical field, at any depth, that has the names by which it is found in files without field ids, one a line.
pub const NAMES: &str = "lakeglass.names";

/// One live data file of a snapshot.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Where it is.
    pub location: FileLocation,
    /// Its size in bytes, as the log says.
    pub size: u64,
    /// When it was written, in milliseconds since the Unix epoch.
    pub modification_time: i64,
    /// How many rows it has, deleted ones included, as far as that was read with the snapshot.
    pub row_count: Option<u64>,
    /// Whether its statistics are of exactly the rows in it: bounds that a row has, and not only none is beyond.
    pub has_tight_bounds: bool,
    /// What is known of its values, as its format encodes it; decoded on demand, by the format's [`StatisticsSource`].
    pub statistics: Option<FileStatistics>,
    /// Rows of it that are not part of the table any more, by a bitmap.
    pub deletes: Option<Box<Deletes>>,
    /// What few files have.
    pub details: Option<Arc<FileDetails>>,
    /// The identity of its rows, where the log tells it.
    pub row_origin: Option<Box<RowOrigin>>,
}

/// The columns of data files, beside the table's own, that keep the identity of rows which were copied from file to file. A
/// file may lack them, and a value may be null: then the file's [`RowOrigin`] tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowTracking {
    /// Of row ids.
    pub row_id_column: Option<String>,
    /// Of row commit versions.
    pub row_commit_version_column: Option<String>,
}

/// The identity of the rows of a data file that do not carry their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowOrigin {
    /// The id of the file's first row; every other has the next, deleted ones too.
    pub base_row_id: Option<i64>,
    /// The version that wrote the rows.
    pub row_commit_version: Option<i64>,
}

/// Where an object of the table is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FileLocation {
    /// Below the table's root; decoded, not percent-encoded.
    Relative(Path),
    /// Anywhere else, as named by the log (shallow clones).
    Absolute(Url),
}

/// The rows of a data file that are deleted: a bitmap of row indexes (64-bit roaring, the format that Delta deletion
/// vectors and Iceberg v3 share), and the number of rows it has to name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletes {
    /// The serialized bitmap itself.
    Inline {
        /// The bitmap, from its magic number on.
        bitmap: Bytes,
        /// How many rows are deleted; checked.
        cardinality: u64,
    },
    /// A bitmap in a file of its own, which may hold several.
    Blob {
        /// The file.
        location: FileLocation,
        /// Where in it the bitmap's length field begins, in bytes.
        offset: u64,
        /// The bitmap's length in bytes, without the length field before it and the checksum behind it.
        length: u64,
        /// How many rows are deleted; checked.
        cardinality: u64,
    },
    /// All rows but those of a bitmap: the rows by which two bitmaps of one file differ, when its changes are read.
    AllBut {
        /// The rows that are not deleted.
        kept: Box<Deletes>,
        /// Rows that are deleted all the same.
        unless: Option<Box<Deletes>>,
    },
}

impl Deletes {
    /// How many rows are sure to be deleted.
    pub fn cardinality(&self) -> u64 {
        match self {
            Deletes::Inline { cardinality, .. } | Deletes::Blob { cardinality, .. } => *cardinality,
            Deletes::AllBut { .. } => 0,
        }
    }
}

/// Name, identity and configuration of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableMetadata {
    /// The table's unique identifier.
    pub id: String,
    /// The name its owner gave it.
    pub name: Option<String>,
    /// What its owner says of it.
    pub description: Option<String>,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_time: Option<i64>,
    /// The schema as the table's own format writes it: Delta's JSON. Empty where the format has no such text.
    pub schema_string: String,
    /// Table properties.
    pub configuration: BTreeMap<String, String>,
}

impl DataFile {
    /// A file of which no more is known.
    pub fn new(location: FileLocation, size: u64) -> DataFile {
        DataFile {
            location,
            size,
            modification_time: 0,
            row_count: None,
            has_tight_bounds: false,
            statistics: None,
            deletes: None,
            details: None,
            row_origin: None,
        }
    }

    /// How many of its rows are part of the table, as far as that is known.
    pub fn live_rows(&self) -> Option<u64> {
        self.live_rows_of(self.row_count)
    }

    /// The same, of `row_count` rows. Whom delete files name is not known before they are read.
    pub fn live_rows_of(&self, row_count: Option<u64>) -> Option<u64> {
        row_count?.checked_sub(self.deleted_rows()?)
    }

    /// Whether its statistics are of exactly the rows that it has now.
    pub fn has_exact_bounds(&self) -> bool {
        self.has_tight_bounds && self.deletes.is_none() && self.delete_files().is_empty()
    }

    /// How many of its rows are deleted; not known where delete files tell.
    pub fn deleted_rows(&self) -> Option<u64> {
        let deleted = self.deletes.as_ref().map_or(0, |deletes| deletes.cardinality());
        self.delete_files().is_empty().then_some(deleted)
    }

    /// The files that tell of deleted rows of it.
    pub fn delete_files(&self) -> &[Arc<DeleteFile>] {
        self.details.as_ref().map_or(&[], |details| &details.delete_files)
    }
}

impl Snapshot {
    /// A table of which no more is known than its columns and its files.
    pub fn new(schema: TableSchema, files: Vec<DataFile>) -> Snapshot {
        let none = Arc::new(Schema::empty());
        let options = RecordBatchOptions::new().with_row_count(Some(files.len()));
        let partition_values = RecordBatch::try_new_with_options(none.clone(), Vec::new(), &options);
        Snapshot {
            version: 0,
            timestamp: None,
            schema,
            partition_columns: Vec::new(),
            files,
            partition_values: partition_values.unwrap_or_else(|_| RecordBatch::new_empty(none)),
            stored_statistics: Vec::new(),
            metadata: TableMetadata::default(),
            format: FormatInfo::default(),
            row_tracking: None,
            damage: None,
        }
    }

    /// Names of the partition columns, in the metadata's order.
    pub fn partition_column_names(&self) -> Vec<&str> {
        self.partition_columns
            .iter()
            .filter_map(|&position| self.schema.logical.fields().get(position))
            .map(|field| field.name().as_str())
            .collect()
    }

    /// How many rows the table has, if that is known of every file.
    pub fn row_count(&self) -> Option<u64> {
        self.files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.live_rows()?))
    }

    /// What is left of it without its files.
    pub fn into_definition(self) -> Definition {
        let Snapshot { schema, partition_columns, metadata, format, .. } = self;
        Definition { schema, partition_columns, metadata, format }
    }
}
