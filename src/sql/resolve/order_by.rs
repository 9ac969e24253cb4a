//! `ORDER BY` a column that is not selected, beside an `unnest` in the select list: the planner finds it no more.

use crate::error::{Error, Result};
use crate::sql::parse::compat;
use crate::sql::parse::visitor::walk;
use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Expr, GroupByExpr, Ident, ObjectName, OrderByKind, Query, SelectItem, SetExpr, TableFactor,
    VisitorMut,
};
use std::ops::ControlFlow;

/// Selects the keys too, in a query of its own, and leaves them out again.
pub(crate) fn beside_unnest(query: &mut Query) -> Result<()> {
    let (Some(order_by), SetExpr::Select(select)) = (&mut query.order_by, query.body.as_mut()) else { return Ok(()) };
    let OrderByKind::Expressions(keys) = &mut order_by.kind else { return Ok(()) };
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    if grouped || select.distinct.is_some() || !select.projection.iter().any(unnests) {
        return Ok(());
    }
    let mut hidden = Vec::new();
    for key in keys.iter_mut() {
        if selected(&key.expr, &select.projection) {
            continue;
        }
        let name = Ident::with_quote('"', format!("lakeglass.order {}", hidden.len() + 1));
        let expr = std::mem::replace(&mut key.expr, Expr::Identifier(name.clone()));
        select.projection.push(SelectItem::ExprWithAlias { expr, alias: name.clone() });
        hidden.push(ObjectName::from(vec![name]));
    }
    if hidden.is_empty() {
        return Ok(());
    }
    let mut outer = *compat::over(&format!("SELECT * FROM {}", compat::TABLE), &subquery(select.clone()))?;
    if let SetExpr::Select(select) = outer.body.as_mut()
        && let [SelectItem::Wildcard(options)] = select.projection.as_mut_slice()
    {
        options.opt_exclude = Some(ExcludeSelectItem::Multiple(hidden));
    }
    query.body = outer.body;
    Ok(())
}

fn subquery(select: Box<datafusion::sql::sqlparser::ast::Select>) -> TableFactor {
    TableFactor::Derived {
        lateral: false,
        subquery: Box::new(Query {
            with: None,
            body: Box::new(SetExpr::Select(select)),
            order_by: None,
            limit_clause: None,
            fetch: None,
            locks: Vec::new(),
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators: Vec::new(),
        }),
        alias: None,
        sample: None,
    }
}

/// Whether a key is a place, or a name that the select list gives.
fn selected(key: &Expr, projection: &[SelectItem]) -> bool {
    let Expr::Identifier(name) = key else { return matches!(key, Expr::Value(_)) || same(key, projection) };
    projection.iter().any(|item| match item {
        SelectItem::UnnamedExpr(Expr::Identifier(column)) => column.value.eq_ignore_ascii_case(&name.value),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => {
            names.last().is_some_and(|column| column.value.eq_ignore_ascii_case(&name.value))
        }
        SelectItem::ExprWithAlias { alias, .. } => alias.value.eq_ignore_ascii_case(&name.value),
        SelectItem::UnnamedExpr(_) => false,
        // A wildcard, which may have it.
        _ => true,
    })
}

fn same(key: &Expr, projection: &[SelectItem]) -> bool {
    projection.iter().any(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => expr == key,
        _ => false,
    })
}

/// Whether an item calls `unnest`.
fn unnests(item: &SelectItem) -> bool {
    struct Unnests(usize, bool);
    impl VisitorMut for Unnests {
        type Break = Error;
        fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
            self.0 += 1;
            ControlFlow::Continue(())
        }
        fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
            self.0 -= 1;
            ControlFlow::Continue(())
        }
        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
            if let Expr::Function(call) = expr
                && self.0 == 0
                && ["unnest", "explode"].iter().any(|name| call.name.to_string().eq_ignore_ascii_case(name))
            {
                self.1 = true;
            }
            ControlFlow::Continue(())
        }
    }
    let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { return false };
    let mut visitor = Unnests(0, false);
    let _ = walk(&mut expr.clone(), &mut visitor); // it never breaks
    visitor.1
}
