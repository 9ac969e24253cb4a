//! Floats beside decimals: the decimals become floats. DataFusion would make decimals of both, with 15 digits on either side of the
//! point, which rounds the floats or has no room for them.

use super::kind::{MAX_DIGITS, converted};
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{Case, Cast, ScalarFunction};
use datafusion::logical_expr::type_coercion::binary::comparison_coercion;
use datafusion::logical_expr::{Expr, ExprSchemable, Join, LogicalPlan, LogicalPlanBuilder, Union, cast, lit};
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

/// The type that has the values of two types of numbers; `None` where one is no number.
pub fn common_number(left: &DataType, right: &DataType) -> Option<DataType> {
    if !left.is_numeric() || !right.is_numeric() {
        return None;
    }
    match float_among([left, right].into_iter()) {
        Some(float) => Some(float),
        None if left == right => Some(left.clone()),
        None => comparison_coercion(left, right),
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

/// What booleans become beside values of other types: 0 and 1 beside numbers, texts beside texts. `None` where they stay.
fn beside_booleans<'t>(types: impl Iterator<Item = &'t DataType> + Clone) -> Option<DataType> {
    if !types.clone().any(|data_type| *data_type == DataType::Boolean) {
        return None;
    }
    let mut others = types.filter(|data_type| **data_type != DataType::Boolean && !data_type.is_null()).peekable();
    others.peek()?;
    let (mut numbers, mut texts) = (true, true);
    for other in others {
        numbers &= other.is_numeric();
        texts &= other.is_string();
    }
    match (numbers, texts) {
        (true, _) => Some(DataType::Int64),
        (_, true) => Some(DataType::Utf8View),
        _ => None,
    }
}

fn is_boolean(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|data_type| data_type == DataType::Boolean)
}

/// The results of a CASE.
pub(super) fn case(case: Case, schema: &DFSchema) -> Case {
    let results: Vec<&Expr> =
        case.when_then_expr.iter().map(|(_, then)| then.as_ref()).chain(case.else_expr.as_deref()).collect();
    let types = types(&results, schema);
    let float = float_among(types.iter());
    let booleans = beside_booleans(types.iter()).filter(DataType::is_integer);
    if float.is_none() && booleans.is_none() {
        return case;
    }
    let result = |expr: Box<Expr>| match (&booleans, &float) {
        (Some(to), _) if is_boolean(&expr, schema) => Box::new(cast(*expr, to.clone())),
        (_, Some(float)) => Box::new(cast_decimal(*expr, float, schema)),
        _ => expr,
    };
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

/// `round(decimal, 2)`, whose type hangs on how many digits there are. Type coercion would cast the literal, which hides them from
/// the function until the cast is folded, and leave it another type then.
fn with_digits(call: &mut ScalarFunction) {
    if let ("round" | "trunc", [_, digits]) = (call.func.name(), call.args.as_mut_slice())
        && let Some(number) = whole_literal(digits)
    {
        *digits = lit(number);
    }
}

fn whole_literal(expr: &Expr) -> Option<i32> {
    match expr {
        Expr::Literal(ScalarValue::Int64(Some(number)), _) => i32::try_from(*number).ok(),
        Expr::Negative(inner) => whole_literal(inner)?.checked_neg(),
        Expr::ScalarFunction(call) if call.func.name() == "negative" => {
            whole_literal(call.args.first()?)?.checked_neg()
        }
        _ => None,
    }
}

/// `floor` and `ceil` of a decimal as text have no digits behind the point.
pub(super) fn written_whole(mut call: Cast, schema: &DFSchema) -> Cast {
    if let Expr::ScalarFunction(inner) = call.expr.as_ref()
        && call.field.data_type().is_string()
        && ["floor", "ceil"].contains(&inner.func.name())
        && let Ok(DataType::Decimal128(precision, scale)) = call.expr.get_type(schema)
        && scale > 0
    {
        *call.expr = cast(std::mem::take(call.expr.as_mut()), DataType::Decimal128(precision, 0));
    }
    call
}

/// The arguments of a function.
pub(super) fn function(mut call: ScalarFunction, schema: &DFSchema) -> ScalarFunction {
    with_digits(&mut call);
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
            let targets = (0..schema.fields().len()).map(|column| {
                let types: Vec<&DataType> = types(column).map(|field| field.data_type()).collect();
                Targets { float: float_among(types.iter().copied()), boolean: beside_booleans(types.iter().copied()) }
            });
            let targets: Vec<Targets> = targets.collect();
            if targets.iter().all(Targets::is_none) {
                return Ok(LogicalPlan::Union(Union { inputs, schema }));
            }
            let inputs = inputs.into_iter().map(|input| Ok(Arc::new(with_targets(input, &targets)?)));
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

/// What decimals and booleans of a column become.
struct Targets {
    float: Option<DataType>,
    boolean: Option<DataType>,
}

impl Targets {
    fn is_none(&self) -> bool {
        self.float.is_none() && self.boolean.is_none()
    }
}

fn with_targets(input: Arc<LogicalPlan>, targets: &[Targets]) -> Result<LogicalPlan> {
    let schema = input.schema().clone();
    let columns = schema.columns().into_iter().zip(targets).map(|(column, targets)| {
        let (relation, name) = (column.relation.clone(), column.name.clone());
        let column = Expr::Column(column);
        match (&targets.float, &targets.boolean) {
            (_, Some(to)) if is_boolean(&column, &schema) => cast(column, to.clone()).alias_qualified(relation, name),
            (Some(float), _) => cast_decimal(column, float, &schema).alias_qualified(relation, name),
            _ => column,
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
