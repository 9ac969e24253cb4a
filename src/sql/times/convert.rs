//! Casts of text to dates, times and intervals, and back; and times of one type in another.

use super::arguments::INTERVAL;
use super::arguments::integers_as;
use super::interval_text;
use super::literal;
use super::text;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, IntervalMonthDayNanoArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, TimeUnit};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

/// What a conversion does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Reads a text.
    Read,
    /// Reads a text, and is NULL where that fails.
    TryRead,
    /// The greatest value of the type that is not above a time.
    Floor,
    /// The greatest value of the type that is below a time.
    Below,
    /// Nanoseconds: what times of different types are compared by.
    Nanos,
    /// Writes a text.
    Write,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Convert {
    kind: Kind,
    target: DataType,
    signature: Signature,
}

/// `expr` as a value of another type.
pub(super) fn convert(kind: Kind, expr: Expr, target: &DataType) -> Expr {
    let signature = Signature::any(1, Volatility::Immutable);
    ScalarUDF::new_from_impl(Convert { kind, target: target.clone(), signature }).call(vec![expr])
}

impl ScalarUDFImpl for Convert {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Read => "cast_text",
            Kind::TryRead => "try_cast_text",
            Kind::Floor => "time_floor",
            Kind::Below => "time_below",
            Kind::Nanos => "time_nanos",
            Kind::Write => "time_text",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.target.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = matches!(args.args.as_slice(), [ColumnarValue::Scalar(_)]);
        let Some(value) = args.args.into_iter().next() else { return internal_err!("one argument") };
        let array = value.into_array(if constant { 1 } else { args.number_rows })?;
        let array = match self.kind {
            Kind::Read => read(&array, &self.target, false)?,
            Kind::TryRead => read(&array, &self.target, true)?,
            Kind::Write => cast(&written(&array)?, &self.target)?,
            Kind::Floor | Kind::Below => self.moved(&array)?,
            Kind::Nanos => nanos(&array)?,
        };
        crate::sql::functions::values(array, constant)
    }
}

impl Convert {
    fn moved(&self, array: &ArrayRef) -> Result<ArrayRef> {
        let values = (0..array.len()).map(|row| {
            let value = ScalarValue::try_from_array(array, row)?;
            let moved = literal::nanos(&value).and_then(|nanos| match self.kind {
                Kind::Below => literal::below(nanos, &self.target),
                _ => literal::floor(nanos, &self.target).map(|(value, _)| value),
            });
            moved.map_or_else(|| ScalarValue::try_from(&self.target), Ok)
        });
        ScalarValue::iter_to_array(values.collect::<Result<Vec<_>>>()?)
    }
}

/// Nanoseconds of every value.
fn nanos(array: &ArrayRef) -> Result<ArrayRef> {
    let Some(unit) = literal::unit(array.data_type()) else { return exec_err!("no time: {}", array.data_type()) };
    let long = match array.data_type() {
        DataType::Date32 | DataType::Time32(_) => cast(&cast(array, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(array, &DataType::Int64)?,
    };
    let nanos = long.as_primitive::<Int64Type>().iter().map(|value| value.map(|value| i128::from(value) * unit));
    Ok(Arc::new(nanos.collect::<arrow::array::Decimal128Array>().with_precision_and_scale(38, 0)?))
}

/// The value that a text stands for.
pub(super) fn parsed(text: &str, target: &DataType) -> Result<ScalarValue> {
    let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
    ScalarValue::try_from_array(&read(&array, target, false)?, 0)
}

/// Texts as dates, times, timestamps or intervals; null where that fails and `or_null`.
pub fn read(array: &ArrayRef, target: &DataType, or_null: bool) -> Result<ArrayRef> {
    let texts = cast(array, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    if let DataType::Interval(_) = target {
        let each = texts.iter().map(|text| match text.map(|text| (text, interval_text::parse(text))) {
            None => Ok(None),
            Some((text, None)) if !or_null => refused(text, target),
            Some((_, parts)) => {
                Ok(parts.map(|(months, days, nanoseconds)| IntervalMonthDayNano { months, days, nanoseconds }))
            }
        });
        let values: ArrayRef = Arc::new(each.collect::<Result<IntervalMonthDayNanoArray>>()?);
        return Ok(cast(&values, target)?);
    }
    let unit = literal::unit(target).unwrap_or(1);
    let value = |text: &str| -> Option<i64> {
        let units = match target {
            DataType::Date32 | DataType::Date64 => text::date(text)? as i128 * 86_400_000_000_000,
            DataType::Time32(_) | DataType::Time64(_) => text::time(text)?.into(),
            _ => text::timestamp(text)?,
        };
        let units = i64::try_from(units.div_euclid(unit)).ok()?;
        match target {
            DataType::Date32 | DataType::Time32(_) => i32::try_from(units).ok().map(i64::from),
            _ => Some(units),
        }
    };
    let each = texts.iter().map(|text| match text {
        None => Ok(None),
        Some(text) => match value(text) {
            None if !or_null => refused(text, target),
            value => Ok(value),
        },
    });
    let values = each.collect::<Result<Int64Array>>()?;
    match target {
        DataType::Time32(_) => Ok(cast(&cast(&values, &DataType::Int32)?, target)?),
        _ => integers_as(values, target),
    }
}

fn refused<T>(text: &str, target: &DataType) -> Result<T> {
    let name = super::sql_type(target);
    let trimmed = text.trim().trim_start_matches('-');
    if trimmed.eq_ignore_ascii_case("infinity") || trimmed.eq_ignore_ascii_case("inf") {
        return exec_err!("'{text}': an infinite {name} is not supported; write a far date like '9999-12-31'");
    }
    let form = match target {
        DataType::Date32 | DataType::Date64 => "YYYY-MM-DD",
        DataType::Time32(_) | DataType::Time64(_) => "HH:MM:SS",
        DataType::Interval(_) => "1 month 2 days 03:04:05",
        _ => "YYYY-MM-DD HH:MM:SS",
    };
    exec_err!("'{text}' is no {name}: write it as {form}")
}

/// Texts of dates, times, timestamps and intervals.
pub fn written(array: &ArrayRef) -> Result<ArrayRef> {
    if let DataType::Interval(_) = array.data_type() {
        return interval_texts(array);
    }
    let unit = literal::unit(array.data_type()).unwrap_or(1);
    let long = match array.data_type() {
        DataType::Date32 | DataType::Time32(_) => cast(&cast(array, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(array, &DataType::Int64)?,
    };
    let texts = long.as_primitive::<Int64Type>().iter().map(|value| {
        value.map(|value| {
            let mut out = String::new();
            match array.data_type() {
                DataType::Date32 => text::write_date(value, &mut out),
                DataType::Time32(_) | DataType::Time64(_) => {
                    text::write_time(value * i64::try_from(unit).unwrap_or(0), &mut out)
                }
                DataType::Timestamp(_, zone) => {
                    text::write_timestamp(i128::from(value) * unit, zone.is_some(), &mut out);
                }
                _ => text::write_date(value.div_euclid(86_400_000), &mut out),
            }
            out
        })
    });
    Ok(Arc::new(texts.collect::<StringArray>()))
}

/// Whether a type is a date's, a time's or a timestamp's.
pub fn is_time(data_type: &DataType) -> bool {
    literal::unit(data_type).is_some()
}

/// The type that a text means beside a value of `other`.
pub(super) fn beside(other: &DataType) -> DataType {
    match other {
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Nanosecond),
        _ => other.clone(),
    }
}

/// Intervals as text.
pub fn interval_texts(array: &dyn Array) -> Result<ArrayRef> {
    let values = cast(array, &INTERVAL)?;
    let texts = values.as_primitive::<IntervalMonthDayNanoType>().iter().map(|value| {
        value.map(|value| {
            let mut out = String::new();
            text::write_interval(value.months, value.days, value.nanoseconds, &mut out);
            out
        })
    });
    Ok(Arc::new(texts.collect::<StringArray>()))
}
