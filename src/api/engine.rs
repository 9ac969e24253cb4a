//! The engine: what a worker holds, and asks everything of.

use super::options::{self, EngineOptions, OpenOptions};
use super::runtime;
use super::sign::PageSign;
use super::table::EngineTable;
use crate::error::Result;
use crate::scan::FooterCache;
use crate::storage::{Meter, Pool, Sign, StorageOptions};
use crate::table::{Table, TableUrl};
use std::sync::Arc;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

#[cfg(feature = "sql")]
use super::{result::EngineResult, values};
#[cfg(feature = "sql")]
use crate::sql::Session;

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
        #[cfg(feature = "sql")]
        let session = Session::new(options.session())?;
        #[cfg(feature = "sql")]
        let footers = session.footers().clone();
        #[cfg(not(feature = "sql"))]
        let footers = FooterCache::default();
        let mut storage = options.storage();
        storage.pool = Some(Pool::new(&storage));
        Ok(Engine {
            storage,
            footers,
            #[cfg(feature = "sql")]
            session,
        })
    }

    /// Opens the table at `url`, an absolute URL. `sign` knows the URL of each object, where a URL for all will not do: it is
    /// given a path below the table's root, and gives (a promise of) a URL, or `{ url, expires }`, `null` for what is not there,
    /// `undefined` for what is below the table's URL.
    pub async fn open(
        &self,
        url: String,
        #[wasm_bindgen(unchecked_optional_param_type = "OpenOptions")] options: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "AbortSignal")] signal: Option<AbortSignal>,
        sign: Option<js_sys::Function>,
    ) -> Result<EngineTable, JsValue> {
        let mut options = options::parse::<OpenOptions>(options)?;
        let version = options.version()?;
        let sign = sign.map(|sign| Arc::new(PageSign::new(sign)) as Arc<dyn Sign>);
        let storage_options = StorageOptions { access: options.access, sign, ..self.storage.clone() };
        let meter = Meter::default();
        let counted = meter.clone();
        let table = runtime::run(signal, async move {
            let url: TableUrl = url.parse()?;
            Table::open_metered(&url, version, &storage_options, &counted).await
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

    /// Plans and starts one statement.
    pub async fn query(&self, sql: String, signal: Option<AbortSignal>) -> Result<EngineResult, JsValue> {
        let session = self.session.clone();
        let result = runtime::run(signal, async move { session.query(&sql).await }).await?;
        Ok(EngineResult::new(&result.schema, result.batches, result.meter)?)
    }
}
