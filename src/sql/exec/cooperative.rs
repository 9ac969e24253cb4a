//! Plans whose work can be interrupted between any two batches.
//!
//! In a browser one thread does everything, so a query has to give the event loop its turn: only then a cancel arrives, or a
//! reply. Scans do (see [`time_slice::tick`]). But many operators take batches from below for as long as there are any, and what is
//! below is not always a scan that works: a join makes many batches of one, a sort gives out what it has. So each operator of a
//! plan is put behind a node that asks first whether the slice of time is over. DataFusion's own `CooperativeExec` counts
//! batches instead, 128 of them, whatever time they take, and stands above leaves only.
//!
//! Natively there are no slices, and the question costs an atomic access for each batch.

use super::run_sort::SortRuns;
use super::slices::Slices;
use datafusion::common::internal_err;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use std::fmt;
use std::sync::Arc;

/// The plan with all its operators interruptible. To be applied last: no optimizer knows the nodes it puts in.
pub fn interruptible(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let wrapped = |node: Arc<dyn ExecutionPlan>| {
        let node = SortRuns::instead_of(&node).unwrap_or(node);
        Ok(Transformed::yes(Arc::new(Interruptible { input: node }) as Arc<dyn ExecutionPlan>))
    };
    plan.transform_up(wrapped).data()
}

/// The operator below a node of [`interruptible`]; any other node is itself.
pub fn operator(plan: &Arc<dyn ExecutionPlan>) -> &Arc<dyn ExecutionPlan> {
    match plan.downcast_ref::<Interruptible>() {
        Some(node) => &node.input,
        None => plan,
    }
}

/// Passes batches on while the slice of time lasts.
#[derive(Debug)]
struct Interruptible {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for Interruptible {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.input.fmt_as(format, f)
    }
}

impl ExecutionPlan for Interruptible {
    fn name(&self) -> &str {
        "Interruptible"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
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
            Ok([input]) => Ok(Arc::new(Interruptible { input })),
            Err(_) => internal_err!("an operator is one"),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        Ok(Box::pin(Slices { input: self.input.execute(partition, context)? }))
    }
}
