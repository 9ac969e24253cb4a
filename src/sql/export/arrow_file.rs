//! An Arrow IPC file.

use super::Writer;
use crate::error::{Error, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::FileWriter;

pub(super) struct ArrowFile {
    writer: FileWriter<Vec<u8>>,
}

impl ArrowFile {
    pub(super) fn new(schema: &SchemaRef) -> Result<ArrowFile> {
        Ok(ArrowFile { writer: FileWriter::try_new(Vec::new(), schema).map_err(Error::internal)? })
    }

    /// What was written since. The writer counts its own offsets.
    fn taken(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.get_mut())
    }
}

impl Writer for ArrowFile {
    fn write(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        self.writer.write(batch).map_err(Error::internal)?;
        Ok(self.taken())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        self.writer.finish().map_err(Error::internal)?;
        Ok(self.taken())
    }
}
