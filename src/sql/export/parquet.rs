//! A Parquet file.

use super::Writer;
use crate::error::{Error, Result};
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows of a row group: what is kept before anything is written.
const ROW_GROUP_ROWS: usize = 1 << 17;

pub(super) struct Parquet {
    writer: ArrowWriter<Sink>,
    written: Sink,
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
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .build();
        let written = Sink::default();
        let writer = ArrowWriter::try_new(written.clone(), schema.clone(), Some(properties)).map_err(refused)?;
        Ok(Parquet { writer, written })
    }
}

impl Writer for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        self.writer.write(batch).map_err(refused)?;
        Ok(self.written.take())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        self.writer.finish().map_err(refused)?;
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
