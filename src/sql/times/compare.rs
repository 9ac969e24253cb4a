//! One comparison in which a date, a time or an interval takes part.

use super::arguments::INTERVAL;
use super::convert::{Kind, beside, convert, is_time, parsed};
use super::{intervals, literal, sql_type};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, and, binary_expr, cast, lit, or};

/// What times of different types are compared by.
pub(super) const NANOS: DataType = DataType::Decimal128(38, 0);

/// Whether two types differ by their time zone alone. Both count from the same instant.
pub(super) fn same_instant(left: &DataType, right: &DataType) -> bool {
    matches!((left, right), (DataType::Timestamp(a, _), DataType::Timestamp(b, _)) if a == b)
}

pub(super) fn is_comparison(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

/// A comparison in which a time takes part; `None` where it may stay as it is.
pub(super) fn compared(left: &Expr, op: Operator, right: &Expr, schema: &DFSchema) -> Result<Option<Expr>> {
    if !is_comparison(op) {
        return Ok(None);
    }
    let (Ok(left_type), Ok(right_type)) = (left.get_type(schema), right.get_type(schema)) else { return Ok(None) };
    let of_interval = |data_type: &DataType| matches!(data_type, DataType::Interval(_) | DataType::Duration(_));
    if of_interval(&left_type) || of_interval(&right_type) {
        return intervals_compared(left, &left_type, op, right, &right_type);
    }
    if !is_time(&left_type) && !is_time(&right_type) {
        return Ok(None);
    }
    if left_type.is_numeric() || right_type.is_numeric() || clash(&left_type, &right_type) {
        return plan_err!(
            "{} {op} {}: the two are not comparable; write both sides as one type ('2024-05-17' is a date too), or compare \
             a part: year(x)",
            sql_type(&left_type),
            sql_type(&right_type)
        );
    }
    // Texts become times of the other side's type.
    let read = |expr: &Expr, data_type: &DataType, other: &DataType| -> Result<(Expr, DataType)> {
        Ok(match (data_type.is_string(), expr) {
            (false, _) => (expr.clone(), data_type.clone()),
            (true, Expr::Literal(value, _)) => {
                let target = beside(other);
                let value = match value.try_as_str().flatten() {
                    Some(text) => text_literal(text, &target)?,
                    None => ScalarValue::try_from(&target)?,
                };
                let data_type = value.data_type();
                (Expr::Literal(value, None), data_type)
            }
            (true, _) => (convert(Kind::Read, expr.clone(), other), other.clone()),
        })
    };
    let (l, l_type) = read(left, &left_type, &right_type)?;
    let (r, r_type) = read(right, &right_type, &left_type)?;
    if !is_time(&l_type) || !is_time(&r_type) {
        return Ok(None);
    }
    if l_type == r_type || same_instant(&l_type, &r_type) {
        let read = left_type.is_string() || right_type.is_string();
        let zones = l_type != r_type;
        return Ok((read || zones).then(|| binary_expr(l, op, zoned(r, &l_type, &r_type))));
    }
    if is_constant(&r) {
        return Ok(Some(with_constant(l, &l_type, op, r)));
    }
    if let (true, Some(swapped)) = (is_constant(&l), op.swap()) {
        return Ok(Some(with_constant(r, &r_type, swapped, l)));
    }
    Ok(Some(binary_expr(convert(Kind::Nanos, l, &NANOS), op, convert(Kind::Nanos, r, &NANOS))))
}

/// The literal of a text, of a finer or wider type than its column's where it needs that.
pub(super) fn text_literal(text: &str, target: &DataType) -> Result<ScalarValue> {
    match parsed(text, target) {
        // Beyond the nanoseconds.
        Err(error) => match target {
            DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
                parsed(text, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone())).map_err(|_| error)
            }
            _ => Err(error),
        },
        Ok(value) => match target {
            DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, zone) => {
                parsed(text, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
            }
            _ => Ok(value),
        },
    }
}

/// The same instant under the other's time zone.
fn zoned(expr: Expr, target: &DataType, data_type: &DataType) -> Expr {
    if target == data_type {
        return expr;
    }
    match &expr {
        Expr::Literal(value, _) => match literal::nanos(value).and_then(|nanos| literal::floor(nanos, target)) {
            Some((value, _)) => Expr::Literal(value, None),
            None => cast(expr, target.clone()),
        },
        _ => cast(expr, target.clone()),
    }
}

/// A date beside a time of day.
pub(super) fn clash(left: &DataType, right: &DataType) -> bool {
    let clock = |data_type: &DataType| matches!(data_type, DataType::Time32(_) | DataType::Time64(_));
    is_time(left) && is_time(right) && clock(left) != clock(right)
}

/// Whether an expression is the same for every row.
fn is_constant(expr: &Expr) -> bool {
    let varies = |expr: &Expr| {
        Ok(matches!(
            expr,
            Expr::Column(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::ScalarSubquery(_)
                | Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
                | Expr::LambdaVariable(_)
                | Expr::Unnest(_)
                | Expr::Placeholder(_)
                | Expr::GroupingSet(_)
        ))
    };
    !expr.exists(varies).unwrap_or(true) && !expr.is_volatile()
}

/// `expr op constant`, in the type of `expr`.
fn with_constant(expr: Expr, data_type: &DataType, op: Operator, constant: Expr) -> Expr {
    if let Expr::Literal(value, _) = &constant {
        let Some(nanos) = literal::nanos(value) else {
            let null = ScalarValue::try_from(data_type).unwrap_or(ScalarValue::Null);
            return binary_expr(expr, op, Expr::Literal(null, None));
        };
        if let Some((value, true)) = literal::floor(nanos, data_type) {
            return binary_expr(expr, op, Expr::Literal(value, None));
        }
    }
    let floor = || match &constant {
        Expr::Literal(value, _) => {
            moved(literal::nanos(value).and_then(|nanos| literal::floor(nanos, data_type)).map(|at| at.0))
        }
        other => convert(Kind::Floor, other.clone(), data_type),
    };
    let below = || match &constant {
        Expr::Literal(value, _) => moved(literal::nanos(value).and_then(|nanos| literal::below(nanos, data_type))),
        other => convert(Kind::Below, other.clone(), data_type),
    };
    let at_most = |bound: Expr| binary_expr(expr.clone(), Operator::LtEq, bound);
    let above = |bound: Expr| binary_expr(expr.clone(), Operator::Gt, bound);
    match op {
        Operator::Lt => at_most(below()),
        Operator::LtEq => at_most(floor()),
        Operator::Gt => above(floor()),
        Operator::GtEq => above(below()),
        Operator::Eq => and(at_most(floor()), above(below())),
        Operator::NotEq => or(above(floor()), at_most(below())),
        other => binary_expr(convert(Kind::Nanos, expr.clone(), &NANOS), other, convert(Kind::Nanos, constant, &NANOS)),
    }
}

fn moved(value: Option<ScalarValue>) -> Expr {
    lit(value.unwrap_or(ScalarValue::Null))
}

/// Intervals by their length, with months of 30 days.
fn intervals_compared(
    left: &Expr,
    left_type: &DataType,
    op: Operator,
    right: &Expr,
    right_type: &DataType,
) -> Result<Option<Expr>> {
    let side = |expr: &Expr, data_type: &DataType| match data_type {
        DataType::Interval(_) | DataType::Duration(_) => Ok(intervals::key().call(vec![expr.clone()])),
        DataType::Null => Ok(Expr::Literal(ScalarValue::try_from(&NANOS)?, None)),
        text if text.is_string() => {
            let interval = match expr {
                Expr::Literal(value, _) => match value.try_as_str().flatten() {
                    Some(text) => Expr::Literal(parsed(text, &INTERVAL)?, None),
                    None => Expr::Literal(ScalarValue::try_from(&INTERVAL)?, None),
                },
                _ => convert(Kind::Read, expr.clone(), &INTERVAL),
            };
            Ok(intervals::key().call(vec![interval]))
        }
        other => plan_err!("INTERVAL {op} {}: the two are not comparable", sql_type(other)),
    };
    Ok(Some(binary_expr(side(left, left_type)?, op, side(right, right_type)?)))
}

/// Whether a comparison of two would be rewritten.
pub(super) fn differs(left: &Expr, right: &Expr, schema: &DFSchema) -> Result<bool> {
    Ok(compared(left, Operator::Eq, right, schema)?.is_some())
}

/// `left op right`, rewritten where that is needed.
pub(super) fn comparison(left: &Expr, op: Operator, right: &Expr, schema: &DFSchema) -> Result<Expr> {
    Ok(match compared(left, op, right, schema)? {
        Some(rewritten) => rewritten,
        None => binary_expr(left.clone(), op, right.clone()),
    })
}
