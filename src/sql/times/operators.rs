//! Arithmetic with dates, times and intervals, as DuckDB's operators do it.

use super::function::{TIMESTAMP, timestamptz};
use super::{intervals, part, sql_type};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, ScalarUDF, binary_expr, cast};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use std::sync::Arc;

/// Plans operators on dates, times and intervals, and `extract`.
#[derive(Debug)]
pub struct Operators;

/// What an operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Date,
    Timestamp,
    Time,
    Interval,
    Integer,
    Number,
    Other,
}

fn kind(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Date32 | DataType::Date64 => Kind::Date,
        DataType::Timestamp(..) => Kind::Timestamp,
        DataType::Time32(_) | DataType::Time64(_) => Kind::Time,
        DataType::Interval(_) | DataType::Duration(_) => Kind::Interval,
        data_type if data_type.is_integer() => Kind::Integer,
        data_type if data_type.is_numeric() => Kind::Number,
        _ => Kind::Other,
    }
}

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let op = match expr.op {
            BinaryOperator::Plus => Operator::Plus,
            BinaryOperator::Minus => Operator::Minus,
            BinaryOperator::Multiply => Operator::Multiply,
            BinaryOperator::Divide => Operator::Divide,
            _ => return Ok(PlannerResult::Original(expr)),
        };
        let (Ok(left), Ok(right)) = (expr.left.get_type(schema), expr.right.get_type(schema)) else {
            return Ok(PlannerResult::Original(expr));
        };
        match planned(&expr.left, &left, op, &expr.right, &right)? {
            Some(expr) => Ok(PlannerResult::Planned(expr)),
            None => Ok(PlannerResult::Original(expr)),
        }
    }

    fn plan_extract(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        Ok(PlannerResult::Planned(part::date_part().call(args)))
    }
}

/// The expression for an operator on times, or `None` where it is none, or DataFusion's own.
fn planned(
    left: &Expr,
    left_type: &DataType,
    op: Operator,
    right: &Expr,
    right_type: &DataType,
) -> Result<Option<Expr>> {
    use Kind::{Date, Integer, Interval, Number, Time, Timestamp};
    let (a, b) = (kind(left_type), kind(right_type));
    let (left, right) = (left.clone(), right.clone());
    Ok(Some(match (a, op, b) {
        (Interval, Operator::Multiply, Integer | Number) => intervals::multiply().call(vec![left, right]),
        (Integer | Number, Operator::Multiply, Interval) => intervals::multiply().call(vec![right, left]),
        (Interval, Operator::Divide, Integer | Number) => intervals::divide().call(vec![left, right]),
        (Date | Timestamp, Operator::Plus | Operator::Minus, Interval) => {
            binary_expr(micros(left, left_type), op, right)
        }
        (Interval, Operator::Plus, Date | Timestamp) => binary_expr(micros(right, right_type), op, left),
        (Date, Operator::Minus, Date) => return Ok(None),
        (Date | Timestamp, Operator::Minus, Date | Timestamp) | (Time, Operator::Minus, Time) => {
            named("time_minus").call(vec![left, right])
        }
        (Date, Operator::Plus, Time) => named("date_time").call(vec![left, right]),
        (Time, Operator::Plus, Date) => named("date_time").call(vec![right, left]),
        (Time, Operator::Plus, Interval) => named("time_plus").call(vec![left, right]),
        (Time, Operator::Minus, Interval) => named("time_less").call(vec![left, right]),
        (Interval, Operator::Plus, Time) => named("time_plus").call(vec![right, left]),
        (Date, Operator::Plus, Integer) => named("date_add").call(vec![left, right]),
        (Integer, Operator::Plus, Date) => named("date_add").call(vec![right, left]),
        (Date, Operator::Minus, Integer) => named("date_sub").call(vec![left, right]),
        (Date | Timestamp | Time | Interval, _, Integer | Number | Date | Timestamp | Time)
        | (Integer | Number, _, Date | Timestamp | Time)
        | (Integer | Number, _, Interval)
        | (Interval, Operator::Multiply | Operator::Divide, Interval) => {
            return plan_err!(
                "{} {op} {} is not defined; write an interval: x + INTERVAL '1 hour'",
                sql_type(left_type),
                sql_type(right_type)
            );
        }
        _ => return Ok(None),
    }))
}

/// A date or a timestamp, with microseconds at least.
fn micros(expr: Expr, data_type: &DataType) -> Expr {
    match data_type {
        DataType::Timestamp(TimeUnit::Microsecond | TimeUnit::Nanosecond, _) => expr,
        DataType::Timestamp(_, Some(_)) => cast(expr, timestamptz()),
        _ => cast(expr, TIMESTAMP),
    }
}

/// One of our functions, which there is.
pub(super) fn named(name: &str) -> Arc<ScalarUDF> {
    super::functions().into_iter().find(|function| function.name() == name).unwrap_or_else(part::date_part)
}
