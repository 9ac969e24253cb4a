//! An analyzer rule for times, before DataFusion's type coercion, which takes everything to nanoseconds.
//!
//! A literal takes the type of the column that it is compared with, so that files can be left out by their bounds. One that
//! lies between two values of that type, or beyond all of them, moves the comparison to the value below it: `c < x` becomes
//! `c <= floor(x)`. Columns of different types are compared by their nanoseconds in 128 bits. Nothing overflows.

use super::compare::{NANOS, clash, compared, comparison, differs, is_comparison, same_instant, text_literal};
use super::convert::{Kind, convert, is_time, parsed};
use super::{interval_groups, intervals, sql_type, unify};
use crate::sql::plan::expressions::rewrite_expressions;
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::expr::{Between, Case, InList, InSubquery, ScalarFunction};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, Cast, Expr, ExprSchemable, Join, LogicalPlan, LogicalPlanBuilder, Operator, Sort, Subquery, TryCast,
    and, binary_expr, cast, not, or,
};
use datafusion::optimizer::AnalyzerRule;
use std::sync::Arc;

/// Casts of text, and times of different types side by side.
#[derive(Debug)]
pub struct TimesRule;

impl AnalyzerRule for TimesRule {
    fn name(&self) -> &str {
        "times"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(rewritten)?.data)
    }
}

fn rewritten(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let mut schema = merge_schema(&plan.inputs());
    if let LogicalPlan::TableScan(scan) = &plan {
        schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
    }
    let plan = match plan {
        LogicalPlan::Join(join) => LogicalPlan::Join(keys(join)?),
        LogicalPlan::Union(union) => unify::union(union)?,
        LogicalPlan::Sort(sort) => LogicalPlan::Sort(sorted(sort)?),
        other => other,
    };
    let plan = rewrite_expressions(plan, &mut |expr| expr.transform_up(|expr| expression(expr, &schema)))?;
    let plan = match plan.transformed {
        true => plan.map_data(LogicalPlan::recompute_schema)?,
        false => plan,
    };
    plan.map_data(interval_groups::grouped)
}

/// The keys of a join that are times of different types.
fn keys(mut join: Join) -> Result<Join> {
    for (left, right) in &mut join.on {
        let (left_type, right_type) = (left.get_type(join.left.schema())?, right.get_type(join.right.schema())?);
        unify::refuse_numbers([&left_type, &right_type].into_iter())?;
        if left_type != right_type
            && is_time(&left_type)
            && is_time(&right_type)
            && !same_instant(&left_type, &right_type)
        {
            *left = convert(Kind::Nanos, std::mem::take(left), &NANOS);
            *right = convert(Kind::Nanos, std::mem::take(right), &NANOS);
        }
    }
    Ok(join)
}

/// Intervals in the order of their lengths.
fn sorted(mut sort: Sort) -> Result<Sort> {
    for by in &mut sort.expr {
        if let Ok(DataType::Interval(_)) = by.expr.get_type(sort.input.schema()) {
            by.expr = intervals::key().call(vec![std::mem::take(&mut by.expr)]);
        }
    }
    Ok(sort)
}

fn expression(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let changed = match &expr {
        Expr::Cast(Cast { expr, field }) => casted(expr, field.data_type(), schema, Kind::Read)?,
        Expr::TryCast(TryCast { expr, field }) => casted(expr, field.data_type(), schema, Kind::TryRead)?,
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => joined(left, right, schema)?,
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(*op) => compared(left, *op, right, schema)?,
        Expr::Between(between) => between_bounds(between, schema)?,
        Expr::InList(list) => in_list(list, schema)?,
        Expr::Case(case) => case_of(case, schema)?,
        Expr::ScalarFunction(call) => function(call, schema)?,
        Expr::InSubquery(subquery) => in_subquery(subquery, schema)?,
        Expr::WindowFunction(call) => interval_groups::windowed(call, schema),
        Expr::AggregateFunction(call) => interval_groups::aggregated(call, schema),
        _ => None,
    };
    Ok(changed.map_or_else(|| Transformed::no(expr), Transformed::yes))
}

/// A cast of a text to a time, of a time to a text, or of a number of seconds to a timestamp.
fn casted(expr: &Expr, target: &DataType, schema: &DFSchema, kind: Kind) -> Result<Option<Expr>> {
    let Ok(from) = expr.get_type(schema) else { return Ok(None) };
    let is_value = |data_type: &DataType| is_time(data_type) || matches!(data_type, DataType::Interval(_));
    if from.is_string() && is_value(target) {
        if let Expr::Literal(value, _) = expr {
            match value.try_as_str().flatten().map(|text| parsed(text, target)) {
                Some(Ok(value)) => return Ok(Some(Expr::Literal(value, None))),
                None => return Ok(Some(Expr::Literal(ScalarValue::try_from(target)?, None))),
                Some(Err(_)) => {}
            }
        }
        return Ok(Some(convert(kind, expr.clone(), target)));
    }
    if is_value(&from) && target.is_string() {
        return Ok(Some(convert(Kind::Write, expr.clone(), target)));
    }
    match target {
        DataType::Timestamp(unit, zone) if from.is_numeric() => {
            let seconds = super::operators::named("timestamp_seconds").call(vec![expr.clone()]);
            let micros = cast(seconds, DataType::Timestamp(TimeUnit::Microsecond, zone.clone()));
            Ok(Some(match unit {
                TimeUnit::Microsecond => micros,
                _ => cast(micros, target.clone()),
            }))
        }
        _ => Ok(None),
    }
}

/// `time || text`.
fn joined(left: &Expr, right: &Expr, schema: &DFSchema) -> Result<Option<Expr>> {
    let mut written = false;
    let mut side = |expr: &Expr| match expr.get_type(schema) {
        Ok(data_type) if is_time(&data_type) || matches!(data_type, DataType::Interval(_)) => {
            written = true;
            convert(Kind::Write, expr.clone(), &DataType::Utf8View)
        }
        _ => expr.clone(),
    };
    let (left, right) = (side(left), side(right));
    Ok(written.then(|| binary_expr(left, Operator::StringConcat, right)))
}

/// Texts beside dates and timestamps are timestamps, as the rest becomes; beside dates alone they are dates.
fn texts_read(exprs: &[&Expr], schema: &DFSchema) -> Result<Vec<Expr>> {
    let types: Vec<Option<DataType>> = exprs.iter().map(|expr| expr.get_type(schema).ok()).collect();
    let timestamp = types.iter().flatten().find(|data_type| matches!(data_type, DataType::Timestamp(..)));
    let dated = types.iter().flatten().any(|data_type| matches!(data_type, DataType::Date32 | DataType::Date64));
    let read = |expr: &Expr| match (expr, timestamp) {
        (Expr::Literal(value, _), Some(target)) if dated => match value.try_as_str().flatten() {
            Some(text) => Ok(Expr::Literal(text_literal(text, target)?, None)),
            None => Ok(expr.clone()),
        },
        _ => Ok(expr.clone()),
    };
    exprs.iter().map(|expr| read(expr)).collect()
}

fn between_bounds(between: &Between, schema: &DFSchema) -> Result<Option<Expr>> {
    let Between { expr, negated, low, high } = between;
    let bounds = texts_read(&[expr.as_ref(), low.as_ref(), high.as_ref()], schema)?;
    let [expr, low, high] = bounds.as_slice() else { return Ok(None) };
    if !differs(expr, low, schema)? && !differs(expr, high, schema)? {
        return Ok(None);
    }
    Ok(Some(match negated {
        false => and(comparison(expr, Operator::GtEq, low, schema)?, comparison(expr, Operator::LtEq, high, schema)?),
        true => or(comparison(expr, Operator::Lt, low, schema)?, comparison(expr, Operator::Gt, high, schema)?),
    }))
}

fn in_list(list: &InList, schema: &DFSchema) -> Result<Option<Expr>> {
    let InList { expr, list, negated } = list;
    let all: Vec<&Expr> = std::iter::once(expr.as_ref()).chain(list).collect();
    let all = texts_read(&all, schema)?;
    let Some((expr, list)) = all.split_first() else { return Ok(None) };
    let mut differ = false;
    for value in list {
        differ |= differs(expr, value, schema)?;
    }
    if !differ {
        return Ok(None);
    }
    // Where every value is one of the column's type, it stays a list.
    let mut values = Vec::with_capacity(list.len());
    let mut any: Option<Expr> = None;
    for value in list {
        let equal = comparison(expr, Operator::Eq, value, schema)?;
        if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = &equal
            && left.as_ref() == expr
        {
            values.push(right.as_ref().clone());
        }
        any = Some(any.map_or(equal.clone(), |any| or(any, equal)));
    }
    if values.len() == list.len() {
        return Ok(Some(Expr::InList(InList::new(Box::new(expr.clone()), values, *negated))));
    }
    Ok(any.map(|any| if *negated { not(any) } else { any }))
}

fn case_of(case: &Case, schema: &DFSchema) -> Result<Option<Expr>> {
    let mut case = case.clone();
    let mut changed = false;
    if let Some(operand) = &case.expr {
        for (when, _) in &case.when_then_expr {
            changed |= differs(operand, when, schema)?;
        }
        if changed {
            for (when, _) in &mut case.when_then_expr {
                **when = comparison(operand, Operator::Eq, when, schema)?;
            }
            case.expr = None;
        }
    }
    let mut results: Vec<Expr> = case.when_then_expr.iter().map(|(_, then)| then.as_ref().clone()).collect();
    results.extend(case.else_expr.iter().map(|other| other.as_ref().clone()));
    if unify::all(&mut results, schema)? {
        changed = true;
        let mut results = results.into_iter();
        for (_, then) in &mut case.when_then_expr {
            **then = results.next().unwrap_or_default();
        }
        if let Some(other) = &mut case.else_expr {
            **other = results.next().unwrap_or_default();
        }
    }
    Ok(changed.then_some(Expr::Case(case)))
}

/// Functions of values that have one type.
fn function(call: &ScalarFunction, schema: &DFSchema) -> Result<Option<Expr>> {
    match (call.func.name(), call.args.as_slice()) {
        ("coalesce" | "greatest" | "least" | "nvl" | "make_array", _) => {
            let mut args = call.args.clone();
            let changed = unify::all(&mut args, schema)?;
            Ok(changed.then(|| Expr::ScalarFunction(ScalarFunction::new_udf(call.func.clone(), args))))
        }
        ("nullif", [value, other]) if differs(value, other, schema)? => {
            let equal = comparison(value, Operator::Eq, other, schema)?;
            let null = ScalarValue::try_from(&value.get_type(schema)?)?;
            let otherwise = Some(Box::new(value.clone()));
            let when = vec![(Box::new(equal), Box::new(Expr::Literal(null, None)))];
            Ok(Some(Expr::Case(Case::new(None, when, otherwise))))
        }
        ("concat" | "concat_ws", args) => {
            let mut written = false;
            let mut text = |expr: &Expr| match expr.get_type(schema) {
                Ok(data_type) if is_time(&data_type) || matches!(data_type, DataType::Interval(_)) => {
                    written = true;
                    convert(Kind::Write, expr.clone(), &DataType::Utf8View)
                }
                Ok(data_type) if data_type.is_floating() => {
                    written = true;
                    cast(expr.clone(), DataType::Utf8View)
                }
                _ => expr.clone(),
            };
            let args: Vec<Expr> = args.iter().map(&mut text).collect();
            Ok(written.then(|| Expr::ScalarFunction(ScalarFunction::new_udf(call.func.clone(), args))))
        }
        _ => Ok(None),
    }
}

/// `x IN (SELECT y …)`, where the two are times of different types.
fn in_subquery(search: &InSubquery, schema: &DFSchema) -> Result<Option<Expr>> {
    let InSubquery { expr, subquery, negated } = search;
    let plan = subquery.subquery.as_ref();
    let (Some(field), Ok(left)) = (plan.schema().fields().first(), expr.get_type(schema)) else { return Ok(None) };
    let right = field.data_type();
    if (is_time(&left) && right.is_numeric()) || (is_time(right) && left.is_numeric()) {
        return plan_err!("{} IN (SELECT …) of {}: the two are not comparable", sql_type(&left), sql_type(right));
    }
    if &left == right || !is_time(&left) || !is_time(right) || same_instant(&left, right) || clash(&left, right) {
        return Ok(None);
    }
    let Some(column) = plan.schema().columns().into_iter().next() else { return Ok(None) };
    let name = column.name.clone();
    let nanos = convert(Kind::Nanos, Expr::Column(column), &NANOS).alias(name);
    let plan = LogicalPlanBuilder::from(plan.clone()).project(vec![nanos])?.build()?;
    let subquery = Subquery {
        subquery: Arc::new(plan),
        outer_ref_columns: subquery.outer_ref_columns.clone(),
        spans: subquery.spans.clone(),
    };
    let expr = convert(Kind::Nanos, expr.as_ref().clone(), &NANOS);
    Ok(Some(Expr::InSubquery(InSubquery::new(Box::new(expr), subquery, *negated))))
}
