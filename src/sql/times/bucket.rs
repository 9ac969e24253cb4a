//! `time_bucket(width, x)`, with an origin or an offset: the start of the bucket that a time is in.

use super::arguments::Arguments;
use super::calendar::{Civil, DAY, join, shifted, split};
use super::function::{TIMESTAMP, Types, count, function, moment, timestamp_of};
use super::zone::Zone;
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, IntervalMonthDayNano};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        function("time_bucket", |types| returns(types, true), buckets),
        function("date_bin", |types| returns(types, false), buckets),
    ]
}

/// 2000-01-03, a Monday, and the first month of that year.
const MONDAY: i64 = 10_959 * DAY;
const MONTH: i64 = 2_000 * 12;

fn returns(types: &Types<'_>, keeps_dates: bool) -> Result<DataType> {
    count(types, &[2, 3], &format!("{}(INTERVAL '1 day', x)", types.name))?;
    match types.types.first() {
        Some(DataType::Interval(_) | DataType::Null) => {}
        Some(text) if text.is_string() => {}
        _ => return plan_err!("{}: its first argument is an interval: INTERVAL '15 minutes'", types.name),
    }
    moment(types, 1)?;
    Ok(match types.types.get(1) {
        Some(DataType::Date32) if keeps_dates => DataType::Date32,
        Some(DataType::Date32) => TIMESTAMP,
        other => timestamp_of(other),
    })
}

/// Where buckets begin.
enum Origin {
    At(i64),
    Shifted(IntervalMonthDayNano),
    In(Zone),
    Default,
}

fn buckets(args: &Arguments<'_>) -> Result<ArrayRef> {
    let widths = args.intervals(0)?;
    let times = args.micros(1)?;
    let third = match args.values.get(2) {
        None => None,
        Some(_) => Some(args.data_type(2)?.clone()),
    };
    let offsets = matches!(third, Some(DataType::Interval(_))).then(|| args.intervals(2)).transpose()?;
    let zones = third.as_ref().is_some_and(DataType::is_string).then(|| args.texts(2)).transpose()?;
    let origins = (third.is_some() && offsets.is_none() && zones.is_none()).then(|| args.micros(2)).transpose()?;
    let origin = |row: usize| {
        if let Some(offsets) = &offsets {
            return Ok(offsets.get(row).map(Origin::Shifted));
        }
        if let Some(zones) = &zones {
            return zones.get(row).map(|zone| Zone::named(zone).map(Origin::In)).transpose();
        }
        Ok(match &origins {
            Some(origins) => origins.get(row).map(Origin::At),
            None => Some(Origin::Default),
        })
    };
    let in_days = args.returns == &DataType::Date32;
    args.each(&mut |row| {
        let (Some(width), Some(time), Some(origin)) = (widths.get(row), times.get(row), origin(row)?) else {
            return Ok(None);
        };
        let start = match origin {
            Origin::At(origin) => args.in_range(bucket(args.name, width, time, Some(origin))?),
            Origin::Default => args.in_range(bucket(args.name, width, time, None)?),
            Origin::Shifted(by) => {
                let earlier = args.in_range(moved(time, by, -1))?;
                let start = args.in_range(bucket(args.name, width, earlier, None)?)?;
                args.in_range(moved(start, by, 1))
            }
            Origin::In(zone) => {
                let local = args.in_range(zone.local(time))?;
                let start = args.in_range(bucket(args.name, width, local, None)?)?;
                args.in_range(zone.instant(start))
            }
        }?;
        Ok(Some(if in_days { split(start).0 } else { start }))
    })
}

fn moved(time: i64, by: IntervalMonthDayNano, sign: i64) -> Option<i64> {
    shifted(time, sign * i64::from(by.months), sign * i64::from(by.days), sign * (by.nanoseconds / 1_000))
}

fn bucket(name: &str, width: IntervalMonthDayNano, time: i64, origin: Option<i64>) -> Result<Option<i64>> {
    let micros = join(i64::from(width.days), width.nanoseconds / 1_000);
    if width.months != 0 {
        if width.days != 0 || width.nanoseconds != 0 {
            return exec_err!("{name}: a width in months has no days or hours beside them");
        }
        if width.months < 0 {
            return exec_err!("{name}: a width is longer than nothing");
        }
        let months = |micros: i64| Civil::of(split(micros).0).months();
        let first = origin.map_or(MONTH, months);
        let length = i64::from(width.months);
        let month = first + (months(time) - first).div_euclid(length) * length;
        return Ok(join(Civil::first_of(month).days(), 0));
    }
    match micros {
        Some(width) if width > 0 => {
            let origin = origin.unwrap_or(MONDAY);
            let since = i128::from(time) - i128::from(origin);
            let start = i128::from(origin) + since.div_euclid(width.into()) * i128::from(width);
            Ok(i64::try_from(start).ok())
        }
        _ => exec_err!("{name}: a width is longer than nothing"),
    }
}
