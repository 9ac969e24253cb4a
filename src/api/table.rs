//! An open table, as JavaScript holds it.

use super::files;
use super::options::{self, FilesOptions, HistoryOptions, PreviewOptions, VersionOptions};
use super::result::EngineResult;
use super::runtime;
use super::values::{self, Commit, TableInfo, VersionList, to_js};
use crate::scan::{FooterCache, Progress, preview};
use crate::storage::{Meter, Metrics};
use crate::table::Table;
use std::cell::OnceCell;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

/// Rows of a preview, unless told otherwise.
const PREVIEW_ROWS: usize = 100;

/// A table at one version. Immutable: another version is another object.
#[wasm_bindgen]
pub struct EngineTable {
    table: Table,
    footers: FooterCache,
    /// What opening it cost.
    metrics: Metrics,
    /// Counted when it is first asked for: every file's statistics are looked at.
    row_count: OnceCell<Option<u64>>,
}

impl EngineTable {
    pub(super) fn new(table: Table, footers: FooterCache, metrics: Metrics) -> EngineTable {
        EngineTable { table, footers, metrics, row_count: OnceCell::new() }
    }

    #[cfg(feature = "sql")]
    pub(super) fn table(&self) -> &Table {
        &self.table
    }
}

#[wasm_bindgen]
impl EngineTable {
    /// Version, metadata, protocol and totals.
    #[wasm_bindgen(unchecked_return_type = "TableInfo")]
    pub fn info(&self) -> Result<JsValue, JsValue> {
        let row_count = self.row_count.get_or_init(|| self.table.snapshot().row_count());
        to_js(&TableInfo::new(&self.table, *row_count, self.metrics))
    }

    /// The columns.
    #[wasm_bindgen(unchecked_return_type = "Field[]")]
    pub fn schema(&self) -> Result<JsValue, JsValue> {
        to_js(&values::fields(self.table.snapshot()))
    }

    /// The live files, in the snapshot's order. Fetches their statistics, where opening the table left them.
    #[wasm_bindgen(unchecked_return_type = "FileInfo[]")]
    pub async fn files(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "{ offset?: number; limit?: number }")] options: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "AbortSignal")] signal: Option<AbortSignal>,
    ) -> Result<JsValue, JsValue> {
        let FilesOptions { offset, limit } = options::parse(options)?;
        let (offset, limit) = (offset.unwrap_or(0), limit.unwrap_or(usize::MAX));
        let table = self.table.clone();
        let statistics = runtime::run(signal, async move {
            let files: Vec<usize> = (0..table.snapshot().files.len()).skip(offset).take(limit).collect();
            table.statistics().describe(&files).await
        });
        to_js(&files::files(self.table.snapshot(), offset, statistics.await?))
    }

    /// The versions that can be opened now.
    #[wasm_bindgen(unchecked_return_type = "{ earliest: bigint; latest: bigint; intact: bigint | null }")]
    pub async fn versions(&self, signal: Option<AbortSignal>) -> Result<JsValue, JsValue> {
        let table = self.table.clone();
        let range = runtime::run(signal, async move { table.versions().await }).await?;
        to_js(&VersionList::from(range))
    }

    /// The newest commits, newest first.
    #[wasm_bindgen(unchecked_return_type = "Commit[]")]
    pub async fn history(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "{ limit?: number; until?: bigint | number }")] options: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "AbortSignal")] signal: Option<AbortSignal>,
    ) -> Result<JsValue, JsValue> {
        let HistoryOptions { limit, until } = options::parse(options)?;
        let table = self.table.clone();
        let commits = runtime::run(signal, async move { table.history(until, limit).await }).await?;
        to_js(&commits.iter().map(Commit::from).collect::<Vec<_>>())
    }

    /// The same table at another version.
    pub async fn at(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "VersionOptions")] options: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "AbortSignal")] signal: Option<AbortSignal>,
    ) -> Result<EngineTable, JsValue> {
        let version = options::parse::<VersionOptions>(options)?.version()?;
        let (table, meter) = (self.table.clone(), Meter::default());
        let counted = meter.clone();
        let table = runtime::run(signal, async move { table.at(version, &counted).await }).await?;
        Ok(EngineTable::new(table, self.footers.clone(), meter.metrics()))
    }

    /// The first rows, without SQL; 100 by default.
    pub async fn preview(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "{ limit?: number; columns?: string[] }")] options: JsValue,
    ) -> Result<EngineResult, JsValue> {
        let PreviewOptions { limit, columns } = options::parse(options)?;
        let columns: Option<Vec<&str>> = columns.as_ref().map(|names| names.iter().map(String::as_str).collect());
        let meter = Meter::default();
        let table = self.table.with_meter(&meter);
        let (schema, batches) = preview(table.scan(&self.footers), columns.as_deref(), limit.unwrap_or(PREVIEW_ROWS))?;
        Ok(EngineResult::new(&schema, batches, meter, Progress::default())?)
    }
}
