//! The engine: what a worker holds, and asks everything of.

use super::options::{self, EngineOptions, VersionOptions};
use super::runtime;
use super::table::EngineTable;
use crate::error::Result;
use crate::scan::FooterCache;
use crate::storage::{Meter, Pool, Storage, StorageOptions};
use crate::table::{Table, TableUrl};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

#[cfg(feature = "sql")]
use super::{params, result::EngineResult, values};
#[cfg(feature = "sql")]
use crate::sql::{Session, SessionOptions};

/// Opens tables and runs queries over them. One is enough for a page.
#[wasm_bindgen]
pub struct Engine {
    storage: StorageOptions,
    footers: FooterCache,
    #[cfg(feature = "sql")]
    session: Session,
}

#[wasm_bindgen]
impl Engine {
    /// An engine without tables.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_optional_param_type = "EngineOptions")] options: JsValue,
    ) -> Result<Engine, JsValue> {
        let options: EngineOptions = options::parse(options)?;
        let mut storage = options.storage();
        storage.pool = Some(Pool::new(&storage));
        #[cfg(feature = "sql")]
        let session = Session::new(SessionOptions { storage: storage.clone(), ..options.session() })?;
        #[cfg(feature = "sql")]
        let footers = session.footers().clone();
        #[cfg(not(feature = "sql"))]
        let footers = FooterCache::default();
        Ok(Engine {
            storage,
            footers,
            #[cfg(feature = "sql")]
            session,
        })
    }

    /// Opens the table at `url`, an absolute URL.
    pub async fn open(
        &self,
        url: String,
        #[wasm_bindgen(unchecked_optional_param_type = "VersionOptions")] options: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "AbortSignal")] signal: Option<AbortSignal>,
    ) -> Result<EngineTable, JsValue> {
        let version = options::parse::<VersionOptions>(options)?.version()?;
        let storage_options = self.storage.clone();
        let meter = Meter::default();
        let counted = meter.clone();
        let table = runtime::run(signal, async move {
            let url: TableUrl = url.parse()?;
            let storage = Storage::open(url.as_url(), &storage_options)?;
            Table::open_in(storage, version, &counted).await
        });
        Ok(EngineTable::new(table.await?, self.footers.clone(), meter.metrics()))
    }
}

#[cfg(feature = "sql")]
#[wasm_bindgen]
impl Engine {
    /// Makes `table` known to SQL as `name`; replaces what had the name.
    pub fn register(&self, name: &str, table: &EngineTable) -> Result<(), JsValue> {
        Ok(self.session.register(name, table.table().clone())?)
    }

    /// Makes the rows of an Arrow IPC stream or file known to SQL as `name`; replaces what had the name.
    #[wasm_bindgen(js_name = registerArrow)]
    pub async fn register_arrow(&self, name: String, bytes: Vec<u8>) -> Result<(), JsValue> {
        Ok(self.session.register_ipc(&name, bytes).await?)
    }

    /// Forgets `name`; false if it was not known.
    pub fn deregister(&self, name: &str) -> Result<bool, JsValue> {
        Ok(self.session.deregister(name)?)
    }

    /// The tables that SQL knows, by name.
    #[wasm_bindgen(unchecked_return_type = "{ name: string; url: string; version: bigint }[]")]
    pub fn tables(&self) -> Result<JsValue, JsValue> {
        let tables = self.session.tables();
        let tables: Vec<_> = tables.iter().map(|(name, table)| values::NamedTable::new(name, table)).collect();
        values::to_js(&tables)
    }

    /// Plans and starts one statement, with the values of its parameters.
    pub async fn query(
        &self,
        sql: String,
        #[wasm_bindgen(unchecked_optional_param_type = "AbortSignal")] signal: Option<AbortSignal>,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryParams")] params: JsValue,
    ) -> Result<EngineResult, JsValue> {
        let params = params::params(params)?;
        let session = self.session.clone();
        let result = runtime::run(signal, async move { session.query_with(&sql, &params).await }).await?;
        Ok(EngineResult::new(&result.schema, result.batches, result.meter)?)
    }
}
