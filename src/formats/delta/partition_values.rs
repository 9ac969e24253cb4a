//! Partition values: the strings of the log, typed. Pure.
//!
//! Specification: [Partition Value Serialization](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#partition-value-serialization).
//! A timestamp without a time zone is read as UTC: the log does not say which zone its writer was in.

use crate::error::{Error, Result};
use crate::snapshot::canonical_floats;
use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, PrimitiveArray, RecordBatch, RecordBatchOptions, StringArray,
    StringBuilder, new_null_array,
};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Schema, SchemaRef, TimestampMicrosecondType,
};
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use std::sync::Arc;

/// Collects the partition values of files, row by row, and types them at the end.
pub(crate) struct PartitionValuesBuilder {
    fields: Vec<Field>,
    /// How the log spells the columns' names.
    names: Vec<String>,
    columns: Vec<StringBuilder>,
    rows: usize,
}

impl PartitionValuesBuilder {
    /// For the partition columns at `positions` of the table's schemas.
    pub(crate) fn new(logical: &Schema, physical: &Schema, positions: &[usize]) -> PartitionValuesBuilder {
        let fields = |schema: &Schema| -> Vec<Field> {
            positions.iter().filter_map(|position| schema.fields().get(*position)).map(|f| (**f).clone()).collect()
        };
        PartitionValuesBuilder {
            // A partition column may lack a value even where the schema says it never is null.
            fields: fields(logical).into_iter().map(|field| field.with_nullable(true)).collect(),
            names: fields(physical).iter().map(|field| field.name().clone()).collect(),
            columns: positions.iter().map(|_| StringBuilder::new()).collect(),
            rows: 0,
        }
    }

    /// Appends one file's values; `value` finds a column's by its physical name.
    pub(crate) fn append<'a>(&mut self, mut value: impl FnMut(&str) -> Option<&'a str>) {
        for (column, name) in self.columns.iter_mut().zip(&self.names) {
            // The empty string is null, for strings too.
            column.append_option(value(name).filter(|value| !value.is_empty()));
        }
        self.rows += 1;
    }

    /// The typed values: a row per file.
    pub(crate) fn finish(mut self) -> Result<RecordBatch> {
        let columns = self.fields.iter().zip(&mut self.columns);
        let columns = columns.map(|(field, column)| typed(field, &column.finish())).collect::<Result<Vec<_>>>()?;
        let schema: SchemaRef = Arc::new(Schema::new(self.fields));
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(schema, columns, &options).map_err(Error::internal)
    }
}

/// `texts` as values of `field`'s type.
fn typed(field: &Field, texts: &StringArray) -> Result<ArrayRef> {
    let data_type = field.data_type();
    let array: ArrayRef = match data_type {
        DataType::Utf8 => Arc::new(texts.clone()),
        DataType::Int8 => primitive::<Int8Type>(field, texts, |text| text.parse().ok())?,
        DataType::Int16 => primitive::<Int16Type>(field, texts, |text| text.parse().ok())?,
        DataType::Int32 => primitive::<Int32Type>(field, texts, |text| text.parse().ok())?,
        DataType::Int64 => primitive::<Int64Type>(field, texts, |text| text.parse().ok())?,
        DataType::Float32 => canonical_floats(&(primitive::<Float32Type>(field, texts, |text| text.parse().ok())?)),
        DataType::Float64 => canonical_floats(&(primitive::<Float64Type>(field, texts, |text| text.parse().ok())?)),
        DataType::Date32 => primitive::<Date32Type>(field, texts, date)?,
        DataType::Timestamp(_, _) => primitive::<TimestampMicrosecondType>(field, texts, timestamp)?,
        DataType::Decimal128(precision, scale) => {
            primitive::<Decimal128Type>(field, texts, |text| decimal(text, *precision, *scale))?
        }
        DataType::Boolean => Arc::new(parsed(field, texts, boolean)?.into_iter().collect::<BooleanArray>()),
        DataType::Binary => Arc::new(texts.iter().map(|text| text.map(binary)).collect::<BinaryArray>()),
        DataType::Null => new_null_array(&DataType::Null, texts.len()),
        _ => {
            let reason = format!("{} is a partition column of type {data_type}", field.name());
            return Err(Error::corrupt("_delta_log", reason));
        }
    };
    Ok(array)
}

fn primitive<T: ArrowPrimitiveType>(
    field: &Field,
    texts: &StringArray,
    parse: impl Fn(&str) -> Option<T::Native>,
) -> Result<ArrayRef> {
    let values: PrimitiveArray<T> = parsed(field, texts, parse)?.into_iter().collect();
    Ok(Arc::new(values.with_data_type(field.data_type().clone())))
}

fn parsed<V>(field: &Field, texts: &StringArray, parse: impl Fn(&str) -> Option<V>) -> Result<Vec<Option<V>>> {
    let value = |text: Option<&str>| match text.map(|text| (text, parse(text))) {
        None => Ok(None),
        Some((_, Some(value))) => Ok(Some(value)),
        Some((text, None)) => {
            let reason = format!("partition value {text:?} of {} is no {}", field.name(), field.data_type());
            Err(Error::corrupt("_delta_log", reason))
        }
    };
    texts.iter().map(value).collect()
}

fn boolean(text: &str) -> Option<bool> {
    match () {
        () if text.eq_ignore_ascii_case("true") => Some(true),
        () if text.eq_ignore_ascii_case("false") => Some(false),
        () => None,
    }
}

/// `{year}-{month}-{day}`, in days since the Unix epoch.
pub(crate) fn date(text: &str) -> Option<i32> {
    let days = naive_date(text)?.signed_duration_since(NaiveDate::default()).num_days();
    i32::try_from(days).ok()
}

fn naive_date(text: &str) -> Option<NaiveDate> {
    let (year, rest) = text.get(1..)?.split_once('-')?;
    let year = text.get(..year.len() + 1)?;
    let (month, day) = rest.split_once('-')?;
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (plain(month) && plain(day)).then_some(())?;
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// `{date} {hour}:{minute}:{second}[.{fraction}]`, with `T` for the space and `Z` or an offset behind it where it is
/// ISO 8601; in microseconds since the Unix epoch. A date alone is its midnight.
pub(crate) fn timestamp(text: &str) -> Option<i64> {
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (day, time),
        None => (text, "00:00:00"),
    };
    let (time, offset) = split_offset(time)?;
    let time = NaiveTime::parse_from_str(time, "%H:%M:%S%.f").ok()?;
    let instant = naive_date(day)?.and_time(time).checked_sub_signed(offset)?;
    Some(instant.and_utc().timestamp_micros())
}

/// The offset from UTC that a timestamp is written with, in seconds.
pub(crate) fn offset_seconds(text: &str) -> Option<i64> {
    let time = text.split_once([' ', 'T']).map_or("", |(_, time)| time);
    Some(split_offset(time)?.1.num_seconds())
}

/// `12:00:00+01:30` is a time and an offset from UTC.
fn split_offset(time: &str) -> Option<(&str, TimeDelta)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, TimeDelta::zero()));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, TimeDelta::zero())) };
    let (time, offset) = time.split_at_checked(at)?;
    let (sign, digits) = offset.split_at_checked(1)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None => digits.split_at_checked(2)?,
    };
    let minutes = if minutes.is_empty() { 0 } else { minutes.parse::<u8>().ok()? };
    let seconds = i64::from(hours.parse::<u8>().ok()?) * 3600 + i64::from(minutes) * 60;
    Some((time, TimeDelta::try_seconds(if sign == "-" { -seconds } else { seconds })?))
}

/// A decimal number, with an exponent too (Java prints `0E-18`), as the unscaled value. `None` where it does not fit or
/// digits other than zero would be lost.
pub(crate) fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (negative, mantissa) = match mantissa.as_bytes().first()? {
        b'-' => (true, mantissa.get(1..)?),
        b'+' => (false, mantissa.get(1..)?),
        _ => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    (digits().next().is_some() && digits().all(|byte| byte.is_ascii_digit())).then_some(())?;

    // value = digits * 10^-(fraction.len() - exponent); wanted is the integer value * 10^scale.
    let mut shift = i64::from(scale).checked_add(exponent)?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let mut kept: Vec<u8> = digits().skip_while(|digit| *digit == b'0').collect();
    while shift < 0 && !kept.is_empty() {
        (kept.pop()? == b'0').then_some(())?;
        shift += 1;
    }
    if kept.is_empty() {
        return Some(0);
    }
    (i64::try_from(kept.len()).ok()?.checked_add(shift)? <= i64::from(precision)).then_some(())?;
    kept.extend(std::iter::repeat_n(b'0', usize::try_from(shift).ok()?));
    let value: i128 = std::str::from_utf8(&kept).ok()?.parse().ok()?;
    Some(if negative { -value } else { value })
}

/// Bytes are written as a string: by most writers as the string that has these bytes in UTF-8, by delta-rs as one
/// `\uXXXX` a byte.
fn binary(text: &str) -> Vec<u8> {
    escaped(text).unwrap_or_else(|| text.as_bytes().to_vec())
}

fn escaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 6);
    let mut rest = text;
    while !rest.is_empty() {
        let (digits, behind) = rest.strip_prefix("\\u")?.split_at_checked(4)?;
        bytes.push(u8::try_from(u16::from_str_radix(digits, 16).ok()?).ok()?);
        rest = behind;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::TimeUnit;

    fn value(data_type: DataType, text: &str) -> Result<ArrayRef> {
        typed(&Field::new("p", data_type, true), &StringArray::from(vec![text]))
    }

    fn number<T: ArrowPrimitiveType>(data_type: DataType, text: &str) -> Option<T::Native> {
        value(data_type, text).ok().map(|array| array.as_primitive::<T>().value(0))
    }

    #[test]
    fn numbers() {
        assert_eq!(number::<Int8Type>(DataType::Int8, "-128"), Some(-128));
        assert_eq!(number::<Int8Type>(DataType::Int8, "128"), None);
        assert_eq!(number::<Int64Type>(DataType::Int64, "9223372036854775807"), Some(i64::MAX));
        assert_eq!(number::<Int32Type>(DataType::Int32, "1.0"), None);
        assert_eq!(number::<Float64Type>(DataType::Float64, "1.0E10"), Some(1e10));
        assert_eq!(number::<Float64Type>(DataType::Float64, "-Infinity"), Some(f64::NEG_INFINITY));
        assert!(number::<Float32Type>(DataType::Float32, "NaN").is_some_and(f32::is_nan));
        let bits = |text| number::<Float64Type>(DataType::Float64, text).map(f64::to_bits);
        assert_eq!((bits("-0.0"), bits("-NaN")), (bits("0.0"), bits("NaN")));
        assert_eq!(number::<Float32Type>(DataType::Float32, "five"), None);
    }

    #[test]
    fn decimals() {
        assert_eq!(decimal("12.34", 10, 2), Some(1234));
        assert_eq!(decimal("-12.3", 10, 2), Some(-1230));
        assert_eq!(decimal("12.340", 4, 2), Some(1234));
        assert_eq!(decimal("0E-18", 38, 18), Some(0));
        assert_eq!(decimal("1.5E+3", 10, 2), Some(150_000));
        assert_eq!(decimal(".5", 3, 1), Some(5));
        let nines = "9".repeat(38);
        assert_eq!(decimal(&nines, 38, 0), nines.parse().ok());
        assert_eq!(decimal(&format!("-{nines}"), 38, 0), nines.parse::<i128>().ok().map(|value| -value));
        for refused in
            ["", "-", ".", "12.345", "123.45", "1e99999999999999999999", "1e9223372036854775807", "0x1", "1 "]
        {
            assert_eq!(decimal(refused, 4, 2), None, "{refused:?}");
        }
        assert_eq!(decimal("1e999999999", 38, 0), None);
    }

    #[test]
    fn dates() {
        assert_eq!(date("1970-01-02"), Some(1));
        assert_eq!(date("1969-12-31"), Some(-1));
        assert_eq!(date("0001-01-01"), Some(-719_162));
        assert_eq!(date("-0001-01-01"), Some(-719_893));
        assert_eq!(date("9999-12-31"), Some(2_932_896));
        for refused in ["", "-", "1970", "1970-13-01", "1970-01-32", "1970-01-01x", "1970-+1-01", "é970-01-01"] {
            assert_eq!(date(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn timestamps() {
        for (text, micros) in [
            ("1970-01-01 00:00:01", 1_000_000),
            ("1970-01-01 00:00:00.123456", 123_456),
            ("1970-01-01 00:00:00.5", 500_000),
            ("1970-01-01T00:00:00.123456Z", 123_456),
            ("1970-01-01T01:30:00+01:30", 0),
            ("1969-12-31T23:00:00-0100", 0),
            ("1969-12-31 23:59:59.999999", -1),
            ("1970-01-02", 86_400_000_000),
        ] {
            assert_eq!(timestamp(text), Some(micros), "{text}");
        }
        for refused in
            ["", "T", "1970-01-01 25:00:00", "1970-01-01 00:00", "1970-01-01 00:00:00 UTC", "1970-01-01 00:00:00+x"]
        {
            assert_eq!(timestamp(refused), None, "{refused:?}");
        }
        let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        assert_eq!(value(zoned.clone(), "1970-01-01 00:00:00").unwrap().data_type(), &zoned);
    }

    #[test]
    fn booleans_and_bytes() {
        assert!(value(DataType::Boolean, "true").unwrap().as_boolean().value(0));
        assert!(value(DataType::Boolean, "yes").is_err());
        let bytes = |text: &str| value(DataType::Binary, text).unwrap().as_binary::<i32>().value(0).to_vec();
        assert_eq!(bytes("\u{1}\u{2}A"), [1, 2, b'A']);
        assert_eq!(bytes("\\u0001\\u00ff"), [1, 255]);
        assert_eq!(bytes("\\u0001x"), b"\\u0001x");
    }

    #[test]
    fn a_value_that_does_not_parse_is_corrupt() {
        let error = value(DataType::Int32, "x").unwrap_err();
        assert_eq!(error, Error::corrupt("_delta_log", "partition value \"x\" of p is no Int32"));
        let list = DataType::List(Arc::new(Field::new("element", DataType::Int8, true)));
        assert!(matches!(value(list, "x"), Err(Error::CorruptTable { .. })));
    }

    #[test]
    fn missing_null_and_empty_are_null() {
        let logical = Schema::new(vec![
            Field::new("x", DataType::Int64, true),
            Field::new("b", DataType::Utf8, false),
            Field::new("a", DataType::Int32, true),
        ]);
        let physical = Schema::new(vec![
            Field::new("x", DataType::Int64, true),
            Field::new("col-b", DataType::Utf8, false),
            Field::new("col-a", DataType::Int32, true),
        ]);
        let mut builder = PartitionValuesBuilder::new(&logical, &physical, &[2, 1]);
        builder.append(|name| (name == "col-a").then_some("1"));
        builder.append(|_| Some(""));
        builder.append(|name| (name == "col-b").then_some("text"));
        let batch = builder.finish().unwrap();
        assert_eq!(batch.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let a: Vec<_> = batch.column(0).as_primitive::<Int32Type>().iter().collect();
        let b: Vec<_> = batch.column(1).as_string::<i32>().iter().collect();
        assert_eq!((a, b), (vec![Some(1), None, None], vec![None, None, Some("text")]));
    }

    #[test]
    fn tables_without_partitions_have_rows_too() {
        let mut builder = PartitionValuesBuilder::new(&Schema::empty(), &Schema::empty(), &[]);
        builder.append(|_| None);
        builder.append(|_| None);
        assert_eq!(builder.finish().unwrap().num_rows(), 2);
    }
}
