//! Joins within a subquery, where one side, both or the condition refer to the outer query.

use super::Rewriter;
use super::domain::{Binding, Outer, bound};
use super::pulled::{Key, Pending, Pulled, with_columns};
use datafusion::common::{Column, JoinType};
use datafusion::error::Result;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Join, LogicalPlan, LogicalPlanBuilder, lit, when};
use std::sync::Arc;

impl Rewriter {
    pub fn pull_join(&mut self, outer: Outer<'_>, mut join: Join) -> Result<Pulled> {
        for (left, right) in std::mem::take(&mut join.on) {
            // A key that refers to the outer query is a predicate like others.
            if outer.is_in(&left)? || outer.is_in(&right)? {
                join.filter = conjunction(join.filter.take().into_iter().chain([left.eq(right)]));
            } else {
                join.on.push((left, right));
            }
        }
        let left = self.pull_whole(outer, join.left.as_ref().clone())?;
        let right = self.pull_whole(outer, join.right.as_ref().clone())?;
        match join.join_type {
            JoinType::Inner => pull_inner(outer, join, left, right),
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
                self.pull_one_sided(outer, join, left, right)
            }
            JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                self.pull_one_sided(outer, join, right, left)
            }
            JoinType::Full => self.pull_full(outer, join, left, right),
        }
    }

    /// `kept` is the side whose rows remain: it has the outer query's values that the other side is compared with.
    fn pull_one_sided(&mut self, outer: Outer<'_>, mut join: Join, kept: Pulled, mut other: Pulled) -> Result<Pulled> {
        let condition = other.condition()?;
        let filter = conjunction(join.filter.iter().cloned().chain(condition));
        let references = outer.references_of(filter.as_ref())?;
        let (kept, filter) = match references.is_empty() {
            true => (kept, filter),
            false => {
                let (kept, binding) = self.bind(outer, kept, &references)?;
                (kept, filter.map(|filter| bound(filter, &binding)).transpose()?)
            }
        };
        let filter = match join.join_type {
            JoinType::LeftMark => self.named_mark(&mut join, &mut other, filter)?,
            _ => filter,
        };
        let (left, right) = match join.join_type {
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (kept.plan, other.plan),
            _ => (other.plan, kept.plan),
        };
        Ok(Pulled { plan: rebuilt(&join, left, right, filter)?, pending: kept.pending, missing: None })
    }

    /// Gives the right side of a mark join one relation, whose name its mark has. The filter over it.
    fn named_mark(&mut self, join: &mut Join, right: &mut Pulled, filter: Option<Expr>) -> Result<Option<Expr>> {
        let on = std::mem::take(&mut join.on).into_iter().map(|(left, right)| left.eq(right));
        let filter = conjunction(on.chain(filter));
        let Some(relation) = join.schema.columns().pop().and_then(|mark| mark.relation) else { return Ok(filter) };
        let own = filter.iter().flat_map(Expr::column_refs).filter(|column| right.plan.schema().has_column(column));
        let own: Vec<Column> = own.cloned().collect();
        let names: Vec<(Column, String)> = own.into_iter().map(|column| (column, self.fresh())).collect();
        let mut values: Vec<Expr> =
            names.iter().map(|(column, name)| Expr::Column(column.clone()).alias(name.as_str())).collect();
        if values.is_empty() {
            values.push(lit(true).alias(self.fresh()));
        }
        let plan = std::mem::take(&mut right.plan);
        right.plan = LogicalPlanBuilder::from(plan).project(values)?.alias(relation.clone())?.build()?;
        let renamed = |column: &Column| {
            let name = names.iter().find(|(old, _)| old == column).map(|(_, name)| name.as_str())?;
            Some(Expr::Column(Column::new(Some(relation.clone()), name)))
        };
        filter.map(|filter| with_columns(filter, &renamed)).transpose()
    }

    fn pull_full(&mut self, outer: Outer<'_>, join: Join, left: Pulled, right: Pulled) -> Result<Pulled> {
        let conditions = [left.condition()?, right.condition()?, join.filter.clone()];
        let references = outer.references_of(conditions.iter().flatten())?;
        let columns = join.schema.columns();
        let (left, left_binding) = self.bind(outer, left, &references)?;
        let (right, right_binding) = self.bind(outer, right, &references)?;
        let filter = join.filter.clone().map(|filter| bound(filter, &left_binding)).transpose()?;
        let mut conditions: Vec<Expr> = filter.into_iter().collect();
        for pending in &right.pending {
            conditions.push(bound(pending.to_expr(right.plan.schema())?, &left_binding)?);
        }
        let plan = rebuilt(&join, left.plan, right.plan, conjunction(conditions))?;
        let mut values: Vec<Expr> = columns.into_iter().map(Expr::Column).collect();
        let mut pending = Vec::new();
        for (column, own) in &left_binding {
            let name = self.fresh();
            let own = Expr::Column(own.clone());
            let other = either(&right_binding, column).map_or(own.clone(), Expr::Column);
            let value = when(own.clone().is_null(), other).otherwise(own)?;
            values.push(value.alias(name.as_str()));
            let key = Key { column: Column::new_unqualified(name), outer: outer.reference(column)?, null_safe: true };
            pending.push(Pending::Key(key));
        }
        let plan = LogicalPlanBuilder::from(plan).project(values)?.build()?;
        Ok(Pulled { plan, pending, missing: None })
    }
}

fn either(binding: &Binding, column: &Column) -> Option<Column> {
    binding.iter().find(|(outer, _)| outer == column).map(|(_, own)| own.clone())
}

fn pull_inner(outer: Outer<'_>, join: Join, left: Pulled, right: Pulled) -> Result<Pulled> {
    let mut own = Vec::new();
    let mut pending = left.pending;
    for predicate in join.filter.iter().cloned().flat_map(split_conjunction_owned) {
        match outer.is_in(&predicate)? {
            true => pending.push(Pending::Other(predicate)),
            false => own.push(predicate),
        }
    }
    // What both sides compare with the same value is equal on both.
    for predicate in right.pending {
        if let Pending::Key(key) = &predicate
            && let Some(same) = pending.iter().find_map(|pending| same_key(pending, key))
        {
            let schema = join.schema.as_ref();
            let columns = left.plan.schema().join(right.plan.schema());
            let schema = columns.as_ref().unwrap_or(schema);
            let pair = Key { column: same.column.clone(), outer: Expr::Column(key.column.clone()), ..key.clone() };
            own.push(Pending::Key(pair).to_expr(schema)?);
        } else {
            pending.push(predicate);
        }
    }
    Ok(Pulled { plan: rebuilt(&join, left.plan, right.plan, conjunction(own))?, pending, missing: None })
}

fn same_key<'p>(pending: &'p Pending, key: &Key) -> Option<&'p Key> {
    match pending {
        Pending::Key(own) if own.outer == key.outer && own.null_safe == key.null_safe => Some(own),
        _ => None,
    }
}

/// `join` over other sides, with another filter.
pub fn rebuilt(join: &Join, left: LogicalPlan, right: LogicalPlan, filter: Option<Expr>) -> Result<LogicalPlan> {
    let join = Join::try_new(
        Arc::new(left),
        Arc::new(right),
        join.on.clone(),
        filter,
        join.join_type,
        join.join_constraint,
        join.null_equality,
        join.null_aware,
    )?;
    Ok(LogicalPlan::Join(join))
}
