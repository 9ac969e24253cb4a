//! SQL text with places in it, as a part of a syntax tree.

use crate::error::{Error, Result};
use crate::sql::error::invalid;
use crate::sql::parse::dialect::LakeglassDialect;
use crate::sql::parse::visitor::walk;
use datafusion::sql::sqlparser::ast::{Expr, Query, TableFactor, Value, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::parser::Parser;
use std::ops::ControlFlow;

/// The expression that `template` stands for, with `arguments` in the places `$1`, `$2` and so on.
pub(crate) fn expression(template: &str, arguments: &[Expr]) -> Result<Expr> {
    let parsed = Parser::new(&LakeglassDialect).try_with_sql(template).and_then(|mut parser| parser.parse_expr());
    let mut expr = parsed.map_err(|error| Error::internal(format!("{template}: {error}")))?;
    put(&mut expr, arguments);
    Ok(expr)
}

/// Puts `arguments` in the places `$1`, `$2` and so on of a tree.
pub(crate) fn put<T: VisitMut>(tree: &mut T, arguments: &[Expr]) {
    let _ = walk(tree, &mut Places(arguments)); // it never breaks
}

/// A query as text: names and literals in it are quoted already.
pub(crate) fn query(text: &str) -> Result<Box<Query>> {
    let parsed = Parser::new(&LakeglassDialect).try_with_sql(text).and_then(|mut parser| parser.parse_query());
    parsed.map_err(|error| invalid(error.to_string()))
}

/// The name of the table in a query's text that is replaced.
pub const TABLE: &str = "\"lakeglass.table\"";

/// A query as text, over `table` where the text has [`TABLE`].
pub fn over(text: &str, table: &TableFactor) -> Result<Box<Query>> {
    let mut query = query(text)?;
    put_table(query.as_mut(), table);
    Ok(query)
}

/// Puts `table` where a query's text has [`TABLE`].
pub(crate) fn put_table(query: &mut Query, table: &TableFactor) {
    let _ = walk(query, &mut Tables(table)); // it never breaks
}

struct Tables<'a>(&'a TableFactor);

impl VisitorMut for Tables<'_> {
    type Break = Error;

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        if let TableFactor::Table { name, .. } = factor
            && name.to_string() == TABLE
        {
            *factor = self.0.clone();
        }
        ControlFlow::Continue(())
    }
}

struct Places<'a>(&'a [Expr]);

impl VisitorMut for Places<'_> {
    type Break = Error;

    // Behind its parts: what is put in has no places of this template.
    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let Expr::Value(value) = expr else { return ControlFlow::Continue(()) };
        let Value::Placeholder(name) = &value.value else { return ControlFlow::Continue(()) };
        let place = name.strip_prefix('$').and_then(|place| place.parse::<usize>().ok());
        if let Some(argument) = place.and_then(|place| self.0.get(place.checked_sub(1)?)) {
            *expr = match argument {
                Expr::BinaryOp { .. } | Expr::UnaryOp { .. } | Expr::Between { .. } | Expr::InList { .. } => {
                    Expr::Nested(Box::new(argument.clone()))
                }
                argument => argument.clone(),
            };
        }
        ControlFlow::Continue(())
    }
}
