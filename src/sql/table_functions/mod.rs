//! Functions in a FROM clause that read a table's log:
//!
//! - `table_changes('t', from [, to])`: the rows that the versions `from` to `to` changed, with `_change_type`,
//!   `_commit_version` and `_commit_timestamp`; `to` is the version that `t` is registered at where it is not told. Versions
//!   are numbers, or times as text.
//! - `table_history('t' [, limit])`: what the commits say of themselves, newest first.
//! - `table_versions('t')`: the oldest and the newest version that can be opened.
//! - `table_files('t')`: the files of the version that `t` is registered at.
//! - `delta_scan('url' [, version => n])`: the Delta table at a URL, which need not be registered.
//! - `read_parquet('url')` or of a list of URLs, and `FROM 'url.parquet'`: Parquet files without a log.
//!
//! Reading a log waits for requests, which DataFusion's own table functions cannot. So the calls are taken out of a
//! statement before it is planned, what they stand for is read, and they are tables of that one statement.

mod call;
mod changes;
mod location;

use super::catalog::registry::Registry;
use super::catalog::table_provider::LakeglassTable;
use super::commands::log_tables;
use super::error::from_datafusion;
use crate::error::{Error, Result};
use crate::scan::FooterCache;
use crate::storage::{Meter, StorageOptions};
use arrow::array::RecordBatch;
use call::{Call, Function};
use changes::ChangesTable;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::sql::sqlparser::ast::{ObjectName, Statement};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What calls are opened with.
pub struct Opening<'s> {
    /// The tables by name.
    pub registry: &'s Registry,
    /// The footers read so far.
    pub footers: &'s FooterCache,
    /// How hosts are spoken to that are named in the statement.
    pub storage: &'s StorageOptions,
    /// What it counts into.
    pub meter: &'s Meter,
    /// The fields of `_metadata` that only some tables have and that the statement names, where it asks for `_metadata` at all.
    pub metadata: Option<&'s [&'s str]>,
}

/// Takes the calls out of `statement` and reads what they stand for: tables by the names that are in the calls' places now.
pub async fn open(
    statement: &mut Statement,
    opening: &Opening<'_>,
) -> Result<BTreeMap<String, Arc<dyn TableProvider>>> {
    let calls = call::take(statement)?;
    let opened = calls.into_iter().map(async |(name, call)| {
        let table = opening.table(&call, &name).await?;
        Ok::<_, Error>((name, table))
    });
    Ok(futures::future::try_join_all(opened).await?.into_iter().collect())
}

impl Opening<'_> {
    async fn table(&self, call: &Call, name: &str) -> Result<Arc<dyn TableProvider>> {
        match call {
            Call::Table { table, function } => self.of_table(table, *function, name).await,
            Call::Location { url, format, version } => {
                let table = location::open(url, format.as_deref(), *version, self.storage, self.meter).await?;
                Ok(self.provider(LakeglassTable::new(name, table, self.footers)))
            }
            Call::Parquet(urls) => {
                let footers = FooterCache::default();
                let table = location::parquet(urls, self.storage, &footers, self.meter).await?;
                Ok(self.provider(LakeglassTable::new(name, table, &footers)))
            }
        }
    }

    fn provider(&self, table: LakeglassTable) -> Arc<dyn TableProvider> {
        Arc::new(self.metadata.and_then(|tracked| table.with_metadata(tracked)).unwrap_or(table))
    }

    async fn of_table(&self, table: &ObjectName, function: Function, name: &str) -> Result<Arc<dyn TableProvider>> {
        let table = self.registry.find(table)?.table().clone();
        // What is read here counts; what a scan reads is counted by the plan it is in.
        let metered = table.with_meter(self.meter);
        match function {
            Function::Changes { from, to } => {
                let (storage, changes) = Box::pin(metered.changes(from, to)).await?;
                // What a scan reads is counted by the plan it is in.
                let storage = if metered.keeps_changes_with_files() { table.storage() } else { &storage };
                Ok(Arc::new(ChangesTable::new(name, &table, storage, changes, self.footers)))
            }
            Function::History { limit } => memory(log_tables::history(&metered, limit).await?),
            Function::Versions => memory(log_tables::versions(&metered).await?),
            Function::Files => memory(log_tables::files(&metered).await?),
        }
    }
}

fn memory(batch: RecordBatch) -> Result<Arc<dyn TableProvider>> {
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(from_datafusion)?;
    Ok(Arc::new(table))
}
