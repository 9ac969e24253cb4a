//! `x AT TIME ZONE zone`: the local time of an instant, and the instant of a local time.

use super::arguments::Arguments;
use super::function::{TIMESTAMP, Types, count, function, moment, timestamptz};
use super::zone::Zone;
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        function(
            "timezone",
            |types| {
                count(types, &[1, 2], "timezone('Europe/Paris', x)")?;
                if types.types.len() == 1 {
                    moment(types, 0)?;
                    return Ok(DataType::Int64);
                }
                zoned(types, 1)
            },
            |args| match args.values.len() {
                1 => {
                    let micros = args.micros(0)?;
                    args.each(&mut |row| Ok(micros.get(row).map(|_| 0)))
                }
                _ => at_zone(args),
            },
        ),
        function("from_utc_timestamp", shifted, |args| shift(args, Zone::local)),
        function("to_utc_timestamp", shifted, |args| shift(args, Zone::instant)),
        function(
            "convert_timezone",
            |types| {
                count(types, &[3], "convert_timezone('from', 'to', x)")?;
                moment(types, 2)?;
                Ok(TIMESTAMP)
            },
            |args| {
                let (from, to, times) = (args.texts(0)?, args.texts(1)?, args.micros(2)?);
                args.each(&mut |row| {
                    let (Some(from), Some(to), Some(time)) = (from.get(row), to.get(row), times.get(row)) else {
                        return Ok(None);
                    };
                    let instant = Zone::named(from)?.instant(time);
                    let zone = Zone::named(to)?;
                    args.in_range(instant.and_then(|instant| zone.local(instant))).map(Some)
                })
            },
        ),
    ]
}

fn zoned(types: &Types<'_>, time: usize) -> Result<DataType> {
    moment(types, time)?;
    if let Some(zone) = types.text(0) {
        Zone::named(zone)?;
    }
    Ok(match types.types.get(time) {
        Some(DataType::Timestamp(_, Some(_))) => TIMESTAMP,
        _ => timestamptz(),
    })
}

fn at_zone(args: &Arguments<'_>) -> Result<ArrayRef> {
    let (zones, times) = (args.texts(0)?, args.micros(1)?);
    let to_local = args.returns == &TIMESTAMP;
    let constant = zones.constant().map(Zone::named).transpose()?;
    args.each(&mut |row| {
        let zone = match constant {
            Some(zone) => Some(zone),
            None => zones.get(row).map(Zone::named).transpose()?,
        };
        let (Some(zone), Some(time)) = (zone, times.get(row)) else { return Ok(None) };
        args.in_range(if to_local { zone.local(time) } else { zone.instant(time) }).map(Some)
    })
}

/// Spark's two: a time in UTC as a zone shows it, and back; the type stays.
fn shifted(types: &Types<'_>) -> Result<DataType> {
    count(types, &[2], &format!("{}(x, 'Europe/Paris')", types.name))?;
    match types.types.get(1) {
        Some(zone) if zone.is_string() || zone.is_null() => {}
        _ => return plan_err!("{}: its second argument is a time zone's name", types.name),
    }
    moment(types, 0)?;
    Ok(super::function::timestamp_of(types.types.first()))
}

fn shift(args: &Arguments<'_>, by: fn(&Zone, i64) -> Option<i64>) -> Result<ArrayRef> {
    let (times, zones) = (args.micros(0)?, args.texts(1)?);
    let constant = zones.constant().map(Zone::named).transpose()?;
    args.each(&mut |row| {
        let zone = match constant {
            Some(zone) => Some(zone),
            None => zones.get(row).map(Zone::named).transpose()?,
        };
        let (Some(zone), Some(time)) = (zone, times.get(row)) else { return Ok(None) };
        args.in_range(by(&zone, time)).map(Some)
    })
}
