//! Outer references rise through the operators that look at one row at a time.

use super::domain::{Outer, bound};
use super::pulled::{Pending, Pulled, with_columns};
use super::{Rewriter, unsupported};
use datafusion::common::Column;
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Distinct, Expr, Filter, LogicalPlan, LogicalPlanBuilder, Projection, Sort, SubqueryAlias, Union, Unnest, Values,
};
use std::sync::Arc;

impl Rewriter {
    /// Pulls what `plan` refers to of the outer query. The subqueries in `plan` itself are replaced already.
    pub fn pull(&mut self, outer: Outer<'_>, plan: LogicalPlan) -> Result<Pulled> {
        if !outer.is_in_plan(&plan)? {
            return Ok(Pulled::plain(plan));
        }
        match plan {
            LogicalPlan::Projection(projection) => self.pull_projection(outer, projection),
            LogicalPlan::Filter(filter) => self.pull_filter(outer, filter),
            LogicalPlan::SubqueryAlias(alias) => self.pull_alias(outer, alias),
            LogicalPlan::Subquery(subquery) => self.pull(outer, Arc::unwrap_or_clone(subquery.subquery)),
            LogicalPlan::Sort(sort) => self.pull_sort(outer, sort),
            LogicalPlan::Join(join) => self.pull_join(outer, join),
            LogicalPlan::Aggregate(aggregate) => self.pull_aggregate(outer, aggregate),
            LogicalPlan::Distinct(Distinct::All(input)) => self.pull_distinct(outer, Arc::unwrap_or_clone(input)),
            LogicalPlan::Limit(limit) => self.pull_limit(outer, limit),
            LogicalPlan::Window(window) => self.pull_window(outer, window),
            LogicalPlan::Union(union) => self.pull_union(outer, union),
            LogicalPlan::Unnest(unnest) => self.pull_unnest(outer, unnest),
            LogicalPlan::Values(values) => {
                let plan = rows_of(values)?;
                self.pull(outer, plan)
            }
            LogicalPlan::Distinct(Distinct::On(_)) => Err(unsupported("DISTINCT ON in a correlated subquery")),
            LogicalPlan::RecursiveQuery(_) => Err(unsupported("WITH RECURSIVE in a correlated subquery")),
            _ => Err(unsupported("a correlated subquery of this form")),
        }
    }

    /// The same where each row is a row, also the one of an aggregate over nothing.
    pub fn pull_whole(&mut self, outer: Outer<'_>, plan: LogicalPlan) -> Result<Pulled> {
        let pulled = self.pull(outer, plan)?;
        self.complete(outer, pulled)
    }

    fn pull_projection(&mut self, outer: Outer<'_>, projection: Projection) -> Result<Pulled> {
        let mut input = self.pull(outer, Arc::unwrap_or_clone(projection.input))?;
        let references = outer.references_of(&projection.expr)?;
        let mut values = projection.expr;
        if !references.is_empty() {
            input = self.complete(outer, input)?;
            let (pulled, binding) = self.bind(outer, input, &references)?;
            input = pulled;
            let names = NamePreserver::new_for_projection();
            values = values
                .into_iter()
                .map(|value| {
                    let name = names.save(&value);
                    Ok(name.restore(bound(value, &binding)?))
                })
                .collect::<Result<_>>()?;
        }
        let missing = match &input.missing {
            Some(missing) => Some(missing_after(&values, missing)?),
            None => None,
        };
        let carried = self.carry(Pulled { missing: None, ..input }, values)?;
        Ok(Pulled { missing, ..carried })
    }

    fn pull_filter(&mut self, outer: Outer<'_>, filter: Filter) -> Result<Pulled> {
        let mut input = self.pull_whole(outer, Arc::unwrap_or_clone(filter.input))?;
        let mut own = Vec::new();
        for predicate in split_conjunction_owned(filter.predicate) {
            match outer.is_in(&predicate)? {
                true => input.pending.push(Pending::Other(predicate)),
                false => own.push(predicate),
            }
        }
        if let Some(predicate) = conjunction(own) {
            input.plan = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input.plan))?);
        }
        Ok(input)
    }

    fn pull_alias(&mut self, outer: Outer<'_>, alias: SubqueryAlias) -> Result<Pulled> {
        let columns = alias.input.schema().columns();
        let inner = self.pull(outer, Arc::unwrap_or_clone(alias.input))?;
        let missing = inner.missing.clone();
        let values = columns.iter().cloned().map(Expr::Column).collect();
        let carried = self.carry(Pulled { missing: None, ..inner }, values)?;
        let qualified = |column: &Column| Column::new(Some(alias.alias.clone()), column.name.as_str());
        let names: Vec<(Column, Column)> =
            carried.pending_columns().into_iter().map(|column| (column.clone(), qualified(&column))).collect();
        let pending = carried.pending.into_iter().map(|pending| pending.renamed(&names)).collect::<Result<_>>()?;
        let missing = missing.map(|missing| {
            let renamed = |(column, value): (Column, Expr)| (qualified(&column), value);
            missing.into_iter().map(renamed).collect()
        });
        let plan = LogicalPlanBuilder::from(carried.plan).alias(alias.alias)?.build()?;
        Ok(Pulled { plan, pending, missing })
    }

    fn pull_sort(&mut self, outer: Outer<'_>, sort: Sort) -> Result<Pulled> {
        let mut input = self.pull(outer, Arc::unwrap_or_clone(sort.input))?;
        let mut keys = Vec::new();
        for key in sort.expr {
            if !outer.is_in(&key.expr)? {
                keys.push(key);
            }
        }
        if !keys.is_empty() && input.missing.is_none() {
            input.plan = LogicalPlanBuilder::from(input.plan).sort(keys)?.build()?;
        }
        Ok(input)
    }

    fn pull_union(&mut self, outer: Outer<'_>, union: Union) -> Result<Pulled> {
        let mut references = Vec::new();
        let mut pulled = Vec::new();
        for input in union.inputs {
            let columns = input.schema().columns();
            let input = self.pull_whole(outer, Arc::unwrap_or_clone(input))?;
            references.extend(outer.references_of(input.condition()?.as_ref())?);
            pulled.push((input, columns));
        }
        let mut inputs = Vec::new();
        let mut keys = Vec::new();
        for (input, columns) in pulled {
            let (bound, binding) = self.bind(outer, input, &references)?;
            let mut values: Vec<Expr> = columns.into_iter().map(Expr::Column).collect();
            keys.resize_with(binding.len(), || self.fresh());
            // In the order of the first input's.
            let mut ordered = Vec::new();
            for (at, name) in keys.iter().enumerate() {
                if let Some((column, own)) = binding.get(at) {
                    values.push(Expr::Column(own.clone()).alias(name.as_str()));
                    ordered.push(column.clone());
                }
            }
            references = ordered;
            inputs.push((Arc::new(LogicalPlanBuilder::from(bound.plan).project(values)?.build()?), bound.pending));
        }
        let pending = inputs.first().map(|(_, pending)| pending.clone()).unwrap_or_default();
        let plan =
            LogicalPlan::Union(Union::try_new_with_loose_types(inputs.into_iter().map(|(plan, _)| plan).collect())?);
        let named = |name: &String| plan.schema().columns().into_iter().find(|column| column.name == *name);
        let pending = pending
            .into_iter()
            .zip(&keys)
            .map(|(pending, name)| match (pending, named(name)) {
                (Pending::Key(key), Some(column)) => Pending::Key(super::pulled::Key { column, ..key }),
                (other, _) => other,
            })
            .collect();
        Ok(Pulled { plan, pending, missing: None })
    }

    fn pull_unnest(&mut self, outer: Outer<'_>, unnest: Unnest) -> Result<Pulled> {
        let input = self.pull_whole(outer, Arc::unwrap_or_clone(unnest.input))?;
        let plan = Unnest::try_new(Arc::new(input.plan), unnest.exec_columns, unnest.options)?;
        Ok(Pulled { plan: LogicalPlan::Unnest(plan), pending: input.pending, missing: None })
    }
}

/// What a row of an aggregate over nothing comes to in a projection.
fn missing_after(values: &[Expr], missing: &[(Column, Expr)]) -> Result<Vec<(Column, Expr)>> {
    let instead = |column: &Column| missing.iter().find(|(name, _)| name == column).map(|(_, value)| value.clone());
    values
        .iter()
        .map(|value| {
            let (relation, name) = value.qualified_name();
            Ok((Column::new(relation, name), with_columns(value.clone().unalias(), &instead)?))
        })
        .collect()
}

/// The rows of VALUES as a union of projections.
fn rows_of(values: Values) -> Result<LogicalPlan> {
    let columns = values.schema.columns();
    let row = |row: Vec<Expr>| {
        let named = row.into_iter().zip(&columns).map(|(value, column)| value.alias(column.name.as_str()));
        LogicalPlanBuilder::empty(true).project(named)?.build().map(Arc::new)
    };
    let mut rows = values.values.into_iter().map(row).collect::<Result<Vec<_>>>()?;
    match rows.len() {
        1 => Ok(Arc::unwrap_or_clone(rows.swap_remove(0))),
        _ => Ok(LogicalPlan::Union(Union::try_new_with_loose_types(rows)?)),
    }
}
