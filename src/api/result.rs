//! Rows on their way to JavaScript.

use super::ipc::IpcPieces;
use super::pieces::Pieces;
use super::progress::QueryProgress;
use super::runtime;
use super::values::{Metrics, to_js};
use crate::error::Result;
use crate::runtime::time_slice;
use crate::scan::Progress;
use crate::storage::Meter;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::stream::{BoxStream, StreamExt};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

pub(super) type Batches = BoxStream<'static, Result<RecordBatch>>;

/// A stream of record batches, written as they come. Nothing is fetched for a batch before it is asked for, but what is read ahead
/// of it.
#[wasm_bindgen]
pub struct EngineResult {
    schema: Vec<u8>,
    rows: RefCell<Option<(Batches, Box<dyn Pieces>)>>,
    meter: Meter,
    progress: Progress,
}

impl EngineResult {
    /// As Arrow IPC messages.
    pub(super) fn new(schema: &SchemaRef, batches: Batches, meter: Meter, progress: Progress) -> Result<EngineResult> {
        let (pieces, schema) = IpcPieces::new(schema)?;
        let mut result = EngineResult::written(batches, Box::new(pieces), meter, progress);
        result.schema = schema;
        Ok(result)
    }

    /// As `pieces` writes them.
    pub(super) fn written(batches: Batches, pieces: Box<dyn Pieces>, meter: Meter, progress: Progress) -> EngineResult {
        EngineResult { schema: Vec::new(), rows: RefCell::new(Some((batches, pieces))), meter, progress }
    }
}

#[wasm_bindgen]
impl EngineResult {
    /// The schema message that begins the Arrow IPC stream; empty where the rows are written as something else.
    pub fn schema(&self) -> Vec<u8> {
        self.schema.clone()
    }

    /// The bytes of the next record batch, which may be none; undefined at the end. After an error or an abort the result is at its
    /// end.
    pub async fn next(&self, signal: Option<AbortSignal>) -> Result<Option<js_sys::Uint8Array>, JsValue> {
        let Some((mut batches, mut pieces)) = self.rows.take() else { return Ok(None) };
        let next = runtime::run(signal, async move {
            match batches.next().await.transpose()? {
                Some(batch) => Ok((pieces.piece(&batch)?, Some((batches, pieces)))),
                None => Ok((pieces.end()?, None)),
            }
        });
        let (piece, rest) = next.await?;
        let is_end = rest.is_none();
        self.rows.replace(rest);
        Ok((!is_end || !piece.is_empty()).then(|| js_sys::Uint8Array::from(piece.as_slice())))
    }

    /// What was fetched for this result so far.
    #[wasm_bindgen(unchecked_return_type = "Metrics")]
    pub fn metrics(&self) -> Result<JsValue, JsValue> {
        to_js(&Metrics::from(self.meter.metrics()))
    }

    /// How far the query is.
    #[wasm_bindgen(unchecked_return_type = "QueryProgress")]
    pub fn progress(&self) -> Result<JsValue, JsValue> {
        to_js(&QueryProgress::from(&self.progress))
    }
}

impl Drop for EngineResult {
    fn drop(&mut self) {
        // Dropping the batches aborts tasks; the driver has to run once more to let go of them.
        self.rows.take();
        time_slice::notify();
    }
}
