//! Projections with lambdas stay where they are.
//!
//! DataFusion's pushdown puts a projection in the place of the one below it, or below a sort, and finds its columns anew. The
//! parameters of a lambda are places behind the columns of the input, which it leaves as they were: with more columns below, they
//! are those of columns.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNode;
use datafusion::error::Result;
use datafusion::physical_expr::{HigherOrderFunctionExpr, PhysicalExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::projection::ProjectionExec;
use std::sync::Arc;

/// The rule of DataFusion's that this stands before.
const MOVES: &str = "ProjectionPushdown";

/// `rule`, kept from projections with lambdas if it is the one that moves them.
pub fn guarded(rule: Arc<dyn PhysicalOptimizerRule + Send + Sync>) -> Arc<dyn PhysicalOptimizerRule + Send + Sync> {
    if rule.name() == MOVES { Arc::new(Guard(rule)) } else { rule }
}

#[derive(Debug)]
struct Guard(Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for Guard {
    fn name(&self) -> &str {
        MOVES
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        if !projects_lambdas(&plan) {
            return self.0.optimize(plan, config);
        }
        // To the parts that have none.
        let children: Vec<_> = plan.children().into_iter().cloned().collect();
        let optimized = children.into_iter().map(|child| self.optimize(child, config)).collect::<Result<Vec<_>>>()?;
        replace_children_if_necessary(plan, optimized)
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

fn projects_lambdas(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let is_call = |expr: &Arc<dyn PhysicalExpr>| Ok(expr.downcast_ref::<HigherOrderFunctionExpr>().is_some());
    let has_call = |expr: &Arc<dyn PhysicalExpr>| expr.exists(is_call).unwrap_or(true);
    let here = plan
        .downcast_ref::<ProjectionExec>()
        .is_some_and(|projection| projection.expr().iter().any(|projected| has_call(&projected.expr)));
    here || plan.children().into_iter().any(projects_lambdas)
}
