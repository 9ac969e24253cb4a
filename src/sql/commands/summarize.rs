//! `SUMMARIZE t` and `SUMMARIZE SELECT …`: a row for each column, as DuckDB has it. A column is read for its own row alone, and
//! what the log answers exactly is not read.

use super::show::sql_type;
use crate::error::Result;
use crate::sql::error::from_arrow;
use crate::sql::exec::run::start;
use crate::sql::parse::compat;
use crate::sql::session::{QueryResult, Session, answer};
use crate::storage::Meter;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::sql::sqlparser::ast::{SetExpr, Statement, TableFactor};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};
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

/// `SUMMARIZE …` as `SELECT * FROM …`, or from a query in parentheses; whether it was one.
pub(in crate::sql) fn as_select(tokens: Vec<TokenWithSpan>) -> (Vec<TokenWithSpan>, bool) {
    let is = |token: &Token, words: &[&str]| matches!(token, Token::Word(Word { value, quote_style: None, .. }) if words.iter().any(|word| value.eq_ignore_ascii_case(word)));
    let mut rest = tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).peekable();
    let Some(first) = rest.next() else { return (Vec::new(), false) };
    if !is(&first.token, &["SUMMARIZE"]) {
        return (std::iter::once(first).chain(rest).collect(), false);
    }
    let at = |token: Token| TokenWithSpan { token, span: first.span };
    let query = rest.peek().is_some_and(|next| is(&next.token, &["SELECT", "WITH", "FROM", "VALUES"]));
    let mut out = vec![at(Token::make_keyword("SELECT")), at(Token::Mul), at(Token::make_keyword("FROM"))];
    out.extend(query.then(|| at(Token::LParen)));
    let (mut body, mut ends) = (Vec::new(), Vec::new());
    for token in rest {
        if ends.is_empty() && token.token != Token::SemiColon {
            body.push(token);
        } else {
            ends.push(token);
        }
    }
    out.extend(body);
    out.extend(query.then(|| at(Token::RParen)));
    out.extend(ends);
    (out, true)
}

/// What a statement that [`as_select`] has made summarizes.
pub(in crate::sql) fn source(statement: Statement) -> Result<TableFactor> {
    let usage = || crate::sql::error::invalid("SUMMARIZE: write SUMMARIZE t or SUMMARIZE SELECT …");
    let Statement::Query(query) = statement else { return Err(usage()) };
    let plain = query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none();
    match *query.body {
        SetExpr::Select(select) if plain && select.selection.is_none() => match <[_; 1]>::try_from(select.from) {
            Ok([item]) if item.joins.is_empty() => Ok(item.relation),
            _ => Err(usage()),
        },
        _ => Err(usage()),
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
