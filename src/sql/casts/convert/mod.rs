//! Arrays cast to numbers, booleans, and to and from nested types.

pub(crate) mod nested;
pub(crate) mod nested_text;

use super::number::{Written, boolean, double};
use super::written;
use crate::sql::functions::strings;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, ListArray, StringViewArray,
};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, exec_err};
use std::sync::Arc;

/// Whether a cast differs from Arrow's.
pub fn differs(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::List(from), DataType::List(to)) => differs(from.data_type(), to.data_type()),
        (from, to) if to.is_string() => written::is_written(from),
        (from, to) if from.is_string() => {
            to.is_integer()
                || nested::is_nested(to)
                || matches!(to, DataType::Boolean | DataType::Float32 | DataType::Float64)
                || matches!(to, DataType::Decimal128(_, scale) if *scale >= 0)
        }
        // What a FLOAT has no room for is not infinite.
        (DataType::Float64, DataType::Float32) => true,
        (DataType::Float16 | DataType::Float32 | DataType::Float64, to) => to.is_integer(),
        // Rounded: what a cast is compared with is not what the number is.
        (DataType::Decimal128(_, from), DataType::Decimal128(_, to)) => to < from,
        (DataType::Timestamp(from, _), DataType::Timestamp(to, _)) => to < from,
        (DataType::Decimal128(_, scale), to) => *to == DataType::Boolean || (*scale > 0 && to.is_integer()),
        _ => false,
    }
}

/// Whether a cast may be null where DataFusion takes it for its operand in comparisons.
pub fn may_fail(from: &DataType, to: &DataType) -> bool {
    from.is_integer() && to.is_integer()
}

/// A cast that [`differs`]; what cannot be cast is null where it is `lenient`, else an error.
pub fn convert(array: &ArrayRef, to: &DataType, lenient: bool) -> Result<ArrayRef> {
    let options = CastOptions { safe: lenient, ..Default::default() };
    match (array.data_type(), to) {
        (DataType::List(_), DataType::List(item)) => {
            let lists = array.as_list::<i32>();
            let values = convert(lists.values(), item.data_type(), lenient)?;
            let lists = ListArray::try_new(item.clone(), lists.offsets().clone(), values, lists.nulls().cloned())?;
            Ok(Arc::new(lists))
        }
        (_, to) if to.is_string() => written::convert(array, to),
        (from, to) if from.is_string() && nested::is_nested(to) => nested::read(&strings(Some(array))?, to, lenient),
        (from, to) if from.is_string() => of_strings(&strings(Some(array))?, to, lenient),
        (DataType::Decimal128(..), DataType::Decimal128(..)) | (DataType::Timestamp(..), _) => {
            Ok(cast_with_options(array, to, &options)?)
        }
        (from, to) if from.is_integer() && to.is_integer() => Ok(cast_with_options(array, to, &options)?),
        // No decimal is so small that its double is 0.
        (DataType::Decimal128(..), DataType::Boolean) => Ok(cast(&cast(array, &DataType::Float64)?, to)?),
        (DataType::Decimal128(..), to) => {
            let whole = cast_with_options(array, &DataType::Decimal128(38, 0), &options)?;
            Ok(cast_with_options(&whole, to, &options)?)
        }
        (_, DataType::Float32) => floats(array.as_primitive(), lenient),
        (_, to) => {
            let doubles = cast(array, &DataType::Float64)?;
            let rounded: Float64Array = doubles.as_primitive::<Float64Type>().unary(f64::round_ties_even);
            Ok(cast_with_options(&rounded, to, &options)?)
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "to the nearest float")]
fn floats(doubles: &Float64Array, lenient: bool) -> Result<ArrayRef> {
    let has_room = |value: f64| !value.is_finite() || (value as f32).is_finite();
    if !lenient && let Some(value) = doubles.iter().flatten().find(|value| !has_room(*value)) {
        return exec_err!("{value} does not fit into FLOAT");
    }
    let floats = doubles.iter().map(|value| value.filter(|value| has_room(*value)).map(|value| value as f32));
    Ok(Arc::new(floats.collect::<Float32Array>()))
}

#[expect(clippy::cast_possible_truncation, reason = "to the nearest float")]
fn of_strings(texts: &StringViewArray, to: &DataType, lenient: bool) -> Result<ArrayRef> {
    Ok(match to {
        DataType::Boolean => Arc::new(read(texts, to, lenient, boolean)?.into_iter().collect::<BooleanArray>()),
        DataType::Float64 => Arc::new(Float64Array::from(read(texts, to, lenient, double)?)),
        DataType::Float32 => {
            let doubles = read(texts, to, lenient, double)?.into_iter();
            Arc::new(doubles.map(|value| value.map(|value| value as f32)).collect::<Float32Array>())
        }
        DataType::Decimal128(precision, scale) => {
            let most = 10i128.pow(u32::from(*precision).min(38));
            let number = |text: &str| {
                let value = Written::parse(text)?.scaled(i64::from(*scale))?;
                (value.abs() < most).then_some(value)
            };
            let numbers = Decimal128Array::from(read(texts, to, lenient, number)?);
            Arc::new(numbers.with_precision_and_scale(*precision, *scale)?)
        }
        _ => {
            let (least, most) = bounds(to);
            let number = |text: &str| Written::parse(text)?.scaled(0).filter(|value| (least..=most).contains(value));
            let numbers = Decimal128Array::from(read(texts, to, lenient, number)?);
            cast(&numbers.with_precision_and_scale(38, 0)?, to)?
        }
    })
}

fn bounds(to: &DataType) -> (i128, i128) {
    match to {
        DataType::Int8 => (i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => (i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 => (i32::MIN.into(), i32::MAX.into()),
        DataType::UInt8 => (0, u8::MAX.into()),
        DataType::UInt16 => (0, u16::MAX.into()),
        DataType::UInt32 => (0, u32::MAX.into()),
        DataType::UInt64 => (0, u64::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

fn read<T>(
    texts: &StringViewArray,
    to: &DataType,
    lenient: bool,
    number: impl Fn(&str) -> Option<T>,
) -> Result<Vec<Option<T>>> {
    let mut values = Vec::with_capacity(texts.len());
    for text in texts {
        let value = text.and_then(&number);
        if let (Some(text), None, false) = (text, &value, lenient) {
            let to = crate::sql::type_names::sql_type(to);
            return exec_err!("CAST: {text:?} is no {to}, or out of its range; TRY_CAST gives null there");
        }
        values.push(value);
    }
    Ok(values)
}
