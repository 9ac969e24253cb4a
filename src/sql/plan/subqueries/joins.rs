//! Subqueries in join conditions.

use super::sides::rebuilt;
use super::{Rewriter, is_subquery_in, project_back, unsupported};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, JoinType};
use datafusion::error::Result;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Filter, Join, LogicalPlan, Subquery};
use std::sync::Arc;

impl Rewriter {
    pub fn join(&mut self, join: Join) -> Result<LogicalPlan> {
        if let Some(plan) = self.lateral(&join)? {
            return Ok(plan);
        }
        let filter = join.filter.clone().into_iter();
        let (subqueries, mut plain): (Vec<_>, Vec<_>) =
            filter.flat_map(split_conjunction_owned).partition(is_subquery_in);
        if subqueries.is_empty() {
            return Ok(LogicalPlan::Join(join));
        }
        let (mut left, mut right) = (join.left.as_ref().clone(), join.right.as_ref().clone());
        if join.join_type == JoinType::Inner {
            let plan = rebuilt(&join, left, right, conjunction(plain))?;
            return match conjunction(subqueries) {
                Some(predicate) => self.filter(Filter::try_new(predicate, Arc::new(plan))?),
                None => Ok(plan),
            };
        }
        // Each becomes a column of the side that it is about.
        for predicate in subqueries {
            let input = match (is_about(&predicate, left.schema())?, is_about(&predicate, right.schema())?) {
                (_, false) => &mut left,
                (false, true) => &mut right,
                (true, true) => {
                    return Err(unsupported("a subquery about both sides of an outer join, in its ON clause,"));
                }
            };
            plain.push(self.embed(predicate, input)?);
        }
        let columns = join.schema.columns();
        project_back(rebuilt(&join, left, right, conjunction(plain))?, columns)
    }
}

/// Whether a subquery in `predicate` is about columns of this side.
fn is_about(predicate: &Expr, side: &DFSchema) -> Result<bool> {
    let mut found = false;
    let mut look = |expression: &Expr, subquery: Option<&Subquery>| {
        found |= expression.column_refs().into_iter().any(|column| side.has_column(column));
        for reference in subquery.iter().flat_map(|subquery| &subquery.outer_ref_columns) {
            found |= matches!(reference, Expr::OuterReferenceColumn(_, column) if side.has_column(column));
        }
    };
    predicate.apply(|expression| {
        match expression {
            Expr::InSubquery(membership) => look(&membership.expr, Some(&membership.subquery)),
            Expr::SetComparison(comparison) => look(&comparison.expr, Some(&comparison.subquery)),
            Expr::Exists(exists) => look(expression, Some(&exists.subquery)),
            Expr::ScalarSubquery(subquery) => look(expression, Some(subquery)),
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}
