//! Functions of numbers that are exact where the numbers are.

use super::own::{Call, Own, gives, takes};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int8Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Float64Type, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let function =
        |name, aliases, usage, takes, gives, run| Own { name, aliases, usage, takes, gives, json: false, run };
    let double = |name, run| function(name, &[], "a number", one_double, gives::double, run);
    let all = [
        double("even", |call| doubles(call, even)),
        function("sign", &["signum"], "a number", one_number, tiny, sign),
        function("signbit", &[], "a number", one_double, gives::boolean, |call| tested(call, f64::is_sign_negative)),
        function("isinf", &[], "a number or a date", one_time_or_double, gives::boolean, |call| {
            tested(call, f64::is_infinite)
        }),
        function("isfinite", &[], "a number or a date", one_time_or_double, gives::boolean, |call| {
            tested(call, f64::is_finite)
        }),
        function("factorial", &[], "an integer", one_integer, huge, factorial),
        function("fmod", &[], "two numbers", two_doubles, gives::double, |call| {
            paired(call, |a, b| a - (a / b).floor() * b)
        }),
        function("fdiv", &[], "two numbers", two_doubles, gives::double, |call| paired(call, |a, b| (a / b).floor())),
        function("round_even", &["roundbankers"], "a number and how many digits", two_doubles, gives::double, |call| {
            paired(call, |value, digits| {
                #[expect(clippy::cast_possible_truncation, reason = "more digits than a double has either way")]
                let scale = 10f64.powi(digits as i32);
                let rounded = (value * scale).round_ties_even() / scale;
                if rounded.is_finite() { rounded } else { value }
            })
        }),
        function(
            "width_bucket",
            &[],
            "a number, the least, the most, and how many buckets",
            four_doubles,
            gives::integer,
            bucket,
        ),
    ];
    all.into_iter().map(Own::function).collect()
}

fn one_double(types: &[DataType]) -> Option<Vec<DataType>> {
    all_doubles(types, 1)
}

fn two_doubles(types: &[DataType]) -> Option<Vec<DataType>> {
    all_doubles(types, 2)
}

fn four_doubles(types: &[DataType]) -> Option<Vec<DataType>> {
    all_doubles(types, 4)
}

fn all_doubles(types: &[DataType], count: usize) -> Option<Vec<DataType>> {
    types.iter().map(takes::double).collect::<Option<Vec<_>>>().filter(|types| types.len() == count)
}

fn one_integer(types: &[DataType]) -> Option<Vec<DataType>> {
    types.iter().map(takes::integer).collect::<Option<Vec<_>>>().filter(|types| types.len() == 1)
}

fn one_number(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        // A decimal's sign is that of a double: nothing of it rounds to 0.
        [data_type] if data_type.is_integer() && *data_type != DataType::UInt64 => Some(vec![DataType::Int64]),
        _ => one_double(types),
    }
}

fn one_time_or_double(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)] => Some(types.to_vec()),
        _ => one_double(types),
    }
}

fn tiny(_: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    Ok(DataType::Int8)
}

fn huge(_: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    Ok(DataType::Decimal128(38, 0))
}

fn numbers(call: &Call<'_>, place: usize) -> Result<Float64Array> {
    Ok(cast(call.array(place)?, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
}

fn doubles(call: &Call<'_>, change: fn(f64) -> f64) -> Result<ArrayRef> {
    Ok(Arc::new(numbers(call, 0)?.unary::<_, Float64Type>(change)))
}

fn paired(call: &Call<'_>, combine: fn(f64, f64) -> f64) -> Result<ArrayRef> {
    let (left, right) = (numbers(call, 0)?, numbers(call, 1)?);
    Ok(Arc::new(arrow::compute::binary::<_, _, _, Float64Type>(&left, &right, combine)?))
}

/// A test of doubles; dates and times are finite.
fn tested(call: &Call<'_>, test: fn(f64) -> bool) -> Result<ArrayRef> {
    let array = call.array(0)?;
    if array.data_type().is_temporal() {
        let tested = test(0.0);
        return Ok(Arc::new(
            (0..array.len()).map(|row| array.is_valid(row).then_some(tested)).collect::<BooleanArray>(),
        ));
    }
    Ok(Arc::new(numbers(call, 0)?.iter().map(|value| value.map(test)).collect::<BooleanArray>()))
}

/// The next even integer away from zero.
fn even(value: f64) -> f64 {
    let whole = value.abs().ceil();
    let even = if whole % 2.0 == 0.0 { whole } else { whole + 1.0 };
    if value.is_nan() { value } else { even.copysign(value) }
}

fn sign(call: &Call<'_>) -> Result<ArrayRef> {
    if let Some(integers) = call.array(0)?.as_primitive_opt::<Int64Type>() {
        return Ok(Arc::new(
            integers.iter().map(|value| value.map(|value| value.signum() as i8)).collect::<Int8Array>(),
        ));
    }
    let of = |value: f64| i8::from(value > 0.0) - i8::from(value < 0.0);
    Ok(Arc::new(numbers(call, 0)?.iter().map(|value| value.map(of)).collect::<Int8Array>()))
}

fn factorial(call: &Call<'_>) -> Result<ArrayRef> {
    let one = |value: i64| match value {
        ..0 => exec_err!("factorial: {value} is below 0"),
        0..=33 => Ok((1..=i128::from(value)).product::<i128>()),
        _ => exec_err!("factorial: that of {value} has more than 38 digits"),
    };
    let all = call.integers(0)?.iter().map(|value| value.map(one).transpose()).collect::<Result<Decimal128Array>>()?;
    Ok(Arc::new(all.with_precision_and_scale(38, 0)?))
}

/// The bucket of equal width that a value is in, from 1; 0 below the least, and one more than there are from the most on.
#[expect(clippy::cast_possible_truncation, reason = "a bucket's number")]
fn bucket(call: &Call<'_>) -> Result<ArrayRef> {
    let (values, least, most, counts) = (numbers(call, 0)?, numbers(call, 1)?, numbers(call, 2)?, numbers(call, 3)?);
    let mut out = Int64Array::builder(call.rows);
    for row in 0..call.rows {
        if [&values, &least, &most, &counts].iter().any(|numbers| numbers.is_null(row)) {
            out.append_null();
            continue;
        }
        let (value, least, most, count) = (values.value(row), least.value(row), most.value(row), counts.value(row));
        if count.is_nan() || count < 1.0 || least == most || !least.is_finite() || !most.is_finite() || value.is_nan() {
            return exec_err!("width_bucket: takes a number, two different bounds, and at least one bucket");
        }
        let share = (value - least) / (most - least);
        out.append_value(match share {
            share if share < 0.0 => 0,
            share if share >= 1.0 => count as i64 + 1,
            share => (share * count).floor() as i64 + 1,
        });
    }
    Ok(Arc::new(out.finish()))
}
