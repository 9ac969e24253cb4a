//! A value as it is compared: exact values as one text each, floats as numbers, nested values part by part.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::*;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Floats are right to this relative difference: sums depend on the order of their rows.
const TOLERANCE: f64 = 1e-9;

/// Numbers of no more digits than these are written so because they are exact.
const SHORT_DIGITS: usize = 10;

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    /// Everything that has one canonical text: integers and decimals without trailing zeros, times with a blank.
    Text(String),
    Float(f64),
    /// A float of few digits, which is not the last of a sum's roundings.
    Short(f64),
    /// The values of a list, the fields of a struct in their order, the keys and values of a map by turns.
    Nested(Vec<Cell>),
}

impl Cell {
    /// The value at `row`.
    pub fn of(array: &ArrayRef, row: usize) -> Cell {
        if array.is_null(row) || array.data_type().is_null() {
            return Cell::Null;
        }
        match array.data_type() {
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                let double = cast(&array.slice(row, 1), &DataType::Float64).unwrap();
                Cell::Float(double.as_primitive::<Float64Type>().value(0))
            }
            DataType::List(_) => Cell::items(&array.as_list::<i32>().value(row)),
            DataType::LargeList(_) => Cell::items(&array.as_list::<i64>().value(row)),
            DataType::FixedSizeList(_, _) => Cell::items(&array.as_fixed_size_list().value(row)),
            DataType::Struct(_) => {
                Cell::Nested(array.as_struct().columns().iter().map(|column| Cell::of(column, row)).collect())
            }
            DataType::Map(_, _) => {
                let entries = array.as_map().value(row);
                let pair = |at| [Cell::of(entries.column(0), at), Cell::of(entries.column(1), at)];
                Cell::Nested((0..entries.len()).flat_map(pair).collect())
            }
            DataType::Interval(_) => Cell::Text(interval(array, row)),
            other => {
                let formatter = ArrayFormatter::try_new(array.as_ref(), &FormatOptions::default()).unwrap();
                Cell::Text(canonical(&formatter.value(row).to_string(), other))
            }
        }
    }

    fn items(array: &ArrayRef) -> Cell {
        Cell::Nested((0..array.len()).map(|at| Cell::of(array, at)).collect())
    }

    /// Whether this is the value that is `expected`.
    pub fn is(&self, expected: &Cell) -> bool {
        match (self, expected) {
            (Cell::Float(a), Cell::Short(b)) => a == b || f64::from(*a as f32) == f64::from(*b as f32) && is_single(*a),
            (Cell::Float(a), Cell::Float(b)) if a.is_finite() && b.is_finite() => {
                (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
            }
            (Cell::Float(a), Cell::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            // An integer of more digits than a double has: each of them counts.
            (Cell::Float(a), Cell::Text(b)) => format!("{a:.0}") == *b,
            // An exact value where DuckDB has a double.
            (Cell::Text(a), Cell::Float(_)) => a.parse().is_ok_and(|a| Cell::Float(a).is(expected)),
            // DuckDB casts times to texts with a blank, others with a T.
            (Cell::Text(a), Cell::Text(b)) if a != b => {
                is_time(a) && is_time(b) && canonical(a, TIME) == canonical(b, TIME)
            }
            (Cell::Nested(a), Cell::Nested(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is(b)),
            (a, b) => a == b,
        }
    }

    /// What rows are sorted by before they are compared.
    pub fn key(&self) -> String {
        match self {
            Cell::Null => "NULL".into(),
            Cell::Text(text) => text.clone(),
            Cell::Float(value) if value.is_nan() => "nan".into(),
            Cell::Float(value) | Cell::Short(value) => format!("{:.5e}", value + 0.0),
            Cell::Nested(cells) => format!("[{}]", cells.iter().map(Cell::key).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// Whether a double is a single-precision number.
fn is_single(value: f64) -> bool {
    f64::from(value as f32) == value
}

const TIME: &DataType = &DataType::Timestamp(TimeUnit::Microsecond, None);

/// Whether a text is a date with a time: `2024-05-15 10:00:00`, `2024-05-15T10:00:00Z`.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 16 && bytes[4] == b'-' && bytes[7] == b'-' && b" T".contains(&bytes[10]) && bytes[13] == b':'
}

/// Whether a text is a number with few digits between the first and the last that is not zero.
pub fn is_short(text: &str) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    !digits.is_empty() && digits.trim_matches('0').len() <= SHORT_DIGITS
}

/// The one text of a value that is not a float.
pub fn canonical(text: &str, kind: &DataType) -> String {
    match kind {
        _ if kind.is_integer() || kind.is_decimal() => without_zeros(text.trim_start_matches('+')).into(),
        DataType::Boolean => text.to_lowercase(),
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _) => {
            let text = text.trim_start_matches('+').replacen('T', " ", 1);
            let text = ["Z", "+00:00", "+00"].iter().find_map(|zone| text.strip_suffix(zone)).unwrap_or(&text);
            let text = if text.matches(':').count() == 1 { format!("{text}:00") } else { text.to_owned() };
            without_zeros(&text).trim_end_matches(" 00:00:00").into()
        }
        DataType::Time32(_) | DataType::Time64(_) => without_zeros(text).into(),
        _ => text.into(),
    }
}

/// Without the zeros at the end of a fraction.
fn without_zeros(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false if text == "-0" => "0",
        false => text,
    }
}

/// As DuckDB writes intervals: `1 year 2 months 3 days 04:05:06`.
fn interval(array: &ArrayRef, row: usize) -> String {
    let all = cast(&array.slice(row, 1), &DataType::Interval(IntervalUnit::MonthDayNano)).unwrap();
    let value = all.as_primitive::<IntervalMonthDayNanoType>().value(0);
    let part = |count: i32, unit: &str| match count {
        0 => None,
        1 | -1 => Some(format!("{count} {unit}")),
        _ => Some(format!("{count} {unit}s")),
    };
    let mut parts: Vec<String> =
        [part(value.months / 12, "year"), part(value.months % 12, "month"), part(value.days, "day")]
            .into_iter()
            .flatten()
            .collect();
    if value.nanoseconds != 0 || parts.is_empty() {
        let (sign, micros) = (if value.nanoseconds < 0 { "-" } else { "" }, value.nanoseconds.unsigned_abs() / 1000);
        let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
        let clock = format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
        parts.push(clock + without_zeros(&fraction));
    }
    parts.join(" ")
}
