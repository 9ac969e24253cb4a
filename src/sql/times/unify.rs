//! One type for values that stand side by side: branches of a CASE, arguments of `coalesce`, columns of a UNION.

use super::convert::{Kind, convert, is_time, parsed};
use super::{literal, sql_type};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Union, cast};
use std::sync::Arc;

/// The type that all of `types` become, if they are times of different types, some of them literals.
///
/// A date beside a timestamp is one; of several units it is the finest that a column has. Literals take a column's unit
/// where that holds them, and microseconds are every year's otherwise.
pub(super) fn common(values: &[(DataType, Option<ScalarValue>)]) -> Option<DataType> {
    let dated =
        |data_type: &DataType| matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..));
    let known = |data_type: &DataType| data_type.is_null() || data_type.is_string();
    let clocks = |data_type: &DataType| matches!(data_type, DataType::Time32(_) | DataType::Time64(_));
    let times: Vec<&(DataType, Option<ScalarValue>)> = values.iter().filter(|value| !known(&value.0)).collect();
    let first = &times.first()?.0;
    if times.iter().all(|value| &value.0 == first) {
        return is_time(first).then(|| first.clone());
    }
    if times.iter().all(|value| clocks(&value.0)) {
        return Some(DataType::Time64(TimeUnit::Nanosecond));
    }
    if !times.iter().all(|value| dated(&value.0)) {
        return None;
    }
    let zone = times.iter().find_map(|value| match &value.0 {
        DataType::Timestamp(_, Some(zone)) => Some(zone.clone()),
        _ => None,
    });
    let columns = times.iter().filter(|value| value.1.is_none());
    let unit = columns.filter_map(|value| match value.0 {
        DataType::Timestamp(unit, _) => Some(unit),
        _ => None,
    });
    let finest = unit.min_by_key(|unit| literal::unit(&DataType::Timestamp(*unit, None)));
    let held = |unit: TimeUnit| {
        let data_type = DataType::Timestamp(unit, None);
        let literals = times.iter().filter_map(|value| literal::nanos(value.1.as_ref()?));
        literals.map(|nanos| literal::floor(nanos, &data_type)).all(|held| held.is_some_and(|held| held.1))
    };
    let unit = finest.filter(|unit| held(*unit)).unwrap_or(TimeUnit::Microsecond);
    Some(DataType::Timestamp(unit, zone))
}

/// `expr` as a value of `target`.
pub(super) fn to(expr: Expr, data_type: &DataType, target: &DataType) -> Expr {
    if data_type == target {
        return expr;
    }
    if let Expr::Literal(value, _) = &expr {
        if let Some((value, true)) = literal::nanos(value).and_then(|nanos| literal::floor(nanos, target)) {
            return Expr::Literal(value, None);
        }
        if let Some(value) = value.try_as_str().flatten().and_then(|text| parsed(text, target).ok()) {
            return Expr::Literal(value, None);
        }
    }
    if data_type.is_string() { convert(Kind::Read, expr, target) } else { cast(expr, target.clone()) }
}

/// Makes one type of expressions that are times of different ones; whether it did.
pub(super) fn all(exprs: &mut [Expr], schema: &DFSchema) -> Result<bool> {
    let mut values = Vec::with_capacity(exprs.len());
    for expr in exprs.iter() {
        let literal = match expr {
            Expr::Literal(value, _) => Some(value.clone()),
            _ => None,
        };
        match expr.get_type(schema) {
            Ok(data_type) => values.push((data_type, literal)),
            Err(_) => return Ok(false),
        }
    }
    refuse_numbers(values.iter().map(|(data_type, _)| data_type))?;
    // A text column beside times stays what it is: the result is a text.
    if values.iter().any(|(data_type, literal)| data_type.is_string() && literal.is_none()) {
        return Ok(false);
    }
    let Some(target) = common(&values) else { return Ok(false) };
    if values.iter().all(|(data_type, _)| data_type == &target || data_type.is_null()) {
        return Ok(false);
    }
    for (expr, (data_type, _)) in exprs.iter_mut().zip(&values) {
        if !data_type.is_null() {
            *expr = to(std::mem::take(expr), data_type, &target);
        }
    }
    Ok(true)
}

/// Refuses numbers where times are: DataFusion takes them for days or seconds since 1970.
pub(super) fn refuse_numbers<'t>(types: impl Iterator<Item = &'t DataType> + Clone) -> Result<()> {
    let time = types.clone().find(|data_type| is_time(data_type));
    let number = types.clone().find(|data_type| !data_type.is_null() && data_type.is_numeric());
    match (time, number) {
        (Some(time), Some(number)) => plan_err!(
            "{} and {} have no type in common: cast one of them, to VARCHAR for example",
            sql_type(time),
            sql_type(number)
        ),
        _ => Ok(()),
    }
}

/// Makes one type of each column of a UNION.
pub(super) fn union(union: Union) -> Result<LogicalPlan> {
    let count = union.inputs.first().map_or(0, |input| input.schema().fields().len());
    let mut targets: Vec<Option<DataType>> = Vec::with_capacity(count);
    for column in 0..count {
        let types = union.inputs.iter().filter_map(|input| input.schema().fields().get(column));
        let values: Vec<_> = types.map(|field| (field.data_type().clone(), None)).collect();
        refuse_numbers(values.iter().map(|(data_type, _)| data_type))?;
        let texts = values.iter().any(|(data_type, _)| data_type.is_string());
        let target = common(&values).filter(|_| !texts);
        let changes =
            |target: &DataType| values.iter().any(|(data_type, _)| data_type != target && !data_type.is_null());
        targets.push(target.filter(changes));
    }
    if targets.iter().all(Option::is_none) {
        return Ok(LogicalPlan::Union(union));
    }
    let mut inputs = Vec::with_capacity(union.inputs.len());
    for input in union.inputs {
        let columns = input.schema().columns().into_iter().zip(input.schema().fields()).zip(&targets);
        let exprs: Vec<Expr> = columns
            .map(|((column, field), target)| match target {
                Some(target) if field.data_type() != target && !field.data_type().is_null() => {
                    let alias = (column.relation.clone(), column.name.clone());
                    to(Expr::Column(column), field.data_type(), target).alias_qualified(alias.0, alias.1)
                }
                _ => Expr::Column(column),
            })
            .collect();
        inputs.push(Arc::new(LogicalPlanBuilder::from(input).project(exprs)?.build()?));
    }
    Ok(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?))
}
