//! Between two times: `date_diff` counts boundaries, `date_sub` whole units, `age` gives years, months and days.

use super::arguments::Arguments;
use super::arguments::INTERVAL;
use super::calendar::{Civil, DAY, join, month_days, split};
use super::function::{Types, count, function, moment};
use super::units::Unit;
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, IntervalMonthDayNano};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        function("date_diff datediff timestampdiff", counted, |args| between(args, boundaries)),
        function("date_sub datesub", subtracted_type, |args| match args.values.len() {
            3 => between(args, units),
            _ => super::intervals::added(args, -1),
        }),
        function(
            "age",
            |types| {
                count(types, &[2], "age(later, earlier)")?;
                moment(types, 0)?;
                moment(types, 1)?;
                Ok(INTERVAL)
            },
            |args| {
                let (a, b) = (args.micros(0)?, args.micros(1)?);
                args.each_interval(&mut |row| Ok(a.get(row).zip(b.get(row)).map(|(a, b)| age(a, b))))
            },
        ),
        function("months_between", months_between_type, months_between),
        function(
            "time_minus",
            |_| Ok(INTERVAL),
            |args| {
                let (a, b) = (args.micros(0)?, args.micros(1)?);
                args.each_interval(&mut |row| {
                    let Some((a, b)) = a.get(row).zip(b.get(row)) else { return Ok(None) };
                    args.in_range(elapsed(a, b)).map(Some)
                })
            },
        ),
    ]
}

fn counted(types: &Types<'_>) -> Result<DataType> {
    count(types, &[3], &format!("{}('month', from, to)", types.name))?;
    if let Some(name) = types.text(0) {
        Unit::named(types.name, name)?;
    }
    let is_time = |data_type: &&DataType| matches!(data_type, DataType::Time32(_) | DataType::Time64(_));
    match (types.types.get(1), types.types.get(2)) {
        (Some(a), Some(b)) if is_time(a) && is_time(b) => {
            let unit = types.text(0).map(|name| Unit::named(types.name, name)).transpose()?;
            if unit.is_some_and(|unit| !unit.is_of_time()) {
                return plan_err!("{}: times of day have no days between them", types.name);
            }
        }
        _ => {
            moment(types, 1)?;
            moment(types, 2)?;
        }
    }
    Ok(DataType::Int64)
}

/// Units between two times, or a date without an interval or some days.
fn subtracted_type(types: &Types<'_>) -> Result<DataType> {
    if types.types.len() == 3 { counted(types) } else { super::intervals::added_type(types) }
}

fn between(args: &Arguments<'_>, number: fn(Unit, i64, i64) -> Result<Option<i64>>) -> Result<ArrayRef> {
    let names = args.texts(0)?;
    let constant = names.constant().map(|name| Unit::named(args.name, name)).transpose()?;
    let (from, to) = (args.micros(1)?, args.micros(2)?);
    args.each(&mut |row| {
        let unit = match constant {
            Some(unit) => Some(unit),
            None => names.get(row).map(|name| Unit::named(args.name, name)).transpose()?,
        };
        let (Some(unit), Some(from), Some(to)) = (unit, from.get(row), to.get(row)) else { return Ok(None) };
        args.in_range(number(unit, from, to)?).map(Some)
    })
}

/// Of weeks, DuckDB counts seven days each from the first date on.
fn boundaries(unit: Unit, from: i64, to: i64) -> Result<Option<i64>> {
    if matches!(unit, Unit::Week | Unit::YearWeek) {
        return Ok(Some((split(to).0 - split(from).0) / 7));
    }
    Ok(unit.number(to)?.checked_sub(unit.number(from)?))
}

/// How often a unit fits between.
fn units(unit: Unit, from: i64, to: i64) -> Result<Option<i64>> {
    if let Some(months) = unit.months() {
        return Ok(Some(if from > to { -months_since(to, from) } else { months_since(from, to) } / months));
    }
    unit.number(from)?; // no count of eras
    Ok(to.checked_sub(from).map(|between| between / unit.length().unwrap_or(DAY)))
}

/// Whole months from one time to a later one. The end of a longer month is that of a shorter one.
fn months_since(from: i64, to: i64) -> i64 {
    let (from, to) = (split(from), split(to));
    let (start, end) = (Civil::of(from.0), Civil::of(to.0));
    let day = if end.is_last() { start.day.min(end.day) } else { start.day };
    let complete = (day, from.1) <= (end.day, to.1);
    end.months() - start.months() - i64::from(!complete)
}

/// Days and the rest of a day.
pub(super) fn elapsed(a: i64, b: i64) -> Option<IntervalMonthDayNano> {
    let micros = a.checked_sub(b)?;
    let days = i32::try_from(micros / DAY).ok()?;
    Some(IntervalMonthDayNano { months: 0, days, nanoseconds: micros % DAY * 1_000 })
}

/// As PostgreSQL counts: fields are subtracted, and what is missing is taken from the next greater one.
fn age(a: i64, b: i64) -> IntervalMonthDayNano {
    let sign = if a < b { -1 } else { 1 };
    let (one, other) = (split(a), split(b));
    let (first, second) = (Civil::of(one.0), Civil::of(other.0));
    let mut rest = sign * (one.1 - other.1);
    let mut days = sign * (first.day - second.day);
    let mut months = sign * (first.months() - second.months());
    if rest < 0 {
        rest += DAY;
        days -= 1;
    }
    while days < 0 {
        let of = if sign < 0 { first } else { second };
        days += month_days(of.year, of.month);
        months -= 1;
    }
    let small = |value: i64| i32::try_from(sign * value).unwrap_or_default();
    IntervalMonthDayNano { months: small(months), days: small(days), nanoseconds: sign * rest * 1_000 }
}

fn months_between_type(types: &Types<'_>) -> Result<DataType> {
    count(types, &[2, 3], "months_between(later, earlier)")?;
    moment(types, 0)?;
    moment(types, 1)?;
    Ok(DataType::Float64)
}

/// As Spark counts: whole where both are the same day of a month, or both its last; else of months of 31 days, rounded to
/// eight digits.
fn months_between(args: &Arguments<'_>) -> Result<ArrayRef> {
    let (later, earlier) = (args.micros(0)?, args.micros(1)?);
    args.each_double(&mut |row| {
        let Some((a, b)) = later.get(row).zip(earlier.get(row)) else { return Ok(None) };
        let (one, other) = (Civil::of(split(a).0), Civil::of(split(b).0));
        let months = one.months() - other.months();
        if one.day == other.day || one.is_last() && other.is_last() {
            return Ok(Some(months as f64));
        }
        let since = |micros: i64, civil: Civil| join(civil.day - 1, split(micros).1).unwrap_or_default();
        let micros = i128::from(since(a, one) - since(b, other));
        let month = 31 * i128::from(DAY);
        let scaled = (micros * 200_000_000).div_euclid(month);
        let eighths = i128::from(months) * 100_000_000 + (scaled + 1).div_euclid(2);
        Ok(Some(eighths as f64 / 1e8))
    })
}
