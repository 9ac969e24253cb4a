//! Subqueries that are values.

use super::domain::Outer;
use super::pulled::{Key, Pending, Pulled};
use super::single_row::single_row;
use super::{Rewriter, unsupported};
use datafusion::common::{Column, JoinType};
use datafusion::error::Result;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Cast, Expr, FetchType, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, lit, when,
};
use std::sync::Arc;

impl Rewriter {
    /// The value of a subquery for each row of `input`.
    pub fn scalar(&mut self, subquery: Subquery, input: &mut LogicalPlan) -> Result<Expr> {
        let plan = self.plan(Arc::unwrap_or_clone(subquery.subquery))?;
        if refers_to_nothing(&plan)? {
            let is_never_null = plan.schema().fields().iter().all(|field| !field.is_nullable());
            // Without a row it is NULL whatever its column says.
            return Ok(match is_never_null && !is_one_row(&plan) {
                true => single_row().call(vec![uncorrelated(plan), lit(1i64)]),
                false => uncorrelated(plan),
            });
        }
        let before = input.clone();
        let outer = Outer { plan: &before };
        if let Some(value) = inlined(&plan) {
            return outer.resolved(value);
        }
        let Some(column) = plan.schema().columns().into_iter().next() else {
            return Err(unsupported("a subquery without columns"));
        };
        let is_single = is_single_row(&plan)?;
        let pulled = self.pull(outer, plan)?;
        let missing = pulled.missing.clone();
        let (pulled, value, rows) = match is_single {
            true => (pulled, Expr::Column(column.clone()), None),
            false => {
                let pulled = self.complete(outer, pulled)?;
                let (pulled, value, rows) = self.counted(outer, pulled, &column)?;
                (pulled, Expr::Column(value), Some(Expr::Column(rows)))
            }
        };
        let instead = missing.filter(|_| is_single).and_then(|missing| {
            let mut values = missing.into_iter();
            values.find(|(name, _)| *name == column).map(|(_, value)| value)
        });
        let instead = instead.filter(|value| !is_null(value));
        let marker = instead.as_ref().map(|_| lit(true));
        let wanted = [Some(value), rows, marker].into_iter().flatten().collect();
        let side = self.side(outer, Pulled { missing: None, ..pulled }, wanted)?;
        *input =
            LogicalPlanBuilder::from(before.clone()).join_on(side.plan, JoinType::Left, [side.condition])?.build()?;
        let column = |at: usize| side.columns.get(at).cloned().map(Expr::Column);
        match (column(0), column(1), instead) {
            (Some(value), Some(there), Some(instead)) => when(there.is_null(), instead).otherwise(value),
            (Some(value), Some(rows), None) => Ok(single_row().call(vec![value, rows])),
            (Some(value), None, _) => Ok(value),
            _ => Err(unsupported("a subquery of this form")),
        }
    }

    /// One row for each key: its value, and how many there were.
    fn counted(&mut self, outer: Outer<'_>, pulled: Pulled, column: &Column) -> Result<(Pulled, Column, Column)> {
        let input = self.keyed(outer, pulled)?;
        let mut group = Vec::new();
        let mut pending = Vec::new();
        for key in input.keys().unwrap_or_default() {
            let name = self.fresh();
            group.push(Expr::Column(key.column).alias(name.as_str()));
            pending.push(Pending::Key(Key { column: Column::new_unqualified(name), ..key }));
        }
        let (value, rows) = (self.fresh(), self.fresh());
        let call = |function, argument| {
            Expr::AggregateFunction(AggregateFunction::new_udf(function, vec![argument], false, None, vec![], None))
        };
        let functions = vec![
            call(first_value_udaf(), Expr::Column(column.clone())).alias(value.as_str()),
            call(count_udaf(), lit(1i64)).alias(rows.as_str()),
        ];
        let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input.plan), group, functions)?);
        let column = Column::new_unqualified;
        Ok((Pulled { plan, pending, missing: None }, column(value), column(rows)))
    }
}

/// Whether a plan refers to no query around it.
pub fn refers_to_nothing(plan: &LogicalPlan) -> Result<bool> {
    use datafusion::common::tree_node::TreeNode;
    Ok(!plan.exists(|plan| Ok(plan.contains_outer_reference()))?)
}

/// The value of a subquery that is evaluated once.
pub fn uncorrelated(plan: LogicalPlan) -> Expr {
    Expr::ScalarSubquery(Subquery {
        subquery: Arc::new(plan),
        outer_ref_columns: Vec::new(),
        spans: Default::default(),
    })
}

/// Whether there are rows, as a value that is evaluated once.
pub fn any_rows(plan: LogicalPlan) -> Result<Expr> {
    let rows = LogicalPlanBuilder::from(plan).limit(0, Some(1))?.build()?;
    let count = AggregateFunction::new_udf(count_udaf(), vec![lit(1i64)], false, None, vec![], None);
    let count = Aggregate::try_new(Arc::new(rows), vec![], vec![Expr::AggregateFunction(count)])?;
    Ok(uncorrelated(LogicalPlan::Aggregate(count)).gt(lit(0i64)))
}

/// The expression that a subquery without FROM is.
fn inlined(plan: &LogicalPlan) -> Option<Expr> {
    let LogicalPlan::Projection(projection) = plan else { return None };
    match (projection.input.as_ref(), projection.expr.as_slice()) {
        (LogicalPlan::EmptyRelation(empty), [value]) if empty.produce_one_row => {
            (!value.any_column_refs() && !value.is_volatile()).then(|| value.clone().unalias())
        }
        _ => None,
    }
}

/// Whether an expression without columns is sure to be NULL, so that the join's own NULL will do.
fn is_null(expression: &Expr) -> bool {
    match expression {
        Expr::Literal(value, _) => value.is_null(),
        Expr::Cast(Cast { expr, .. }) | Expr::Negative(expr) => is_null(expr),
        Expr::Alias(alias) => is_null(&alias.expr),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            use Operator::{Divide, Minus, Modulo, Multiply, Plus};
            matches!(op, Plus | Minus | Multiply | Divide | Modulo) && (is_null(left) || is_null(right))
        }
        _ => false,
    }
}

/// Whether a subquery has exactly one row.
fn is_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => is_one_row(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_one_row(&alias.input),
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::EmptyRelation(empty) => empty.produce_one_row,
        _ => false,
    }
}

/// Whether a subquery has one row at most whatever the outer row.
fn is_single_row(plan: &LogicalPlan) -> Result<bool> {
    Ok(match plan {
        LogicalPlan::Projection(projection) => is_single_row(&projection.input)?,
        LogicalPlan::SubqueryAlias(alias) => is_single_row(&alias.input)?,
        LogicalPlan::Subquery(subquery) => is_single_row(&subquery.subquery)?,
        LogicalPlan::Sort(sort) => is_single_row(&sort.input)?,
        LogicalPlan::Filter(filter) => is_single_row(&filter.input)?,
        LogicalPlan::Limit(limit) => match limit.get_fetch_type()? {
            FetchType::Literal(Some(0 | 1)) => true,
            _ => is_single_row(&limit.input)?,
        },
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::EmptyRelation(_) => true,
        _ => false,
    })
}
