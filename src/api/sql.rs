//! SQL, behind a seam at which `scripts/build` cuts the module in two.
//!
//! Opening a table and showing its first rows takes a quarter of the code, and a visitor should not wait for the rest. What can
//! be reached from [`start`] alone is a second file, which `www/lakeglass` loads beside the first. Both are linked together and
//! share memory, so that nothing has to be handed over. For that, the code on this side of the seam must know the engine only
//! as [`Sql`]: one call of a function of DataFusion's here, and what it needs is in the first file.

use super::pieces::Pieces;
use crate::error::{Error, Result};
use crate::scan::FooterCache;
use crate::sql::export::Exporter;
use crate::sql::{Params, QueryResult, Session, SessionOptions};
use crate::table::Table;
use arrow::array::RecordBatch;
use futures::future::BoxFuture;
use std::sync::Arc;

/// What is asked of a session.
pub(super) trait Sql: Send + Sync {
    /// See [`Session::register`].
    fn register(&self, name: &str, table: Table) -> Result<()>;

    /// See [`Session::deregister`].
    fn deregister(&self, name: &str) -> Result<bool>;

    /// See [`Session::tables`].
    fn tables(&self) -> Vec<(String, Table)>;

    /// See [`Session::query_with`].
    fn query(&self, sql: String, params: Params) -> BoxFuture<'static, Result<QueryResult>>;

    /// See [`Session::register_ipc`].
    fn register_ipc(&self, name: String, bytes: Vec<u8>) -> BoxFuture<'static, Result<()>>;

    /// See [`Session::explain`]: the plan as JSON.
    fn explain(&self, sql: String, params: Params, analyze: bool) -> BoxFuture<'static, Result<String>>;

    /// A query's rows, and what writes them in a format by its name.
    fn export(
        &self,
        sql: String,
        params: Params,
        format: String,
    ) -> BoxFuture<'static, Result<(QueryResult, Box<dyn Pieces>)>>;
}

impl Sql for Session {
    fn register(&self, name: &str, table: Table) -> Result<()> {
        Session::register(self, name, table)
    }

    fn deregister(&self, name: &str) -> Result<bool> {
        Session::deregister(self, name)
    }

    fn tables(&self) -> Vec<(String, Table)> {
        Session::tables(self)
    }

    fn query(&self, sql: String, params: Params) -> BoxFuture<'static, Result<QueryResult>> {
        let session = self.clone();
        Box::pin(async move { session.query_with(&sql, &params).await })
    }

    fn register_ipc(&self, name: String, bytes: Vec<u8>) -> BoxFuture<'static, Result<()>> {
        let session = self.clone();
        Box::pin(async move { Session::register_ipc(&session, &name, bytes).await })
    }

    fn explain(&self, sql: String, params: Params, analyze: bool) -> BoxFuture<'static, Result<String>> {
        let session = self.clone();
        Box::pin(async move {
            let (plan, _) = Session::explain(&session, &sql, &params, analyze).await?;
            serde_json::to_string(&plan).map_err(Error::internal)
        })
    }

    fn export(
        &self,
        sql: String,
        params: Params,
        format: String,
    ) -> BoxFuture<'static, Result<(QueryResult, Box<dyn Pieces>)>> {
        let session = self.clone();
        Box::pin(async move {
            let format = format.parse()?;
            let result = session.query_with(&sql, &params).await?;
            let exporter = Exporter::new(format, &result.schema)?;
            Ok((result, Box::new(exporter) as Box<dyn Pieces>))
        })
    }
}

impl Pieces for Exporter {
    fn piece(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        self.write(batch)
    }

    fn end(&mut self) -> Result<Vec<u8>> {
        self.finish()
    }
}

/// A session that shares `footers`. Only to be called when the module's second file is loaded.
pub(super) fn start(options: SessionOptions, footers: FooterCache) -> Result<Arc<dyn Sql>> {
    seam::start(options, footers)
}

/// The cut: an import and an export by whose names wasm_split_cli knows that one stands for the other.
#[allow(unsafe_code, improper_ctypes, improper_ctypes_definitions, reason = "both sides are this very build's")]
mod seam {
    use super::*;

    #[link(wasm_import_module = "__wasm_split_placeholder__")]
    unsafe extern "C" {
        #[link_name = "__wasm_split_00sql00_import_00000000000000000000000000000001_start"]
        pub(super) safe fn start(options: SessionOptions, footers: FooterCache) -> Result<Arc<dyn Sql>>;
    }

    #[unsafe(export_name = "__wasm_split_00sql00_export_00000000000000000000000000000001_start")]
    extern "C" fn started(options: SessionOptions, footers: FooterCache) -> Result<Arc<dyn Sql>> {
        let session = Session::with_footers(options, footers)?;
        Ok(Arc::new(session))
    }
}
