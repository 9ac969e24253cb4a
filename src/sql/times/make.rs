//! Dates, times and timestamps of their parts and of numbers, and numbers of them.

use super::arguments::{Arguments, Values};
use super::calendar::{Civil, HOUR, MINUTE, SECOND, join};
use super::function::{TIMESTAMP, Types, count, function, moment, timestamptz};
use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, TimeUnit};
use datafusion::common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        function(
            "make_date",
            |types| {
                count(types, &[1, 3], "make_date(year, month, day)")?;
                Ok(DataType::Date32)
            },
            make_date,
        ),
        function(
            "make_time",
            |types| {
                count(types, &[3], "make_time(hour, minute, second)")?;
                Ok(DataType::Time64(TimeUnit::Microsecond))
            },
            make_time,
        ),
        function("make_timestamp", timestamp, make_timestamp),
        function("make_timestamptz", |types| timestamp(types).map(|_| timestamptz()), make_timestamp),
        function("make_timestamp_ms", one_number, |args| scaled(args, 1_000)),
        function("timestamp_millis to_timestamp_millis", instant, |args| scaled(args, 1_000)),
        function("timestamp_micros to_timestamp_micros", instant, |args| scaled(args, 1)),
        function(
            "make_timestamp_ns",
            |types| {
                one_number(types)?;
                Ok(DataType::Timestamp(TimeUnit::Nanosecond, None))
            },
            |args| scaled(args, 1),
        ),
        function("timestamp_seconds to_timestamp_seconds", instant, of_seconds),
        function("to_timestamp", to_timestamp_type, to_timestamp),
        function("epoch_ms", epoch_ms_type, epoch_ms),
        function("epoch_us unix_micros", count_type, |args| epoch(args, 1, 1)),
        function("epoch_ns", count_type, epoch_ns),
        function("unix_millis", count_type, |args| epoch(args, 1, 1_000)),
        function("unix_seconds to_unixtime", count_type, |args| epoch(args, 1, 1_000_000)),
        function("nanosecond", count_type, |args| {
            let micros = args.micros(0)?;
            args.each(&mut |row| Ok(micros.get(row).map(|micros| micros.rem_euclid(MINUTE) * 1_000)))
        }),
    ]
}

fn make_date(args: &Arguments<'_>) -> Result<ArrayRef> {
    let years = args.integers(0)?;
    if args.values.len() == 1 {
        return args.each(&mut |row| Ok(years.get(row)));
    }
    let (months, days) = (args.integers(1)?, args.integers(2)?);
    args.each(&mut |row| {
        let (Some(year), Some(month), Some(day)) = (years.get(row), months.get(row), days.get(row)) else {
            return Ok(None);
        };
        date(args.name, year, month, day).map(Some)
    })
}

fn date(name: &str, year: i64, month: i64, day: i64) -> Result<i64> {
    match Civil::checked(year, month, day) {
        Some(civil) => Ok(civil.days()),
        None => exec_err!("{name}: there is no day {year}-{month}-{day}"),
    }
}

/// Microseconds of a number of seconds, whole or not: never by way of a float where it is none.
#[expect(clippy::cast_possible_truncation, reason = "what is cast is in range")]
fn seconds(args: &Arguments<'_>, argument: usize) -> Result<Values<Int64Array>> {
    let out_of_range = || exec_datafusion_err!("{}: a number of seconds is out of range", args.name);
    let Some((array, constant)) = args.values.get(argument) else {
        return exec_err!("{}: an argument is missing", args.name);
    };
    let micros: Int64Array = match array.data_type() {
        data_type if data_type.is_floating() || data_type.is_string() => {
            let doubles = cast(array, &DataType::Float64)?;
            doubles.as_primitive::<Float64Type>().try_unary(|value| {
                let micros = (value * 1e6).round();
                // Of 2^63 and beyond there are none; not a number is not below it.
                if micros.abs() < 9.2e18 { Ok(micros as i64) } else { Err(out_of_range()) }
            })?
        }
        data_type if data_type.is_decimal() => {
            let decimals = cast(array, &DataType::Decimal128(38, 6))?;
            let micros = decimals.as_primitive::<Decimal128Type>();
            micros.try_unary(|value| i64::try_from(value).map_err(|_| out_of_range()))?
        }
        _ => {
            let whole = cast(array, &DataType::Int64)?;
            let whole = whole.as_primitive::<Int64Type>();
            whole.try_unary(|value| value.checked_mul(SECOND).ok_or_else(out_of_range))?
        }
    };
    Ok(Values::new(micros, *constant))
}

/// Microseconds since midnight.
fn time(name: &str, hour: i64, minute: i64, micros: i64) -> Result<i64> {
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=MINUTE).contains(&micros);
    let midnight = hour == 24 && minute == 0 && micros == 0;
    if valid || midnight {
        return Ok(hour * HOUR + minute * MINUTE + micros);
    }
    exec_err!("{name}: there is no time {hour}:{minute}:{}", micros / SECOND)
}

fn make_time(args: &Arguments<'_>) -> Result<ArrayRef> {
    let (hours, minutes, seconds) = (args.integers(0)?, args.integers(1)?, seconds(args, 2)?);
    args.each(&mut |row| {
        let (Some(hour), Some(minute), Some(micros)) = (hours.get(row), minutes.get(row), seconds.get(row)) else {
            return Ok(None);
        };
        time(args.name, hour, minute, micros).map(Some)
    })
}

fn timestamp(types: &Types<'_>) -> Result<DataType> {
    count(types, &[1, 6, 7], &format!("{}(year, month, day, hour, minute, second)", types.name))?;
    Ok(TIMESTAMP)
}

fn make_timestamp(args: &Arguments<'_>) -> Result<ArrayRef> {
    let years = args.integers(0)?;
    if args.values.len() == 1 {
        return args.each(&mut |row| Ok(years.get(row)));
    }
    let (months, days, hours, minutes) = (args.integers(1)?, args.integers(2)?, args.integers(3)?, args.integers(4)?);
    let seconds = seconds(args, 5)?;
    let zones = if args.values.len() == 7 { Some(args.texts(6)?) } else { None };
    args.each(&mut |row| {
        let (Some(year), Some(month), Some(day)) = (years.get(row), months.get(row), days.get(row)) else {
            return Ok(None);
        };
        let (Some(hour), Some(minute), Some(micros)) = (hours.get(row), minutes.get(row), seconds.get(row)) else {
            return Ok(None);
        };
        let rest = time(args.name, hour, minute, micros)?;
        let local = args.in_range(join(date(args.name, year, month, day)?, rest))?;
        match &zones {
            None => Ok(Some(local)),
            Some(zones) => match zones.get(row) {
                Some(zone) => args.in_range(super::zone::Zone::named(zone)?.instant(local)).map(Some),
                None => Ok(None),
            },
        }
    })
}

fn one_number(types: &Types<'_>) -> Result<DataType> {
    count(types, &[1], &format!("{}(number)", types.name))?;
    match types.types.first() {
        Some(data_type) if data_type.is_numeric() || data_type.is_null() => Ok(TIMESTAMP),
        _ => plan_err!("{}: takes a number", types.name),
    }
}

fn instant(types: &Types<'_>) -> Result<DataType> {
    one_number(types).map(|_| timestamptz())
}

fn scaled(args: &Arguments<'_>, factor: i64) -> Result<ArrayRef> {
    let values = args.integers(0)?;
    args.each(&mut |row| match values.get(row) {
        Some(value) => args.in_range(value.checked_mul(factor)).map(Some),
        None => Ok(None),
    })
}

fn of_seconds(args: &Arguments<'_>) -> Result<ArrayRef> {
    let seconds = seconds(args, 0)?;
    args.each(&mut |row| Ok(seconds.get(row)))
}

/// The instant of a number of seconds, or of a text.
fn to_timestamp_type(types: &Types<'_>) -> Result<DataType> {
    count(types, &[1], "to_timestamp(seconds), or to_timestamp(text, pattern)")?;
    match types.types.first() {
        Some(data_type) if data_type.is_numeric() => {}
        _ => moment(types, 0)?,
    }
    Ok(timestamptz())
}

fn to_timestamp(args: &Arguments<'_>) -> Result<ArrayRef> {
    if args.data_type(0)?.is_numeric() {
        return of_seconds(args);
    }
    let micros = args.micros(0)?;
    args.each(&mut |row| Ok(micros.get(row)))
}

/// A count of milliseconds, or of a number the timestamp that it is of.
fn epoch_ms_type(types: &Types<'_>) -> Result<DataType> {
    match types.types.first() {
        Some(data_type) if data_type.is_numeric() => one_number(types),
        _ => count_type(types),
    }
}

fn epoch_ms(args: &Arguments<'_>) -> Result<ArrayRef> {
    match args.data_type(0)? {
        data_type if data_type.is_numeric() => scaled(args, 1_000),
        DataType::Interval(_) => epoch(args, 1, 1_000),
        _ => {
            // To the nearest, and from halfway away from zero, as DuckDB does.
            let micros = args.micros(0)?;
            args.each(&mut |row| Ok(micros.get(row).map(|micros| micros / 1_000 + micros % 1_000 / 500)))
        }
    }
}

fn count_type(types: &Types<'_>) -> Result<DataType> {
    count(types, &[1], &format!("{}(x)", types.name))?;
    match types.types.first() {
        Some(DataType::Interval(_) | DataType::Time32(_) | DataType::Time64(_)) => {}
        _ => moment(types, 0)?,
    }
    Ok(DataType::Int64)
}

/// Microseconds since the Unix epoch, or of an interval, times a factor, and in units of so many of them.
fn epoch(args: &Arguments<'_>, factor: i64, length: i64) -> Result<ArrayRef> {
    if matches!(args.data_type(0)?, DataType::Interval(_)) {
        let intervals = args.intervals(0)?;
        return args.each(&mut |row| {
            let Some(value) = intervals.get(row) else { return Ok(None) };
            // A year has 365.25 days here, and a month 30.
            let (years, months) = (i128::from(value.months / 12), i128::from(value.months % 12));
            let hours = years * 8_766 + (months * 30 + i128::from(value.days)) * 24;
            let micros = hours * i128::from(HOUR) + i128::from(value.nanoseconds / 1_000);
            let scaled = micros * i128::from(factor) / i128::from(length);
            args.in_range(i64::try_from(scaled).ok()).map(Some)
        });
    }
    let micros = args.micros(0)?;
    args.each(&mut |row| match micros.get(row) {
        Some(micros) => args.in_range(micros.checked_mul(factor)).map(|value| Some(value.div_euclid(length))),
        None => Ok(None),
    })
}

fn epoch_ns(args: &Arguments<'_>) -> Result<ArrayRef> {
    match (args.data_type(0)?, args.values.first()) {
        (DataType::Timestamp(TimeUnit::Nanosecond, _), Some((array, _))) => {
            let values = cast(array, &DataType::Int64)?;
            Ok(Arc::new(values.as_primitive::<Int64Type>().clone()))
        }
        (DataType::Time32(_) | DataType::Time64(_), Some((array, _))) => {
            Ok(cast(&cast(array, &DataType::Time64(TimeUnit::Nanosecond))?, &DataType::Int64)?)
        }
        _ => epoch(args, 1_000, 1),
    }
}
