//! Record batches as Arrow IPC bytes, message by message.

use super::pieces::Pieces;
use crate::error::{Error, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;

/// Writes one IPC stream in pieces: the schema first, then a piece per batch. Put together, with the end-of-stream marker
/// behind, the pieces are a stream that any Arrow reader takes.
pub(super) struct IpcPieces {
    writer: StreamWriter<Vec<u8>>,
}

impl IpcPieces {
    /// Starts a stream; also returns its schema message.
    pub(super) fn new(schema: &SchemaRef) -> Result<(IpcPieces, Vec<u8>)> {
        let mut writer = StreamWriter::try_new(Vec::new(), schema).map_err(Error::internal)?;
        let schema = std::mem::take(writer.get_mut());
        Ok((IpcPieces { writer }, schema))
    }
}

impl Pieces for IpcPieces {
    /// The messages of one batch, its dictionaries before it.
    fn piece(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        self.writer.write(batch).map_err(Error::internal)?;
        Ok(std::mem::take(self.writer.get_mut()))
    }

    /// Nothing: the page knows the end by itself.
    fn end(&mut self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }
}
