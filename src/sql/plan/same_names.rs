//! No filter is pushed down by name where two columns have one name.
//!
//! DataFusion 55's physical pushdown finds a filter's columns in an operator's input by their names. Above a join both tables may have a
//! column of that name: the filter then lands on the wrong one, and rows are lost or kept without a word
//! ([apache/datafusion#25296](https://github.com/apache/datafusion/issues/25296), #21246, #25263; fixed by #25259). That goes for the filter
//! of `WHERE x.t = y.t OR y.b`, and for what `ORDER BY p.amount LIMIT 1` has found. Where names are unique, names are places.

use super::guarded_rule::{Rule, guarded};
use datafusion::physical_plan::ExecutionPlan;
use std::collections::HashSet;
use std::sync::Arc;

/// How the names of DataFusion's rules that push filters begin.
const PUSHES: &str = "FilterPushdown";

/// `rule`, kept from plans with equal names if it is one that pushes filters.
pub fn guard(rule: Rule) -> Rule {
    if rule.name().starts_with(PUSHES) { guarded(rule, has_same_names) } else { rule }
}

/// Whether two columns of an operator have one name.
fn has_same_names(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let schema = plan.schema();
    let mut names = HashSet::new();
    schema.fields().iter().any(|field| !names.insert(field.name()))
}
