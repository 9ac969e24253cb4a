//! `date_trunc(part, x)` and `last_day(x)`.

use super::arguments::Arguments;
use super::arguments::INTERVAL;
use super::calendar::{Civil, month_days, split, weekday};
use super::function::{Types, count, function, moment, timestamp_of, with_preimage};
use super::literal;
use super::part::WEEKDAYS;
use super::units::Unit;
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, IntervalMonthDayNano};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{Expr, ScalarUDF};
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        with_preimage("date_trunc datetrunc", returns, truncated, Some(preimage)),
        function(
            "last_day",
            |types| {
                count(types, &[1], "last_day(x)")?;
                moment(types, 0)?;
                Ok(DataType::Date32)
            },
            last_day,
        ),
        function(
            "next_day",
            |types| {
                count(types, &[2], "next_day(x, 'Monday')")?;
                moment(types, 0)?;
                Ok(DataType::Date32)
            },
            next_day,
        ),
    ]
}

/// A timestamp of a date too, as in DuckDB.
fn returns(types: &Types<'_>) -> Result<DataType> {
    count(types, &[2], "date_trunc('month', x)")?;
    if let Some(name) = types.text(0) {
        Unit::named(types.name, name)?;
    }
    if let Some(DataType::Interval(_)) = types.types.get(1) {
        return Ok(INTERVAL);
    }
    moment(types, 1)?;
    Ok(timestamp_of(types.types.get(1)))
}

fn truncated(args: &Arguments<'_>) -> Result<ArrayRef> {
    let names = args.texts(0)?;
    let constant = names.constant().map(|name| Unit::named(args.name, name)).transpose()?;
    let unit = |row: usize| match constant {
        Some(unit) => Ok(Some(unit)),
        None => names.get(row).map(|name| Unit::named(args.name, name)).transpose(),
    };
    if args.returns == &INTERVAL {
        let intervals = args.intervals(1)?;
        return args.each_interval(&mut |row| {
            Ok(unit(row)?.zip(intervals.get(row)).map(|(unit, value)| shorter(unit, value)))
        });
    }
    let micros = args.micros(1)?;
    args.each(&mut |row| match (unit(row)?, micros.get(row)) {
        (Some(unit), Some(micros)) => unit.start(micros).map(Some),
        _ => Ok(None),
    })
}

/// An interval without what is shorter than a unit.
fn shorter(unit: Unit, value: IntervalMonthDayNano) -> IntervalMonthDayNano {
    let whole = |months, days, nanoseconds| IntervalMonthDayNano { months, days, nanoseconds };
    if let Some(length) = unit.months() {
        let length = i32::try_from(length).unwrap_or(1);
        return whole(value.months / length * length, 0, 0);
    }
    match unit {
        Unit::Week | Unit::YearWeek => whole(value.months, value.days / 7 * 7, 0),
        other if other.is_of_time() => {
            let length = other.length().unwrap_or(1) * 1_000;
            whole(value.months, value.days, value.nanoseconds / length * length)
        }
        _ => whole(value.months, value.days, 0),
    }
}

/// `date_trunc('month', x) = TIMESTAMP '2024-05-01'` is a range of `x`, by which files can be left out.
fn preimage(args: &[Expr], value: &ScalarValue, data_type: &DataType) -> Result<Option<(ScalarValue, ScalarValue)>> {
    let (Some(Expr::Literal(name, _)), ScalarValue::TimestampMicrosecond(Some(start), _)) = (args.first(), value)
    else {
        return Ok(None);
    };
    let Some(Ok(unit)) = name.try_as_str().flatten().map(|name| Unit::named("", name)) else { return Ok(None) };
    let in_reach = start.unsigned_abs() < 1 << 62;
    if literal::unit(data_type).is_none() || !in_reach || !unit.start(*start).is_ok_and(|own| own == *start) {
        return Ok(None);
    }
    let end = match (unit.months(), unit.length()) {
        (Some(months), _) if unit != Unit::IsoYear => super::calendar::shifted(*start, months, 0, 0),
        (None, Some(length)) => start.checked_add(length),
        _ => None,
    };
    let Some(end) = end else { return Ok(None) };
    // Where a unit is shorter than the type's own, its range has no ends of that type.
    let of_type = |micros: i64| match literal::floor(i128::from(micros) * 1_000, data_type) {
        Some((value, true)) => Some(value),
        _ => None,
    };
    Ok(of_type(*start).zip(of_type(end)))
}

fn last_day(args: &Arguments<'_>) -> Result<ArrayRef> {
    let micros = args.micros(0)?;
    args.each(&mut |row| {
        Ok(micros.get(row).map(|micros| {
            let civil = Civil::of(split(micros).0);
            Civil { day: month_days(civil.year, civil.month), ..civil }.days()
        }))
    })
}

/// The first day after one that is a weekday, by its name or the first two or three letters of it.
fn next_day(args: &Arguments<'_>) -> Result<ArrayRef> {
    let (micros, names) = (args.micros(0)?, args.texts(1)?);
    let number = |name: &str| {
        let lower = name.trim().to_lowercase();
        let fits = |day: &str| {
            let day = day.to_lowercase();
            day == lower || (2..=3).contains(&lower.len()) && day.starts_with(&lower)
        };
        match WEEKDAYS.iter().position(|day| fits(day)) {
            Some(place) => Ok(place as i64 + 1),
            None => exec_err!("next_day: there is no weekday '{name}'"),
        }
    };
    args.each(&mut |row| {
        let (Some(micros), Some(name)) = (micros.get(row), names.get(row)) else { return Ok(None) };
        let day = split(micros).0;
        Ok(Some(day + (number(name)? - weekday(day) - 1).rem_euclid(7) + 1))
    })
}
