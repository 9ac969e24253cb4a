//! Strings, by characters: parts of them counted from either end, splitting, and cases as DuckDB has them.

use super::own::{Call, Own, gives, takes};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListBuilder, StringBuilder, StringViewArray, StringViewBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let function =
        |name, aliases, usage, takes, gives, run| Own { name, aliases, usage, takes, gives, json: false, run };
    let one = |name, aliases, run| function(name, aliases, "one string", takes::one_string, gives::string, run);
    let counted = |name, aliases, run| function(name, aliases, "one string", takes::one_string, gives::integer, run);
    let all = [
        one("upper", &["ucase"], upper),
        one("lower", &["lcase"], lower),
        one("url_encode", &[], url_encode),
        one("url_decode", &[], url_decode),
        function("strlen", &["octet_length"], "a string or a blob", string_or_blob, gives::integer, byte_length),
        counted("unicode", &["ord"], |call| code_point(call, -1)),
        counted("ascii", &[], |call| code_point(call, 0)),
        function(
            "string_split",
            &["str_split", "string_to_array"],
            "a string and a separator",
            separated,
            gives::strings,
            split,
        ),
        function("split_part", &[], "a string, a separator and a number", part_takes, gives::string, split_part),
        function("concat", &[], "values", takes::anything, concat_gives, concat),
        function("concat_ws", &[], "a separator and values", separator_and_values, gives::string, concat_ws),
        function("like_escape", &[], "a string, a pattern and an escape", three, gives::boolean, |c| like(c, false)),
        function("ilike_escape", &[], "a string, a pattern and an escape", three, gives::boolean, |c| like(c, true)),
    ];
    all.into_iter().map(Own::function).chain([substr()]).collect()
}

/// `mid` is what the templates call it, because the parser makes an expression of its own of the others.
pub(super) fn substr() -> Arc<ScalarUDF> {
    Own {
        name: "substr",
        aliases: &["substring", "mid"],
        usage: "a string, a place and perhaps a length",
        takes: places,
        gives: gives::string,
        json: false,
        run: substring,
    }
    .function()
}

fn places(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [text, from] => Some(vec![takes::string(text)?, takes::integer(from)?]),
        [text, from, length] => Some(vec![takes::string(text)?, takes::integer(from)?, takes::integer(length)?]),
        _ => None,
    }
}

fn part_takes(types: &[DataType]) -> Option<Vec<DataType>> {
    let [text, separator, place] = types else { return None };
    Some(vec![takes::string(text)?, takes::string(separator)?, takes::integer(place)?])
}

fn separated(types: &[DataType]) -> Option<Vec<DataType>> {
    takes::strings(types).filter(|types| matches!(types.len(), 2 | 3))
}

fn three(types: &[DataType]) -> Option<Vec<DataType>> {
    takes::strings(types).filter(|types| types.len() == 3)
}

fn separator_and_values(types: &[DataType]) -> Option<Vec<DataType>> {
    takes::string(types.first()?)?;
    (types.len() > 1).then(|| types.to_vec())
}

/// Each string as `change` makes it; null where it is null.
pub(super) fn each(call: &Call<'_>, change: impl Fn(&str) -> Result<String>) -> Result<ArrayRef> {
    let texts = call.strings(0)?;
    let mut out = StringViewBuilder::with_capacity(texts.len());
    for text in &texts {
        out.append_option(text.map(&change).transpose()?);
    }
    Ok(Arc::new(out.finish()))
}

fn string_or_blob(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [data_type] if data_type.is_string() || data_type.is_binary() || data_type.is_null() => {
            Some(vec![DataType::BinaryView])
        }
        _ => None,
    }
}

fn byte_length(call: &Call<'_>) -> Result<ArrayRef> {
    let bytes = call.array(0)?.as_binary_view().iter().map(|bytes| bytes.map(|bytes| bytes.len() as i64));
    Ok(Arc::new(bytes.collect::<Int64Array>()))
}

fn code_point(call: &Call<'_>, of_nothing: i64) -> Result<ArrayRef> {
    let first = |text: &str| text.chars().next().map_or(of_nothing, |c| i64::from(u32::from(c)));
    Ok(Arc::new(call.strings(0)?.iter().map(|text| text.map(first)).collect::<Int64Array>()))
}

/// From a place, counted from 1, or from the end where it is below 0; a length below 0 goes to the left of it.
fn substring(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, from, lengths) = (call.strings(0)?, call.integers(1)?, call.optional_integers(2)?);
    let mut out = StringViewBuilder::with_capacity(texts.len());
    for row in 0..texts.len() {
        if texts.is_null(row) || from.is_null(row) || lengths.as_ref().is_some_and(|lengths| lengths.is_null(row)) {
            out.append_null();
            continue;
        }
        let text = texts.value(row);
        out.append_value(part(text, from.value(row), lengths.as_ref().map(|lengths| lengths.value(row))));
    }
    Ok(Arc::new(out.finish()))
}

fn part(text: &str, from: i64, length: Option<i64>) -> &str {
    let start = match from {
        from if from < 0 => (text.chars().count() as i64).saturating_add(from),
        from => from - 1,
    };
    let (start, end) = match length {
        None => (start, i64::MAX),
        Some(length) if length < 0 => (start.saturating_add(length), start),
        Some(length) => (start, start.saturating_add(length)),
    };
    // What is beyond any text is its end, where a place has 32 bits too.
    let place = |place: i64| usize::try_from(place.max(0)).unwrap_or(usize::MAX);
    let (start, end) = (place(start), place(end));
    let at = |place: usize| match text.is_ascii() {
        true => place.min(text.len()),
        false => text.char_indices().nth(place).map_or(text.len(), |(at, _)| at),
    };
    let start = at(start);
    text.get(start..at(end).max(start)).unwrap_or_default()
}

/// One character for each, as in Unicode's simple mappings: `ß` is `ẞ`, not `SS`.
fn upper(call: &Call<'_>) -> Result<ArrayRef> {
    let one = |c: char| match c {
        'ß' => 'ẞ',
        c => single(c.to_uppercase(), c),
    };
    each(call, |text| Ok(if text.is_ascii() { text.to_ascii_uppercase() } else { text.chars().map(one).collect() }))
}

fn lower(call: &Call<'_>) -> Result<ArrayRef> {
    let one = |c: char| match c {
        'İ' => 'i',
        c => single(c.to_lowercase(), c),
    };
    each(call, |text| Ok(if text.is_ascii() { text.to_ascii_lowercase() } else { text.chars().map(one).collect() }))
}

fn single(mut mapped: impl Iterator<Item = char>, otherwise: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => otherwise,
    }
}

fn url_encode(call: &Call<'_>) -> Result<ArrayRef> {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const SET: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    each(call, |text| Ok(utf8_percent_encode(text, SET).to_string()))
}

fn url_decode(call: &Call<'_>) -> Result<ArrayRef> {
    each(call, |text| match percent_encoding::percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => exec_err!("url_decode: {text:?} does not stand for text"),
    })
}

/// The parts between separators; an empty separator splits into characters.
fn parts<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    match separator {
        "" if text.is_empty() => vec![text],
        "" => text.char_indices().filter_map(|(at, c)| text.get(at..at + c.len_utf8())).collect(),
        separator => text.split(separator).collect(),
    }
}

fn split(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, separators, nulls) = (call.strings(0)?, call.strings(1)?, call.optional_strings(2)?);
    let mut out = ListBuilder::new(StringBuilder::new());
    for row in 0..texts.len() {
        if texts.is_null(row) {
            out.append_null();
            continue;
        }
        let text = texts.value(row);
        let parts = if separators.is_null(row) { vec![text] } else { parts(text, separators.value(row)) };
        let null = nulls.as_ref().filter(|nulls| nulls.is_valid(row)).map(|nulls| nulls.value(row));
        out.append_value(parts.into_iter().map(|part| (Some(part) != null).then_some(part)));
    }
    Ok(Arc::new(out.finish()))
}

fn split_part(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, separators, places) = (call.strings(0)?, call.strings(1)?, call.integers(2)?);
    let part = |row: usize| {
        if texts.is_null(row) || separators.is_null(row) || places.is_null(row) {
            return None;
        }
        let parts = parts(texts.value(row), separators.value(row));
        let place = usize::try_from(places.value(row).unsigned_abs()).unwrap_or(usize::MAX);
        let found = match places.value(row) {
            place if place < 0 => None,
            _ => place.checked_sub(1).and_then(|place| parts.get(place)),
        };
        let found = found.or_else(|| match places.value(row) < 0 {
            true => parts.len().checked_sub(place).and_then(|place| parts.get(place)),
            false => None,
        });
        Some(found.copied().unwrap_or_default())
    };
    Ok(Arc::new((0..texts.len()).map(part).collect::<StringViewArray>()))
}

fn is_list(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..))
}

fn concat_gives(fields: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    Ok(fields.iter().map(|field| field.data_type()).find(|t| is_list(t)).cloned().unwrap_or(DataType::Utf8View))
}

/// Texts of values of any type one after another, nulls left out; or lists.
fn concat(call: &Call<'_>) -> Result<ArrayRef> {
    if is_list(call.result.data_type()) {
        return super::lists::concat(call);
    }
    let texts = (0..call.arrays.len()).map(|place| call.strings(place)).collect::<Result<Vec<_>>>()?;
    let mut out = StringViewBuilder::with_capacity(call.rows);
    for row in 0..call.rows {
        let valid = texts.iter().filter(|texts| texts.is_valid(row));
        out.append_value(valid.map(|texts| texts.value(row)).collect::<String>());
    }
    Ok(Arc::new(out.finish()))
}

fn concat_ws(call: &Call<'_>) -> Result<ArrayRef> {
    let separators = call.strings(0)?;
    let mut columns = Vec::with_capacity(call.arrays.len());
    for array in call.arrays.iter().skip(1) {
        let text =
            if is_list(array.data_type()) { DataType::new_list(DataType::Utf8View, true) } else { DataType::Utf8View };
        columns.push(cast(array, &text)?);
    }
    let mut out = StringViewBuilder::with_capacity(call.rows);
    for row in 0..call.rows {
        if separators.is_null(row) {
            out.append_null();
            continue;
        }
        let mut texts: Vec<String> = Vec::new();
        for column in columns.iter().filter(|column| column.is_valid(row)) {
            match column.as_list_opt::<i32>() {
                Some(list) => texts.extend(list.value(row).as_string_view().iter().flatten().map(str::to_string)),
                None => texts.push(column.as_string_view().value(row).to_string()),
            }
        }
        out.append_value(texts.join(separators.value(row)));
    }
    Ok(Arc::new(out.finish()))
}

/// LIKE with an escape that need not be a constant; an empty one escapes nothing.
fn like(call: &Call<'_>, ignore_case: bool) -> Result<ArrayRef> {
    let (texts, patterns, escapes) = (call.strings(0)?, call.strings(1)?, call.strings(2)?);
    let mut plain = StringViewBuilder::with_capacity(call.rows);
    for row in 0..call.rows {
        match patterns.is_valid(row) && escapes.is_valid(row) {
            true => plain.append_value(backslashed(patterns.value(row), escapes.value(row))?),
            false => plain.append_null(),
        }
    }
    let plain = plain.finish();
    let matched: BooleanArray = match ignore_case {
        true => arrow::compute::kernels::comparison::ilike(&texts, &plain)?,
        false => arrow::compute::kernels::comparison::like(&texts, &plain)?,
    };
    Ok(Arc::new(matched))
}

/// A pattern whose escape is the backslash, of one with another.
fn backslashed(pattern: &str, escape: &str) -> Result<String> {
    let escape = match (escape.chars().next(), escape.chars().count()) {
        (escape, 0 | 1) => escape,
        _ => return exec_err!("LIKE: the escape {escape:?} is not one character"),
    };
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(next) = rest.next() {
        match next {
            next if Some(next) == escape => {
                let Some(literal) = rest.next() else { return exec_err!("LIKE: the pattern ends with its escape") };
                out.extend(['\\', literal]);
            }
            '\\' => out.push_str("\\\\"),
            next => out.push(next),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_from_either_end() {
        for (text, from, length, expected) in [
            ("hello", -3, None, "llo"),
            ("hello", 0, Some(2), "h"),
            ("hello", -10, Some(3), ""),
            ("Hello World", -10, Some(3), "ell"),
            ("hello", -1, Some(-2), "ll"),
            ("hello", 3, Some(-2), "he"),
            ("äöü€", -3, Some(2), "öü"),
            ("hello", i64::MAX, Some(i64::MAX), ""),
            ("hello", i64::MIN, None, "hello"),
        ] {
            assert_eq!(part(text, from, length), expected, "{text} {from} {length:?}");
        }
    }

    #[test]
    fn escapes_become_backslashes() {
        assert_eq!(backslashed("a!%\\_", "!").unwrap(), "a\\%\\\\_");
        assert_eq!(backslashed("a\\%", "").unwrap(), "a\\\\%");
        assert!(backslashed("a!", "!").is_err() && backslashed("a", "!!").is_err());
    }
}
