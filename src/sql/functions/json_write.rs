//! Functions that write JSON: `to_json`, `json_object`, `json_array`, `json`. A string that is JSON already, because another
//! of these functions made it or a variant column holds it, goes in as it is.

use super::own::{Call, Own, gives, takes};
use crate::sql::json::scan::document;
use crate::sql::json::write::{compact, quoted, value};
use arrow::array::{Array, ArrayRef, StringViewBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let function =
        |name, aliases, usage, takes, run| Own { name, aliases, usage, takes, gives: gives::string, json: true, run };
    let all = [
        function("to_json", &["json_quote", "row_to_json", "array_to_json"], "one value", takes::one, to_json),
        function("json", &[], "JSON as a string", takes::one_string, shortest),
        // What `x::JSON` stands for.
        function("cast_to_json", &[], "one value", takes::one, cast_to_json),
        function("json_object", &[], "names and values by turns", names_and_values, object),
        function("json_array", &[], "values", takes::anything, array),
        function("json_merge_patch", &[], "two JSON strings", takes::two_strings, merge_patch),
    ];
    all.into_iter().map(Own::function).collect()
}

/// A string of each row, of what `write` appends; null where it appends nothing.
fn each_row(call: &Call<'_>, write: impl Fn(usize, &mut String) -> Result<()>) -> Result<ArrayRef> {
    let mut out = StringViewBuilder::with_capacity(call.rows);
    for row in 0..call.rows {
        let mut text = String::new();
        write(row, &mut text)?;
        out.append_option((!text.is_empty()).then_some(text));
    }
    Ok(Arc::new(out.finish()))
}

fn argument(call: &Call<'_>, place: usize, row: usize, out: &mut String) -> Result<()> {
    let (Some(array), Some(field)) = (call.arrays.get(place), call.fields.get(place)) else { return Ok(()) };
    if call.is_json(place) && array.is_valid(row) {
        let text = super::strings(Some(&array.slice(row, 1)))?;
        compact(checked(call, text.value(0))?, out);
        return Ok(());
    }
    Ok(value(array, field, row, out)?)
}

fn to_json(call: &Call<'_>) -> Result<ArrayRef> {
    let values = call.array(0)?;
    each_row(call, |row, out| match values.is_null(row) || *values.data_type() == DataType::Null {
        true => Ok(()),
        false => argument(call, 0, row, out),
    })
}

fn checked<'t>(call: &Call<'_>, text: &'t str) -> Result<&'t str> {
    match document(text) {
        Ok(value) => Ok(value),
        Err(reason) => exec_err!("{}: {reason}", call.name),
    }
}

fn shortest(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.strings(0)?;
    each_row(call, |row, out| {
        if texts.is_valid(row) {
            compact(checked(call, texts.value(row))?, out);
        }
        Ok(())
    })
}

fn cast_to_json(call: &Call<'_>) -> Result<ArrayRef> {
    let text = call.fields.first().is_some_and(|field| field.data_type().is_string());
    if !text {
        return to_json(call);
    }
    let texts = call.strings(0)?;
    for text in texts.iter().flatten() {
        checked(call, text)?;
    }
    Ok(Arc::new(texts))
}

fn names_and_values(types: &[DataType]) -> Option<Vec<DataType>> {
    let named = types.chunks(2).all(|pair| matches!(pair, [name, _] if takes::string(name).is_some()));
    named.then(|| types.to_vec())
}

fn object(call: &Call<'_>) -> Result<ArrayRef> {
    let names = (0..call.arrays.len()).step_by(2).map(|place| call.strings(place)).collect::<Result<Vec<_>>>()?;
    each_row(call, |row, out| {
        out.push('{');
        for (at, name) in names.iter().enumerate() {
            if name.is_null(row) {
                return exec_err!("json_object: a name is null");
            }
            if at > 0 {
                out.push(',');
            }
            quoted(name.value(row), out);
            out.push(':');
            argument(call, 2 * at + 1, row, out)?;
        }
        out.push('}');
        Ok(())
    })
}

fn array(call: &Call<'_>) -> Result<ArrayRef> {
    each_row(call, |row, out| {
        out.push('[');
        for place in 0..call.arrays.len() {
            if place > 0 {
                out.push(',');
            }
            argument(call, place, row, out)?;
        }
        out.push(']');
        Ok(())
    })
}

/// RFC 7396.
fn merge_patch(call: &Call<'_>) -> Result<ArrayRef> {
    let (targets, patches) = (call.strings(0)?, call.strings(1)?);
    each_row(call, |row, out| {
        if !patches.is_valid(row) {
            return Ok(());
        }
        let patch = checked(call, patches.value(row))?;
        let target = if targets.is_valid(row) { checked(call, targets.value(row))? } else { "null" };
        // As in DuckDB, what replaces a whole keeps its nulls.
        if target.starts_with('{') {
            patched(target, patch, out)
        } else {
            compact(patch, out)
        }
        Ok(())
    })
}

fn patched(target: &str, patch: &str, out: &mut String) {
    use crate::sql::json::scan::{entries, unescaped};
    if !patch.starts_with('{') {
        return compact(patch, out);
    }
    let target = if target.starts_with('{') { target } else { "{}" };
    let changes =
        |key: Option<&str>| entries(patch).find(|change| change.key.and_then(unescaped) == key.and_then(unescaped));
    let is_new = |key: Option<&str>| entries(target).all(|old| old.key.and_then(unescaped) != key.and_then(unescaped));
    let mut first = true;
    let mut member = |key: Option<&str>, old: &str, change: Option<&str>, out: &mut String| {
        if change == Some("null") {
            return;
        }
        out.push(if first { '{' } else { ',' });
        first = false;
        quoted(&key.and_then(unescaped).unwrap_or_default(), out);
        out.push(':');
        match change {
            Some(change) => patched(old, change, out),
            None => compact(old, out),
        }
    };
    for old in entries(target) {
        member(old.key, old.value, changes(old.key).map(|change| change.value), out);
    }
    for new in entries(patch).filter(|change| is_new(change.key)) {
        member(new.key, "null", Some(new.value), out);
    }
    out.push_str(if first { "{}" } else { "}" });
}

#[cfg(test)]
mod tests {
    use super::patched;

    #[test]
    fn patches_are_merged() {
        for (target, patch, expected) in [
            (r#"{"a":1,"b":{"c":1,"d":2}}"#, r#"{"b":{"c":null},"e":[1]}"#, r#"{"a":1,"b":{"d":2},"e":[1]}"#),
            ("[1]", r#"{"a":{"b":null}}"#, r#"{"a":{}}"#),
            (r#"{"a":1}"#, "[2]", "[2]"),
        ] {
            let mut out = String::new();
            patched(target, patch, &mut out);
            assert_eq!(out, expected);
        }
    }
}
