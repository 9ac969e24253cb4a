//! Rows as bytes, batch by batch.

use crate::error::Result;
use arrow::array::RecordBatch;

/// Writes a result in pieces, which put together are the whole.
pub(super) trait Pieces: Send {
    /// The bytes of one batch.
    fn piece(&mut self, batch: &RecordBatch) -> Result<Vec<u8>>;

    /// What stands behind the last one.
    fn end(&mut self) -> Result<Vec<u8>>;
}
