//! Projections with lambdas stay where they are.
//!
//! DataFusion's pushdown puts a projection in the place of the one below it, or below a sort, and finds its columns anew. The
//! parameters of a lambda are places behind the columns of the input, which it leaves as they were: with more columns below, they
//! are those of columns.

use super::guarded_rule::{Rule, guarded};
use datafusion::common::tree_node::TreeNode;
use datafusion::physical_expr::{HigherOrderFunctionExpr, PhysicalExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use std::sync::Arc;

/// The rule of DataFusion's that moves projections.
const MOVES: &str = "ProjectionPushdown";

/// `rule`, kept from projections with lambdas if it is the one that moves them.
pub fn guard(rule: Rule) -> Rule {
    if rule.name() == MOVES { guarded(rule, projects_lambdas) } else { rule }
}

fn projects_lambdas(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let is_call = |expr: &Arc<dyn PhysicalExpr>| Ok(expr.downcast_ref::<HigherOrderFunctionExpr>().is_some());
    let has_call = |expr: &Arc<dyn PhysicalExpr>| expr.exists(is_call).unwrap_or(true);
    let projection = plan.downcast_ref::<ProjectionExec>();
    projection.is_some_and(|projection| projection.expr().iter().any(|projected| has_call(&projected.expr)))
}
