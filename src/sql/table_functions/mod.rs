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

use super::error::from_datafusion;
use super::log_tables;
use super::registry::Registry;
use crate::delta::change_feed;
use crate::error::{Error, Result};
use crate::scan::FooterCache;
use crate::storage::Meter;
use arrow::array::RecordBatch;
use call::{Call, Function};
use changes::ChangesTable;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::sql::sqlparser::ast::Statement;
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
    let table = registry.find(&call.table)?.table().clone();
    // What is read here counts; what a scan reads is counted by the plan it is in.
    let metered = table.with_meter(meter);
    match call.function {
        Function::Changes { from, to } => {
            if !table.has_log() {
                let reason =
                    format!("{} is shared without its log: it does not say what its versions changed", call.table);
                return Err(Error::unsupported("table_changes", reason));
            }
            let changes = change_feed::changes(metered.storage(), table.snapshot(), from, to).await?;
            Ok(Arc::new(ChangesTable::new(name, table.storage(), changes, footers)))
        }
        Function::History { limit } => memory(log_tables::history(&metered, limit).await?),
        Function::Versions => memory(log_tables::versions(&metered).await?),
        Function::Files => memory(log_tables::files(&metered).await?),
    }
}

fn memory(batch: RecordBatch) -> Result<Arc<dyn TableProvider>> {
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(from_datafusion)?;
    Ok(Arc::new(table))
}
