//! Rows that are in a table's metadata, as if they were a file's: of one row group, without a leaf that could be read.

use super::projection::{FileProjection, Shape, Source, Wanted};
use crate::error::{Error, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::{SchemaDescriptor, Type};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The metadata of a file of `rows` rows and no columns.
pub(in crate::scan) fn metadata(rows: usize) -> Result<Arc<ParquetMetaData>> {
    let build = || -> std::result::Result<ParquetMetaData, ParquetError> {
        let schema = Arc::new(SchemaDescriptor::new(Arc::new(Type::group_type_builder("rows").build()?)));
        let rows = rows as i64;
        let group = RowGroupMetaData::builder(schema.clone()).set_num_rows(rows).build()?;
        Ok(ParquetMetaData::new(FileMetaData::new(1, rows, None, None, schema, None), vec![group]))
    };
    build().map(Arc::new).map_err(Error::internal)
}

/// Finds the wanted columns among those of `rows`.
pub(in crate::scan) fn project(wanted: &[Option<Wanted<'_>>], rows: &RecordBatch) -> FileProjection {
    let source = |wanted: &Option<Wanted<'_>>| {
        let position = wanted.as_ref().and_then(|wanted| rows.schema_ref().index_of(wanted.physical.name()).ok());
        position.map_or(Source::Missing, |position| Source::File { position, leaf: usize::MAX, shape: Shape::Leaf })
    };
    let sources = wanted.iter().map(source).collect();
    FileProjection { sources, leaves: BTreeSet::new(), schema: Arc::new(Schema::empty()) }
}
