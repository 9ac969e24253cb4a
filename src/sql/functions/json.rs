//! JSON in string columns: parts of it by path or key, what it is, what is in it.
//!
//! A path is `$.a."b c"[0]`, with `[-1]` or `[#-1]` from the end; a pointer is `/a/0`; anything else is one key, dots and all;
//! a number is an element's place, from 0. What is not there is null. `json_extract` and `->` give JSON,
//! `json_extract_string` and `->>` text, where a JSON null is null. A constant path with wildcards, or a list of paths,
//! gives a list. Text that is no JSON is an error; `json_valid` tells.

use super::own::{Call, Own, gives, takes};
use crate::sql::json::contains::contains;
use crate::sql::json::path::Path;
use crate::sql::json::scan::{document, entries, string, unescaped};
use crate::sql::json::write::compact;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListBuilder, StringBuilder, StringViewArray, StringViewBuilder,
};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

const USAGE: &str = "JSON as a string, and a path such as '$.name', '$.list[0]' or '/list/0'";

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let part = |name, aliases, json, run| Own {
        name,
        aliases,
        usage: USAGE,
        takes: document_and_path,
        gives: one_or_several,
        json,
        run,
    };
    let about = |name, takes, gives, run| Own { name, aliases: &[], usage: USAGE, takes, gives, json: false, run };
    let all = [
        part("json_extract", &["json_extract_path", "json_query"], true, extract),
        part(
            "json_extract_string",
            &["json_extract_path_text", "get_json_object", "json_extract_text", "json_extract_scalar"],
            false,
            extract_string,
        ),
        part("json_value", &[], true, scalar_value),
        about("json_array_length", perhaps_path, gives::integer, array_length),
        about("json_keys", perhaps_path, gives::strings, keys),
        about("json_type", perhaps_path, gives::string, type_name),
        about("json_exists", document_and_path, gives::boolean, exists),
        about("json_contains", takes::two_strings, gives::boolean, contains_value),
        about("json_valid", takes::one_string, gives::boolean, valid),
    ];
    all.into_iter().map(Own::function).collect()
}

fn document_and_path(types: &[DataType]) -> Option<Vec<DataType>> {
    let [document, path] = types else { return None };
    let path = match path {
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            DataType::new_list(DataType::Utf8, true)
        }
        path if path.is_integer() => DataType::Int64,
        path => takes::string(path)?,
    };
    Some(vec![takes::string(document)?, path])
}

fn perhaps_path(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [document] => Some(vec![takes::string(document)?]),
        _ => document_and_path(types).filter(|types| !matches!(types.last(), Some(DataType::List(_)))),
    }
}

fn one_or_several(fields: &[FieldRef], constants: &[Option<&ScalarValue>]) -> Result<DataType> {
    let listed = fields.get(1).is_some_and(|path| matches!(path.data_type(), DataType::List(_)));
    let wild = match constants.get(1) {
        Some(Some(path)) => {
            matches!(path.try_as_str(), Some(Some(path)) if Path::lenient(path).is_some_and(|path| path.is_wild()))
        }
        _ => false,
    };
    Ok(if listed || wild { DataType::new_list(DataType::Utf8, true) } else { DataType::Utf8View })
}

/// The paths of a call's rows; one that is the same for all of them is read once.
struct Paths<'a> {
    name: &'static str,
    numbers: bool,
    texts: Option<StringViewArray>,
    last: Option<(String, Path)>,
    root: Path,
    call: &'a Call<'a>,
}

impl<'a> Paths<'a> {
    fn of(call: &'a Call<'a>) -> Result<Paths<'a>> {
        let numbers = call.arrays.get(1).is_some_and(|paths| *paths.data_type() == DataType::Int64);
        let texts = call.optional_strings(1)?;
        Ok(Paths { name: call.name, numbers, texts, last: None, root: Path::root(), call })
    }

    /// The path of a row; `None` where it is null.
    fn row(&mut self, row: usize) -> Result<Option<&Path>> {
        let text = match &self.texts {
            None => return Ok(Some(&self.root)),
            Some(texts) if texts.is_null(row) => return Ok(None),
            Some(texts) => texts.value(row).to_string(),
        };
        self.path(text).map(Some)
    }

    fn path(&mut self, text: String) -> Result<&Path> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != text) {
            let path = match text.parse::<i64>() {
                Ok(index) if self.numbers => Some(Path::index(index)),
                _ => Path::lenient(&text),
            };
            let Some(path) = path else {
                return exec_err!("{}: {text:?} is no path, such as '$.name', '$.list[0]' or '/list/0'", self.name);
            };
            self.last = Some((text, path));
        }
        match &self.last {
            Some((_, path)) => Ok(path),
            None => Ok(&self.root),
        }
    }

    /// The part of each row's document.
    fn parts<'d>(&mut self, documents: &'d StringViewArray) -> Result<Vec<Option<&'d str>>> {
        let mut parts = Vec::with_capacity(documents.len());
        for row in 0..documents.len() {
            let name = self.name;
            let path = self.row(row)?;
            parts.push(match (documents.is_valid(row), path) {
                (true, Some(path)) if path.is_wild() => {
                    return exec_err!("{name}: a path with wildcards has to be a constant, and of json_extract");
                }
                (true, Some(path)) => path.find(documents.value(row)).map_err(|reason| failed(name, &reason))?,
                _ => None,
            });
        }
        Ok(parts)
    }

    /// The parts of each row's document, where they are several.
    fn several<'d>(&mut self, documents: &'d StringViewArray) -> Result<Vec<Option<Vec<Option<&'d str>>>>> {
        let mut all = Vec::with_capacity(documents.len());
        let lists = self.call.array(1)?.as_list_opt::<i32>().cloned();
        for row in 0..documents.len() {
            let name = self.name;
            if documents.is_null(row) || self.call.array(1)?.is_null(row) {
                all.push(None);
                continue;
            }
            let document = documents.value(row);
            let mut parts = Vec::new();
            match &lists {
                Some(lists) => {
                    let wanted = lists.value(row);
                    for text in super::strings(Some(&wanted))?.iter() {
                        let path = text.map(|text| self.path(text.to_string())).transpose()?;
                        let part = path.map(|path| path.find(document)).transpose();
                        parts.push(part.map_err(|reason| failed(name, &reason))?.flatten());
                    }
                }
                None => {
                    let Some(path) = self.row(row)? else { continue };
                    let found = path.find_all(document).map_err(|reason| failed(name, &reason))?;
                    parts.extend(found.into_iter().map(Some));
                }
            }
            all.push(Some(parts));
        }
        Ok(all)
    }
}

fn failed(name: &str, reason: &str) -> DataFusionError {
    DataFusionError::Execution(format!("{name}: {reason}"))
}

/// Parts, each as `spell` writes it.
fn parts(call: &Call<'_>, spell: fn(&str) -> Option<String>) -> Result<ArrayRef> {
    let documents = call.strings(0)?;
    let mut paths = Paths::of(call)?;
    if *call.result.data_type() == DataType::Utf8View {
        let mut out = StringViewBuilder::new();
        paths.parts(&documents)?.into_iter().for_each(|part| out.append_option(part.and_then(spell)));
        return Ok(Arc::new(out.finish()));
    }
    let mut out = ListBuilder::new(StringBuilder::new());
    for parts in paths.several(&documents)? {
        out.append_option(parts.map(|parts| parts.into_iter().map(|part| part.and_then(spell))));
    }
    Ok(Arc::new(out.finish()))
}

fn extract(call: &Call<'_>) -> Result<ArrayRef> {
    parts(call, |part| Some(json(part)))
}

fn extract_string(call: &Call<'_>) -> Result<ArrayRef> {
    parts(call, unquoted)
}

fn scalar_value(call: &Call<'_>) -> Result<ArrayRef> {
    parts(call, |part| (!part.starts_with(['{', '['])).then(|| json(part)))
}

fn json(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    compact(part, &mut out);
    out
}

/// The text that a part stands for: of a string without quotes and escapes, null for null, else the JSON.
fn unquoted(part: &str) -> Option<String> {
    match string(part) {
        Some(raw) => unescaped(raw).map(|text| text.into_owned()),
        None if part == "null" => None,
        None => Some(json(part)),
    }
}

fn array_length(call: &Call<'_>) -> Result<ArrayRef> {
    let documents = call.strings(0)?;
    let length = |part: &str| if part.starts_with('[') { entries(part).count() as i64 } else { 0 };
    let parts = Paths::of(call)?.parts(&documents)?;
    Ok(Arc::new(parts.into_iter().map(|part| part.map(length)).collect::<Int64Array>()))
}

fn keys(call: &Call<'_>) -> Result<ArrayRef> {
    let documents = call.strings(0)?;
    let mut out = ListBuilder::new(StringBuilder::new());
    for part in Paths::of(call)?.parts(&documents)? {
        out.append_option(part.map(|part| entries(part).filter_map(|entry| entry.key).map(unescaped)));
    }
    Ok(Arc::new(out.finish()))
}

fn type_name(call: &Call<'_>) -> Result<ArrayRef> {
    let documents = call.strings(0)?;
    let parts = Paths::of(call)?.parts(&documents)?;
    Ok(Arc::new(parts.into_iter().map(|part| part.map(type_of)).collect::<StringViewArray>()))
}

fn type_of(part: &str) -> &'static str {
    match part.as_bytes().first() {
        Some(b'{') => "OBJECT",
        Some(b'[') => "ARRAY",
        Some(b'"') => "VARCHAR",
        _ if matches!(part, "true" | "false") => "BOOLEAN",
        _ if part == "null" => "NULL",
        _ if part.parse::<u64>().is_ok() => "UBIGINT",
        _ if part.parse::<i64>().is_ok() => "BIGINT",
        _ => "DOUBLE",
    }
}

fn exists(call: &Call<'_>) -> Result<ArrayRef> {
    let documents = call.strings(0)?;
    let parts = Paths::of(call)?.parts(&documents)?;
    let known = |row: usize| documents.is_valid(row) && call.array(1).is_ok_and(|paths| paths.is_valid(row));
    let found = parts.iter().enumerate().map(|(row, part)| known(row).then_some(part.is_some()));
    Ok(Arc::new(found.collect::<BooleanArray>()))
}

fn contains_value(call: &Call<'_>) -> Result<ArrayRef> {
    let (haystacks, needles) = (call.strings(0)?, call.strings(1)?);
    let checked = |text| document(text).map_err(|reason| failed(call.name, &reason));
    let found = haystacks.iter().zip(needles.iter()).map(|(haystack, needle)| match (haystack, needle) {
        (Some(haystack), Some(needle)) => Ok(Some(contains(checked(haystack)?, checked(needle)?))),
        _ => Ok(None),
    });
    Ok(Arc::new(found.collect::<Result<BooleanArray>>()?))
}

fn valid(call: &Call<'_>) -> Result<ArrayRef> {
    let valid = |text: Option<&str>| text.map(|text| document(text).is_ok());
    Ok(Arc::new(call.strings(0)?.iter().map(valid).collect::<BooleanArray>()))
}
