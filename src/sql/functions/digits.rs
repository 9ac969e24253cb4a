//! Numbers and bytes as digits, and back: `hex`, `bin`, `unhex`, `to_base`, `bit_count`; blobs and strings.

use super::own::{Call, Own, gives, takes};
use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, Int64Array, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, UInt64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::ScalarUDF;
use std::fmt::Write as _;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let function =
        |name, aliases, usage, takes, gives, run| Own { name, aliases, usage, takes, gives, json: false, run };
    let all = [
        function("hex", &["to_hex"], "an integer, a string or a blob", digit_takes, gives::string, |c| digits(c, 16)),
        function("bin", &["to_binary"], "an integer, a string or a blob", digit_takes, gives::string, |c| digits(c, 2)),
        function("unhex", &["from_hex"], "a string", takes::one_string, binary, |c| bytes(c, 16)),
        function("unbin", &["from_binary"], "a string", takes::one_string, binary, |c| bytes(c, 2)),
        function("to_base", &[], "a number, a base and perhaps a length", base_takes, gives::string, to_base),
        function("right_shift", &["shiftright"], "two integers", two_integers, gives::integer, |c| {
            bitwise(c, right_shift)
        }),
        function("bit_count", &[], "an integer", one_integer, gives::integer, bit_count),
    ];
    all.into_iter().map(Own::function).collect()
}

fn binary(_: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    Ok(DataType::Binary)
}

fn digit_takes(types: &[DataType]) -> Option<Vec<DataType>> {
    let [data_type] = types else { return None };
    Some(vec![match data_type {
        DataType::UInt64 => DataType::UInt64,
        data_type if data_type.is_integer() => DataType::Int64,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        data_type if data_type.is_string() || data_type.is_null() => DataType::Binary,
        _ => return None,
    }])
}

fn one_integer(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [data_type] if data_type.is_integer() || data_type.is_null() => Some(types.to_vec()),
        _ => None,
    }
}

fn two_integers(types: &[DataType]) -> Option<Vec<DataType>> {
    types.iter().map(takes::integer).collect::<Option<Vec<_>>>().filter(|types| types.len() == 2)
}

/// `None` where the result does not fit 64 bits.
fn bitwise(call: &Call<'_>, combine: fn(i64, i64) -> Option<i64>) -> Result<ArrayRef> {
    let (left, right) = (call.integers(0)?, call.integers(1)?);
    let row = |(a, b): (Option<i64>, Option<i64>)| match (a, b) {
        (Some(a), Some(b)) => match combine(a, b) {
            Some(bits) => Ok(Some(bits)),
            None => exec_err!("{}: {a} by {b} is out of range", call.name),
        },
        _ => Ok(None),
    };
    Ok(Arc::new(left.iter().zip(right.iter()).map(row).collect::<Result<Int64Array>>()?))
}

fn right_shift(value: i64, places: i64) -> Option<i64> {
    Some(if (0..64).contains(&places) { value >> places } else { 0 })
}

fn base_takes(types: &[DataType]) -> Option<Vec<DataType>> {
    let types: Option<Vec<DataType>> = types.iter().map(takes::integer).collect();
    types.filter(|types| matches!(types.len(), 2 | 3))
}

/// Digits of numbers without leading zeros, those below 0 in 64 bits; all digits of bytes.
fn digits(call: &Call<'_>, base: u64) -> Result<ArrayRef> {
    let values = call.array(0)?;
    let mut out = StringViewBuilder::with_capacity(values.len());
    if let Some(blobs) = values.as_binary_opt::<i32>() {
        for blob in blobs {
            out.append_option(blob.map(|blob| {
                blob.iter().fold(String::with_capacity(8 * blob.len()), |mut text, byte| {
                    let _ = if base == 16 { write!(text, "{byte:02X}") } else { write!(text, "{byte:08b}") };
                    text
                })
            }));
        }
        return Ok(Arc::new(out.finish()));
    }
    let bits = unsigned(values)?;
    for row in 0..values.len() {
        out.append_option(values.is_valid(row).then(|| {
            let bits = bits.get(row).copied().unwrap_or_default();
            if base == 16 { format!("{bits:X}") } else { format!("{bits:b}") }
        }));
    }
    Ok(Arc::new(out.finish()))
}

/// The bits of integers, sign-extended to 64.
fn unsigned(values: &ArrayRef) -> Result<Vec<u64>> {
    Ok(match values.data_type() {
        DataType::UInt64 => values.as_primitive::<UInt64Type>().values().to_vec(),
        _ => {
            let wide = cast(values, &DataType::Int64)?;
            wide.as_primitive::<arrow::datatypes::Int64Type>()
                .values()
                .iter()
                .map(|value| value.cast_unsigned())
                .collect()
        }
    })
}

fn bytes(call: &Call<'_>, base: u32) -> Result<ArrayRef> {
    let width = if base == 16 { 2 } else { 8 };
    let mut out = BinaryBuilder::new();
    for text in &call.strings(0)? {
        let Some(text) = text else {
            out.append_null();
            continue;
        };
        // Digits are missing at the left.
        let padded = format!("{}{text}", "0".repeat((width - text.len() % width) % width));
        let mut blob = Vec::with_capacity(padded.len() / width);
        for place in (0..padded.len()).step_by(width) {
            let digits = padded.get(place..place + width).filter(|digits| digits.chars().all(|c| c.is_digit(base)));
            match digits.and_then(|digits| u8::from_str_radix(digits, base).ok()) {
                Some(byte) => blob.push(byte),
                None => return exec_err!("{}: {text:?} has something else than digits in it", call.name),
            }
        }
        out.append_value(blob);
    }
    Ok(Arc::new(out.finish()))
}

fn to_base(call: &Call<'_>) -> Result<ArrayRef> {
    let (values, bases, lengths) = (call.integers(0)?, call.integers(1)?, call.optional_integers(2)?);
    let mut out = StringViewBuilder::with_capacity(call.rows);
    for row in 0..call.rows {
        let length = lengths.as_ref().map_or(0, |lengths| lengths.value(row)).clamp(0, 64) as usize;
        if values.is_null(row) || bases.is_null(row) || lengths.as_ref().is_some_and(|lengths| lengths.is_null(row)) {
            out.append_null();
            continue;
        }
        let base = bases.value(row);
        if !(2..=36).contains(&base) || values.value(row) < 0 {
            return exec_err!("to_base: takes a number of at least 0, and a base of 2 to 36");
        }
        let mut rest = values.value(row);
        let mut digits = Vec::new();
        while rest > 0 || digits.is_empty() {
            digits.push(
                u32::try_from(rest % base)
                    .ok()
                    .and_then(|digit| char::from_digit(digit, 36))
                    .unwrap_or('0')
                    .to_ascii_uppercase(),
            );
            rest /= base;
        }
        digits.resize(digits.len().max(length), '0');
        out.append_value(digits.into_iter().rev().collect::<String>());
    }
    Ok(Arc::new(out.finish()))
}

/// The bits that are set, those below 0 in as many bits as their type has.
fn bit_count(call: &Call<'_>) -> Result<ArrayRef> {
    let values = call.array(0)?;
    let width = values.data_type().primitive_width().map_or(64, |bytes| u32::try_from(8 * bytes).unwrap_or(64));
    let mask = if width >= 64 { u64::MAX } else { (1 << width) - 1 };
    let bits = unsigned(values)?;
    let counted =
        bits.iter().enumerate().map(|(row, bits)| values.is_valid(row).then(|| i64::from((bits & mask).count_ones())));
    Ok(Arc::new(counted.collect::<Int64Array>()))
}
