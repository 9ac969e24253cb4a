//! Floats beside decimals: the decimals become floats. DataFusion would make decimals of both, with 15 digits on either side of the
//! point, which rounds the floats or has no room for them.

use super::kind::{MAX_DIGITS, converted};
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{Expr, ExprSchemable, Join, LogicalPlan, LogicalPlanBuilder, Union, cast};
use std::sync::Arc;

/// Functions whose arguments take one type.
const OF_ONE_TYPE: [&str; 14] = [
    "coalesce",
    "greatest",
    "least",
    "nullif",
    "nvl",
    "ifnull",
    "nvl2",
    "make_array",
    "power",
    "atan2",
    "array_has",
    "array_position",
    "array_append",
    "array_remove_all",
];

/// The float type among some types, where decimals are among them too.
pub(super) fn float_among<'t>(types: impl Iterator<Item = &'t DataType> + Clone) -> Option<DataType> {
    let is = |data_type: &DataType, single: bool| match data_type {
        DataType::Float64 => !single,
        DataType::Float32 | DataType::Float16 => single,
        DataType::List(field) => *field.data_type() == DataType::Float64 && !single,
        _ => false,
    };
    if !types.clone().any(DataType::is_decimal) {
        return None;
    }
    if types.clone().any(|data_type| is(data_type, false)) {
        Some(DataType::Float64)
    } else {
        types.clone().any(|data_type| is(data_type, true)).then_some(DataType::Float32)
    }
}

/// The type in which two decimals, or a float and a decimal, are compared; `None` where type coercion finds one.
pub(super) fn comparable(left: &DataType, right: &DataType) -> Option<DataType> {
    if let (DataType::Decimal128(p1, s1), DataType::Decimal128(p2, s2)) = (left, right) {
        let whole = (i16::from(*p1) - i16::from(*s1)).max(i16::from(*p2) - i16::from(*s2));
        let scale = *s1.max(s2);
        let digits = u8::try_from(whole + i16::from(scale)).ok().filter(|digits| *digits > MAX_DIGITS)?;
        return Some(DataType::Decimal256(digits, scale));
    }
    float_among([left, right].into_iter())
}

/// A value and several that it is compared with, booleans as 0 or 1 where numbers are among them.
pub(super) fn numbers<T: AsMut<[Expr]>>(mut expr: Expr, mut others: T, schema: &DFSchema) -> (Expr, T) {
    let is = |expr: &Expr, test: fn(&DataType) -> bool| expr.get_type(schema).is_ok_and(|data_type| test(&data_type));
    let is_boolean = |data_type: &DataType| *data_type == DataType::Boolean;
    let all = others.as_mut();
    let any = |test: fn(&DataType) -> bool| is(&expr, test) || all.iter().any(|other| is(other, test));
    if any(is_boolean) && any(DataType::is_numeric) {
        for value in std::iter::once(&mut expr).chain(others.as_mut()) {
            if is(value, is_boolean) {
                *value = cast(std::mem::take(value), DataType::Int64);
            }
        }
    }
    (expr, others)
}

/// The type in which a value is compared with several others: see [`comparable`].
pub(super) fn comparable_with(expr: &Expr, others: &[Expr], schema: &DFSchema) -> Option<DataType> {
    let first = expr.get_type(schema).ok().filter(|first| first.is_decimal() || first.is_floating())?;
    let types = types(&others.iter().collect::<Vec<_>>(), schema);
    let common = types.iter().filter_map(|other| comparable(&first, other));
    // A float takes all; of wide decimals the one with most digits, for as many whole ones as another may have.
    common.reduce(|one, other| match (&one, &other) {
        (DataType::Decimal256(_, s1), DataType::Decimal256(_, s2)) => DataType::Decimal256(76, *s1.max(s2)),
        (DataType::Decimal256(..), _) => other,
        _ => one,
    })
}

/// `expr` as `to`, if it is a decimal.
pub(super) fn cast_decimal(expr: Expr, to: &DataType, schema: &DFSchema) -> Expr {
    match expr.get_type(schema) {
        Ok(data_type) if data_type.is_decimal() => converted(&expr, to).unwrap_or_else(|| cast(expr, to.clone())),
        _ => expr,
    }
}

fn types(exprs: &[&Expr], schema: &DFSchema) -> Vec<DataType> {
    exprs.iter().filter_map(|expr| expr.get_type(schema).ok()).collect()
}

/// The results of a CASE.
pub(super) fn case(case: Case, schema: &DFSchema) -> Case {
    let results: Vec<&Expr> =
        case.when_then_expr.iter().map(|(_, then)| then.as_ref()).chain(case.else_expr.as_deref()).collect();
    let Some(float) = float_among(types(&results, schema).iter()) else { return case };
    let result = |expr: Box<Expr>| Box::new(cast_decimal(*expr, &float, schema));
    Case {
        expr: case.expr,
        when_then_expr: case.when_then_expr.into_iter().map(|(when, then)| (when, result(then))).collect(),
        else_expr: case.else_expr.map(result),
    }
}

/// Functions that are computed in double precision, whatever float they are given.
const OF_DOUBLES: [&str; 16] = [
    "sqrt", "cbrt", "exp", "ln", "log", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "power",
    "cot",
];

/// The arguments of a function.
pub(super) fn function(mut call: ScalarFunction, schema: &DFSchema) -> ScalarFunction {
    if OF_DOUBLES.contains(&call.func.name()) {
        let double = |argument: Expr| match argument.get_type(schema) {
            Ok(DataType::Float32) => cast(argument, DataType::Float64),
            _ => argument,
        };
        call.args = call.args.into_iter().map(double).collect();
    }
    if OF_ONE_TYPE.contains(&call.func.name()) {
        let arguments: Vec<&Expr> = call.args.iter().collect();
        if let Some(float) = float_among(types(&arguments, schema).iter()) {
            call.args = call.args.into_iter().map(|argument| cast_decimal(argument, &float, schema)).collect();
        }
    }
    call
}

/// The columns of a UNION, and the keys of a join.
pub(super) fn plan(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Union(Union { inputs, schema }) => {
            let types = |column: usize| inputs.iter().filter_map(move |input| input.schema().fields().get(column));
            let floats: Vec<Option<DataType>> = (0..schema.fields().len())
                .map(|column| float_among(types(column).map(|field| field.data_type()).collect::<Vec<_>>().into_iter()))
                .collect();
            if floats.iter().all(Option::is_none) {
                return Ok(LogicalPlan::Union(Union { inputs, schema }));
            }
            let inputs = inputs.into_iter().map(|input| Ok(Arc::new(with_floats(input, &floats)?)));
            // Type coercion begins with the types of the union itself.
            Ok(LogicalPlan::Union(Union::try_new_with_loose_types(inputs.collect::<Result<_>>()?)?))
        }
        LogicalPlan::Join(mut join) => {
            join.on = std::mem::take(&mut join.on).into_iter().map(|(left, right)| key(&join, left, right)).collect();
            Ok(LogicalPlan::Join(join))
        }
        other => Ok(other),
    }
}

fn with_floats(input: Arc<LogicalPlan>, floats: &[Option<DataType>]) -> Result<LogicalPlan> {
    let schema = input.schema().clone();
    let columns = schema.columns().into_iter().zip(floats).map(|(column, float)| {
        let (relation, name) = (column.relation.clone(), column.name.clone());
        match float {
            Some(float) => cast_decimal(Expr::Column(column), float, &schema).alias_qualified(relation, name),
            None => Expr::Column(column),
        }
    });
    LogicalPlanBuilder::from(input).project(columns.collect::<Vec<_>>())?.build()
}

fn key(join: &Join, left: Expr, right: Expr) -> (Expr, Expr) {
    let (left_schema, right_schema) = (join.left.schema(), join.right.schema());
    let (Ok(left_type), Ok(right_type)) = (left.get_type(left_schema), right.get_type(right_schema)) else {
        return (left, right);
    };
    match comparable(&left_type, &right_type) {
        Some(common) => (cast_decimal(left, &common, left_schema), cast_decimal(right, &common, right_schema)),
        None => (left, right),
    }
}
