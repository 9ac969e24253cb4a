//! A rule of DataFusion's that is kept from plans for which it is wrong.

use datafusion::common::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use std::sync::Arc;

/// A rule as DataFusion lists it.
pub type Rule = Arc<dyn PhysicalOptimizerRule + Send + Sync>;

/// `rule`, for plans that are not `barred`: a plan is where any operator of it is. The parts of a barred plan may still be optimized.
pub fn guarded(rule: Rule, barred: fn(&Arc<dyn ExecutionPlan>) -> bool) -> Rule {
    Arc::new(GuardedRule { rule, barred })
}

#[derive(Debug)]
struct GuardedRule {
    rule: Rule,
    /// Whether the operator itself, without those below it, bars the rule.
    barred: fn(&Arc<dyn ExecutionPlan>) -> bool,
}

impl GuardedRule {
    fn is_barred(&self, plan: &Arc<dyn ExecutionPlan>) -> bool {
        (self.barred)(plan) || plan.children().into_iter().any(|child| self.is_barred(child))
    }
}

impl PhysicalOptimizerRule for GuardedRule {
    fn name(&self) -> &str {
        self.rule.name()
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        if !self.is_barred(&plan) {
            return self.rule.optimize(plan, config);
        }
        let children: Vec<_> = plan.children().into_iter().cloned().collect();
        let optimized = children.into_iter().map(|child| self.optimize(child, config)).collect::<Result<Vec<_>>>()?;
        replace_children_if_necessary(plan, optimized)
    }

    fn schema_check(&self) -> bool {
        self.rule.schema_check()
    }
}
