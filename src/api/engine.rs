//! The engine: what a worker holds, and asks everything of.

use super::options::{self, EngineOptions, OpenOptions};
use super::runtime;
use super::sign::PageUrlProvider;
use super::table::EngineTable;
use crate::error::Result;
use crate::scan::FooterCache;
use crate::storage::{Meter, PageFetch, StorageOptions, UrlProvider};
use crate::table::{Table, TableUrl};
use std::sync::Arc;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

#[cfg(feature = "sql")]
use super::{
    params,
    result::EngineResult,
    sql::{self, Sql},
    values,
};
#[cfg(feature = "sql")]
use crate::{error::Error, sql::SessionOptions};
#[cfg(feature = "sql")]
use std::{cell::RefCell, collections::BTreeMap};

/// Opens tables and runs queries over them. One is enough for a page.
#[wasm_bindgen]
pub struct Engine {
    storage: StorageOptions,
    footers: FooterCache,
    #[cfg(feature = "sql")]
    session: RefCell<Session>,
}

/// SQL, and until it is started what it will begin with.
#[cfg(feature = "sql")]
enum Session {
    Waiting { options: Box<SessionOptions>, tables: BTreeMap<String, Table> },
    Running(Arc<dyn Sql>),
}

#[wasm_bindgen]
impl Engine {
    /// An engine without tables. `fetch` sends its requests, in place of the global one: it is called with a URL and what `fetch` is
    /// called with besides, and gives a promise of a `Response`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_optional_param_type = "EngineOptions")] options: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "(url: string, init: RequestInit) => Promise<Response>")] fetch: Option<
            js_sys::Function,
        >,
    ) -> Result<Engine, JsValue> {
        let options: EngineOptions = options::parse(options)?;
        let mut storage = options.storage();
        storage.fetch = fetch.map(PageFetch::new);
        storage.pool = Some(storage.new_pool());
        #[cfg(feature = "sql")]
        let options = SessionOptions { storage: storage.clone(), ..options.session() };
        Ok(Engine {
            storage,
            footers: FooterCache::default(),
            #[cfg(feature = "sql")]
            session: RefCell::new(Session::Waiting { options: Box::new(options), tables: BTreeMap::new() }),
        })
    }

    /// Forgets all bytes that are kept, in memory and in the browser's store.
    #[wasm_bindgen(js_name = clearCache)]
    pub async fn clear_cache(&self) -> Result<(), JsValue> {
        let pool = self.storage.pool.clone();
        let clear = async move {
            if let Some(pool) = pool {
                pool.clear().await;
            }
            Ok(())
        };
        Ok(runtime::run(None, clear).await?)
    }

    /// Opens the table at `url`, an absolute URL. `sign` knows the URL of each object, where a URL for all will not do: it is
    /// given a path below the table's root, and gives (a promise of) a URL, or `{ url, expires }`, `null` for what is not there,
    /// `undefined` for what is below the table's URL.
    pub async fn open(
        &self,
        url: String,
        #[wasm_bindgen(unchecked_optional_param_type = "OpenOptions")] options: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "AbortSignal")] signal: Option<AbortSignal>,
        #[wasm_bindgen(unchecked_optional_param_type = "(path: string) => unknown")] sign: Option<js_sys::Function>,
    ) -> Result<EngineTable, JsValue> {
        let mut options = options::parse::<OpenOptions>(options)?;
        let (version, format) = (options.version()?, options.format.take());
        let sign = sign.map(|sign| Arc::new(PageUrlProvider::new(sign)) as Arc<dyn UrlProvider>);
        let storage_options = StorageOptions { access: options.access, sign, ..self.storage.clone() };
        let meter = Meter::default();
        let counted = meter.clone();
        let table = runtime::run(signal, async move {
            let url = url.parse::<TableUrl>()?.with_format(format.as_deref());
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
        let table = table.table().clone();
        match &mut *self.session.borrow_mut() {
            Session::Waiting { .. } if name.is_empty() => {
                Err(Error::InvalidSql { message: "a table's name is empty".into() }.into())
            }
            Session::Waiting { tables, .. } => {
                tables.insert(name.into(), table);
                Ok(())
            }
            Session::Running(sql) => Ok(sql.register(name, table)?),
        }
    }

    /// Makes the rows of an Arrow IPC stream or file known to SQL as `name`; replaces what had the name.
    #[wasm_bindgen(js_name = registerArrow)]
    pub async fn register_arrow(&self, name: String, bytes: Vec<u8>) -> Result<(), JsValue> {
        let session = self.sql()?;
        Ok(runtime::run(None, async move { session.register_ipc(name, bytes).await }).await?)
    }

    /// Forgets `name`; false if it was not known.
    pub fn deregister(&self, name: &str) -> Result<bool, JsValue> {
        match &mut *self.session.borrow_mut() {
            Session::Waiting { tables, .. } => Ok(tables.remove(name).is_some()),
            Session::Running(sql) => Ok(sql.deregister(name)?),
        }
    }

    /// The tables that SQL knows, by name.
    #[wasm_bindgen(unchecked_return_type = "{ name: string; url: string; version: bigint }[]")]
    pub fn tables(&self) -> Result<JsValue, JsValue> {
        let tables: Vec<(String, Table)> = match &*self.session.borrow() {
            Session::Waiting { tables, .. } => {
                tables.iter().map(|(name, table)| (name.clone(), table.clone())).collect()
            }
            Session::Running(sql) => sql.tables(),
        };
        let tables: Vec<_> = tables.iter().map(|(name, table)| values::NamedTable::new(name, table)).collect();
        values::to_js(&tables)
    }

    /// Plans and starts one statement, with the values of its parameters. The module's second file has to be loaded: its code is
    /// what runs.
    pub async fn query(
        &self,
        sql: String,
        #[wasm_bindgen(unchecked_optional_param_type = "AbortSignal")] signal: Option<AbortSignal>,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryParams")] params: JsValue,
    ) -> Result<EngineResult, JsValue> {
        let params = params::params(params)?;
        let session = self.sql()?;
        let result = runtime::run(signal, async move { session.query(sql, params).await }).await?;
        Ok(EngineResult::new(&result.schema, result.batches, result.meter, result.progress)?)
    }

    /// The same, its rows as a file's bytes: `csv`, `jsonl`, `arrow` or `parquet`.
    pub async fn export(
        &self,
        sql: String,
        format: String,
        #[wasm_bindgen(unchecked_optional_param_type = "AbortSignal")] signal: Option<AbortSignal>,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryParams")] params: JsValue,
    ) -> Result<EngineResult, JsValue> {
        let params = params::params(params)?;
        let session = self.sql()?;
        let export = async move { session.export(sql, params, format).await };
        let (result, pieces) = runtime::run(signal, export).await?;
        Ok(EngineResult::written(result.batches, pieces, result.meter, result.progress))
    }

    /// The plan of a query, as JSON; run, with what its operators did, where `analyze` asks for it.
    pub async fn explain(
        &self,
        sql: String,
        analyze: bool,
        #[wasm_bindgen(unchecked_optional_param_type = "AbortSignal")] signal: Option<AbortSignal>,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryParams")] params: JsValue,
    ) -> Result<String, JsValue> {
        let params = params::params(params)?;
        let session = self.sql()?;
        Ok(runtime::run(signal, async move { session.explain(sql, params, analyze).await }).await?)
    }

    fn sql(&self) -> Result<Arc<dyn Sql>> {
        let mut session = self.session.borrow_mut();
        let sql = match &mut *session {
            Session::Running(sql) => return Ok(sql.clone()),
            Session::Waiting { options, tables } => {
                let sql = sql::start(SessionOptions::clone(options), self.footers.clone())?;
                for (name, table) in std::mem::take(tables) {
                    sql.register(&name, table)?;
                }
                sql
            }
        };
        *session = Session::Running(sql.clone());
        Ok(sql)
    }
}
