//! LATERAL: a relation that refers to those before it in FROM.

use super::domain::Outer;
use super::sides::rebuilt;
use super::{Rewriter, unsupported};
use datafusion::common::{Column, JoinType};
use datafusion::error::Result;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Expr, Filter, Join, LogicalPlan, LogicalPlanBuilder, Projection, SubqueryAlias, Unnest,
};
use std::sync::Arc;

impl Rewriter {
    /// The join with a lateral relation; `None` where neither side is one.
    pub fn lateral(&mut self, join: &Join) -> Result<Option<LogicalPlan>> {
        let Some(relation) = relation(&join.right)? else { return Ok(None) };
        let outer = Outer { plan: &join.left };
        if !outer.is_in_plan(&relation)? {
            return rebuilt(join, join.left.as_ref().clone(), relation, join.filter.clone()).map(Some);
        }
        if !matches!(join.join_type, JoinType::Inner | JoinType::Left) {
            return Err(unsupported("LATERAL in this kind of join"));
        }
        if join.join_type == JoinType::Inner
            && let Some(plan) = self.over_outer(outer, &relation)?
        {
            let on = join.on.iter().map(|(left, right)| left.clone().eq(right.clone()));
            let condition = conjunction(on.chain(join.filter.clone()));
            let plan = match condition {
                Some(condition) => LogicalPlan::Filter(Filter::try_new(condition, Arc::new(plan))?),
                None => plan,
            };
            return Ok(Some(plan));
        }
        let columns = relation.schema().columns().into_iter().map(Expr::Column).collect();
        let pulled = self.pull_whole(outer, relation)?;
        let pulled = self.carry(pulled, columns)?;
        let condition = pulled.condition()?.map(|condition| outer.resolved(condition)).transpose()?;
        let filter = conjunction(join.filter.iter().cloned().chain(condition));
        let plan = rebuilt(join, join.left.as_ref().clone(), pulled.plan, filter)?;
        super::project_back(plan, join.schema.columns()).map(Some)
    }

    /// The join with a relation that has no rows but those of the outer query, such as `unnest(column)`: no join at all.
    fn over_outer(&mut self, outer: Outer<'_>, relation: &LogicalPlan) -> Result<Option<LogicalPlan>> {
        if !is_over_one_row(relation) {
            return Ok(None);
        }
        let columns = outer.plan.schema().columns();
        let names: Vec<(Column, String)> = columns.into_iter().map(|column| (column, self.fresh())).collect();
        let renamed = names.iter().map(|(column, name)| Expr::Column(column.clone()).alias(name.as_str()));
        let base = LogicalPlanBuilder::from(outer.plan.clone()).project(renamed)?.build()?;
        let plan = over(outer, relation, base, &names)?;
        let found = plan.schema().columns();
        let own = |name: &String| found.iter().find(|column| column.name == *name).cloned().map(Expr::Column);
        let mut values = Vec::new();
        for (column, name) in &names {
            let value = own(name).ok_or_else(|| unsupported("LATERAL of this form"))?;
            values.push(value.alias_qualified(column.relation.clone(), column.name.as_str()));
        }
        values.extend(relation.schema().columns().into_iter().map(Expr::Column));
        LogicalPlanBuilder::from(plan).project(values)?.build().map(Some)
    }
}

/// The plan of a lateral relation.
fn relation(plan: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    match plan {
        LogicalPlan::Subquery(subquery) => Ok(Some(subquery.subquery.as_ref().clone())),
        LogicalPlan::SubqueryAlias(alias) => match relation(&alias.input)? {
            Some(inner) => LogicalPlanBuilder::from(inner).alias(alias.alias.clone())?.build().map(Some),
            None => Ok(None),
        },
        LogicalPlan::Projection(projection) => match relation(&projection.input)? {
            Some(inner) => {
                let projection = Projection::try_new(projection.expr.clone(), Arc::new(inner))?;
                Ok(Some(LogicalPlan::Projection(projection)))
            }
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

fn is_over_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(Projection { input, .. })
        | LogicalPlan::Filter(Filter { input, .. })
        | LogicalPlan::Unnest(Unnest { input, .. })
        | LogicalPlan::SubqueryAlias(SubqueryAlias { input, .. }) => is_over_one_row(input),
        LogicalPlan::EmptyRelation(empty) => empty.produce_one_row,
        _ => false,
    }
}

/// `plan` over the rows of `base` in the place of its one row. The names of base's columns pass through.
fn over(outer: Outer<'_>, plan: &LogicalPlan, base: LogicalPlan, names: &[(Column, String)]) -> Result<LogicalPlan> {
    let here = |input: &LogicalPlan, expression: Expr| {
        let find = |column: &Column| {
            let name = names.iter().find(|(outer, _)| outer == column).map(|(_, name)| name)?;
            input.schema().columns().into_iter().find(|column| column.name == *name)
        };
        let expression = outer.resolved_to(expression, &find)?;
        Ok::<Expr, datafusion::error::DataFusionError>(expression)
    };
    match plan {
        LogicalPlan::Projection(projection) => {
            let input = over(outer, &projection.input, base, names)?;
            let mut values = Vec::new();
            for value in &projection.expr {
                let (relation, name) = value.qualified_name();
                let bare = here(&input, value.clone().unalias())?;
                values.push(match &bare {
                    Expr::Column(column) if column.relation == relation && column.name == name => bare,
                    _ => bare.alias_qualified(relation, name),
                });
            }
            let passed = input.schema().columns().into_iter();
            values.extend(passed.filter(|column| names.iter().any(|(_, name)| *name == column.name)).map(Expr::Column));
            Ok(LogicalPlan::Projection(Projection::try_new(values, Arc::new(input))?))
        }
        LogicalPlan::Filter(filter) => {
            let input = over(outer, &filter.input, base, names)?;
            let mut predicates = Vec::new();
            for predicate in split_conjunction_owned(filter.predicate.clone()) {
                predicates.push(here(&input, predicate)?);
            }
            match conjunction(predicates) {
                Some(predicate) => Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?)),
                None => Ok(input),
            }
        }
        LogicalPlan::Unnest(unnest) => {
            let input = over(outer, &unnest.input, base, names)?;
            let unnest = Unnest::try_new(Arc::new(input), unnest.exec_columns.clone(), unnest.options.clone())?;
            Ok(LogicalPlan::Unnest(unnest))
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let input = over(outer, &alias.input, base, names)?;
            LogicalPlanBuilder::from(input).alias(alias.alias.clone())?.build()
        }
        _ => Ok(base),
    }
}
