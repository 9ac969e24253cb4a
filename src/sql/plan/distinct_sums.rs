//! `sum(x), count(DISTINCT y)` in two steps of grouping, whose sums keep their type.
//!
//! DataFusion groups by the distinct column first and then sums the sums. Ours of integers is a `BIGINT`, and that of `BIGINT`s a
//! decimal, so that the second step has another type than the query has by then.

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};
use datafusion::optimizer::optimizer::{ApplyOrder, Optimizer, OptimizerConfig, OptimizerRule};
use std::sync::Arc;

/// The rule of DataFusion's that this stands around.
const GUARDED: &str = "single_distinct_aggregation_to_group_by";

/// DataFusion's rules, with that one guarded.
pub fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let guard = |rule: Arc<dyn OptimizerRule + Send + Sync>| match rule.name() {
        GUARDED => Arc::new(Guard(rule)) as _,
        _ => rule,
    };
    Optimizer::new().rules.into_iter().map(guard).collect()
}

#[derive(Debug)]
struct Guard(Arc<dyn OptimizerRule + Send + Sync>);

impl OptimizerRule for Guard {
    fn name(&self) -> &str {
        GUARDED
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let before = plan.schema().clone();
        let rewritten = self.0.rewrite(plan, config)?;
        let after = rewritten.data.schema().clone();
        let types = before.fields().iter().zip(after.fields());
        if !rewritten.transformed || types.clone().all(|(before, after)| before.data_type() == after.data_type()) {
            return Ok(rewritten);
        }
        let columns = after.columns().into_iter().zip(types).map(|(column, (before, after))| {
            let (relation, name) = (column.relation.clone(), column.name.clone());
            match before.data_type() == after.data_type() {
                true => Expr::Column(column),
                false => cast(Expr::Column(column), before.data_type().clone()).alias_qualified(relation, name),
            }
        });
        let columns: Vec<Expr> = columns.collect();
        rewritten.map_data(|plan| LogicalPlanBuilder::from(plan).project(columns)?.build())
    }
}
