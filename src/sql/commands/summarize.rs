//! `SUMMARIZE t` and `SUMMARIZE SELECT …`: a row for each column, as DuckDB has it. A column is read for its own row alone, and
//! what the log answers exactly is not read.

use crate::error::Result;
use crate::sql::error::from_arrow;
use crate::sql::exec::run::start;
use crate::sql::parse::compat;
use crate::sql::result::{QueryResult, answer};
use crate::sql::session::Session;
use crate::sql::type_names::sql_type;
use crate::storage::Meter;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::sql::sqlparser::ast::{Statement, TableFactor};
use futures::TryStreamExt;
use std::sync::Arc;

/// Columns of one query: more would be too many set operations.
const TOGETHER: usize = 16;

impl Session {
    pub(in crate::sql) async fn summarize(&self, source: &TableFactor) -> Result<QueryResult> {
        let meter = Meter::of_query();
        let described = Statement::Query(compat::over(&format!("SELECT * FROM {}", compat::TABLE), source)?);
        let (_, plan) = self.plan_into(described, &meter).await?;
        let mut batches = Vec::new();
        for fields in plan.schema().fields().chunks(TOGETHER) {
            let columns = fields.iter().map(|field| format!("SELECT {} FROM {}", column(field), compat::TABLE));
            let text = columns.collect::<Vec<_>>().join(" UNION ALL ");
            let (state, plan) = self.plan_into(Statement::Query(compat::over(&text, source)?), &meter).await?;
            batches.extend(start(state, plan)?.batches.try_collect::<Vec<_>>().await?);
        }
        let first = batches.first().map_or_else(|| Arc::new(Schema::empty()) as SchemaRef, |batch| batch.schema());
        let all = concat_batches(&first, &batches).map_err(from_arrow)?;
        let plain = crate::sql::output::plain_schema(&first);
        let all = crate::sql::output::plain_batch(&all, &plain)?;
        Ok(QueryResult { meter, ..answer(all) })
    }
}

/// The summary of one column, as the select list of an aggregation.
fn column(field: &Field) -> String {
    let name = format!("\"{}\"", field.name().replace('"', "\"\""));
    let data_type = field.data_type();
    let numeric = data_type.is_numeric();
    let ordered = !data_type.is_nested() && *data_type != DataType::Null;
    let when = |condition: bool, expression: String| match condition {
        true => format!("CAST({expression} AS VARCHAR)"),
        false => "CAST(NULL AS VARCHAR)".into(),
    };
    let quantile = |share: &str| format!("quantile_cont(CAST({name} AS DOUBLE), {share})");
    let distinct = match ordered {
        true if data_type.is_integer() || data_type.is_string() => format!("approx_distinct({name})"),
        // Of other types it is not there.
        true => format!("approx_distinct(CAST({name} AS VARCHAR))"),
        false => "CAST(NULL AS BIGINT UNSIGNED)".into(),
    };
    let items = [
        ("column_name", format!("'{}'", field.name().replace('\'', "''"))),
        ("column_type", format!("'{}'", sql_type(data_type).replace('\'', "''"))),
        ("min", when(ordered, format!("min({name})"))),
        ("max", when(ordered, format!("max({name})"))),
        ("approx_unique", distinct),
        ("avg", when(numeric, format!("avg(CAST({name} AS DOUBLE))"))),
        ("std", when(numeric, format!("stddev(CAST({name} AS DOUBLE))"))),
        ("q25", when(numeric, quantile("0.25"))),
        ("q50", when(numeric, quantile("0.5"))),
        ("q75", when(numeric, quantile("0.75"))),
        ("count", "count(*)".into()),
        (
            "null_percentage",
            format!("CASE WHEN count(*) > 0 THEN round(100.0 * (count(*) - count({name})) / count(*), 2) END"),
        ),
    ];
    items.map(|(alias, expression)| format!("{expression} AS \"{alias}\"")).join(", ")
}
