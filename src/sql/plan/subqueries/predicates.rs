//! EXISTS, IN, ANY and ALL, with three-valued logic.
//!
//! `x IN (S)` is true where S has a row equal to x, unknown where it has none but a NULL, or any row and x is NULL, else false. Where
//! only true counts, that is one semi join; a NOT IN of a WHERE is one or more anti joins. Elsewhere each of the three questions is a
//! mark join, or, where nothing is correlated, a value that is found out once.

use super::domain::Outer;
use super::pulled::{Pending, Pulled};
use super::scalar::{any_rows, refers_to_nothing};
use super::{Rewriter, is_subquery_in, project_back, unsupported};
use datafusion::common::{Column, JoinType, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Exists, InSubquery, SetComparison, SetQuantifier};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable, FetchType, Filter, LogicalPlan, LogicalPlanBuilder, Operator, SkipType,
    binary_expr, lit, when,
};
use std::sync::Arc;

/// `value op ANY (subquery)`, the subquery pulled.
struct Comparison {
    /// Over references to the outer query.
    value: Expr,
    op: Operator,
    pulled: Pulled,
    /// The subquery's column.
    column: Column,
    value_is_nullable: bool,
    column_is_nullable: bool,
}

impl Rewriter {
    /// A WHERE or HAVING. The conjuncts that are subqueries become joins of their own.
    pub fn filter(&mut self, filter: Filter) -> Result<LogicalPlan> {
        let columns = filter.input.schema().columns();
        let mut input = Arc::unwrap_or_clone(filter.input);
        let (subqueries, plain): (Vec<_>, Vec<_>) =
            split_conjunction_owned(filter.predicate).into_iter().partition(is_subquery_in);
        input = filtered(input, conjunction(plain))?;
        let mut rest = Vec::new();
        for predicate in subqueries {
            rest.extend(self.conjunct(predicate, false, &mut input)?);
        }
        project_back(filtered(input, conjunction(rest))?, columns)
    }

    /// Keeps of `input` the rows for which a predicate is true, or returns what is left to check of them.
    fn conjunct(&mut self, predicate: Expr, negated: bool, input: &mut LogicalPlan) -> Result<Option<Expr>> {
        match predicate {
            Expr::Not(inner) if matches!(*inner, Expr::Not(_) | Expr::Exists(_) | Expr::InSubquery(_)) => {
                self.conjunct(*inner, !negated, input)
            }
            Expr::Exists(exists) => {
                let before = input.clone();
                let pulled = self.pulled_for_exists(Outer { plan: &before }, exists.subquery.subquery)?;
                self.keep(pulled, exists.negated != negated, input)
            }
            Expr::InSubquery(membership) if !is_subquery_in(&membership.expr) => {
                let negated = membership.negated != negated;
                let before = input.clone();
                let outer = Outer { plan: &before };
                let InSubquery { expr, subquery, .. } = membership;
                let comparison = self.comparison(outer, *expr, Operator::Eq, subquery.subquery)?;
                match negated {
                    false => self.keep(comparison.equal(), false, input),
                    true => self.keep_not_in(comparison, input),
                }
            }
            other if negated => Ok(Some(Expr::Not(Box::new(self.embed(other, input)?)))),
            other => Ok(Some(self.where_true(other, input)?)),
        }
    }

    /// A predicate of which only true counts.
    fn where_true(&mut self, predicate: Expr, input: &mut LogicalPlan) -> Result<Expr> {
        match predicate {
            Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
                let left = self.where_true(*left, input)?;
                Ok(binary_expr(left, op, self.where_true(*right, input)?))
            }
            Expr::InSubquery(InSubquery { expr, subquery, negated: false }) if !is_subquery_in(&expr) => {
                let before = input.clone();
                let comparison = self.comparison(Outer { plan: &before }, *expr, Operator::Eq, subquery.subquery)?;
                self.mark(Outer { plan: &before }, comparison.equal(), input)
            }
            other => self.embed(other, input),
        }
    }

    /// Keeps the rows for which a subquery has rows, or none.
    fn keep(&mut self, pulled: Pulled, negated: bool, input: &mut LogicalPlan) -> Result<Option<Expr>> {
        let before = input.clone();
        let outer = Outer { plan: &before };
        let is_join = pulled.missing.is_none() && pulled.pending.iter().any(|pending| !pending.columns().is_empty());
        let (free, pulled) = free(pulled);
        if !is_join || (negated && !free.is_empty()) {
            let pulled =
                Pulled { pending: free.into_iter().map(Pending::Other).chain(pulled.pending).collect(), ..pulled };
            let exists = self.mark(outer, pulled, input)?;
            return Ok(Some(if negated { Expr::Not(Box::new(exists)) } else { exists }));
        }
        let side = self.side(outer, pulled, Vec::new())?;
        let free = free.into_iter().map(|predicate| outer.resolved(predicate)).collect::<Result<Vec<_>>>()?;
        let kind = if negated { JoinType::LeftAnti } else { JoinType::LeftSemi };
        *input = LogicalPlanBuilder::from(filtered(before.clone(), conjunction(free))?)
            .join_on(side.plan, kind, [side.condition])?
            .build()?;
        Ok(None)
    }

    fn keep_not_in(&mut self, comparison: Comparison, input: &mut LogicalPlan) -> Result<Option<Expr>> {
        let mut rest: Vec<Expr> = self.keep(comparison.equal(), true, input)?.into_iter().collect();
        if comparison.column_is_nullable {
            rest.extend(self.keep(comparison.nulls()?, true, input)?);
        }
        if comparison.value_is_nullable {
            let before = input.clone();
            let outer = Outer { plan: &before };
            let any = self.mark(outer, comparison.pulled.clone(), input)?;
            rest.push(outer.resolved(comparison.value)?.is_not_null().or(Expr::Not(Box::new(any))));
        }
        Ok(conjunction(rest))
    }

    /// Whether a subquery has rows, for each row of `input`.
    fn mark(&mut self, outer: Outer<'_>, pulled: Pulled, input: &mut LogicalPlan) -> Result<Expr> {
        if pulled.missing.is_some() {
            return Ok(lit(true));
        }
        let (free, pulled) = free(pulled);
        let exists = match pulled.pending.is_empty() && refers_to_nothing(&pulled.plan)? {
            true => any_rows(pulled.plan)?,
            false => {
                let side = self.side(outer, pulled, Vec::new())?;
                let before = std::mem::take(input);
                *input = LogicalPlanBuilder::from(before)
                    .join_on(side.plan, JoinType::LeftMark, [side.condition])?
                    .build()?;
                Expr::Column(Column::new(Some(side.alias), "mark"))
            }
        };
        let free = free.into_iter().map(|predicate| Ok(Expr::IsTrue(Box::new(outer.resolved(predicate)?))));
        Ok(free.collect::<Result<Vec<_>>>()?.into_iter().rfold(exists, |all, predicate| predicate.and(all)))
    }

    /// EXISTS.
    pub fn exists(&mut self, exists: Exists, input: &mut LogicalPlan) -> Result<Expr> {
        let before = input.clone();
        let outer = Outer { plan: &before };
        let pulled = self.pulled_for_exists(outer, exists.subquery.subquery)?;
        let found = self.mark(outer, pulled, input)?;
        Ok(if exists.negated { Expr::Not(Box::new(found)) } else { found })
    }

    /// IN.
    pub fn is_in(&mut self, membership: InSubquery, input: &mut LogicalPlan) -> Result<Expr> {
        let InSubquery { expr, subquery, negated } = membership;
        let found = self.any(*expr, Operator::Eq, subquery.subquery, input)?;
        Ok(if negated { Expr::Not(Box::new(found)) } else { found })
    }

    /// ANY and ALL.
    pub fn quantified(&mut self, comparison: SetComparison, input: &mut LogicalPlan) -> Result<Expr> {
        let SetComparison { expr, subquery, op, quantifier } = comparison;
        match (quantifier, op.negate()) {
            (SetQuantifier::Any, _) => self.any(*expr, op, subquery.subquery, input),
            // All are so if none is not.
            (SetQuantifier::All, Some(op)) => Ok(Expr::Not(Box::new(self.any(*expr, op, subquery.subquery, input)?))),
            (SetQuantifier::All, None) => Err(unsupported("ALL with this operator")),
        }
    }

    fn any(&mut self, value: Expr, op: Operator, plan: Arc<LogicalPlan>, input: &mut LogicalPlan) -> Result<Expr> {
        let value = self.embed(value, input)?;
        let before = input.clone();
        let outer = Outer { plan: &before };
        let comparison = self.comparison(outer, value, op, plan)?;
        let found = self.mark(outer, comparison.equal(), input)?;
        let mut unknown = Vec::new();
        if comparison.column_is_nullable {
            unknown.push(self.mark(outer, comparison.nulls()?, input)?);
        }
        if comparison.value_is_nullable {
            let any = self.mark(outer, comparison.pulled.clone(), input)?;
            unknown.push(outer.resolved(comparison.value)?.is_null().and(any));
        }
        match unknown.into_iter().reduce(Expr::or) {
            Some(unknown) => {
                when(found, lit(true)).when(unknown, lit(ScalarValue::Boolean(None))).otherwise(lit(false))
            }
            None => Ok(found),
        }
    }

    fn comparison(
        &mut self,
        outer: Outer<'_>,
        value: Expr,
        op: Operator,
        plan: Arc<LogicalPlan>,
    ) -> Result<Comparison> {
        let plan = self.plan(Arc::unwrap_or_clone(plan))?;
        let Some(column) = plan.schema().columns().into_iter().next() else {
            return Err(unsupported("a subquery without columns"));
        };
        let schema = outer.plan.schema();
        Ok(Comparison {
            value_is_nullable: value.nullable(schema).unwrap_or(true),
            column_is_nullable: plan.schema().fields().first().is_none_or(|field| field.is_nullable()),
            value: outer.referring(value)?,
            op,
            pulled: self.pull_whole(outer, unordered(plan)?)?,
            column,
        })
    }

    fn pulled_for_exists(&mut self, outer: Outer<'_>, plan: Arc<LogicalPlan>) -> Result<Pulled> {
        let plan = self.plan(Arc::unwrap_or_clone(plan))?;
        let plan = rows_alone(plan)?;
        self.pull(outer, plan)
    }
}

impl Comparison {
    /// The rows for which the comparison is true.
    fn equal(&self) -> Pulled {
        let mut pulled = self.pulled.clone();
        let column = Expr::Column(self.column.clone());
        pulled.pending.push(Pending::Other(binary_expr(self.value.clone(), self.op, column)));
        pulled
    }

    /// The rows that are NULL.
    fn nulls(&self) -> Result<Pulled> {
        let mut pulled = self.pulled.clone();
        pulled.plan = filtered(pulled.plan, Some(Expr::Column(self.column.clone()).is_null()))?;
        Ok(pulled)
    }
}

/// The predicates over the outer query alone, and the rest.
fn free(pulled: Pulled) -> (Vec<Expr>, Pulled) {
    let mut free = Vec::new();
    let mut pending = Vec::new();
    for predicate in pulled.pending {
        match predicate {
            Pending::Other(expression) if !expression.any_column_refs() => free.push(expression),
            other => pending.push(other),
        }
    }
    (free, Pulled { pending, ..pulled })
}

fn filtered(plan: LogicalPlan, predicate: Option<Expr>) -> Result<LogicalPlan> {
    match predicate {
        Some(predicate) => Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan))?)),
        None => Ok(plan),
    }
}

/// A plan with rows where `plan` has rows, without what does not matter for that.
fn rows_alone(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Projection(projection) => rows_alone(Arc::unwrap_or_clone(projection.input)),
        LogicalPlan::SubqueryAlias(alias) => rows_alone(Arc::unwrap_or_clone(alias.input)),
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => rows_alone(Arc::unwrap_or_clone(sort.input)),
        LogicalPlan::Distinct(distinct) => rows_alone(distinct.input().as_ref().clone()),
        LogicalPlan::Limit(limit) => match (limit.get_skip_type()?, limit.get_fetch_type()?) {
            (SkipType::Literal(0), FetchType::Literal(fetch)) if fetch != Some(0) => {
                rows_alone(Arc::unwrap_or_clone(limit.input))
            }
            _ => Ok(LogicalPlan::Limit(limit)),
        },
        other => Ok(other),
    }
}

/// A plan with the same rows in any order, also several times.
fn unordered(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => unordered(Arc::unwrap_or_clone(sort.input)),
        LogicalPlan::Distinct(datafusion::logical_expr::Distinct::All(input)) => unordered(Arc::unwrap_or_clone(input)),
        other => Ok(other),
    }
}
