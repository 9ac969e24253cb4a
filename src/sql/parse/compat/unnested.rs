//! `unnest` in FROM: with the names that DuckDB gives, with places, and `range` of columns.

use super::subqueries::alias;
use super::template::{put, query};
use crate::error::Result;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, TableFactor,
    UnaryOperator,
};

/// Rewrites `factor` where it unnests.
pub fn unnested(factor: &mut TableFactor) -> Result<()> {
    if let Some(series) = series(factor) {
        *factor = series;
    }
    let TableFactor::UNNEST { alias: named, array_exprs, with_offset: false, with_ordinality, .. } = factor else {
        return Ok(());
    };
    let [list] = array_exprs.as_slice() else { return Ok(()) };
    let (name, mut columns) = match named.take() {
        Some(named) => (named.name, named.columns.into_iter().map(|column| column.name.value).collect()),
        None => (Ident::new("unnest"), Vec::new()),
    };
    let defaults = [name.value.as_str(), "ordinality"];
    for default in defaults.iter().take(1 + usize::from(*with_ordinality)).skip(columns.len()) {
        columns.push(default.to_string());
    }
    let named = Some(alias(name, columns));
    *factor = match with_ordinality {
        false => TableFactor::UNNEST {
            alias: named,
            array_exprs: vec![list.clone()],
            with_offset: false,
            with_offset_alias: None,
            with_ordinality: false,
        },
        true => {
            let mut subquery = query("SELECT unnest($1), unnest(range(1, len($1) + 1))")?;
            put(subquery.as_mut(), std::slice::from_ref(list));
            TableFactor::Derived { lateral: true, subquery, alias: named, sample: None }
        }
    };
    Ok(())
}

/// `range(…)` of anything but literals as the unnested list of the same name.
fn series(factor: &TableFactor) -> Option<TableFactor> {
    let TableFactor::Table { name, alias: named, args: Some(args), .. } = factor else { return None };
    let function = name.to_string().to_lowercase();
    let is_literal = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => is_literal(expr),
        _ => true,
    };
    if !["range", "generate_series"].contains(&function.as_str()) || args.args.iter().all(is_literal) {
        return None;
    }
    let call = Function {
        name: name.clone(),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.args.clone(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    };
    let named = match named.clone() {
        Some(named) if named.columns.is_empty() => alias(named.name, vec![function]),
        Some(named) => named,
        None => alias(Ident::new(function.as_str()), vec![function]),
    };
    Some(TableFactor::UNNEST {
        alias: Some(named),
        array_exprs: vec![Expr::Function(call)],
        with_offset: false,
        with_offset_alias: None,
        with_ordinality: false,
    })
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString(_) | Expr::Interval(_) => true,
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } | Expr::Nested(expr) => is_literal(expr),
        Expr::Cast { expr, .. } => is_literal(expr),
        _ => false,
    }
}
