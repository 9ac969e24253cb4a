//! Aggregates, windows and keys that differ in a cast alone: `sum(x), sum(x::DOUBLE)`.
//!
//! DataFusion names them without their casts, and refuses two columns of one name
//! ([apache/datafusion#18975](https://github.com/apache/datafusion/issues/18975)). In such a SELECT each cast is given to a function that
//! returns it as it is: the function's name and its type tell them apart, and the optimiser takes it away again.

use crate::error::{Error, Result};
use crate::sql::functions::NAMED_CAST;
use crate::sql::parse::visitor::{look, walk};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, GroupByExpr, Ident,
    ObjectName, OrderByKind, Query, Select, SelectItem, SetExpr, UnaryOperator, Value, VisitMut, Visitor, VisitorMut,
};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Gives casts in a query's SELECTs names of their own, where two expressions of one have the same name without.
pub fn tell_apart(query: &mut Query) -> Result<()> {
    if !body_apart(&mut query.body)? {
        return Ok(());
    }
    match query.order_by.as_mut().map(|order_by| &mut order_by.kind) {
        Some(OrderByKind::Expressions(keys)) => wrap(keys),
        _ => Ok(()),
    }
}

/// Whether what ORDER BY refers to has them.
fn body_apart(body: &mut SetExpr) -> Result<bool> {
    match body {
        SetExpr::Select(select) => select_apart(select),
        SetExpr::SetOperation { left, right, .. } => {
            body_apart(left)?;
            body_apart(right)?;
            Ok(false)
        }
        _ => Ok(false),
    }
}

/// The same for the clauses of a SELECT; whether it was needed.
fn select_apart(select: &mut Select) -> Result<bool> {
    let mut named = Named::default();
    let found = look(&select.projection, &mut named)
        || look(&select.having, &mut named)
        || look(&select.qualify, &mut named)
        || named.keys(select);
    if !found {
        return Ok(false);
    }
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            wrap(expr)?;
        }
    }
    wrap(&mut select.group_by)?;
    wrap(&mut select.having)?;
    wrap(&mut select.qualify)?;
    Ok(true)
}

/// Functions and keys by their names without casts.
#[derive(Default)]
struct Named {
    seen: HashMap<String, String>,
    subqueries: usize,
}

impl Named {
    /// Notes an expression; whether another one has its name.
    fn note(&mut self, expr: &Expr) -> bool {
        let full = expr.to_string();
        let mut bare = expr.clone();
        let _ = walk(&mut bare, &mut Strip);
        // The planner's name of `count(*)` is that of `count(1)`, and ALL is in no name.
        let bare = bare.to_string().to_lowercase().replace("(all ", "(").replace("count(*)", "count(1)");
        *self.seen.entry(bare).or_insert_with(|| full.clone()) != full
    }

    fn keys(&mut self, select: &Select) -> bool {
        match &select.group_by {
            GroupByExpr::Expressions(keys, _) => keys.iter().any(|key| self.note(key)),
            GroupByExpr::All(_) => false,
        }
    }
}

impl Visitor for Named {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.subqueries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(_) if self.subqueries == 0 && self.note(expr) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Takes casts, brackets and plus signs away.
struct Strip;

impl VisitorMut for Strip {
    type Break = Error;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if let Expr::Cast { expr: inner, .. }
        | Expr::Nested(inner)
        | Expr::UnaryOp { op: UnaryOperator::Plus, expr: inner } = expr
        {
            *expr = (**inner).clone();
        }
        ControlFlow::Continue(())
    }
}

fn wrap<T: VisitMut>(tree: &mut T) -> Result<()> {
    walk(tree, &mut Wrap { subqueries: 0 })
}

/// Gives casts to the function.
struct Wrap {
    subqueries: usize,
}

impl VisitorMut for Wrap {
    type Break = Error;

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.subqueries -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if let (Expr::Cast { data_type, .. }, 0) = (&*expr, self.subqueries) {
            let kind = Value::SingleQuotedString(data_type.to_string()).with_empty_span();
            *expr = named(expr.clone(), Expr::Value(kind));
        }
        ControlFlow::Continue(())
    }
}

fn named(cast: Expr, kind: Expr) -> Expr {
    let argument = |expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(NAMED_CAST)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![argument(cast), argument(kind)],
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
