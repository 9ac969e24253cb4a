//! Intervals as keys of groups: those of one length are one key, `1 day` and `24 hours`, as they are in comparisons.
//!
//! Groups are made by the length, and show the interval that came first.

use super::intervals;
use arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema, Result, plan_err};
use datafusion::functions_aggregate::first_last::{first_value, first_value_udaf};
use datafusion::logical_expr::expr::{AggregateFunction, Sort, WindowFunction};
use datafusion::logical_expr::{Aggregate, Distinct, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder};

/// A plan's grouping by intervals as one by their lengths.
pub(super) fn grouped(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Aggregate(aggregate) => by_length(aggregate),
        LogicalPlan::Distinct(Distinct::All(input)) if input.schema().fields().iter().any(|f| is(f.data_type())) => {
            let columns = input.schema().columns().into_iter().map(Expr::Column).collect();
            by_length(Aggregate::try_new(input, columns, Vec::new())?)
        }
        other => Ok(other),
    }
}

fn is(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Interval(_))
}

fn is_interval(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|data_type| is(&data_type))
}

fn by_length(aggregate: Aggregate) -> Result<LogicalPlan> {
    let input_schema = aggregate.input.schema().clone();
    if let [Expr::GroupingSet(sets)] = aggregate.group_expr.as_slice() {
        if sets.distinct_expr().iter().any(|key| is_interval(key, &input_schema)) {
            return plan_err!("intervals cannot be keys of ROLLUP, CUBE or GROUPING SETS: write epoch(x) for the key");
        }
        return Ok(LogicalPlan::Aggregate(aggregate));
    }
    if !aggregate.group_expr.iter().any(|key| is_interval(key, &input_schema)) {
        return Ok(LogicalPlan::Aggregate(aggregate));
    }
    let before = aggregate.schema.clone();
    let (keys_before, all_before) = (aggregate.group_expr.len(), before.fields().len());
    let (mut keys, mut shown, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (place, key) in aggregate.group_expr.into_iter().enumerate() {
        if is_interval(&key, &input_schema) {
            places.push(all_before + shown.len());
            shown.push(first_value(key.clone(), Vec::new()).alias(format!("lakeglass.interval {place}")));
            keys.push(intervals::key().call(vec![key]));
        } else {
            places.push(place);
            keys.push(key);
        }
    }
    places.extend(keys_before..all_before);
    let values = aggregate.aggr_expr.into_iter().chain(shown).collect();
    let grouped = Aggregate::try_new(aggregate.input, keys, values)?;
    let columns: Vec<Expr> = before
        .iter()
        .zip(places)
        .map(|((relation, field), place)| {
            let column = Expr::Column(Column::from(grouped.schema.qualified_field(place)));
            column.alias_qualified(relation.cloned(), field.name())
        })
        .collect();
    LogicalPlanBuilder::from(LogicalPlan::Aggregate(grouped)).project(columns)?.build()
}

/// `min` and `max` of intervals, and counts of different ones, by their lengths. `None` for other aggregates.
pub(super) fn aggregated(call: &AggregateFunction, schema: &DFSchema) -> Option<Expr> {
    let [argument] = call.params.args.as_slice() else { return None };
    if !is_interval(argument, schema) {
        return None;
    }
    let length = intervals::key().call(vec![argument.clone()]);
    let mut call = call.clone();
    match call.func.name() {
        name @ ("min" | "max") => {
            call.params.order_by = vec![Sort::new(length, name == "min", false)];
            call.params.distinct = false;
            call.func = first_value_udaf();
        }
        "count" if call.params.distinct => call.params.args = vec![length],
        _ => return None,
    }
    Some(Expr::AggregateFunction(call))
}

/// A window whose partitions and order are by intervals, by their lengths. `None` for others.
pub(super) fn windowed(call: &WindowFunction, schema: &DFSchema) -> Option<Expr> {
    let by_interval = |expr: &Expr| is_interval(expr, schema);
    let params = &call.params;
    if !params.partition_by.iter().chain(params.order_by.iter().map(|sort| &sort.expr)).any(by_interval) {
        return None;
    }
    let mut call = call.clone();
    let orders = call.params.order_by.iter_mut().map(|sort| &mut sort.expr);
    for expr in call.params.partition_by.iter_mut().chain(orders) {
        if is_interval(expr, schema) {
            *expr = intervals::key().call(vec![std::mem::take(expr)]);
        }
    }
    Some(Expr::WindowFunction(Box::new(call)))
}
