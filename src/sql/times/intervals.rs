//! Arithmetic with intervals: of numbers, by numbers, and in an order.

use super::arguments::Arguments;
use super::arguments::INTERVAL;
use super::calendar::{DAY, HOUR, MINUTE, SECOND, shifted, split};
use super::function::{TIMESTAMP, Types, count, function, moment, timestamp_of};
use super::units::Unit;
use arrow::array::{ArrayRef, AsArray, Decimal128Array, new_empty_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalMonthDayNanoType, TimeUnit};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        of("to_microseconds", |args| parts(args, [0, 0, 1])),
        of("to_milliseconds", |args| parts(args, [0, 0, 1_000])),
        of("to_seconds", |args| parts(args, [0, 0, SECOND])),
        of("to_minutes", |args| parts(args, [0, 0, MINUTE])),
        of("to_hours", |args| parts(args, [0, 0, HOUR])),
        of("to_days", |args| parts(args, [0, 1, 0])),
        of("to_weeks", |args| parts(args, [0, 7, 0])),
        of("to_months", |args| parts(args, [1, 0, 0])),
        of("to_quarters", |args| parts(args, [3, 0, 0])),
        of("to_years", |args| parts(args, [12, 0, 0])),
        of("to_decades", |args| parts(args, [120, 0, 0])),
        of("to_centuries", |args| parts(args, [1_200, 0, 0])),
        of("to_millennia", |args| parts(args, [12_000, 0, 0])),
        multiply(),
        divide(),
        key(),
        function("date_add dateadd timestampadd", added_type, |args| added(args, 1)),
        function(
            "date_time",
            |_| Ok(TIMESTAMP),
            |args| {
                let (dates, times) = (args.micros(0)?, args.micros(1)?);
                args.each(&mut |row| {
                    let Some((date, time)) = dates.get(row).zip(times.get(row)) else { return Ok(None) };
                    args.in_range(date.checked_add(time)).map(Some)
                })
            },
        ),
        function("time_plus", |_| Ok(DataType::Time64(TimeUnit::Microsecond)), |args| clock(args, 1)),
        function("time_less", |_| Ok(DataType::Time64(TimeUnit::Microsecond)), |args| clock(args, -1)),
    ]
}

/// Nanoseconds of a day and a month, in the order of intervals.
const DAY_NANOS: i128 = DAY as i128 * 1_000;
const MONTH_NANOS: i128 = 30 * DAY_NANOS;

fn of(name: &'static str, call: fn(&Arguments<'_>) -> Result<ArrayRef>) -> Arc<ScalarUDF> {
    function(
        name,
        |types| {
            count(types, &[1], &format!("{}(number)", types.name))?;
            match types.types.first() {
                Some(data_type) if data_type.is_numeric() || data_type.is_null() => Ok(INTERVAL),
                _ => plan_err!("{}: takes a number", types.name),
            }
        },
        call,
    )
}

/// An interval of so many months, days and microseconds, times a number.
#[expect(clippy::cast_possible_truncation, reason = "a float beyond all numbers is one that is out of range")]
fn parts(args: &Arguments<'_>, [months, days, micros]: [i64; 3]) -> Result<ArrayRef> {
    let of = |count: i64| {
        let small = |unit: i64| i32::try_from(count.checked_mul(unit)?).ok();
        let nanoseconds = count.checked_mul(micros)?.checked_mul(1_000)?;
        Some(IntervalMonthDayNano { months: small(months)?, days: small(days)?, nanoseconds })
    };
    let data_type = args.data_type(0)?;
    if data_type.is_integer() || data_type.is_null() {
        let counts = args.integers(0)?;
        return args.each_interval(&mut |row| counts.get(row).map(|count| args.in_range(of(count))).transpose());
    }
    let counts = args.doubles(0)?;
    args.each_interval(&mut |row| {
        let Some(count) = counts.get(row) else { return Ok(None) };
        if micros == 0 {
            if count.fract() != 0.0 {
                return exec_err!("{}: takes a whole number", args.name);
            }
            return args.in_range(of(count as i64)).map(Some);
        }
        let nanos = (count * micros as f64).round() * 1e3;
        let nanoseconds = args.in_range((nanos.abs() < 9.2e18).then_some(nanos as i64))?;
        Ok(Some(IntervalMonthDayNano { months: 0, days: 0, nanoseconds }))
    })
}

/// `interval * number`.
pub(super) fn multiply() -> Arc<ScalarUDF> {
    function(
        "interval_times",
        |_| Ok(INTERVAL),
        |args| {
            let intervals = args.intervals(0)?;
            if args.data_type(1)?.is_integer() {
                let factors = args.integers(1)?;
                return args.each_interval(&mut |row| {
                    let Some((value, factor)) = intervals.get(row).zip(factors.get(row)) else { return Ok(None) };
                    let small = |part: i32| i32::try_from(i64::from(part).checked_mul(factor)?).ok();
                    let whole = |value: IntervalMonthDayNano| {
                        let nanoseconds = value.nanoseconds.checked_mul(factor)?;
                        Some(IntervalMonthDayNano {
                            months: small(value.months)?,
                            days: small(value.days)?,
                            nanoseconds,
                        })
                    };
                    args.in_range(whole(value)).map(Some)
                });
            }
            let factors = args.doubles(1)?;
            args.each_interval(&mut |row| {
                let Some((value, factor)) = intervals.get(row).zip(factors.get(row)) else { return Ok(None) };
                args.in_range(scaled(value, |part| part * factor)).map(Some)
            })
        },
    )
}

/// `interval / number`.
pub(super) fn divide() -> Arc<ScalarUDF> {
    function(
        "interval_divided",
        |_| Ok(INTERVAL),
        |args| {
            let (intervals, divisors) = (args.intervals(0)?, args.doubles(1)?);
            args.each_interval(&mut |row| {
                let Some((value, divisor)) = intervals.get(row).zip(divisors.get(row)) else { return Ok(None) };
                if divisor == 0.0 {
                    return exec_err!("an interval is divided by zero");
                }
                args.in_range(scaled(value, |part| part / divisor)).map(Some)
            })
        },
    )
}

/// Parts of months become days, of which a month has 30, and parts of days hours.
#[expect(clippy::cast_possible_truncation, reason = "what is valid fits")]
fn scaled(value: IntervalMonthDayNano, by: impl Fn(f64) -> f64) -> Option<IntervalMonthDayNano> {
    let months = by(value.months.into());
    let days = by(value.days.into()) + months.fract() * 30.0;
    // Microseconds are what intervals are counted in; a day's that are all of it are a day.
    let more = (days.fract() * DAY as f64).round();
    let (days, more) = if more.abs() >= DAY as f64 { (days.round(), 0.0) } else { (days, more) };
    let micros = by((value.nanoseconds / 1_000) as f64) + more;
    let valid = months.abs() < f64::from(i32::MAX) && days.abs() < f64::from(i32::MAX) && micros.abs() < 9.2e15;
    valid.then(|| IntervalMonthDayNano {
        months: months.trunc() as i32,
        days: days.trunc() as i32,
        nanoseconds: micros.trunc() as i64 * 1_000,
    })
}

/// What intervals are compared by: nanoseconds, with months of 30 days and days of 24 hours.
pub(super) fn key() -> Arc<ScalarUDF> {
    function(
        "interval_nanos",
        |_| Ok(DataType::Decimal128(38, 0)),
        |args| {
            let array = args.values.first().map_or_else(|| new_empty_array(&INTERVAL), |value| value.0.clone());
            let key = |value: IntervalMonthDayNano| {
                i128::from(value.months) * MONTH_NANOS
                    + i128::from(value.days) * DAY_NANOS
                    + i128::from(value.nanoseconds)
            };
            let intervals = cast(&array, &INTERVAL)?;
            let keys = intervals.as_primitive::<IntervalMonthDayNanoType>().iter().map(|value| value.map(key));
            Ok(Arc::new(keys.collect::<Decimal128Array>().with_precision_and_scale(38, 0)?))
        },
    )
}

/// `date_add(x, INTERVAL …)` is a timestamp; `date_add(x, days)` a date, as Spark says; `date_add('month', 1, x)` is a date
/// where `x` is one and the unit no shorter, as Trino says.
pub(super) fn added_type(types: &Types<'_>) -> Result<DataType> {
    let name = types.name;
    count(types, &[2, 3], &format!("{name}(x, INTERVAL '1 day'), {name}(x, days) or {name}('month', 1, x)"))?;
    if types.types.len() == 3 {
        moment(types, 2)?;
        let unit = types.text(0).map(|unit| Unit::named(name, unit)).transpose()?;
        return Ok(match types.types.get(2) {
            Some(DataType::Date32) if unit.is_some_and(|unit| !unit.is_of_time()) => DataType::Date32,
            other => timestamp_of(other),
        });
    }
    moment(types, 0)?;
    Ok(match types.types.get(1) {
        Some(DataType::Interval(_) | DataType::Duration(_)) => timestamp_of(types.types.first()),
        Some(days) if days.is_integer() || days.is_null() => DataType::Date32,
        _ => return plan_err!("{name}: adds an interval, or a whole number of days"),
    })
}

/// A time of day, an interval later: clocks begin again at midnight.
fn clock(args: &Arguments<'_>, sign: i64) -> Result<ArrayRef> {
    let (times, intervals) = (args.micros(0)?, args.intervals(1)?);
    args.each(&mut |row| {
        let both = times.get(row).zip(intervals.get(row));
        Ok(both.map(|(time, by)| (time + sign * (by.nanoseconds / 1_000 % DAY)).rem_euclid(DAY)))
    })
}

pub(super) fn added(args: &Arguments<'_>, sign: i64) -> Result<ArrayRef> {
    let in_days = args.returns == &DataType::Date32;
    let finished =
        |micros: Option<i64>| args.in_range(micros).map(|micros| Some(if in_days { split(micros).0 } else { micros }));
    if args.values.len() == 3 {
        let (names, counts, times) = (args.texts(0)?, args.integers(1)?, args.micros(2)?);
        let constant = names.constant().map(|name| Unit::named(args.name, name)).transpose()?;
        return args.each(&mut |row| {
            let unit = match constant {
                Some(unit) => Some(unit),
                None => names.get(row).map(|name| Unit::named(args.name, name)).transpose()?,
            };
            let (Some(unit), Some(count), Some(time)) = (unit, counts.get(row), times.get(row)) else {
                return Ok(None);
            };
            finished(match (unit.months(), unit.length()) {
                (Some(months), _) => count
                    .checked_mul(months)
                    .filter(|months| months.abs() < 12_000_000)
                    .and_then(|months| shifted(time, months, 0, 0)),
                (_, Some(length)) => count.checked_mul(length).and_then(|more| time.checked_add(more)),
                _ => return exec_err!("{}: a unit that has no length", args.name),
            })
        });
    }
    let times = args.micros(0)?;
    if matches!(args.data_type(1)?, DataType::Interval(_) | DataType::Duration(_)) {
        let intervals = args.intervals(1)?;
        return args.each(&mut |row| {
            let Some((time, by)) = times.get(row).zip(intervals.get(row)) else { return Ok(None) };
            finished(shifted(
                time,
                sign * i64::from(by.months),
                sign * i64::from(by.days),
                sign * (by.nanoseconds / 1_000),
            ))
        });
    }
    let days = args.integers(1)?;
    args.each(&mut |row| {
        let Some((time, days)) = times.get(row).zip(days.get(row)) else { return Ok(None) };
        finished(days.checked_mul(DAY).and_then(|more| time.checked_add(sign * more)))
    })
}
