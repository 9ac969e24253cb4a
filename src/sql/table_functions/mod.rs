//! Functions in a FROM clause that read a table's log:
//!
//! - `table_changes('t', from [, to])`: the rows that the versions `from` to `to` changed, with `_change_type`,
//!   `_commit_version` and `_commit_timestamp`; `to` is the version that `t` is registered at where it is not told. Versions
//!   are numbers, or times as text.
//! - `table_history('t' [, limit])`: what the commits say of themselves, newest first.
//! - `table_versions('t')`: the oldest and the newest version that can be opened.
//! - `table_files('t')`: the files of the version that `t` is registered at.
//!
//! Reading a log waits for requests, which DataFusion's own table functions cannot. So the calls are taken out of a
//! statement before it is planned, what they stand for is read, and they are tables of that one statement.

mod call;
mod changes;
mod log;

use super::error::from_datafusion;
use super::names;
use super::registry::Registry;
use super::table_provider::LakeglassTable;
use crate::error::{Error, Result};
use crate::scan::FooterCache;
use crate::storage::Meter;
use arrow::array::RecordBatch;
use call::{Call, Function};
use changes::ChangesTable;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::sql::sqlparser::ast::{ObjectName, Statement};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Takes the calls out of `statement` and reads what they stand for: tables by the names that are in the calls' places now.
pub async fn open(
    statement: &mut Statement,
    registry: &Registry,
    footers: &FooterCache,
    meter: &Meter,
) -> Result<BTreeMap<String, Arc<dyn TableProvider>>> {
    let calls = call::take(statement)?;
    let opened = calls.into_iter().map(async |(name, call)| {
        let table = table(&call, &name, registry, footers, meter).await?;
        Ok::<_, Error>((name, table))
    });
    Ok(futures::future::try_join_all(opened).await?.into_iter().collect())
}

async fn table(
    call: &Call,
    name: &str,
    registry: &Registry,
    footers: &FooterCache,
    meter: &Meter,
) -> Result<Arc<dyn TableProvider>> {
    let table = find(&call.table, registry)?.table().with_meter(meter);
    match call.function {
        Function::Changes { from, to } => {
            Ok(Arc::new(ChangesTable::open(name, &table, registry_storage(registry, call)?, from, to, footers).await?))
        }
        Function::History { limit } => memory(log::history(&table, limit).await?),
        Function::Versions => memory(log::versions(&table).await?),
        Function::Files => memory(log::files(&table)?),
    }
}

/// The table's own storage: what a query's scans read is counted by the query's plan.
fn registry_storage(registry: &Registry, call: &Call) -> Result<crate::storage::Storage> {
    Ok(find(&call.table, registry)?.table().storage().clone())
}

fn find(name: &ObjectName, registry: &Registry) -> Result<Arc<LakeglassTable>> {
    let name = names::table_name(name, &registry.schemas())?;
    registry.get(&name).ok_or_else(|| Error::internal("a table vanished"))
}

fn memory(batch: RecordBatch) -> Result<Arc<dyn TableProvider>> {
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(from_datafusion)?;
    Ok(Arc::new(table))
}
