//! No `count(DISTINCT …)` is answered from statistics.
//!
//! DataFusion does so where the number of distinct values is exactly known. We never tell that; but for a constant column it takes 1, also
//! where the constant is NULL, which is no value, or where there is no row. What the log answers, `count(*)`, `min` and `max`, stays.

use super::lambda_projections;
use super::same_names;
use datafusion::common::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use std::sync::Arc;

/// The rule of DataFusion's that this stands before.
const GUARDED: &str = "aggregate_statistics";

/// DataFusion's rules, with that one guarded, and those that push filters and projections.
pub fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let guard = |rule: Arc<dyn PhysicalOptimizerRule + Send + Sync>| match rule.name() {
        GUARDED => Arc::new(Guard(rule)) as _,
        _ => lambda_projections::guarded(same_names::guarded(rule)),
    };
    PhysicalOptimizer::new().rules.into_iter().map(guard).collect()
}

#[derive(Debug)]
struct Guard(Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for Guard {
    fn name(&self) -> &str {
        GUARDED
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        if !counts_distinct(&plan) {
            return self.0.optimize(plan, config);
        }
        // The rule goes through all of a plan: to the parts that it may.
        let children: Vec<_> = plan.children().into_iter().cloned().collect();
        let optimized = children.into_iter().map(|child| self.optimize(child, config)).collect::<Result<Vec<_>>>()?;
        replace_children_if_necessary(plan, optimized)
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

fn counts_distinct(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let here = plan
        .downcast_ref::<AggregateExec>()
        .is_some_and(|aggregate| aggregate.aggr_expr().iter().any(|function| function.is_distinct()));
    here || plan.children().into_iter().any(counts_distinct)
}
