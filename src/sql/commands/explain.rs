//! What a query's plan is, and once it has run what each of its operators did: as data, and as the text of `EXPLAIN ANALYZE`.

use crate::sql::exec::cooperative::operator;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, coop::CooperativeExec};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// An operator of a plan with those below it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanNode {
    /// Its name: `LakeglassScan`, `AggregateExec`.
    pub operator: String,
    /// Its arguments, as `EXPLAIN` writes them.
    pub details: String,
    /// Rows it gave out, where it ran and counts them.
    pub rows: Option<u64>,
    /// Milliseconds of its own work, where it ran and measures them.
    pub millis: Option<f64>,
    /// Whatever else it counted, by name; times in milliseconds. Of a scan: `files_pruned`, `files_matched`, `row_groups_pruned`,
    /// `row_groups_matched`, `requests`, `bytes_fetched`, `bytes_cached`.
    pub metrics: BTreeMap<String, f64>,
    /// The operators whose rows it takes.
    pub children: Vec<PlanNode>,
}

impl PlanNode {
    /// The operators of `plan`.
    pub fn of(plan: &Arc<dyn ExecutionPlan>) -> PlanNode {
        let plan = visible(plan);
        let text = Details(plan.as_ref(), DisplayFormatType::Default).to_string().replace('\n', " ");
        let name = plan.name();
        let details = text.strip_prefix(name).unwrap_or(&text).trim_start_matches(':').trim().to_string();
        let mut node = PlanNode {
            operator: name.to_string(),
            details,
            rows: None,
            millis: None,
            metrics: BTreeMap::new(),
            children: plan.children().into_iter().map(PlanNode::of).collect(),
        };
        if let Some(metrics) = plan.metrics() {
            node.measure(metrics);
        }
        node
    }

    fn measure(&mut self, metrics: MetricsSet) {
        for metric in metrics.aggregate_by_name().iter() {
            let name = metric.value().name().to_string();
            match metric.value() {
                MetricValue::OutputRows(rows) => self.rows = Some(rows.value() as u64),
                MetricValue::ElapsedCompute(time) => self.millis = Some(millis(time.value())),
                MetricValue::Time { time, .. } => {
                    self.metrics.insert(name, millis(time.value()));
                }
                MetricValue::PruningMetrics { pruning_metrics, .. } => {
                    self.metrics.insert(format!("{name}_pruned"), pruning_metrics.pruned() as f64);
                    self.metrics.insert(format!("{name}_matched"), pruning_metrics.matched() as f64);
                }
                MetricValue::StartTimestamp(_) | MetricValue::EndTimestamp(_) => {}
                MetricValue::Ratio { .. } | MetricValue::Custom { .. } => {}
                other => {
                    self.metrics.insert(name, other.as_usize() as f64);
                }
            }
        }
    }
}

fn millis(nanos: usize) -> f64 {
    nanos as f64 / 1e6
}

/// The operator that a node stands for: without those that only let others at work.
fn visible(plan: &Arc<dyn ExecutionPlan>) -> &Arc<dyn ExecutionPlan> {
    let mut plan = operator(plan);
    while let Some(node) = plan.downcast_ref::<CooperativeExec>() {
        plan = operator(node.input());
    }
    plan
}

/// What a node says of itself.
pub struct Details<'a>(pub &'a dyn ExecutionPlan, pub DisplayFormatType);

impl fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as(self.1, f)
    }
}

/// The columns of [`analyzed`].
pub fn analyzed_schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![text("plan_type"), text("plan")]))
}

/// What `EXPLAIN ANALYZE` answers, of a plan that has run.
pub fn analyzed(plan: &Arc<dyn ExecutionPlan>) -> Result<RecordBatch> {
    let mut text = String::new();
    write(plan, 0, &mut text);
    let columns: [ArrayRef; 2] =
        [Arc::new(StringArray::from(vec!["Plan with Metrics"])), Arc::new(StringArray::from(vec![text]))];
    Ok(RecordBatch::try_new(analyzed_schema(), columns.to_vec())?)
}

fn write(plan: &Arc<dyn ExecutionPlan>, depth: usize, text: &mut String) {
    let plan = visible(plan);
    text.push_str(&"  ".repeat(depth));
    text.push_str(&DisplayableExecutionPlan::with_metrics(plan.as_ref()).one_line().to_string());
    for child in plan.children() {
        write(child, depth + 1, text);
    }
}
