//! Computes the keys of windows before the windows.
//!
//! DataFusion sorts a window's input by its keys, and then has to prove, by ranges of values, that it is sorted. Where a function has no
//! range for its argument (`sqrt(x)`, `ln(x)`, a cast to a smaller integer) the proof fails, and `row_number() OVER (PARTITION BY sqrt(x))`
//! is refused. A key that is a column needs no proof, and is computed once.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, Result};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::logical_plan::Window;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::AnalyzerRule;
use std::sync::Arc;

/// What the columns are called. No statement names them.
const KEY: &str = "lakeglass_window_key";

/// The rule.
#[derive(Debug)]
pub struct WindowKeys;

impl AnalyzerRule for WindowKeys {
    fn name(&self) -> &str {
        "window_keys"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| match plan {
            LogicalPlan::Window(window) => with_keys(window),
            plan => Ok(Transformed::no(plan)),
        })
        .map(|changed| changed.data)
    }
}

fn with_keys(window: Window) -> Result<Transformed<LogicalPlan>> {
    let mut keys = Vec::new();
    let replaced: Vec<Expr> = window.window_expr.iter().map(|expr| replaced(expr, &mut keys)).collect();
    if keys.is_empty() {
        return Ok(Transformed::no(LogicalPlan::Window(window)));
    }
    let columns: Vec<Expr> = window.schema.columns().into_iter().map(Expr::Column).collect();
    let inputs = window.input.schema().columns().into_iter().map(Expr::Column);
    let named = keys.into_iter().enumerate().map(|(at, key)| key.alias(name(at)));
    let input = LogicalPlanBuilder::from(window.input).project(inputs.chain(named))?.build()?;
    let window = LogicalPlan::Window(Window::try_new(replaced, Arc::new(input))?);
    Ok(Transformed::yes(LogicalPlanBuilder::from(window).project(columns)?.build()?))
}

fn name(at: usize) -> String {
    format!("{KEY}_{at}")
}

/// A window function over columns, by its name; what the columns stand for is added to `keys`.
fn replaced(expr: &Expr, keys: &mut Vec<Expr>) -> Expr {
    let full_name = expr.schema_name().to_string();
    // Rules that changed a key have kept the name.
    let mut changed = expr.clone().unalias();
    let Expr::WindowFunction(function) = &mut changed else { return expr.clone() };
    let params = &mut function.params;
    let orders = params.order_by.iter_mut().map(|order| &mut order.expr);
    let mut any = false;
    for key in params.partition_by.iter_mut().chain(orders) {
        if matches!(key, Expr::Column(_) | Expr::Literal(..)) || key.contains_outer() {
            continue;
        }
        let at = keys.iter().position(|known| known == key).unwrap_or_else(|| {
            keys.push(key.clone());
            keys.len() - 1
        });
        *key = Expr::Column(Column::from_name(name(at)));
        any = true;
    }
    if any { changed.alias(full_name) } else { expr.clone() }
}
