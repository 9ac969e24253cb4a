//! A version of a table without its files, and what one was compared with.

use super::{FormatInfo, TableMetadata, TableSchema};

/// A version of a table without its files.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The columns.
    pub schema: TableSchema,
    /// Positions in the schema of the partition columns.
    pub partition_columns: Vec<usize>,
    /// Name, identity and configuration.
    pub metadata: TableMetadata,
    /// What format it is in, and what that asks of its readers.
    pub format: FormatInfo,
}

/// What of its writer a snapshot was compared with, and found to agree in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The file, relative to the table's root.
    pub path: String,
    /// The file's fields, by their own names.
    pub fields: Vec<&'static str>,
}
