//! `format('{} is {:.2f}', …)` and `printf('%s is %.2f', …)`, with the specifications that DuckDB has.

use super::own::{Call, Own, gives, takes};
use crate::sql::json::write::double;
use arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let function = |name, aliases, run| Own {
        name,
        aliases,
        usage: "a format and values",
        takes: format_and_values,
        gives: gives::string,
        json: false,
        run,
    };
    let all = [
        function("format", &[], |call| formatted(call, braces)),
        function("printf", &["format_string"], |call| formatted(call, percents)),
    ];
    all.into_iter().map(Own::function).collect()
}

fn format_and_values(types: &[DataType]) -> Option<Vec<DataType>> {
    let (format, values) = types.split_first()?;
    let value = |data_type: &DataType| match data_type {
        DataType::Boolean => DataType::Boolean,
        data_type if data_type.is_integer() => DataType::Decimal128(20, 0),
        data_type if data_type.is_numeric() => DataType::Float64,
        _ => DataType::Utf8View,
    };
    Some(std::iter::once(takes::string(format)?).chain(values.iter().map(value)).collect())
}

/// A value to be written.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Integer(i128),
    Double(f64),
    Text(String),
    Boolean(bool),
}

type Writer = fn(&str, &[Value]) -> Result<String, String>;

fn formatted(call: &Call<'_>, write: Writer) -> Result<ArrayRef> {
    let formats = call.strings(0)?;
    let mut columns = Vec::with_capacity(call.arrays.len());
    for array in call.arrays.iter().skip(1) {
        columns.push(if array.data_type().is_string() { cast(array, &DataType::Utf8View)? } else { array.clone() });
    }
    let mut out = StringViewBuilder::with_capacity(call.rows);
    for row in 0..call.rows {
        if formats.is_null(row) || columns.iter().any(|column| column.is_null(row)) {
            out.append_null();
            continue;
        }
        let values: Vec<Value> = columns.iter().map(|column| value(column, row)).collect();
        let text = write(formats.value(row), &values);
        out.append_value(text.map_err(|reason| DataFusionError::Execution(format!("{}: {reason}", call.name)))?);
    }
    Ok(Arc::new(out.finish()))
}

fn value(column: &ArrayRef, row: usize) -> Value {
    match column.data_type() {
        DataType::Boolean => Value::Boolean(column.as_boolean().value(row)),
        DataType::Decimal128(..) => Value::Integer(column.as_primitive::<Decimal128Type>().value(row)),
        DataType::Float64 => Value::Double(column.as_primitive::<Float64Type>().value(row)),
        _ => Value::Text(column.as_string_view_opt().map_or(String::new(), |texts| texts.value(row).to_string())),
    }
}

/// How a value is written.
#[derive(Debug, Default, Clone)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zeros: bool,
    width: usize,
    group: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

/// The next value in order, or that of a number.
fn chosen<'v>(values: &'v [Value], place: &str, next: &mut usize) -> Result<&'v Value, String> {
    let at = match place {
        "" => {
            *next += 1;
            *next - 1
        }
        place => place.parse().map_err(|_| format!("{{{place}}} is no place of a value"))?,
    };
    values.get(at).ok_or_else(|| format!("there is no value {at}"))
}

fn braces(format: &str, values: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut next = 0;
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        if let Some(brace) =
            ['{', '}'].into_iter().find(|brace| found.starts_with(&[*brace, *brace][..].iter().collect::<String>()))
        {
            out.push(brace);
            rest = found.get(2..).unwrap_or_default();
            continue;
        }
        let inside = found.strip_prefix('{').and_then(|found| found.split_once('}'));
        let (inside, after) = inside.ok_or("a brace stands alone: write {{ or }} for one")?;
        let (place, spec) = inside.split_once(':').unwrap_or((inside, ""));
        let spec = brace_spec(spec).ok_or_else(|| format!("{{{inside}}} is not known"))?;
        out.push_str(&written(chosen(values, place.trim(), &mut next)?, &spec)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// `[[fill]align][sign][#][0][width][,][.precision][type]`.
fn brace_spec(text: &str) -> Option<Spec> {
    let mut spec = Spec::default();
    let mut rest: Vec<char> = text.chars().rev().collect();
    let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '^'));
    let second = rest.len().checked_sub(2).and_then(|place| rest.get(place));
    if is_align(second) {
        spec.fill = rest.pop();
        spec.align = rest.pop();
    } else if is_align(rest.last()) {
        spec.align = rest.pop();
    }
    spec.sign = rest.pop_if(|c| matches!(c, '+' | '-' | ' '));
    spec.alternate = rest.pop_if(|c| *c == '#').is_some();
    spec.zeros = rest.pop_if(|c| *c == '0').is_some();
    spec.width = number(&mut rest)?.unwrap_or_default();
    spec.group = rest.pop_if(|c| matches!(c, ',' | '_' | '\''));
    if rest.pop_if(|c| *c == '.').is_some() {
        spec.precision = Some(number(&mut rest)??);
    }
    spec.kind = rest.pop();
    rest.is_empty().then_some(spec)
}

/// Digits at the end of reversed text; an error where they are too many.
fn number(rest: &mut Vec<char>) -> Option<Option<usize>> {
    let mut digits = String::new();
    while let Some(digit) = rest.pop_if(|c| c.is_ascii_digit()) {
        digits.push(digit);
    }
    if digits.is_empty() {
        return Some(None);
    }
    digits.parse().ok().filter(|number| *number <= 10_000).map(Some)
}

fn percents(format: &str, values: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut next = 0;
    let mut rest: Vec<char> = format.chars().rev().collect();
    while let Some(letter) = rest.pop() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        if rest.pop_if(|c| *c == '%').is_some() {
            out.push('%');
            continue;
        }
        let mut spec = Spec { align: Some('>'), ..Spec::default() };
        while let Some(flag) = rest.pop_if(|c| matches!(c, '-' | '+' | ' ' | '#' | '0' | ',' | '_' | '\'')) {
            match flag {
                '-' => spec.align = Some('<'),
                '+' | ' ' => spec.sign = Some(flag),
                '#' => spec.alternate = true,
                '0' => spec.zeros = true,
                group => spec.group = Some(group),
            }
        }
        let too_wide = || "a width of more than 10000".to_string();
        spec.width = number(&mut rest).ok_or_else(too_wide)?.unwrap_or_default();
        if rest.pop_if(|c| *c == '.').is_some() {
            spec.precision = Some(number(&mut rest).ok_or_else(too_wide)?.unwrap_or_default());
        }
        while rest.pop_if(|c| matches!(c, 'l' | 'h')).is_some() {}
        spec.kind = Some(rest.pop().ok_or("a percent sign stands at the end: write %% for one")?);
        spec.zeros &= spec.align != Some('<');
        if spec.zeros {
            spec.align = None;
        }
        out.push_str(&written(chosen(values, "", &mut next)?, &spec)?);
    }
    Ok(out)
}

fn written(value: &Value, spec: &Spec) -> Result<String, String> {
    let wrong = |kind: char| Err(format!("{kind} is not for {value:?}"));
    let upper = spec.kind.is_some_and(|kind| kind.is_ascii_uppercase());
    let (negative, digits) = match (value, spec.kind) {
        (Value::Text(text), None | Some('s')) => return Ok(padded(&shortened(text, spec), spec, '<')),
        (Value::Boolean(truth), None | Some('s')) => return Ok(padded(&truth.to_string(), spec, '<')),
        (Value::Integer(code), Some('c')) => {
            let letter =
                u32::try_from(*code).ok().and_then(char::from_u32).ok_or_else(|| format!("{code} is no character"))?;
            return Ok(padded(&letter.to_string(), spec, '<'));
        }
        (Value::Boolean(truth), Some('d')) => (false, i32::from(*truth).to_string()),
        (Value::Integer(number), kind) => {
            (*number < 0 && !matches!(kind, Some('x' | 'X' | 'o' | 'b' | 'B')), integer(*number, spec)?)
        }
        (Value::Double(number), None | Some('f' | 'F' | 'e' | 'E' | 'g' | 'G')) => {
            (number.is_sign_negative(), float(number.abs(), spec))
        }
        (_, Some(kind)) => return wrong(kind),
    };
    let digits = if upper { digits.to_uppercase() } else { digits };
    let sign = match (negative, spec.sign) {
        (true, _) => "-",
        (_, Some('+')) => "+",
        (_, Some(' ')) => " ",
        _ => "",
    };
    let grouped = spec.group.map_or(digits.clone(), |group| grouped(&digits, group));
    let missing = spec.width.saturating_sub(sign.len() + grouped.len());
    let zeros = if spec.zeros && spec.align.is_none() { "0".repeat(missing) } else { String::new() };
    Ok(padded(&format!("{sign}{zeros}{grouped}"), spec, '>'))
}

fn shortened(text: &str, spec: &Spec) -> String {
    text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect()
}

fn padded(text: &str, spec: &Spec, by_nature: char) -> String {
    let missing = spec.width.saturating_sub(text.chars().count());
    let before = match spec.align.unwrap_or(by_nature) {
        '<' => 0,
        '^' => missing / 2,
        _ => missing,
    };
    let fill = |count: usize| String::from_iter(std::iter::repeat_n(spec.fill.unwrap_or(' '), count));
    format!("{}{text}{}", fill(before), fill(missing - before))
}

/// The digits of an integer without its sign; in 64 bits where they are not decimal.
fn integer(number: i128, spec: &Spec) -> Result<String, String> {
    #[expect(clippy::cast_possible_truncation, reason = "the lower 64 bits, as C prints them")]
    let bits = number as u64;
    let prefix = |prefix: &str| if spec.alternate { prefix.to_string() } else { String::new() };
    Ok(match spec.kind {
        None | Some('d' | 'i' | 'u') => number.unsigned_abs().to_string(),
        Some('x' | 'X') => format!("{}{bits:x}", prefix("0x")),
        Some('o') => format!("{}{bits:o}", prefix("0")),
        Some('b' | 'B') => format!("{}{bits:b}", prefix("0b")),
        Some(kind) => return Err(format!("{kind} is not for an integer")),
    })
}

/// The digits of a double that is not below 0.
fn float(number: f64, spec: &Spec) -> String {
    if !number.is_finite() {
        return if number.is_nan() { "nan".into() } else { "inf".into() };
    }
    match (spec.kind, spec.precision) {
        (Some('f' | 'F'), precision) => format!("{number:.*}", precision.unwrap_or(6)),
        (Some('e' | 'E'), precision) => exponent(&format!("{number:.*e}", precision.unwrap_or(6))),
        (None, None) => shortest(number),
        (_, precision) => general(number, precision.unwrap_or(6).max(1), spec.alternate),
    }
}

fn shortest(number: f64) -> String {
    if number != 0.0 && !(1e-4..1e16).contains(&number) {
        return exponent(&format!("{number:e}"));
    }
    let mut out = String::new();
    double(number, &mut out);
    out
}

/// An exponent with its sign and two digits.
fn exponent(text: &str) -> String {
    match text.split_once('e') {
        Some((digits, power)) => {
            let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
            format!("{digits}e{sign}{power:0>2}")
        }
        None => text.to_string(),
    }
}

/// C's `%g`: so many digits, without an exponent where it is short.
fn general(number: f64, digits: usize, zeros: bool) -> String {
    let scientific = format!("{number:.*e}", digits - 1);
    let power: i32 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or_default();
    let trimmed = |text: &str| match text.contains('.') && !zeros {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text.to_string(),
    };
    let digits = i32::try_from(digits).unwrap_or(i32::MAX);
    if power < -4 || power >= digits {
        let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        return exponent(&format!("{}e{power}", trimmed(mantissa)));
    }
    trimmed(&format!("{number:.*}", usize::try_from(digits - 1 - power).unwrap_or(0)))
}

/// Groups of three digits before the point.
fn grouped(digits: &str, separator: char) -> String {
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(end);
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(separator);
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_specified() {
        let (i, d, t) = (Value::Integer(1_234_567), Value::Double(1234.5), Value::Text("ab".into()));
        for (format, value, expected) in [
            ("{:,}|{{}}", &i, "1,234,567|{}"),
            ("{:010d}", &i, "0001234567"),
            ("{:+}", &i, "+1234567"),
            ("{:#x}", &i, "0x12d687"),
            ("{0}{0:*^6}", &t, "ab**ab**"),
            ("{:>4}|", &t, "  ab|"),
            ("{:.1}", &t, "a"),
            ("{}", &d, "1234.5"),
            ("{:,.2f}", &d, "1,234.50"),
            ("{:e}", &d, "1.234500e+03"),
            ("{:g}", &d, "1234.5"),
        ] {
            assert_eq!(braces(format, std::slice::from_ref(value)).as_deref(), Ok(expected), "{format}");
        }
        for (format, value, expected) in [
            ("%9d|%%", &i, "  1234567|%"),
            ("%-9d|", &i, "1234567  |"),
            ("%,d", &i, "1,234,567"),
            ("%09.2f", &d, "001234.50"),
            ("%4s|", &t, "  ab|"),
            ("%g", &Value::Double(0.0001), "0.0001"),
            ("%x", &Value::Integer(-1), "ffffffffffffffff"),
        ] {
            assert_eq!(percents(format, std::slice::from_ref(value)).as_deref(), Ok(expected), "{format}");
        }
        let one = std::slice::from_ref(&i);
        assert!(braces("{} {}", one).is_err() && braces("{", one).is_err());
        assert!(percents("%d", &[t]).is_err() && percents("%s", one).is_err());
    }
}
