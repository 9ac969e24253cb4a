//! Bounds as arrays of the column's type, and what loosens them. Pure.

use crate::formats::delta::partition_values::{date, decimal, offset_seconds, timestamp};
use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, StringArray, new_null_array,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType,
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// Which end of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Min,
    Max,
}

/// Characters that writers keep of a string; a longer one was cut off, so that only a prefix is known.
const PREFIX: usize = 32;

/// Offsets of standard times are a multiple of this, in seconds.
const QUARTER: i64 = 15 * 60;

/// 1920: from here on an offset that is a multiple of [`QUARTER`] has no seconds. In microseconds since the Unix epoch.
const STANDARD_TIME: i64 = -1_577_923_200_000_000;

/// Microseconds that an offset without its seconds is short of, at most.
const CUT_OFF: i64 = 59_000_000;

/// From here on a decimal may have gone through a double.
const EXACT: i128 = 1_000_000_000_000_000;

/// JSON values of one side as an array; what does not parse is null.
pub(crate) fn texts_to_array(texts: &[Option<&RawValue>], data_type: &DataType, side: Side) -> ArrayRef {
    match data_type {
        DataType::Int8 => numbers::<Int8Type>(texts, data_type),
        DataType::Int16 => numbers::<Int16Type>(texts, data_type),
        DataType::Int32 => numbers::<Int32Type>(texts, data_type),
        DataType::Int64 => numbers::<Int64Type>(texts, data_type),
        DataType::Float32 => numbers::<Float32Type>(texts, data_type),
        DataType::Float64 => numbers::<Float64Type>(texts, data_type),
        DataType::Date32 => primitive::<Date32Type>(texts, data_type, |text| date(&text)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            primitive::<TimestampMicrosecondType>(texts, data_type, |text| timestamp_bound(&text, side))
        }
        DataType::Decimal128(precision, scale) => {
            primitive::<Decimal128Type>(texts, data_type, |text| decimal(&text, *precision, *scale))
        }
        DataType::Boolean => Arc::new(values(texts, |text| text.parse().ok()).collect::<BooleanArray>()),
        DataType::Utf8 => Arc::new(texts.iter().map(|text| string((*text)?)).collect::<StringArray>()),
        _ => new_null_array(data_type, texts.len()),
    }
}

fn numbers<T: ArrowPrimitiveType<Native: std::str::FromStr>>(
    texts: &[Option<&RawValue>],
    data_type: &DataType,
) -> ArrayRef {
    primitive::<T>(texts, data_type, |text| text.parse().ok())
}

fn primitive<T: ArrowPrimitiveType>(
    texts: &[Option<&RawValue>],
    data_type: &DataType,
    parse: impl Fn(Cow<'_, str>) -> Option<T::Native>,
) -> ArrayRef {
    let array: PrimitiveArray<T> = values(texts, parse).collect();
    Arc::new(array.with_data_type(data_type.clone()))
}

fn values<V>(
    texts: &[Option<&RawValue>],
    parse: impl Fn(Cow<'_, str>) -> Option<V>,
) -> impl Iterator<Item = Option<V>> {
    // Dates are strings, numbers are not; special floats are strings again.
    texts.iter().map(move |raw| {
        let raw = (*raw)?;
        parse(string(raw).unwrap_or(Cow::Borrowed(raw.get())))
    })
}

/// A timestamp, moved outwards by the seconds that its offset may lack. Delta Spark 3 writes bounds with the session's offset, cut
/// to minutes, and local mean times have seconds. Their minutes are no quarter of an hour, but for some before standard time
/// (Moscow's +02:30:17). See <https://github.com/delta-io/delta/issues/5249>.
fn timestamp_bound(text: &str, side: Side) -> Option<i64> {
    let (micros, offset) = (timestamp(text)?, offset_seconds(text)?);
    let may_lack_seconds = offset % QUARTER != 0 || (offset != 0 && micros < STANDARD_TIME);
    let slack = if may_lack_seconds { CUT_OFF } else { 0 };
    match side {
        Side::Min => micros.checked_sub(slack),
        Side::Max => micros.checked_add(slack),
    }
}

/// A JSON string's content.
fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    match inner.contains('\\') {
        false => Some(Cow::Borrowed(inner)),
        true => serde_json::from_str::<String>(raw.get()).ok().map(Cow::Owned),
    }
}

/// Whether values of one type keep their order, and lose nothing, when cast to the other.
pub(crate) fn same_order(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        _ if from == to => true,
        (DataType::Timestamp(from, _), DataType::Timestamp(TimeUnit::Microsecond, _)) => *from != TimeUnit::Nanosecond,
        (DataType::Date32, DataType::Timestamp(TimeUnit::Microsecond, None)) => true,
        (DataType::Float32, DataType::Float64) => true,
        (DataType::Decimal128(_, from), DataType::Decimal128(_, to)) => from <= to,
        (from, DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Decimal128(_, _)) => {
            from.is_signed_integer()
        }
        (DataType::Int8 | DataType::Int16 | DataType::Int32, DataType::Float64) => true,
        (DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View, DataType::Utf8) => true,
        _ => false,
    }
}

/// Bounds that hold whatever the writer cut off, left out or rounded.
pub(crate) fn loosened(bounds: ArrayRef, side: Side) -> ArrayRef {
    match (bounds.data_type(), side) {
        (DataType::Timestamp(TimeUnit::Microsecond, _), Side::Max) => {
            map::<TimestampMicrosecondType>(&bounds, |micros| Some(micros.saturating_add(999)))
        }
        (DataType::Utf8, Side::Max) => match bounds.as_string_opt::<i32>() {
            Some(strings) => Arc::new(strings.iter().map(|text| text.map(behind)).collect::<StringArray>()),
            None => bounds,
        },
        (DataType::Float32 | DataType::Float64, Side::Max) => new_null_array(bounds.data_type(), bounds.len()),
        (DataType::Float32, Side::Min) => map::<Float32Type>(&bounds, |value| below(value.into()).map(narrow)),
        (DataType::Float64, Side::Min) => map::<Float64Type>(&bounds, below),
        (DataType::Decimal128(precision, _), side) => {
            let most = 10_i128.checked_pow(u32::from(*precision)).map_or(i128::MAX, |power| power - 1);
            map::<Decimal128Type>(&bounds, |value| Some(beyond(value, side).clamp(-most, most)))
        }
        _ => bounds,
    }
}

fn map<T: ArrowPrimitiveType>(bounds: &ArrayRef, loosen: impl Fn(T::Native) -> Option<T::Native>) -> ArrayRef {
    let Some(values) = bounds.as_primitive_opt::<T>() else { return bounds.clone() };
    let loosened: PrimitiveArray<T> = values.iter().map(|value| loosen(value?)).collect();
    Arc::new(loosened.with_data_type(bounds.data_type().clone()))
}

/// Behind every string with this prefix.
fn behind(text: &str) -> Cow<'_, str> {
    match text.chars().nth(PREFIX - 1) {
        Some(_) => Cow::Owned(format!("{text}\u{10ffff}")),
        None => Cow::Borrowed(text),
    }
}

/// Below a number by what a 32-bit float may have lost: a column that was widened to double keeps the statistics of its
/// floats as they were printed. Zero becomes the negative zero, which is smaller here.
fn below(value: f64) -> Option<f64> {
    match value {
        value if value.is_nan() => None,
        0.0 => Some(-0.0),
        value if value.is_finite() => Some(value - value.abs() * f64::from(f32::EPSILON)),
        value => Some(value),
    }
}

/// The 32-bit float at or below a number.
#[expect(clippy::cast_possible_truncation, reason = "that is what it is for")]
fn narrow(value: f64) -> f32 {
    let narrow = value as f32;
    if f64::from(narrow) > value { narrow.next_down() } else { narrow }
}

/// Beyond a decimal by what a double may have lost: delta-rs writes decimals as such.
fn beyond(value: i128, side: Side) -> i128 {
    let slack = match value.unsigned_abs() >= EXACT.unsigned_abs() {
        true => (value.abs() >> 50) + 1,
        false => 0,
    };
    match side {
        Side::Min => value.saturating_sub(slack),
        Side::Max => value.saturating_add(slack),
    }
}
