//! Writes JSON text: values of Arrow arrays as JSON, and JSON in its shortest form.

use super::scan::{entries, string, unescaped};
use crate::snapshot::stands_for;
use arrow::array::{Array, ArrayRef, AsArray, make_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::fmt::Write as _;

/// Dates and times as SQL writes them.
const OPTIONS: FormatOptions<'static> = FormatOptions::new()
    .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
    .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f%:z"));

/// Whether a field's strings are JSON already.
pub fn is_json(field: &Field) -> bool {
    matches!(stands_for(field), Some("json" | "variant"))
}

/// Appends a checked JSON value without spaces, its numbers and strings as DuckDB writes them.
pub fn compact(value: &str, out: &mut String) {
    let Some(open @ ('{' | '[')) = value.chars().next() else {
        return match string(value) {
            Some(raw) if raw.contains('\\') => quoted(&unescaped(raw).unwrap_or_default(), out),
            Some(_) => out.push_str(value),
            None => number_or_name(value, out),
        };
    };
    out.push(open);
    for (at, entry) in entries(value).enumerate() {
        if at > 0 {
            out.push(',');
        }
        if let Some(key) = entry.key {
            quoted(&unescaped(key).unwrap_or_default(), out);
            out.push(':');
        }
        compact(entry.value, out);
    }
    out.push(if open == '{' { '}' } else { ']' });
}

fn number_or_name(value: &str, out: &mut String) {
    let fractional = value.contains(['.', 'e', 'E']) && value.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    match value.parse::<f64>() {
        Ok(parsed) if fractional && parsed.is_finite() => double(parsed, out),
        _ => out.push_str(value),
    }
}

/// Appends a double, with a point or an exponent.
pub fn double(value: f64, out: &mut String) {
    let size = value.abs();
    let _ = match value {
        value if value.is_nan() => write!(out, "NaN"),
        value if value.is_infinite() => write!(out, "{}Infinity", if value < 0.0 { "-" } else { "" }),
        value if size != 0.0 && !(1e-6..1e21).contains(&size) => write!(out, "{value:e}"),
        value if value.fract() == 0.0 => write!(out, "{value:.1}"),
        value => write!(out, "{value}"),
    };
}

/// Appends a string, quoted.
pub fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            letter if letter < ' ' => drop(write!(out, "\\u{:04X}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

/// Appends the value of a row.
pub fn value(array: &ArrayRef, field: &Field, row: usize, out: &mut String) -> Result<(), ArrowError> {
    if array.is_null(row) || *array.data_type() == DataType::Null {
        out.push_str("null");
        return Ok(());
    }
    match array.data_type() {
        data_type if data_type.is_string() => {
            let text = cast(&array.slice(row, 1), &DataType::Utf8)?;
            let text = text.as_string::<i32>();
            let text = text.value(0);
            if is_json(field) { compact(text, out) } else { quoted(text, out) }
        }
        data_type if data_type.is_floating() => {
            let number = cast(&array.slice(row, 1), &DataType::Float64)?;
            double(number.as_primitive::<Float64Type>().value(0), out);
        }
        data_type if data_type.is_integer() || *data_type == DataType::Boolean => bare(array, row, out)?,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
            let mut digits = String::new();
            bare(array, row, &mut digits)?;
            // A fraction has at least one digit, and none for nothing.
            match digits.split_once('.') {
                Some((whole, fraction)) => {
                    let fraction = fraction.trim_end_matches('0');
                    let _ = write!(out, "{whole}.{}", if fraction.is_empty() { "0" } else { fraction });
                }
                None => out.push_str(&digits),
            }
        }
        DataType::List(item) => list(&array.as_list::<i32>().value(row), item, out)?,
        DataType::LargeList(item) => list(&array.as_list::<i64>().value(row), item, out)?,
        DataType::FixedSizeList(item, _) => list(&array.as_fixed_size_list().value(row), item, out)?,
        DataType::Struct(fields) => {
            out.push('{');
            for (at, (column, field)) in array.as_struct().columns().iter().zip(fields).enumerate() {
                if at > 0 {
                    out.push(',');
                }
                quoted(field.name(), out);
                out.push(':');
                value(column, field, row, out)?;
            }
            out.push('}');
        }
        DataType::Map(entries, _) => map(&make_array(array.as_map().value(row).into()), entries, out)?,
        _ => {
            let mut text = String::new();
            bare(array, row, &mut text)?;
            // Of a fraction of a second only its digits.
            let short =
                if text.contains('.') && !text.contains(['+', 'P']) { text.trim_end_matches('0') } else { &text };
            quoted(short, out);
        }
    }
    Ok(())
}

fn bare(array: &ArrayRef, row: usize, out: &mut String) -> Result<(), ArrowError> {
    let formatter = ArrayFormatter::try_new(array.as_ref(), &OPTIONS)?;
    let _ = write!(out, "{}", formatter.value(row));
    Ok(())
}

fn list(items: &ArrayRef, item: &Field, out: &mut String) -> Result<(), ArrowError> {
    out.push('[');
    for at in 0..items.len() {
        if at > 0 {
            out.push(',');
        }
        value(items, item, at, out)?;
    }
    out.push(']');
    Ok(())
}

fn map(pairs: &ArrayRef, entries: &Field, out: &mut String) -> Result<(), ArrowError> {
    let (Some(pairs), DataType::Struct(fields)) = (pairs.as_struct_opt(), entries.data_type()) else { return Ok(()) };
    let ([keys, values], [_, field]) = (pairs.columns(), fields.as_ref()) else { return Ok(()) };
    out.push('{');
    for at in 0..keys.len() {
        if at > 0 {
            out.push(',');
        }
        let mut key = String::new();
        bare(keys, at, &mut key)?;
        quoted(&key, out);
        out.push(':');
        value(values, field, at, out)?;
    }
    out.push('}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_its_shortest_form() {
        for (text, expected) in [
            ("{ \"a\" : [1 , 2 ,] }", "{\"a\":[1,2]}"),
            ("[1.10, 1e2, -0.0, 1e-7, 1e300]", "[1.1,100.0,-0.0,1e-7,1e300]"),
            ("99999999999999999999", "99999999999999999999"),
            ("\"\\u00e9\\n\\/\"", "\"é\\n/\""),
            ("[NaN, true, null]", "[NaN,true,null]"),
        ] {
            let mut out = String::new();
            compact(text, &mut out);
            assert_eq!(out, expected);
        }
    }
}
