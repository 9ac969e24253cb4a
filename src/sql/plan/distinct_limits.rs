//! A limit within an aggregate stays there only where its stream knows limits.
//!
//! DataFusion pushes a LIMIT into a DISTINCT of unordered rows; once the rows turn out to be in an order, as those of a window are, the
//! aggregate takes the limit for that of a sort, and fails. The limit above it is enough.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use std::sync::Arc;

/// The rule. To follow those that order rows.
#[derive(Debug)]
pub struct DistinctLimits;

impl PhysicalOptimizerRule for DistinctLimits {
    fn name(&self) -> &str {
        "distinct_limits"
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let without = |node: Arc<dyn ExecutionPlan>| {
            let Some(aggregate) = node.downcast_ref::<AggregateExec>() else { return Ok(Transformed::no(node)) };
            let is_of_no_order = aggregate.limit_options().is_some_and(|options| options.descending.is_none());
            if !is_of_no_order || aggregate.is_unordered_unfiltered_group_by_distinct() {
                return Ok(Transformed::no(node));
            }
            Ok(Transformed::yes(Arc::new(aggregate.with_new_limit_options(None)) as Arc<dyn ExecutionPlan>))
        };
        plan.transform_up(without).data()
    }

    fn schema_check(&self) -> bool {
        true
    }
}
