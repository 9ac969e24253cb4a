//! `PIVOT` as an aggregation with filters, `UNPIVOT` as a union.

use super::template::{TABLE, expression, put, put_table, query};
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use crate::sql::parse::visitor::look;
use datafusion::sql::sqlparser::ast::{
    Expr, ExprWithAlias, Function, FunctionArguments, Ident, NullInclusion, PivotValueSource, Query, TableFactor,
    Value, Visitor,
};
use std::ops::ControlFlow;

/// One row for each combination of the columns that are neither aggregated nor pivoted by; a column for each value and
/// aggregate.
pub(crate) fn pivot(
    table: &TableFactor,
    aggregates: &[ExprWithAlias],
    by: &[Expr],
    values: &PivotValueSource,
    default: Option<&Expr>,
    columns: &[String],
) -> Result<Box<Query>> {
    let PivotValueSource::List(values) = values else {
        return Err(Error::unsupported("PIVOT without its values", "list them: PIVOT (sum(x) FOR c IN ('a', 'b'))"));
    };
    if default.is_some() {
        return Err(Error::unsupported("PIVOT … DEFAULT ON NULL", "write coalesce(column, value) over it"));
    }
    let mut used = Vec::new();
    for expr in by.iter().chain(aggregates.iter().map(|aggregate| &aggregate.expr)) {
        names(expr, &mut used);
    }
    let is_used = |column: &&String| !used.iter().any(|name| name.eq_ignore_ascii_case(column));
    let mut items: Vec<String> = columns.iter().filter(is_used).map(|column| quoted(column)).collect();
    let groups = items.join(", ");
    // Values, aggregates and the table are put in as they are, not written into the text: they may hold parameters' values.
    let mut places = Vec::new();
    for value in values {
        let condition = condition(by, &value.expr)?;
        for aggregate in aggregates {
            let Expr::Function(function) = &aggregate.expr else {
                return Err(invalid(format!("PIVOT: {} is no aggregate", aggregate.expr)));
            };
            if function.filter.is_some()
                || function.over.is_some()
                || !matches!(function.args, FunctionArguments::List(_))
            {
                return Err(Error::unsupported(
                    "PIVOT of an aggregate with FILTER or OVER",
                    "write a plain aggregate, such as sum(x)",
                ));
            }
            let name = match (aggregates, &aggregate.alias) {
                ([_], None) => label(value),
                (_, Some(alias)) => format!("{}_{}", label(value), alias.value),
                (_, None) => format!("{}_{}", label(value), aggregate.expr),
            };
            let function = Function { filter: Some(Box::new(condition.clone())), ..function.clone() };
            places.push(Expr::Function(function));
            items.push(format!("${} AS {}", places.len(), quoted(&name)));
        }
    }
    let grouping = if groups.is_empty() { String::new() } else { format!(" GROUP BY {groups}") };
    let mut query = query(&format!("SELECT {} FROM {TABLE}{grouping}", items.join(", ")))?;
    put(query.as_mut(), &places);
    put_table(query.as_mut(), table);
    Ok(query)
}

fn condition(by: &[Expr], value: &Expr) -> Result<Expr> {
    let values = match (by, value) {
        ([_], value) => std::slice::from_ref(value),
        (columns, Expr::Tuple(values)) if columns.len() == values.len() => values.as_slice(),
        (_, value) => return Err(invalid(format!("PIVOT: {value} is not a value for each of the columns"))),
    };
    let mut all: Option<Expr> = None;
    for (column, value) in by.iter().zip(values) {
        let equal = expression("($1 = $2)", &[column.clone(), value.clone()])?;
        all = Some(match all {
            Some(before) => expression("($1 AND $2)", &[before, equal])?,
            None => equal,
        });
    }
    all.ok_or_else(|| invalid("PIVOT: no column to pivot by"))
}

/// What the columns of a value are called.
fn label(value: &ExprWithAlias) -> String {
    if let Some(alias) = &value.alias {
        return alias.value.clone();
    }
    let text = |expr: &Expr| match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        other => other.to_string(),
    };
    match &value.expr {
        Expr::Tuple(values) => values.iter().map(text).collect::<Vec<_>>().join("_"),
        expr => text(expr),
    }
}

/// A row for each of `taken` of every row: its name and its value. Nulls are left out unless they are asked for.
pub(crate) fn unpivot(
    table: &TableFactor,
    value: &Expr,
    name: &Ident,
    taken: &[ExprWithAlias],
    nulls: Option<&NullInclusion>,
    columns: &[String],
) -> Result<Box<Query>> {
    let mut used = Vec::new();
    let mut parts = Vec::new();
    let Expr::Identifier(value) = value else {
        return Err(Error::unsupported(
            "UNPIVOT into several columns",
            "unpivot into one: UNPIVOT (v FOR n IN (a, b))",
        ));
    };
    for column in taken {
        let Expr::Identifier(ident) = &column.expr else {
            return Err(Error::unsupported(
                "UNPIVOT of several columns at once",
                "list columns: UNPIVOT (v FOR n IN (a, b))",
            ));
        };
        let Some(spelling) = columns.iter().find(|column| {
            **column == ident.value || (ident.quote_style.is_none() && column.eq_ignore_ascii_case(&ident.value))
        }) else {
            return Err(invalid(format!("UNPIVOT: no column {ident}: the columns are {}", columns.join(", "))));
        };
        used.push(spelling);
        let label = column.alias.as_ref().map_or(spelling, |alias| &alias.value);
        parts.push((spelling, label));
    }
    let kept: Vec<String> =
        columns.iter().filter(|column| !used.contains(column)).map(|column| quoted(column)).collect();
    let keep_nulls = matches!(nulls, Some(NullInclusion::IncludeNulls));
    let one = |(column, label): &(&String, &String)| {
        let mut items = kept.clone();
        items.push(format!("'{}' AS {}", label.replace('\'', "''"), quoted(&name.value)));
        items.push(format!("{} AS {}", quoted(column), quoted(&value.value)));
        let condition = if keep_nulls { String::new() } else { format!(" WHERE {} IS NOT NULL", quoted(column)) };
        format!("SELECT {} FROM {TABLE}{condition}", items.join(", "))
    };
    let all: Vec<String> = parts.iter().map(one).collect();
    let mut query = query(&all.join(" UNION ALL "))?;
    put_table(query.as_mut(), table);
    Ok(query)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The last part of every name in an expression.
fn names(expr: &Expr, found: &mut Vec<String>) {
    struct Names<'f>(&'f mut Vec<String>);
    impl Visitor for Names<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let last = match expr {
                Expr::Identifier(name) => Some(name),
                Expr::CompoundIdentifier(names) => names.last(),
                _ => None,
            };
            self.0.extend(last.map(|name| name.value.clone()));
            ControlFlow::Continue(())
        }
    }
    look(expr, &mut Names(found));
}
