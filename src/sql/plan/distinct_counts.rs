//! No `count(DISTINCT …)` is answered from statistics.
//!
//! DataFusion does so where the number of distinct values is exactly known. We never tell that; but for a constant column it takes 1, also
//! where the constant is NULL, which is no value, or where there is no row. What the log answers, `count(*)`, `min` and `max`, stays.

use super::guarded_rule::{Rule, guarded};
use super::lambda_projections;
use super::same_names;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use std::sync::Arc;

/// The rule of DataFusion's that answers from statistics.
const ANSWERS: &str = "aggregate_statistics";

/// DataFusion's rules, with that one guarded, and those that push filters and projections.
pub fn rules() -> Vec<Rule> {
    let guard = |rule: Rule| match rule.name() {
        ANSWERS => guarded(rule, counts_distinct),
        _ => lambda_projections::guard(same_names::guard(rule)),
    };
    PhysicalOptimizer::new().rules.into_iter().map(guard).collect()
}

fn counts_distinct(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let aggregate = plan.downcast_ref::<AggregateExec>();
    aggregate.is_some_and(|aggregate| aggregate.aggr_expr().iter().any(|function| function.is_distinct()))
}
