//! Subqueries in forms that the planner does not know: of several columns, and as a list.

use super::template::{TABLE, over, put};
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArguments, Ident, OrderByExpr, OrderByKind, Query, SelectItem, SetExpr, TableAlias,
    TableAliasColumnDef, TableFactor, Value,
};

/// The name of the relation that a subquery is put into.
const ROWS: &str = "lakeglass.rows";

/// Rewrites `(a, b) IN (SELECT …)` and `ARRAY(SELECT …)`; whether `expr` was one.
pub fn subqueries(expr: &mut Expr) -> Result<bool> {
    let rewritten = match expr {
        Expr::InSubquery { expr: values, subquery, negated } => match values.as_ref() {
            Expr::Tuple(values) if values.len() > 1 => {
                let found = is_in(values, subquery)?;
                if *negated { negation(found) } else { found }
            }
            _ => return Ok(false),
        },
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("array") => {
            let FunctionArguments::Subquery(query) = &function.args else { return Ok(false) };
            list(query)?
        }
        _ => return Ok(false),
    };
    *expr = rewritten;
    Ok(true)
}

fn negation(expr: Expr) -> Expr {
    use datafusion::sql::sqlparser::ast::UnaryOperator;
    Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(expr))) }
}

/// True where a row of the subquery is equal, unknown where one may be, else false.
fn is_in(values: &[Expr], subquery: &Query) -> Result<Expr> {
    let columns: Vec<String> = (1..=values.len()).map(|at| format!("lakeglass.column{at}")).collect();
    let pairs: Vec<String> =
        columns.iter().enumerate().map(|(at, column)| format!("${} = \"{column}\"", at + 1)).collect();
    let equal = pairs.join(" AND ");
    let text = format!(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE {equal}) THEN true \
         WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE ({equal}) IS NULL) THEN CAST(NULL AS boolean) ELSE false END"
    );
    filled(&text, subquery.clone(), columns, values)
}

/// The list of a subquery's values in its order: empty where there are none.
fn list(query: &Query) -> Result<Expr> {
    let mut query = query.clone();
    let mut columns = vec!["lakeglass.column1".to_string()];
    let mut order = Vec::new();
    let keys = match query.order_by.as_ref().map(|order_by| &order_by.kind) {
        Some(OrderByKind::Expressions(keys)) => keys.clone(),
        Some(OrderByKind::All(_)) => return Err(Error::unsupported("ARRAY(… ORDER BY ALL)", "name the column")),
        None => Vec::new(),
    };
    for key in keys {
        let column = match (&key.expr, query.body.as_mut()) {
            (Expr::Value(value), _) if matches!(&value.value, Value::Number(place, _) if place == "1") => {
                "lakeglass.column1".to_string()
            }
            (_, SetExpr::Select(select)) if select.distinct.is_none() => {
                let column = format!("lakeglass.column{}", columns.len() + 1);
                let alias = Ident::with_quote('"', column.as_str());
                select.projection.push(SelectItem::ExprWithAlias { expr: key.expr.clone(), alias });
                columns.push(column.clone());
                column
            }
            // It can only be about the one column that there is.
            (Expr::Identifier(_), _) => "lakeglass.column1".to_string(),
            _ => return Err(Error::unsupported("ARRAY(… ORDER BY an expression)", "order by the column, or by 1")),
        };
        let name = Expr::Identifier(Ident::with_quote('"', column));
        order.push(OrderByExpr { expr: name, ..key }.to_string());
    }
    let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
    let text = format!("SELECT (SELECT coalesce(array_agg(\"lakeglass.column1\"{order}), make_array()) FROM {TABLE})");
    filled(&text, query, columns, &[])
}

/// The expression that `text` selects, over the rows of a subquery.
fn filled(text: &str, subquery: Query, columns: Vec<String>, values: &[Expr]) -> Result<Expr> {
    let rows = TableFactor::Derived {
        lateral: false,
        subquery: Box::new(subquery),
        alias: Some(alias(Ident::with_quote('"', ROWS), columns)),
        sample: None,
    };
    let mut query = over(text, &rows)?;
    let SetExpr::Select(select) = query.body.as_mut() else { return Err(invalid("a subquery of this form")) };
    let Some(SelectItem::UnnamedExpr(mut expr)) = select.projection.pop() else {
        return Err(invalid("a subquery of this form"));
    };
    put(&mut expr, values);
    Ok(expr)
}

/// An alias with names for columns.
pub(crate) fn alias(name: Ident, columns: Vec<String>) -> TableAlias {
    let column = |name: String| TableAliasColumnDef { name: Ident::with_quote('"', name), data_type: None };
    TableAlias { explicit: true, name, columns: columns.into_iter().map(column).collect(), at: None }
}
