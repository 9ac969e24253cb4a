//! Leaf values: from a data file's type to the table's, where that loses nothing.
//!
//! A file's type differs from the table's after [type widening](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#type-widening),
//! and because writers spell the same values differently (timestamp units, `INT96`, unannotated strings).

use crate::scan::read::text_bytes::text_bytes;
use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow::error::ArrowError;
use std::sync::Arc;

/// Whether values of the type `from` in a file can be values of the type `to` in the table. Those that turn out not to fit
/// are an error of [`cast`].
pub(in crate::scan) fn castable(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    match (from, to) {
        (from, to) if from == to => true,
        (Null, _) => true,
        (from, to) if from.is_integer() && to.is_integer() => true,
        (Int8 | Int16 | UInt8 | UInt16, Float32 | Float64) => true,
        (Int32 | UInt32, Float64) => true,
        (from, Decimal32(..) | Decimal64(..) | Decimal128(..) | Decimal256(..)) if from.is_integer() => true,
        (Float16, Float32 | Float64) | (Float32, Float64) => true,
        (from, to) if is_decimal(from) && is_decimal(to) => scale(from) <= scale(to),
        (Date32, Timestamp(TimeUnit::Microsecond, None)) => true,
        (Timestamp(..), Timestamp(TimeUnit::Microsecond, _)) => true,
        (from, to) => is_bytes(from) && is_bytes(to),
    }
}

/// The values as `to` has them: exactly the same ones, or an error.
pub(in crate::scan) fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match (array.data_type(), to) {
        (from, to) if from == to => Ok(array.clone()),
        (DataType::Null, to) => Ok(new_null_array(to, array.len())),
        (DataType::Timestamp(unit, _), DataType::Timestamp(TimeUnit::Microsecond, zone)) => {
            micros(array, *unit, zone.clone())
        }
        // The crate would panic.
        (from, DataType::Utf8 | DataType::Binary) if is_bytes(from) && text_bytes(array) > MOST_TEXT => {
            Err(ArrowError::CastError("more than 2 GiB of text in a row".into()))
        }
        (_, to) => cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() }),
    }
}

/// The most bytes that the offsets of a plain string or binary can count.
const MOST_TEXT: u64 = i32::MAX as u64;

/// Timestamps in microseconds. The zone is a label here: values stay what they are, whatever the file's own label says.
fn micros(array: &ArrayRef, unit: TimeUnit, zone: Option<Arc<str>>) -> Result<ArrayRef, ArrowError> {
    let overflow = || ArrowError::CastError("a timestamp is out of range".into());
    let scaled = |value: i64, factor: i64| value.checked_mul(factor).ok_or_else(overflow);
    let array = match unit {
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().clone(),
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().try_unary(|v| scaled(v, 1_000_000))?,
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().try_unary(|v| scaled(v, 1_000))?,
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().unary(|v| v.div_euclid(1_000)),
    };
    Ok(Arc::new(array.with_timezone_opt(zone)))
}

fn is_decimal(data_type: &DataType) -> bool {
    scale(data_type).is_some()
}

fn scale(data_type: &DataType) -> Option<i8> {
    match data_type {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => Some(*scale),
        _ => None,
    }
}

fn is_bytes(data_type: &DataType) -> bool {
    use DataType::*;
    matches!(data_type, Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | FixedSizeBinary(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        BinaryArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, StringViewArray,
        TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    };

    fn micros_type(zone: Option<&str>) -> DataType {
        DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into))
    }

    #[test]
    fn integers_widen_and_never_wrap() {
        let ints: ArrayRef = Arc::new(Int32Array::from(vec![Some(-7), None, Some(300)]));
        let expected: ArrayRef = Arc::new(Int64Array::from(vec![Some(-7), None, Some(300)]));
        assert_eq!(&cast(&ints, &DataType::Int64).unwrap(), &expected);
        let expected: ArrayRef = Arc::new(Float64Array::from(vec![Some(-7.0), None, Some(300.0)]));
        assert_eq!(&cast(&ints, &DataType::Float64).unwrap(), &expected);
        let decimals = cast(&ints, &DataType::Decimal128(12, 2)).unwrap();
        let expected =
            Decimal128Array::from(vec![Some(-700), None, Some(30000)]).with_precision_and_scale(12, 2).unwrap();
        assert_eq!(decimals.as_ref(), &expected as &dyn Array);
        assert!(cast(&ints, &DataType::Int8).is_err(), "300 is no byte");
        assert!(cast(&ints, &DataType::Decimal128(2, 0)).is_err(), "300 has three digits");
        assert!(!castable(&DataType::Int64, &DataType::Float64), "2^53 + 1 would change");
        assert!(!castable(&DataType::Int32, &DataType::Utf8));
        assert!(!castable(&DataType::Float64, &DataType::Float32));
    }

    #[test]
    fn decimals_never_round() {
        assert!(castable(&DataType::Decimal128(5, 2), &DataType::Decimal128(7, 4)));
        assert!(!castable(&DataType::Decimal128(5, 2), &DataType::Decimal128(5, 1)));
        let big: ArrayRef = Arc::new(Decimal128Array::from(vec![99_999]).with_precision_and_scale(5, 2).unwrap());
        assert!(cast(&big, &DataType::Decimal128(5, 3)).is_err(), "999.99 needs six digits");
    }

    #[test]
    fn timestamps_keep_their_instant() {
        let millis: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![-1, 5]).with_timezone("UTC"));
        let expected: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![-1000, 5000]));
        assert_eq!(&cast(&millis, &micros_type(None)).unwrap(), &expected);
        let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![-1, 1999]));
        let expected: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![-1, 1]).with_timezone("UTC"));
        assert_eq!(&cast(&nanos, &micros_type(Some("UTC"))).unwrap(), &expected);
        let far: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![i64::MAX]));
        assert!(cast(&far, &micros_type(None)).is_err());
        let day: ArrayRef = Arc::new(Date32Array::from(vec![1, -1]));
        let expected: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![86_400_000_000, -86_400_000_000]));
        assert_eq!(&cast(&day, &micros_type(None)).unwrap(), &expected);
    }

    #[test]
    fn bytes_are_strings_only_where_they_are_utf8() {
        let good: ArrayRef = Arc::new(BinaryArray::from(vec![Some("ä".as_bytes()), None]));
        let expected: ArrayRef = Arc::new(StringViewArray::from(vec![Some("ä"), None]));
        assert_eq!(&cast(&good, &DataType::Utf8View).unwrap(), &expected);
        let bad: ArrayRef = Arc::new(BinaryArray::from(vec![&[0xff_u8, 0xfe][..]]));
        assert!(cast(&bad, &DataType::Utf8).is_err());
    }
}
