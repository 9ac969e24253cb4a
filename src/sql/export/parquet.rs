//! A Parquet file.

use super::Writer;
use crate::error::{Error, Result};
use ::parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use ::parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use ::parquet::basic::Compression;
use ::parquet::errors::{ParquetError, Result as ParquetResult};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows of a row group: what is kept before anything is written.
const ROW_GROUP_ROWS: usize = 1 << 17;

/// The crate's `ArrowWriter` in short. That one can also cut pages by their contents, with tables of 16 kB that no compression makes
/// smaller.
pub(super) struct Parquet {
    file: SerializedFileWriter<Sink>,
    row_groups: ArrowRowGroupWriterFactory,
    /// The one that rows are added to.
    row_group: Option<RowGroup>,
    written: Sink,
}

struct RowGroup {
    columns: Vec<ArrowColumnWriter>,
    rows: usize,
}

/// Bytes that are taken away while the writer goes on.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Parquet {
    pub(super) fn new(schema: &SchemaRef) -> Result<Parquet> {
        let mut properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let columns = ArrowSchemaConverter::new().convert(schema).map_err(refused)?;
        add_encoded_arrow_schema_to_metadata(schema, &mut properties);
        let written = Sink::default();
        let file = SerializedFileWriter::new(written.clone(), columns.root_schema_ptr(), Arc::new(properties))
            .map_err(refused)?;
        let row_groups = ArrowRowGroupWriterFactory::new(&file, schema.clone());
        Ok(Parquet { file, row_groups, row_group: None, written })
    }

    fn append(&mut self, batch: &RecordBatch) -> ParquetResult<()> {
        let mut from = 0;
        while from < batch.num_rows() {
            let group = match self.row_group.take() {
                Some(group) => group,
                None => RowGroup {
                    columns: self.row_groups.create_column_writers(self.file.flushed_row_groups().len())?,
                    rows: 0,
                },
            };
            let group = self.row_group.insert(group);
            let rows = (batch.num_rows() - from).min(ROW_GROUP_ROWS - group.rows);
            group.append(&batch.slice(from, rows))?;
            from += rows;
            if group.rows == ROW_GROUP_ROWS {
                self.end_row_group()?;
            }
        }
        Ok(())
    }

    fn end_row_group(&mut self) -> ParquetResult<()> {
        let Some(group) = self.row_group.take() else { return Ok(()) };
        let mut writer = self.file.next_row_group()?;
        for column in group.columns {
            column.close()?.append_to_row_group(&mut writer)?;
        }
        writer.close()?;
        Ok(())
    }
}

impl RowGroup {
    fn append(&mut self, batch: &RecordBatch) -> ParquetResult<()> {
        let mut columns = self.columns.iter_mut();
        for (field, values) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            for (leaf, column) in compute_leaves(field, values)?.iter().zip(&mut columns) {
                column.write(leaf)?;
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }
}

impl Writer for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        self.append(batch).map_err(refused)?;
        Ok(self.written.take())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        self.end_row_group().and_then(|()| self.file.finish()).map_err(refused)?;
        Ok(self.written.take())
    }
}

/// Parquet has no type for some: intervals.
fn refused(error: ParquetError) -> Error {
    match error {
        ParquetError::NYI(reason) | ParquetError::ArrowError(reason) => {
            Error::unsupported("export as Parquet", format!("{reason}: cast the column to another type"))
        }
        other => Error::internal(other),
    }
}
