//! Rows on their way to JavaScript.

use super::ipc::IpcPieces;
use super::runtime;
use super::values::{Metrics, to_js};
use crate::error::Result;
use crate::storage::{Meter, wake};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::stream::{BoxStream, StreamExt};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

type Batches = BoxStream<'static, Result<RecordBatch>>;

/// A stream of record batches. Nothing is fetched for a batch before it is asked for, but what is read ahead of it.
#[wasm_bindgen]
pub struct EngineResult {
    schema: Vec<u8>,
    rows: RefCell<Option<(Batches, IpcPieces)>>,
    meter: Meter,
}

impl EngineResult {
    pub(super) fn new(schema: &SchemaRef, batches: Batches, meter: Meter) -> Result<EngineResult> {
        let (pieces, schema) = IpcPieces::new(schema)?;
        Ok(EngineResult { schema, rows: RefCell::new(Some((batches, pieces))), meter })
    }
}

#[wasm_bindgen]
impl EngineResult {
    /// The schema message that begins the Arrow IPC stream.
    pub fn schema(&self) -> Vec<u8> {
        self.schema.clone()
    }

    /// The messages of the next record batch; undefined at the end. After an error or an abort the result is at its end.
    pub async fn next(&self, signal: Option<AbortSignal>) -> Result<Option<js_sys::Uint8Array>, JsValue> {
        let Some((mut batches, mut pieces)) = self.rows.take() else { return Ok(None) };
        let next = runtime::run(signal, async move {
            let Some(batch) = batches.next().await.transpose()? else { return Ok(None) };
            let piece = pieces.piece(&batch)?;
            Ok(Some((piece, batches, pieces)))
        });
        let Some((piece, batches, pieces)) = next.await? else { return Ok(None) };
        self.rows.replace(Some((batches, pieces)));
        Ok(Some(js_sys::Uint8Array::from(piece.as_slice())))
    }

    /// What was fetched for this result so far.
    #[wasm_bindgen(unchecked_return_type = "Metrics")]
    pub fn metrics(&self) -> Result<JsValue, JsValue> {
        to_js(&Metrics::from(self.meter.metrics()))
    }
}

impl Drop for EngineResult {
    fn drop(&mut self) {
        // Dropping the batches aborts tasks; the driver has to run once more to let go of them.
        self.rows.take();
        wake::notify();
    }
}
