//! Values as Delta's log writes them: partition values as text, statistics as JSON. Pure.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType,
};
use chrono::{DateTime, Days, NaiveDate};
use serde_json::Value;

/// A value as the text of a partition value; `None` is null, and what has no text.
pub(crate) fn text(values: &dyn Array, row: usize) -> Option<String> {
    if row >= values.len() || values.is_null(row) {
        return None;
    }
    Some(match values.data_type() {
        DataType::Int8 => values.as_primitive_opt::<Int8Type>()?.value(row).to_string(),
        DataType::Int16 => values.as_primitive_opt::<Int16Type>()?.value(row).to_string(),
        DataType::Int32 => values.as_primitive_opt::<Int32Type>()?.value(row).to_string(),
        DataType::Int64 => values.as_primitive_opt::<Int64Type>()?.value(row).to_string(),
        DataType::Float32 => float(values.as_primitive_opt::<Float32Type>()?.value(row).to_string()),
        DataType::Float64 => float(values.as_primitive_opt::<Float64Type>()?.value(row).to_string()),
        DataType::Boolean => values.as_boolean_opt()?.value(row).to_string(),
        DataType::Utf8 => values.as_string_opt::<i32>()?.value(row).to_owned(),
        DataType::Binary => {
            values.as_binary_opt::<i32>()?.value(row).iter().map(|byte| format!("\\u{byte:04x}")).collect()
        }
        DataType::Date32 => date(values.as_primitive_opt::<Date32Type>()?.value(row))?,
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let time =
                DateTime::from_timestamp_micros(values.as_primitive_opt::<TimestampMicrosecondType>()?.value(row))?;
            let zone = if zone.is_some() { "Z" } else { "" };
            format!("{}{zone}", time.format("%Y-%m-%dT%H:%M:%S%.6f"))
        }
        DataType::Decimal128(_, scale) => decimal(values.as_primitive_opt::<Decimal128Type>()?.value(row), *scale),
        _ => return None,
    })
}

/// A bound as a statistic's JSON value; `None` where statistics have no such value.
pub(crate) fn bound(values: &dyn Array, row: usize) -> Option<Value> {
    let text = text(values, row)?;
    match values.data_type() {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            text.parse::<i64>().ok().map(Value::from)
        }
        DataType::Float32 | DataType::Float64 => {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
            serde_json::Number::from_f64(number).map(Value::Number)
        }
        // The reader takes text for the digits that a JSON number would lose.
        DataType::Boolean => Some(Value::Bool(text == "true")),
        DataType::Binary => None,
        _ => Some(Value::String(text)),
    }
}

fn float(text: String) -> String {
    text.replace("inf", "Infinity")
}

fn date(days: i32) -> Option<String> {
    let epoch = NaiveDate::default();
    let distance = Days::new(u64::from(days.unsigned_abs()));
    let day = if days < 0 { epoch.checked_sub_days(distance) } else { epoch.checked_add_days(distance) };
    day.map(|day| day.format("%Y-%m-%d").to_string())
}

fn decimal(value: i128, scale: i8) -> String {
    let digits = value.unsigned_abs().to_string();
    let sign = if value < 0 { "-" } else { "" };
    match usize::try_from(scale) {
        Err(_) => format!("{sign}{digits}e{}", -i32::from(scale)),
        Ok(0) => format!("{sign}{digits}"),
        Ok(scale) => {
            let padded = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = padded.split_at(padded.len() - scale);
            format!("{sign}{whole}.{fraction}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        BinaryArray, Date32Array, Decimal128Array, Float64Array, StringArray, TimestampMicrosecondArray,
    };

    #[test]
    fn values_are_spelled_as_the_log_does() {
        let decimals = Decimal128Array::from(vec![-5, 12_345]).with_precision_and_scale(10, 3).unwrap();
        assert_eq!((text(&decimals, 0), text(&decimals, 1)), (Some("-0.005".into()), Some("12.345".into())));
        let dates = Date32Array::from(vec![-719_162, 20_361]);
        assert_eq!((text(&dates, 0), text(&dates, 1)), (Some("0001-01-01".into()), Some("2025-09-30".into())));
        let times = TimestampMicrosecondArray::from(vec![-1, 1_759_233_600_000_001]);
        assert_eq!(text(&times, 0).as_deref(), Some("1969-12-31T23:59:59.999999"));
        let zoned = times.with_timezone("UTC");
        assert_eq!(text(&zoned, 1).as_deref(), Some("2025-09-30T12:00:00.000001Z"));
        let floats = Float64Array::from(vec![f64::NEG_INFINITY, f64::NAN, 1e-10]);
        assert_eq!(text(&floats, 0).as_deref(), Some("-Infinity"));
        assert_eq!((bound(&floats, 0), bound(&floats, 1)), (None, None));
        assert_eq!(bound(&floats, 2).unwrap().to_string(), "1e-10");
        assert_eq!(text(&BinaryArray::from(vec![&[0_u8, 255][..]]), 0).as_deref(), Some("\\u0000\\u00ff"));
        assert_eq!(bound(&StringArray::from(vec![Some("a\""), None]), 0), Some(Value::String("a\"".into())));
        assert_eq!(text(&StringArray::from(vec![None::<&str>]), 0), None);
    }
}
