//! `date_part(part, x)` and `extract(part FROM x)`.

use super::arguments::Arguments;
use super::calendar::{Civil, DAY};
use super::function::{Call, Types, count, function, with_preimage};
use super::units::Unit;
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, IntervalMonthDayNano};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{Expr, ScalarUDF};
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        date_part(),
        function("dayname", text, |args| {
            named(args, |days| WEEKDAYS.get(usize::try_from(super::calendar::weekday(days) - 1).ok()?))
        }),
        function("monthname", text, |args| {
            named(args, |days| MONTHS.get(usize::try_from(Civil::of(days).month - 1).ok()?))
        }),
    ]
}

pub(super) const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) fn date_part() -> Arc<ScalarUDF> {
    with_preimage("date_part datepart", returns, value as Call, Some(preimage))
}

/// Integers, but for the parts that are none.
fn returns(types: &Types<'_>) -> Result<DataType> {
    count(types, &[2], "date_part('month', x)")?;
    let unit = types.text(0).map(|name| Unit::named(types.name, name)).transpose()?;
    if let (Some(unit), Some(data_type)) = (unit, types.types.get(1)) {
        check(unit, data_type)?;
    }
    Ok(match unit {
        Some(Unit::Epoch | Unit::Julian) | None => DataType::Float64,
        Some(_) => DataType::Int64,
    })
}

/// Refuses a part that values of this type do not have.
fn check(unit: Unit, data_type: &DataType) -> Result<()> {
    let has = match data_type {
        DataType::Date32 | DataType::Date64 => unit != Unit::Timezone,
        DataType::Timestamp(..) | DataType::Null => true,
        DataType::Time32(_) | DataType::Time64(_) => unit.is_of_time() || unit == Unit::Timezone,
        DataType::Interval(_) | DataType::Duration(_) => {
            unit == Unit::Day || unit.is_of_time() || unit.months().is_some() && unit != Unit::IsoYear
        }
        text => text.is_string(),
    };
    if has { Ok(()) } else { plan_err!("date_part: a {} has no part {unit:?}", super::sql_type(data_type)) }
}

fn value(args: &Arguments<'_>) -> Result<ArrayRef> {
    let names = args.texts(0)?;
    let constant = names.constant().map(|name| Unit::named(args.name, name)).transpose()?;
    let unit = |row: usize| match constant {
        Some(unit) => Ok(Some(unit)),
        None => names.get(row).map(|name| Unit::named(args.name, name)).transpose(),
    };
    let doubles = args.returns == &DataType::Float64;
    if matches!(args.data_type(1)?, DataType::Interval(_) | DataType::Duration(_)) {
        let intervals = args.intervals(1)?;
        let both = |row: usize| -> Result<_> { Ok(unit(row)?.zip(intervals.get(row))) };
        return match doubles {
            true => args.each_double(&mut |row| Ok(both(row)?.map(|(unit, value)| interval_double(unit, value)))),
            false => args.each(&mut |row| Ok(both(row)?.map(|(unit, value)| of_interval(unit, value)))),
        };
    }
    let micros = args.micros(1)?;
    let is_timestamp = matches!(args.data_type(1)?, DataType::Timestamp(..));
    match doubles {
        true => args.each_double(&mut |row| {
            let (Some(unit), Some(micros)) = (unit(row)?, micros.get(row)) else { return Ok(None) };
            Ok(Some(match unit {
                Unit::Epoch => micros as f64 / 1e6,
                Unit::Julian if is_timestamp => unit.of(micros) as f64 + micros.rem_euclid(DAY) as f64 / DAY as f64,
                _ => unit.of(micros) as f64,
            }))
        }),
        false => args.each(&mut |row| Ok(unit(row)?.zip(micros.get(row)).map(|(unit, micros)| unit.of(micros)))),
    }
}

/// Intervals have the parts that they are written in.
fn of_interval(unit: Unit, value: IntervalMonthDayNano) -> i64 {
    let months = i64::from(value.months);
    match unit {
        Unit::Day => value.days.into(),
        Unit::Month => months % 12,
        Unit::Quarter => months % 12 / 3 + 1,
        other => match other.months() {
            Some(length) => months / length,
            None => other.of_day(value.nanoseconds / 1_000),
        },
    }
}

fn interval_double(unit: Unit, value: IntervalMonthDayNano) -> f64 {
    if unit != Unit::Epoch {
        return of_interval(unit, value) as f64;
    }
    // A year has 365.25 days to seconds, and a month 30.
    let (years, months) = (i64::from(value.months / 12), i64::from(value.months % 12));
    let hours = years * 8_766 + (months * 30 + i64::from(value.days)) * 24;
    hours as f64 * 3_600.0 + (value.nanoseconds / 1_000) as f64 / 1e6
}

/// `year(x) = 2024` is a range of `x`, by which files can be left out.
fn preimage(args: &[Expr], value: &ScalarValue, data_type: &DataType) -> Result<Option<(ScalarValue, ScalarValue)>> {
    let Some(Expr::Literal(name, _)) = args.first() else { return Ok(None) };
    let is_year =
        name.try_as_str().flatten().is_some_and(|name| Unit::named("", name).is_ok_and(|unit| unit == Unit::Year));
    let ScalarValue::Int64(Some(year)) = value else { return Ok(None) };
    if !is_year || year.abs() > 200_000 {
        return Ok(None);
    }
    let start = |year: i64| super::literal::of_days(Civil { year, month: 1, day: 1 }.days(), data_type);
    Ok(start(*year).zip(start(year + 1)))
}

fn text(types: &Types<'_>) -> Result<DataType> {
    count(types, &[1], "a date or a timestamp between the parentheses")?;
    super::function::moment(types, 0)?;
    Ok(DataType::Utf8)
}

fn named(args: &Arguments<'_>, name: fn(i64) -> Option<&'static &'static str>) -> Result<ArrayRef> {
    let micros = args.micros(0)?;
    args.each_text(&mut |row| {
        Ok(micros.get(row).and_then(|micros| name(micros.div_euclid(DAY))).map(|name| (*name).to_string()))
    })
}
