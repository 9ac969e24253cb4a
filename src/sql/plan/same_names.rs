//! No filter is pushed down by name where two columns have one name.
//!
//! DataFusion 55's physical pushdown finds a filter's columns in an operator's input by their names. Above a join both tables may have a
//! column of that name: the filter then lands on the wrong one, and rows are lost or kept without a word
//! ([apache/datafusion#25296](https://github.com/apache/datafusion/issues/25296), #21246, #25263; fixed by #25259). That goes for the filter
//! of `WHERE x.t = y.t OR y.b`, and for what `ORDER BY p.amount LIMIT 1` has found. Where names are unique, names are places.

use datafusion::common::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use std::collections::HashSet;
use std::sync::Arc;

/// How the names of DataFusion's rules that push filters begin.
const PUSHES: &str = "FilterPushdown";

/// `rule`, kept from plans with equal names if it is one that pushes filters.
pub fn guarded(rule: Arc<dyn PhysicalOptimizerRule + Send + Sync>) -> Arc<dyn PhysicalOptimizerRule + Send + Sync> {
    if rule.name().starts_with(PUSHES) { Arc::new(SameNames(rule)) } else { rule }
}

#[derive(Debug)]
struct SameNames(Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for SameNames {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        if !has_same_names(&plan) {
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

/// Whether two columns of an operator of the plan have one name.
fn has_same_names(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let schema = plan.schema();
    let mut names = HashSet::new();
    schema.fields().iter().any(|field| !names.insert(field.name())) || plan.children().into_iter().any(has_same_names)
}
