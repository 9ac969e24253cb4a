//! GROUPING SETS, ROLLUP and CUBE over rows in an order.
//!
//! Such an aggregate puts NULL in the place of columns. DataFusion's passes on what is known of them below, their order or that they are
//! constant, as if it did not: a sort above is left out, and the second step of the aggregate takes rows of one group for those of
//! several. So it is put over a node that knows nothing of the rows below.

use datafusion::common::config::ConfigOptions;
use datafusion::common::internal_err;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use std::fmt;
use std::sync::Arc;

/// The rule that puts [`AnyOrder`] into plans. To be the first one, before any is misled.
#[derive(Debug)]
pub struct GroupingSets;

impl PhysicalOptimizerRule for GroupingSets {
    fn name(&self) -> &str {
        "grouping_sets"
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let over_any_order = |node: Arc<dyn ExecutionPlan>| {
            let is_misled =
                node.downcast_ref::<AggregateExec>().is_some_and(|node| node.group_expr().has_grouping_set());
            if !is_misled {
                return Ok(Transformed::no(node));
            }
            let children = node.children().into_iter().cloned().map(AnyOrder::over).collect();
            replace_children_if_necessary(node, children).map(Transformed::yes)
        };
        plan.transform_up(over_any_order).data()
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Passes rows on without what is known of them.
#[derive(Debug)]
struct AnyOrder {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl AnyOrder {
    fn over(input: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Arc::new(AnyOrder { input, properties: Arc::new(properties) })
    }
}

impl DisplayAs for AnyOrder {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ExecutionPlan for AnyOrder {
    fn name(&self) -> &str {
        "AnyOrder"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(AnyOrder::over(input)),
            Err(_) => internal_err!("one input"),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }
}
