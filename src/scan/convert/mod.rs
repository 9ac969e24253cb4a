//! From what Parquet decodes to the table's columns.

pub(crate) mod cast;
pub(crate) mod column;
pub(crate) mod constant;
pub(crate) mod decimal_bytes;
pub(crate) mod delete_files;
pub(crate) mod deletes;
pub(crate) mod inlined_rows;
pub(crate) mod metadata_column;
pub(crate) mod nullable;
pub(crate) mod projection;
pub(crate) mod row_tracking;
pub(crate) mod schema_adapter;
pub(crate) mod variant;
