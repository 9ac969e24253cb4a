//! `strftime(x, pattern)`: a time as text.

use super::arguments::Arguments;
use super::calendar::{Civil, HOUR, MINUTE, SECOND, day_of_year, iso_week, split, weekday};
use super::function::{Types, count, function, moment};
use super::part::{MONTHS, WEEKDAYS};
use super::pattern::{Piece, pieces};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use std::fmt::Write as _;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![function("strftime to_char", returns, format)]
}

fn returns(types: &Types<'_>) -> Result<DataType> {
    count(types, &[2], "strftime(x, '%Y-%m-%d')")?;
    let time = if pattern_first(&types.types) { 1 } else { 0 };
    if !matches!(types.types.get(time), Some(DataType::Time32(_) | DataType::Time64(_))) {
        moment(types, time)?;
    }
    if let Some(pattern) = types.text(1 - time) {
        pieces(types.name, pattern)?;
    }
    Ok(DataType::Utf8)
}

/// DuckDB takes the two in either order.
fn pattern_first(types: &[&DataType]) -> bool {
    matches!(types, [first, second] if first.is_string() && !second.is_string() && !second.is_null())
}

fn format(args: &Arguments<'_>) -> Result<ArrayRef> {
    let time = if pattern_first(&[args.data_type(0)?, args.data_type(1)?]) { 1 } else { 0 };
    let instant = matches!(args.data_type(time)?, DataType::Timestamp(_, Some(_)));
    let (micros, patterns) = (args.micros(time)?, args.texts(1 - time)?);
    let constant = patterns.constant().map(|pattern| pieces(args.name, pattern)).transpose()?;
    args.each_text(&mut |row| {
        let (Some(micros), Some(pattern)) = (micros.get(row), patterns.get(row)) else { return Ok(None) };
        let mut out = String::new();
        match &constant {
            Some(pieces) => write(pieces, micros, instant, &mut out),
            None => write(&pieces(args.name, pattern)?, micros, instant, &mut out),
        }
        Ok(Some(out))
    })
}

fn write(pieces: &[Piece], micros: i64, instant: bool, out: &mut String) {
    let (days, rest) = split(micros);
    let Civil { year, month, day } = Civil::of(days);
    let hour = rest / HOUR;
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    let name = |names: &[&'static str], place: i64| {
        usize::try_from(place).ok().and_then(|place| names.get(place)).copied().unwrap_or_default()
    };
    let weekday = weekday(days);
    let padded = |value: i64, width: usize, bare: bool, out: &mut String| {
        let _ = if bare { write!(out, "{value}") } else { write!(out, "{value:0width$}") };
    };
    // Years that four digits do not hold are written as they are.
    let whole = |year: i64, out: &mut String| padded(year, 4, !(0..=9_999).contains(&year), out);
    for piece in pieces {
        let (field, bare) = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Field(field, bare) => (*field, *bare),
        };
        match field {
            'a' => out.extend(name(&WEEKDAYS, weekday - 1).chars().take(3)),
            'A' => out.push_str(name(&WEEKDAYS, weekday - 1)),
            'b' => out.extend(name(&MONTHS, month - 1).chars().take(3)),
            'B' => out.push_str(name(&MONTHS, month - 1)),
            'd' => padded(day, 2, bare, out),
            'f' => padded(rest % SECOND, 6, false, out),
            'g' => padded(rest % SECOND / 1_000, 3, false, out),
            'n' => padded(rest % SECOND * 1_000, 9, false, out),
            'G' => whole(iso_week(days).0, out),
            'H' => padded(hour, 2, bare, out),
            'I' => padded(twelve, 2, bare, out),
            'j' => padded(day_of_year(days), 3, bare, out),
            'm' => padded(month, 2, bare, out),
            'M' => padded(rest % HOUR / MINUTE, 2, bare, out),
            'p' => out.push_str(if hour < 12 { "AM" } else { "PM" }),
            'S' => padded(rest % MINUTE / SECOND, 2, bare, out),
            'u' => padded(weekday, 1, true, out),
            'U' => padded((day_of_year(days) + 6 - weekday % 7) / 7, 2, false, out),
            'V' => padded(iso_week(days).1, 2, false, out),
            'w' => padded(weekday % 7, 1, true, out),
            'W' => padded((day_of_year(days) + 7 - weekday) / 7, 2, false, out),
            'y' => padded(year.rem_euclid(100), 2, bare, out),
            'Y' => whole(year, out),
            'z' => out.push_str("+00"),
            ':' => out.push_str("+00:00"),
            'Z' if instant => out.push_str("UTC"),
            _ => {}
        }
    }
}
