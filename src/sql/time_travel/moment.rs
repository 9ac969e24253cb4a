//! A time that is an expression, computed.

use crate::error::{Error, Result};
use crate::sql::error::{from_datafusion, invalid};
use crate::sql::parse::params::Params;
use crate::sql::parse::statement;
use crate::sql::parse::statement::Request;
use crate::sql::resolve;
use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMillisecondType};
use datafusion::execution::context::SessionState;
use datafusion::physical_plan::collect;
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::sqlparser::ast::{Expr, SelectItem, SetExpr, Statement};
use std::collections::BTreeMap;

/// The time that `expr` gives, which refers to no table, in milliseconds since the Unix epoch.
pub(super) async fn compute(expr: &Expr, state: &SessionState) -> Result<i64> {
    let Request::Query(mut query) = statement::parse("SELECT 1", &Params::None)? else {
        return Err(Error::internal("a SELECT is a query"));
    };
    // Put in, and not written into the text: it may hold a parameter's value.
    if let Statement::Query(query) = query.as_mut()
        && let SetExpr::Select(select) = query.body.as_mut()
    {
        select.projection = vec![SelectItem::UnnamedExpr(expr.clone())];
    }
    resolve::resolve(&mut query, &BTreeMap::new())?;
    let logical = state.statement_to_plan(PlannerStatement::Statement(query)).await.map_err(from_datafusion)?;
    let plan = state.create_physical_plan(&logical).await.map_err(from_datafusion)?;
    let batches = collect(plan, state.task_ctx()).await.map_err(from_datafusion)?;
    let no_time = || invalid(format!("TIMESTAMP AS OF {expr}: that is no time"));
    let value = batches.first().and_then(|batch| batch.columns().first()).ok_or_else(no_time)?;
    let times = cast(value, &DataType::Timestamp(TimeUnit::Millisecond, None)).map_err(|_| no_time())?;
    let times = times.as_primitive_opt::<TimestampMillisecondType>().ok_or_else(no_time)?;
    if times.is_empty() || times.is_null(0) { Err(no_time()) } else { Ok(times.value(0)) }
}
