//! Tables at other versions, inside a statement:
//!
//! | written | where from |
//! |---|---|
//! | `t VERSION AS OF 3`, `t TIMESTAMP AS OF '2025-09-30'` | Spark, Databricks |
//! | `t FOR VERSION AS OF 3`, `t FOR TIMESTAMP AS OF …`, `t FOR SYSTEM_TIME AS OF …` | Trino, Spark, BigQuery |
//! | `t AT (VERSION => 3)`, `t AT (TIMESTAMP => …)` | DuckDB, Snowflake |
//! | `t@v3`, `t@20250930120000000` | Databricks |
//!
//! The parser knows some of them, the planner none. So each is replaced by a name of its own before planning, and the table
//! at that version is a table of that one statement.

mod moment;
mod rewrite;

use super::catalog::registry::Registry;
use super::catalog::table_provider::LakeglassTable;
use crate::error::{Error, Result};
use crate::scan::FooterCache;
use crate::snapshot::Version;
use crate::storage::Meter;
use datafusion::execution::context::SessionState;
use datafusion::sql::sqlparser::ast::Statement;
use futures::future::try_join_all;
use rewrite::{Target, Travel};
use std::collections::BTreeMap;

/// Takes the versions out of `statement` and opens them: tables by the names that are in their places now. `state` computes
/// times that are expressions.
pub async fn open(
    statement: &mut Statement,
    registry: &Registry,
    footers: &FooterCache,
    state: &SessionState,
    meter: &Meter,
) -> Result<BTreeMap<String, LakeglassTable>> {
    let travels = rewrite::take(statement, |name| registry.get(name).is_some())?;
    let opened = travels.into_iter().map(|(name, travel)| async move {
        let table = open_one(travel, &name, registry, footers, state, meter).await?;
        Ok::<_, Error>((name, table))
    });
    Ok(try_join_all(opened).await?.into_iter().collect())
}

async fn open_one(
    travel: Travel,
    name: &str,
    registry: &Registry,
    footers: &FooterCache,
    state: &SessionState,
    meter: &Meter,
) -> Result<LakeglassTable> {
    let registered = registry.find(&travel.table)?;
    let version = match travel.to {
        Target::Version(version) => version,
        Target::Moment(expr) => Version::Timestamp(moment::compute(&expr, state).await?),
    };
    let table = registered.at(version, meter).await?;
    Ok(LakeglassTable::new(name, table, footers))
}
