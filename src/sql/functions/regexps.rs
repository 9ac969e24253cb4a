//! Regular expressions as DuckDB has them: see [`super::re2`] for patterns and options.

use super::own::{Call, Own, gives, takes};
use super::re2::{Compiled, Flags, glob, replacement};
use super::strings::each;
use arrow::array::{
    Array, ArrayRef, BooleanArray, ListBuilder, StringArray, StringBuilder, StringViewArray, StringViewBuilder,
    StructArray,
};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::ScalarUDF;
use regex::Regex;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    const USAGE: &str = "a string and a regular expression, perhaps with options such as 'i'";
    let function =
        |name, aliases, takes, gives, run| Own { name, aliases, usage: USAGE, takes, gives, json: false, run };
    let all = [
        function("regexp_matches", &["regexp_like", "regexp", "rlike"], two_or_three, gives::boolean, |c| {
            matches(c, false)
        }),
        function("regexp_full_match", &[], two_or_three, gives::boolean, |c| matches(c, true)),
        function("regexp_extract", &[], extract_takes, extract_gives, extract),
        function("regexp_extract_all", &[], extract_takes, gives::strings, extract_all),
        function("regexp_replace", &[], replace_takes, gives::string, replace),
        function(
            "regexp_split_to_array",
            &["str_split_regex", "string_split_regex"],
            two_or_three,
            gives::strings,
            split,
        ),
        function("regexp_escape", &[], takes::one_string, gives::string, |c| each(c, |text| Ok(quote(text)))),
        function("glob_to_regex", &[], takes::one_string, gives::string, |c| each(c, |text| Ok(glob(text)))),
    ];
    all.into_iter().map(Own::function).collect()
}

fn two_or_three(types: &[DataType]) -> Option<Vec<DataType>> {
    takes::strings(types).filter(|types| matches!(types.len(), 2 | 3))
}

fn replace_takes(types: &[DataType]) -> Option<Vec<DataType>> {
    takes::strings(types).filter(|types| matches!(types.len(), 3 | 4))
}

fn extract_takes(types: &[DataType]) -> Option<Vec<DataType>> {
    let group = |data_type: &DataType| match data_type {
        data_type if data_type.is_string() => Some(DataType::Utf8),
        data_type => takes::integer(data_type),
    };
    match types {
        [_, _] => takes::strings(types),
        [text, pattern, third] => Some(vec![takes::string(text)?, takes::string(pattern)?, group(third)?]),
        [text, pattern, third, options] => {
            Some(vec![takes::string(text)?, takes::string(pattern)?, group(third)?, takes::string(options)?])
        }
        _ => None,
    }
}

/// Stands between the names of groups.
pub const BETWEEN_NAMES: char = '\u{1f}';

/// A string, or a struct where groups are named.
fn extract_gives(fields: &[FieldRef], constants: &[Option<&ScalarValue>]) -> Result<DataType> {
    if !fields.get(2).is_some_and(|group| group.data_type().is_string()) {
        return Ok(DataType::Utf8View);
    }
    match constants.get(2).copied().flatten().and_then(|names| names.try_as_str()) {
        Some(Some(names)) => {
            let names = names.split(BETWEEN_NAMES).map(|name| Field::new(name, DataType::Utf8, true));
            Ok(DataType::Struct(names.collect::<Fields>()))
        }
        _ => plan_err!("regexp_extract: the names of groups have to be constants"),
    }
}

/// The patterns of a call, each compiled once.
struct Patterns {
    name: &'static str,
    patterns: StringViewArray,
    options: Option<StringViewArray>,
    compiled: Compiled,
    whole: bool,
}

impl Patterns {
    fn of(call: &Call<'_>, options: usize, whole: bool) -> Result<Patterns> {
        let (patterns, options) = (call.strings(1)?, call.optional_strings(options)?);
        Ok(Patterns { name: call.name, patterns, options, compiled: Compiled::default(), whole })
    }

    /// The pattern of a row and its options; `None` where one of them is null.
    fn row(&mut self, row: usize) -> Result<Option<(&Regex, Flags)>> {
        let mut flags = Flags::default();
        if let Some(options) = &self.options {
            if options.is_null(row) {
                return Ok(None);
            }
            flags = Flags::parse(options.value(row)).map_err(|reason| failed(self.name, &reason))?;
            self.compiled.with_flags(Flags { global: false, ..flags });
        }
        if self.patterns.is_null(row) {
            return Ok(None);
        }
        let found = self.compiled.get(self.patterns.value(row), self.whole);
        found.map(|regex| Some((regex, flags))).map_err(|reason| failed(self.name, &reason))
    }
}

fn failed(name: &str, reason: &str) -> DataFusionError {
    DataFusionError::Execution(format!("{name}: {reason}"))
}

fn matches(call: &Call<'_>, whole: bool) -> Result<ArrayRef> {
    let texts = call.strings(0)?;
    let mut patterns = Patterns::of(call, 2, whole)?;
    let matched = |(row, text): (usize, Option<&str>)| match (text, patterns.row(row)?) {
        (Some(text), Some((regex, _))) => Ok(Some(regex.is_match(text))),
        _ => Ok(None),
    };
    Ok(Arc::new(texts.iter().enumerate().map(matched).collect::<Result<BooleanArray>>()?))
}

/// The group that each row asks for.
fn group(call: &Call<'_>, groups: Option<&arrow::array::Int64Array>, row: usize) -> Result<Option<usize>> {
    match groups {
        None => Ok(Some(0)),
        Some(groups) if groups.is_null(row) => Ok(None),
        Some(groups) => match usize::try_from(groups.value(row)) {
            Ok(group) => Ok(Some(group)),
            Err(_) => exec_err!("{}: a group counts from 0", call.name),
        },
    }
}

fn extract(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.strings(0)?;
    let mut patterns = Patterns::of(call, 3, false)?;
    if let DataType::Struct(fields) = call.result.data_type() {
        return named_groups(&texts, &mut patterns, fields);
    }
    let groups = call.optional_integers(2)?;
    let mut out = StringViewBuilder::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        match (text, patterns.row(row)?, group(call, groups.as_ref(), row)?) {
            (Some(text), Some((regex, _)), Some(group)) => {
                let found = regex.captures(text).and_then(|found| found.get(group));
                out.append_value(found.map_or("", |part| part.as_str()));
            }
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

fn named_groups(texts: &StringViewArray, patterns: &mut Patterns, fields: &Fields) -> Result<ArrayRef> {
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::with_capacity(texts.len()); fields.len()];
    let mut valid = Vec::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        let (found, known) = match (text, patterns.row(row)?) {
            (Some(_), Some((regex, _))) if regex.captures_len() <= fields.len() => {
                return exec_err!("regexp_extract: more names than the pattern has groups");
            }
            (Some(text), Some((regex, _))) => (regex.captures(text), true),
            _ => (None, false),
        };
        valid.push(known);
        for (place, column) in columns.iter_mut().enumerate() {
            let part = found.as_ref().and_then(|found| found.get(place + 1));
            column.push(known.then(|| part.map_or(String::new(), |part| part.as_str().to_string())));
        }
    }
    let columns = columns.into_iter().map(|column| Arc::new(StringArray::from(column)) as ArrayRef).collect();
    Ok(Arc::new(StructArray::try_new(fields.clone(), columns, Some(valid.into()))?))
}

fn extract_all(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.strings(0)?;
    let groups = call.optional_integers(2)?;
    let mut patterns = Patterns::of(call, 3, false)?;
    let mut out = ListBuilder::new(StringBuilder::new());
    for (row, text) in texts.iter().enumerate() {
        let (Some(text), Some((regex, _)), Some(group)) =
            (text, patterns.row(row)?, group(call, groups.as_ref(), row)?)
        else {
            out.append_null();
            continue;
        };
        if group >= regex.captures_len() {
            return exec_err!("{}: the pattern has no group {group}", call.name);
        }
        // An empty match counts where another has just ended, which the crate's own iterator leaves out.
        let mut at = 0;
        while let Some(found) = (at <= text.len()).then(|| regex.captures_at(text, at)).flatten() {
            let Some(whole) = found.get(0) else { break };
            out.values().append_option(found.get(group).map(|part| part.as_str()));
            at = if whole.is_empty() { whole.end() + letter_at(text, whole.end()) } else { whole.end() };
        }
        out.append(true);
    }
    Ok(Arc::new(out.finish()))
}

/// The bytes of the character at a place; one at the end.
fn letter_at(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}

fn replace(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, rewrites) = (call.strings(0)?, call.strings(2)?);
    let mut patterns = Patterns::of(call, 3, false)?;
    let mut out = StringViewBuilder::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        let (Some(text), Some((regex, flags)), true) = (text, patterns.row(row)?, rewrites.is_valid(row)) else {
            out.append_null();
            continue;
        };
        let mut replaced = String::with_capacity(text.len());
        let mut at = 0;
        for found in regex.captures_iter(text).take(if flags.global { usize::MAX } else { 1 }) {
            let Some(whole) = found.get(0) else { break };
            replaced.push_str(text.get(at..whole.start()).unwrap_or_default());
            replacement(rewrites.value(row), &found, &mut replaced).map_err(|reason| failed(call.name, &reason))?;
            at = whole.end();
        }
        replaced.push_str(text.get(at..).unwrap_or_default());
        out.append_value(replaced);
    }
    Ok(Arc::new(out.finish()))
}

/// What is between the matches; an empty match splits behind one character.
fn split(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.strings(0)?;
    let mut patterns = Patterns::of(call, 2, false)?;
    let mut out = ListBuilder::new(StringBuilder::new());
    for (row, text) in texts.iter().enumerate() {
        let (Some(mut rest), pattern) = (text, patterns.row(row)?) else {
            out.append_null();
            continue;
        };
        while let Some(found) = pattern.and_then(|(regex, _)| regex.find(rest)).filter(|_| !rest.is_empty()) {
            let (mut end, mut next) = (found.start(), found.end());
            if found.is_empty() && end == 0 {
                end = letter_at(rest, 0);
                next = end;
            }
            if found.is_empty() && end >= rest.len() {
                break;
            }
            out.values().append_value(rest.get(..end).unwrap_or_default());
            rest = rest.get(next..).unwrap_or_default();
        }
        out.values().append_value(rest);
        out.append(true);
    }
    Ok(Arc::new(out.finish()))
}

/// Everything but letters, digits and underscores behind a backslash.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() && letter != '_' {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}
